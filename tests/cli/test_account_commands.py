"""Accounts on the command line: no secret is an option, none is shown."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Done
    from qiskit_direct_provider.service.process import LocalService

Cli = Callable[..., "Done"]

URL = "https://system.example:30060"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "accounts.json"
    monkeypatch.setenv("QISKIT_DIRECT_CONFIG", str(path))
    return path


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text("a-key-1234567890\n")
    return path


def test_an_account_is_saved_listed_and_deleted(cli: Cli, file: Path, key_file: Path) -> None:
    assert "no account is saved" in cli("accounts", "list").out
    done = cli("accounts", "save", "lab", "--url", URL, "--token-from", f"file:{key_file}", "--default")
    assert done.code == 0, done.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "a-key" not in file.read_text()
    found = cli("accounts", "list", "--json").json
    assert found["lab"]["token"] == "*** (kept in a file)"
    assert found["lab"]["is_default"] is True
    assert f"│ *       │ lab  │ direct_access │ {URL}" in cli("accounts", "list").out
    assert "kept in a file" in cli("accounts", "list", "lab").out
    assert cli("accounts", "delete", "lab").out == "deleted the account 'lab'\n"
    nobody = cli("accounts", "list", "lab")
    assert (nobody.code, nobody.err.splitlines()[0]) == (1, "error: there is no saved account 'lab'")
    again = cli("accounts", "delete", "lab")
    assert (again.code, again.err.splitlines()[0]) == (1, "error: there is no saved account 'lab'")


def test_secrets_come_from_standard_input(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("the-api-key\nthe-s3-secret\n"))
    store = ["--s3-endpoint", "https://s3.example", "--s3-bucket", "jobs", "--s3-access-key", "AK"]
    done = cli(
        *["accounts", "save", "--url", URL, "--token-from", "stdin", *store, "--s3-secret-from", "stdin"],
        *["--proxy", "http://proxy.example:3128", "--timeout", "30", "--instance", "crn:v1:x"],
    )
    assert done.code == 0, done.err
    entry = json.loads(file.read_text())["accounts"]["default"]
    assert (entry["token"], entry["storage"]["secret_access_key"]) == ("the-api-key", "the-s3-secret")
    shown = cli("accounts", "list", "default").out + cli("accounts", "list", "--json").out
    assert "the-" not in shown
    assert "http://proxy.example:3128" in shown


def test_half_an_object_store_is_wrong_use(cli: Cli, key_file: Path) -> None:
    done = cli("accounts", "save", "--url", URL, "--token-from", f"file:{key_file}", "--s3-bucket", "jobs")
    assert done.code == 2
    assert "--s3-endpoint and --s3-access-key" in " ".join(done.err.replace("│", " ").split())


def test_an_account_is_not_replaced_unasked(cli: Cli, key_file: Path) -> None:
    save = ("accounts", "save", "lab", "--url", URL, "--token-from", f"file:{key_file}")
    assert cli(*save).code == 0
    done = cli(*save)
    assert done.code == 1
    assert done.err.startswith("error: there is an account 'lab' already\nadvice: ")
    assert "--overwrite" in done.err
    assert cli(*save, "--overwrite").code == 0


def test_a_saved_account_is_used(cli: Cli, service: LocalService, tmp_path: Path) -> None:
    key = tmp_path / "service-key"
    key.touch(mode=0o600)
    key.write_text(service.api_key)
    common = ["--url", service.url, "--instance", service.crn, "--token-from", f"file:{key}"]
    assert cli("accounts", "save", "here", *common).code == 0
    names = {each["name"] for each in cli("backends", "--account", "here", "--json").json}
    assert "fake_nairobi" in names
    assert {each["name"] for each in cli("backends", *common, "--json").json} == names
    unknown = cli("backends", "--account", "there")
    assert unknown.code == 1
    assert "there is no saved account 'there'" in unknown.err
