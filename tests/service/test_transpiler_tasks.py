"""How the service keeps account of transpilations."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.service.executors import open_workers
from qiskit_direct_provider.service.jobs import JobStore
from qiskit_direct_provider.service.objects import ObjectStore
from qiskit_direct_provider.service.origins import Origins
from qiskit_direct_provider.service.runner import Runner
from qiskit_direct_provider.service.settings import ServiceSettings
from qiskit_direct_provider.service.snapshot import Snapshot
from qiskit_direct_provider.service.transpiler_tasks import TranspilationRequest, Transpilations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import pytest

WRONG = TranspilationRequest(("nonsense",), None, None, ((0, 1),), 0, use_fractional_gates=False)


def run(folder: Path, use: Callable[[Transpilations], Awaitable[Any]]) -> None:
    """With a runner whose workers are threads of this process."""
    settings = ServiceSettings(executor="concurrent.futures:ThreadPoolExecutor")
    jobs, objects = JobStore(folder), ObjectStore(folder, "bucket")

    async def all_of_it() -> None:
        runner = Runner(settings, jobs, Origins(settings, objects), open_workers(settings))
        runner.start()
        await use(Transpilations(runner))
        await runner.stop()

    asyncio.run(all_of_it())
    jobs.close()
    objects.close()


async def ended(tasks: Transpilations, task_id: str) -> Any:
    for _ in range(2000):
        state = tasks.state(task_id)
        if state is None or state.state != "PENDING":
            return state
        await asyncio.sleep(0.01)
    raise AssertionError(task_id)


def test_the_oldest_of_very_many_are_forgotten(tmp_path: Path) -> None:
    """Also when they end later; those that are left can be given up, and stay as they are."""

    async def use(tasks: Transpilations) -> None:
        found = [tasks.begin(WRONG) for _ in range(1002)]
        assert [tasks.state(task_id) is None for task_id in found[:3]] == [True, True, False]
        assert (await ended(tasks, found[2])).state == "FAILURE"
        assert tasks.state(found[0]) is None
        last = [tasks.begin(WRONG) for _ in range(3)]
        tasks.stop()
        await asyncio.sleep(0)
        assert {tasks.state(task_id).state for task_id in last} == {"PENDING"}  # type: ignore[union-attr]

    run(tmp_path, use)


def test_what_nobody_thought_of_is_a_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Told to the operators only."""
    gone = Snapshot("gone", tmp_path / "gone.json", None)
    request = TranspilationRequest(("x",), None, gone, None, 0, use_fractional_gates=False)

    async def use(tasks: Transpilations) -> None:
        state = await ended(tasks, tasks.begin(request))
        assert (state.state, state.result) == ("FAILURE", None)

    run(tmp_path, use)
    assert "gone.json" in caplog.text
