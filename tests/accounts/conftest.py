"""A home of its own for every test, and nothing in the environment that speaks of accounts."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder; the account file is at its usual place in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("QISKIT_DIRECT_CONFIG")
    return folder


@pytest.fixture
def usual_file(home: Path) -> Path:
    return home / ".qiskit" / "qiskit-direct.json"
