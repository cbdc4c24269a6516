"""Entries of a journal, and the files that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.journal import Journal, new_entry

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider.journal import JobEntry

__all__ = ["another", "break_lock", "circuit", "entry", "files"]


def circuit(**metadata: Any) -> CircuitRecord:
    return CircuitRecord("bell", 5, 2, (("q", 5),), (("c", 2),), (("c", (0, 1)),), 100, metadata=metadata)


def entry(job_id: str = "a", **known: Any) -> JobEntry:
    settings = {"backend_name": "device", "timeout_s": 60, **known}
    return new_entry("sampler", (circuit(),), job_id=job_id, **settings)


def another(journal: Journal) -> Journal:
    """The same folder, as another process has it."""
    return Journal(journal.folder)


def files(journal: Journal, suffix: str) -> list[Path]:
    return sorted(journal.folder.glob(f"*{suffix}"))


def break_lock(journal: Journal) -> None:
    """Whoever wants to write into the folder fails, whatever user runs the tests."""
    journal.folder.mkdir(parents=True, exist_ok=True)
    journal.folder.joinpath(".lock").unlink(missing_ok=True)
    journal.folder.joinpath(".lock").mkdir()
