"""What would be sent, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from qiskit_direct_provider.job_settings import JobSettings
    from qiskit_direct_provider.programs import Program
    from qiskit_direct_provider.validation import Report

__all__ = ["DryRun"]


@dataclass(frozen=True)
class DryRun:
    """The outcome of ``backend.run(..., dry_run=True)``. It is true when the job could be sent.

    Attributes:
        backend_name: The device.
        report: Errors and warnings, as `validate` finds them.
        programs: One for each job of the server, in order, with its input document as ``payload``; empty
            when there are errors.
        settings: Id, name, tags and time limit of the job; None when there are errors.
        quantum_seconds: About how long the device would be dedicated to the job; None when there are errors.
    """

    backend_name: str
    report: Report
    programs: tuple[Program, ...] = ()
    settings: JobSettings | None = None
    quantum_seconds: float | None = None

    def __bool__(self) -> bool:
        return bool(self.report)

    @property
    def circuits(self) -> tuple[str, ...]:
        """Each circuit as the device would get it: OpenQASM 3 on physical qubits."""
        documents = [msgspec.json.decode(program.payload) for program in self.programs]
        return tuple(pub[0] for document in documents for pub in document["pubs"])

    def explain(self) -> str:
        """What would be sent, then everything that was found, one line each."""
        if not self:
            return f"{self.backend_name}: nothing would be sent\n{self.report.explain()}"
        size = sum(len(program.payload) for program in self.programs)
        circuits, jobs = _number(self.circuits, "circuit"), _number(self.programs, "job")
        seconds = f"about {self.quantum_seconds:.3g} s of the device"
        return f"{self.backend_name}: {circuits} in {jobs}, {size} bytes, {seconds}\n{self.report.explain()}"

    def __str__(self) -> str:
        return self.explain()


def _number(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
