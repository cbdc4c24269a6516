"""Keys that are fetched from a file, a command or a keyring."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.accounts import secret

URL = "https://system.example"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text("canary-key\nand a second line\n")
    file.chmod(0o600)
    return file


def used(token: Any) -> str:
    return DirectProvider(token, URL)._account.token.reveal()


def test_a_key_from_a_file_or_a_command(key_file: Path) -> None:
    assert used({"file": str(key_file)}) == "canary-key"
    assert used({"command": f"head -1 '{key_file}'"}) == "canary-key"


def test_only_the_place_is_saved_and_the_key_is_fetched_anew(key_file: Path, usual_file: Path) -> None:
    store = S3Storage(
        "https://store.example", "jobs", {"file": str(key_file)}, {"command": f"cat {key_file}"}
    )
    DirectProvider.save_account({"file": str(key_file)}, URL, storage=store)
    assert "canary" not in usual_file.read_text()
    assert json.loads(usual_file.read_text())["accounts"]["default"]["token"] == {"file": str(key_file)}
    assert DirectProvider.saved_accounts()["default"]["token"] == "*** (kept in a file)"
    key_file.write_text("canary-newer\n")
    account = DirectProvider()._account
    assert account.token.reveal() == "canary-newer"
    assert account.storage is not None
    assert account.storage.secret_access_key.reveal() == "canary-newer"


def test_a_key_file_that_others_can_read_is_warned_of(key_file: Path) -> None:
    key_file.chmod(0o640)
    with pytest.warns(UserWarning, match="others can read the secret"):
        assert used({"file": str(key_file)}) == "canary-key"


@pytest.mark.parametrize(
    ("place", "kind", "text"),
    [
        ({"file": "/no/such/key"}, errors.AccountError, "/no/such/key: No such file"),
        ({"command": "false"}, errors.AccountError, "ended with code 1"),
        ({"command": "no-such-program-anywhere"}, errors.AccountError, "No such file"),
        ({"command": "echo 'canary-half"}, errors.AccountError, "not a command line"),
        ({"command": "true"}, errors.AccountError, "gave nothing"),
        (
            {"command": f"{sys.executable} -c 'print(\"canary-\\x07\")'"},
            errors.InvalidInputError,
            "cannot be sent",
        ),
        ({"keyring": "no-user"}, errors.InvalidInputError, "'service/user'"),
        ({"vault": "x"}, errors.InvalidInputError, "one of {'file'"),
        ({"file": "a", "command": "b"}, errors.InvalidInputError, "one of {'file'"),
        ({"file": 5}, errors.InvalidInputError, "one of {'file'"),
        ({}, errors.InvalidInputError, "one of {'file'"),
    ],
)
def test_a_key_that_is_not_to_be_had(place: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text.replace("{", r"\{")) as caught:
        DirectProvider(place, URL)
    shown = "".join(traceback.format_exception_only(caught.value))
    assert "canary" not in shown


def test_a_key_from_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real keyring, of the plainest kind that there is: one in memory."""
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend
    from keyring.backends.fail import Keyring as NoKeyring

    class InMemory(KeyringBackend):
        priority = 1  # type: ignore[assignment]

        def __init__(self) -> None:
            super().__init__()
            self.kept: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())
    try:
        keyring.set_password("quantum/lab", "me", "canary-key")
        assert used({"keyring": "quantum/lab/me"}) == "canary-key"
        with pytest.raises(errors.AccountError, match="keyring set quantum you"):
            used({"keyring": "quantum/you"})
        keyring.set_keyring(NoKeyring())
        with pytest.raises(errors.AccountError, match="the keyring did not give 'quantum/lab/me'"):
            used({"keyring": "quantum/lab/me"})
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(errors.AccountError, match=r"pip install 'qiskit-direct-provider\[keyring\]'"):
        used({"keyring": "quantum/lab/me"})


def test_a_command_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "COMMAND_LIMIT_S", 0.05)
    with pytest.raises(errors.AccountError, match="it did not end within 0 s"):
        used({"command": "sleep 60"})
