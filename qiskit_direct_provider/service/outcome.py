"""How a job ends, and what a worker hands back: plain values that cross process borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_direct_provider.service.snapshot import Snapshot

__all__ = ["JobEnd", "JobProblemError", "Outcome", "Task", "cancelled", "failed"]

RUN_FAILED = 5203
RAN_TOO_LONG = 1305
TIMED_OUT = 5201
CANCELLED = 5202
CIRCUIT_UNREADABLE = 1603
NOT_ISA = 1517
NO_PROGRAM = 1300
SIMULATION_FAILED = 5204
BAD_NUMBERS = 6000
INTERNAL = 9999


@dataclass(frozen=True)
class JobEnd:
    """A final status with its reason. ``quantum_ns`` is None when the device was never used."""

    status: str
    quantum_ns: int | None = None
    reason_code: int | None = None
    reason_message: str | None = None
    reason_solution: str | None = None


class JobProblemError(Exception):
    """Why a job cannot be run, for its owner to read."""

    def __init__(self, code: int, message: str, solution: str, status: str = "Failed") -> None:
        # all of them in args, so that pickle can rebuild the exception in another process
        super().__init__(code, message, solution, status)

    def end(self) -> JobEnd:
        """The status that follows."""
        code, message, solution, status = self.args
        return JobEnd(status, None, code, message, solution)

    def __str__(self) -> str:
        return str(self.args[1])


@dataclass(frozen=True)
class Task:
    """One job as a worker gets it.

    ``seed`` is the seed of the whole service; None draws a fresh one for every job. ``counts`` asks for the
    result of the legacy programs that ran circuits, ``memory`` for each shot in it.
    """

    program_id: str
    document: bytes
    snapshot: Snapshot
    timeout_s: int
    log_level: str
    noise: bool
    seed: int | None
    counts: bool = False
    memory: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a task. ``results`` is the result document; None when there is none."""

    end: JobEnd
    log: str
    results: bytes | None = None


def failed(code: int, message: str, solution: str) -> JobEnd:
    """The end of a job that could not be run."""
    return JobEnd("Failed", None, code, message, solution)


def cancelled() -> JobEnd:
    """The end of a job that its owner stopped."""
    return JobEnd("Cancelled", None, CANCELLED, "The job was cancelled.", "Submit it again if you need it.")
