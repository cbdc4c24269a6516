"""Circuits of the twin on an executor: each part of them is a task of its own, together they are one job.

Aer's options for this are ``executor`` and ``max_job_size``. Aer still documents them, but its releases
from 0.15 on look at neither; only its jobs still take an executor.
"""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qiskit.providers import JobError, JobStatus, JobV1
from qiskit_aer.jobs import AerJob

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.result import Result
    from qiskit_aer import AerSimulator

__all__ = ["TwinJob", "executor_of", "submit_parts"]

# What Aer adds to the seed from one circuit of a job to the next.
_SEED_STEP = 2113
_FROM_WORST = (
    JobStatus.ERROR,
    JobStatus.CANCELLED,
    JobStatus.RUNNING,
    JobStatus.INITIALIZING,
    JobStatus.DONE,
)


class TwinJob(JobV1):
    """Parts of a simulation that run on an executor; to its user one job."""

    def __init__(self, backend: AerSimulator, parts: Sequence[AerJob]) -> None:
        super().__init__(backend, str(uuid.uuid4()))
        self._parts = tuple(parts)

    def submit(self) -> None:
        """Parts are submitted as they are made.

        Raises:
            JobError: Always.
        """
        raise JobError("the job was submitted already")

    def result(self, timeout: float | None = None) -> Result:
        """The result of all circuits, in the order in which they were given.

        Args:
            timeout: Longest wait, in seconds.

        Raises:
            concurrent.futures.TimeoutError: A part took longer.
            concurrent.futures.CancelledError: A part was cancelled.
        """
        end = None if timeout is None else time.monotonic() + timeout
        found = [
            part.result(None if end is None else max(0.0, end - time.monotonic())) for part in self._parts
        ]
        whole = copy.copy(next((each for each in found if not each.success), found[0]))
        whole.job_id = self.job_id()
        whole.results = [each for part in found for each in part.results]
        return whole

    def status(self) -> JobStatus:
        """The state that says most about the whole: an error, else what is not done, else done."""
        states = {part.status() for part in self._parts}
        return next(state for state in _FROM_WORST if state in states)

    def cancel(self) -> bool:
        """Take back the parts that have not begun; whether that was all of them."""
        taken_back = [part.cancel() for part in self._parts]
        return all(taken_back)


def executor_of(given: Any) -> Any:
    """An executor as ``concurrent.futures`` has them; a Dask client has one.

    Raises:
        InvalidInputError: It is none.
    """
    if hasattr(given, "get_executor"):
        return given.get_executor()
    if not callable(getattr(given, "submit", None)):
        raise InvalidInputError(
            f"executor must be a concurrent.futures.Executor or a Dask client, not {given!r}"
        )
    return given


def submit_parts(
    backend: AerSimulator,
    simulate: Callable[..., Result],
    circuits: Sequence[QuantumCircuit],
    options: dict[str, Any],
    executor: Any,
) -> TwinJob:
    """Hand circuits to an executor, ``max_job_size`` of them a task, or all in one.

    Args:
        backend: Which the job is to name.
        simulate: Aer's ``(circuits, parameter_binds, run_options, job_id) -> Result``; it has to survive a
            pickle where the executor's workers are other processes.
        circuits: Without parameters.
        options: Of the run; with ``seed_simulator``, counts are those that one job would have.
        executor: Of ``concurrent.futures``, or like one.

    Raises:
        InvalidInputError: ``max_job_size`` is no number of circuits.
        UnsupportedError: ``max_shot_size`` was given.
    """
    if options.pop("max_shot_size", None) is not None:
        raise UnsupportedError(
            "max_shot_size has no effect in Aer: to spread the shots of a circuit, give it several times"
        )
    size = options.pop("max_job_size", None)
    if size is not None and (not hasattr(size, "__index__") or size < 1):
        raise InvalidInputError(f"max_job_size must be a whole number, 1 or more, not {size!r}")
    seed = options.get("seed_simulator")
    parts = []
    for first in range(0, len(circuits), size or len(circuits)):
        of_part = options if seed is None else {**options, "seed_simulator": seed + first * _SEED_STEP}
        part = AerJob(
            backend,
            str(uuid.uuid4()),
            simulate,
            circuits=list(circuits[first : first + (size or len(circuits))]),
            run_options=of_part,
            executor=executor,
        )
        part.submit()
        parts.append(part)
    return TwinJob(backend, parts)
