"""Transpiler tasks: accepted at once, done in a worker, kept for a while."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from concurrent.futures import TimeoutError as WorkerTimeoutError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.service.entry import run_transpilation
from qiskit_direct_provider.service.worker_pool import WorkerLostError
from qiskit_direct_provider.wire.transpiler import FAILURE, PENDING, SUCCESS, TaskState, TranspiledCircuit

if TYPE_CHECKING:
    from qiskit_direct_provider.service.runner import Runner
    from qiskit_direct_provider.service.snapshot import Snapshot

__all__ = ["TranspilationRequest", "Transpilations"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

_MOST_TASKS = 1_000


@dataclass(frozen=True)
class TranspilationRequest:
    """What a worker gets. Either a device or a coupling map is there."""

    qasm: tuple[str, ...]
    qpy: str | None
    snapshot: Snapshot | None
    coupling_map: tuple[tuple[int, int], ...] | None
    optimization_level: int
    use_fractional_gates: bool
    options: dict[str, Any] = field(default_factory=dict)


class Transpilations:
    """All tasks; the oldest are forgotten."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._states: OrderedDict[str, TaskState] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, request: TranspilationRequest) -> str:
        """Start a task; its id."""
        task_id = str(uuid.uuid4())
        self._states[task_id] = TaskState(state=PENDING)
        while len(self._states) > _MOST_TASKS:
            self._states.popitem(last=False)
        task = asyncio.create_task(self._run(task_id, request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task_id

    def state(self, task_id: str) -> TaskState | None:
        """How a task is doing; None for an unknown one."""
        return self._states.get(task_id)

    def stop(self) -> None:
        """Give up what has not ended."""
        for task in self._tasks:
            task.cancel()

    async def _run(self, task_id: str, request: TranspilationRequest) -> None:
        try:
            found: list[TranspiledCircuit] = await self._runner.in_worker(run_transpilation, request)
            state = TaskState(state=SUCCESS, result=found)
        except (ValueError, WorkerTimeoutError, WorkerLostError) as error:
            LOGGER.info("transpiler task %s: %s", task_id, error)
            state = TaskState(state=FAILURE)
        except Exception:
            LOGGER.exception("transpiler task %s broke", task_id)
            state = TaskState(state=FAILURE)
        if task_id in self._states:
            self._states[task_id] = state
