"""``qiskit-direct doctor``: a line for each check, and an exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from conftest import Done
    from qiskit_direct_provider.service.process import LocalService

Cli = Callable[..., "Done"]


def test_a_set_up_that_works(cli: Cli, connected: LocalService) -> None:
    done = cli("doctor", "--probe")
    assert (done.code, done.err) == (0, "")
    *lines, last = done.out.splitlines()
    assert all(line.startswith("ok  ") for line in lines)
    assert last == "everything works"
    assert connected.api_key not in done.out


def test_a_set_up_that_does_not(cli: Cli, connected: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_DIRECT_TOKEN", "a-wrong-key-1234")
    done = cli("doctor")
    assert done.code == 1
    (failed,) = [line for line in done.out.splitlines() if line.startswith("failed")]
    assert " -> check the key" in failed
    assert done.out.splitlines()[-1].startswith("culprit: login: ")
    assert "skipped  backends: not checked, because of: login" in done.out
    assert "a-wrong-key" not in done.out


def test_json(cli: Cli, connected: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("doctor", "--json").json["ok"] is True
    monkeypatch.setenv("QISKIT_DIRECT_S3_BUCKET", "no-such-bucket")
    done = cli("doctor", "--json")
    assert done.code == 1
    assert '"culprit": "object store: put and get"' in done.out
