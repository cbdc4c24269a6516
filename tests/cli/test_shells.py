"""What shells ask for: completion, and a quick start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_direct_provider import DirectProvider

if TYPE_CHECKING:
    import pytest

    from qiskit_direct_provider.service.process import LocalService

COMMAND = str(Path(sys.executable).parent / "qiskit-direct")
HEAVY = ("qiskit", "numpy", "requests", "boto3")


def completed(line: str, **variables: str) -> list[str]:
    """What bash offers for a line."""
    asked = {
        "_QISKIT_DIRECT_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    environment = {**os.environ, **asked, **variables}
    done = subprocess.run([COMMAND], capture_output=True, text=True, check=True, env=environment, timeout=60)
    return done.stdout.split()


def test_commands_and_options_are_completed() -> None:
    assert set(completed("qiskit-direct ")) >= {"accounts", "backends", "run", "result", "verify", "doctor"}
    assert "--shots" in completed("qiskit-direct run --s")
    assert completed("qiskit-direct verify an-id --method m") == ["mirror"]


def test_names_of_accounts_and_backends_are_completed(
    service: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "accounts.json"
    DirectProvider.save_account(
        service.api_key, service.url, instance=service.crn, name="here", filename=file, set_as_default=True
    )
    DirectProvider.save_account("another-key", "https://a.example", name="there", filename=file)
    config = {"QISKIT_DIRECT_CONFIG": str(file)}
    assert completed("qiskit-direct accounts delete th", **config) == ["there"]
    assert completed("qiskit-direct backends --account ", **config) == ["here", "there"]
    assert completed("qiskit-direct backend fake_na", **config) == ["fake_nairobi"]


def test_the_command_starts_without_qiskit() -> None:
    code = "import sys, qiskit_direct_provider.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint(HEAVY)
