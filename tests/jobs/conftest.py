"""A simulated server, what works with it, and a clock that moves when somebody sleeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from simulated_server import SimulatedServer
from simulated_worlds import workspace_over

from qiskit_direct_provider import submission
from qiskit_direct_provider.clients import deadline as deadlines
from qiskit_direct_provider.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider.workspace import Workspace


@pytest.fixture
def server() -> SimulatedServer:
    return SimulatedServer()


@pytest.fixture
def workspace(server: SimulatedServer, tmp_path: Path) -> Workspace:
    return workspace_over(server, tmp_path)


@pytest.fixture
def pauses(server: SimulatedServer, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was slept each time; the longest that chance allows."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 100, "slept without end"
        server.now += seconds

    def uniform(low: float, high: float) -> float:
        assert low == 0
        return high

    monkeypatch.setattr(deadlines, "time", SimpleNamespace(monotonic=server.clock))
    monkeypatch.setattr(submission, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(submission, "random", SimpleNamespace(uniform=uniform))
    return slept


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "jobs")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty file, to be locked."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    return file
