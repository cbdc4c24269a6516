"""What a person at a terminal sees: questions for secrets, a sign of life, offers of the shell."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from journeys import measured_x

from qiskit_direct_provider.cli import completion
from qiskit_direct_provider.cli.output import progress

if TYPE_CHECKING:
    from conftest import Done
    from qiskit_direct_provider import DirectBackend

Cli = Callable[..., "Done"]

COMMAND = str(Path(sys.executable).parent / "qiskit-direct")
URL = "https://system.example:30060"


def shown(terminal: int) -> str:
    """What was written to a terminal so far."""
    found = b""
    with contextlib.suppress(OSError):  # nobody else has it open any more
        while select.select([terminal], [], [], 0)[0]:
            found += os.read(terminal, 1 << 16)
    return found.decode()


def test_a_key_is_asked_for_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "accounts", "save", "--url", URL],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "QISKIT_DIRECT_CONFIG": str(file)},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        while termios.tcgetattr(ours)[3] & termios.ECHO:  # what is typed before the question is dropped
            assert process.poll() is None
            time.sleep(0.01)
        os.write(ours, b"the-api-key\n")
        said, _ = process.communicate(timeout=60)
        seen = shown(ours)
    finally:
        process.kill()
        process.communicate()
        os.close(ours)
    assert (process.returncode, said.startswith("API key:"), "saved the account" in said) == (0, True, True)
    assert "the-api-key" not in said + seen
    assert json.loads(file.read_text())["accounts"]["default"]["token"] == "the-api-key"


def test_nobody_is_asked_where_nobody_can_answer(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QISKIT_DIRECT_CONFIG", str(tmp_path / "accounts.json"))
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        done = cli("accounts", "save", "--url", URL)
    assert done.code == 2
    assert "no API key: pass --token-from" in " ".join(done.err.replace("│", " ").split())


def test_a_sign_of_life_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress("waiting") as tell:
        tell("still waiting")
    assert capsys.readouterr().err == ""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patch:
        patch.setenv("TERM", "xterm")
        patch.setattr("sys.stderr", terminal)
        with progress("job [/x] waits") as tell:
            pass
        tell("too late")
        first = shown(ours)
        with progress("a") as tell:
            tell("job [bold] runs")
        second = shown(ours)
    os.close(ours)
    assert "job [/x] waits" in first
    assert "job [bold] runs" in second


@pytest.mark.usefixtures("connected")
def test_what_a_shell_offers(nairobi: DirectBackend) -> None:
    job = nairobi.run(measured_x(), shots=10)
    assert completion.backend_names("fake_na") == ["fake_nairobi"]
    assert completion.job_ids(job.job_id()[:30]) == [job.job_id()]
    assert completion.channels("l") == ["legacy", "local"]
    assert completion.statuses("d") == ["DONE"]
    job.result(timeout=60)


def test_a_shell_that_can_be_offered_nothing_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "accounts.json"
    file.write_text("{damaged")
    file.chmod(0o600)
    monkeypatch.setenv("QISKIT_DIRECT_CONFIG", str(file))
    assert completion.account_names("") == completion.backend_names("") == completion.job_ids("") == []
    assert capsys.readouterr() == ("", "")
