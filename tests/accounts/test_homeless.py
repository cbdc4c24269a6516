"""Users without a home folder, as containers have them: what they need of it has to be said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qiskit_direct_provider import DirectProvider, doctor, errors
from qiskit_direct_provider.accounts import Secret

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://system.example"


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` leads nowhere, as for a user whom the system does not know."""
    monkeypatch.setenv("HOME", "~")
    monkeypatch.setenv("QISKIT_DIRECT_DATA", "~/data")


def test_a_complete_account_needs_no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    assert DirectProvider("key", URL).account.url == URL
    with pytest.raises(errors.AccountError, match="qiskit-direct.json, as this user has no home folder"):
        DirectProvider("key")
    monkeypatch.setenv("QISKIT_DIRECT_CONFIG", str(tmp_path / "accounts.json"))
    with pytest.raises(errors.AccountError, match="no url"):
        DirectProvider("key")


def test_jobs_have_to_be_written_down_somewhere() -> None:
    with pytest.raises(errors.StorageError, match="no home folder.*QISKIT_DIRECT_DATA"):
        DirectProvider("key", URL)


def test_what_is_said_to_be_at_home_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    with pytest.raises(errors.AccountError, match="no secret can be read from the file ~/key"):
        Secret.of({"file": "~/key"})
    with pytest.raises(errors.InvalidInputError, match="not '~/ca.pem'"):
        DirectProvider("key", URL, verify="~/ca.pem")


def test_the_doctor_says_so() -> None:
    findings = {each.check: each for each in doctor.examine({"token": "key", "channel": "local"})}
    assert "no home folder" in findings["data folder"].text
    assert findings["data folder"].state is doctor.State.FAILED
    assert "no home folder" in findings["account file"].text
    assert findings["account file"].state is doctor.State.NOTE
