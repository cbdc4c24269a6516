"""A journal and a poller over a simulated server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.journal import Journal, new_entry
from qiskit_direct_provider.waiting import Poller
from qiskit_direct_provider.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from simulated_server import SimulatedServer

    from qiskit_direct_provider.journal import JobEntry

__all__ = ["intended", "unwritable_result", "workspace_over"]

CIRCUIT = CircuitRecord("bell", 5, 2, (("q", 5),), (("c", 2),), (("c", (0, 1)),), 3)


def intended(job_id: str = "a", **known: Any) -> JobEntry:
    """A job whose result the simulated server has."""
    settings = {"backend_name": "device", "timeout_s": 60, **known}
    return new_entry("sampler", (CIRCUIT,), job_id=job_id, **settings)


def workspace_over(server: SimulatedServer, folder: Path) -> Workspace:
    poller = Poller(server)  # type: ignore[arg-type]
    return Workspace(server, Journal(folder / "jobs"), poller, archive=None)  # type: ignore[arg-type]


def unwritable_result(workspace: Workspace, job_id: str) -> None:
    """The disk takes everything but this job's result."""
    (file,) = workspace.journal.folder.glob("*.input")
    file.with_suffix(".result").mkdir()
