"""A journal and a poller over a simulated server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.journal import Journal, Stage, new_entry
from qiskit_direct_provider.tracked_job import TrackedJob
from qiskit_direct_provider.waiting import Poller
from qiskit_direct_provider.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from simulated_server import SimulatedServer

    from qiskit_direct_provider.journal import JobEntry

__all__ = ["intended", "on_record", "stage", "tracked", "unwritable_result", "workspace_over"]

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


def stage(workspace: Workspace, job_id: str = "a") -> Stage | None:
    entry = workspace.journal.entry(job_id)
    return entry and entry.stage


def on_record(workspace: Workspace, job_id: str, **changes: object) -> None:
    workspace.journal.begin(intended(job_id), b"input")
    workspace.journal.advance(job_id, **{"stage": Stage.ACCEPTED, **changes})


def tracked(workspace: Workspace, job_id: str = "a", ends: float = 0.0, **changes: Any) -> TrackedJob:
    """A job that the server has, and that is on record as accepted, unless that is changed."""
    workspace.client.hold(changes.get("server_id", job_id), ends)  # type: ignore[attr-defined]
    workspace.journal.begin(intended(job_id), b"input")
    entry = workspace.journal.advance(job_id, **{"stage": Stage.ACCEPTED, **changes})
    assert entry is not None
    return TrackedJob(workspace, entry)
