"""The file of saved accounts: whole or as it was, private, and safe for any number of processes."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from qiskit_direct_provider import notices
from qiskit_direct_provider.errors import AccountError
from qiskit_direct_provider.files import write_whole
from qiskit_direct_provider.locks import locked

__all__ = ["AccountFile", "Saved", "account_file"]

VERSION = 1
USUAL_NAME = "default"


class Entry(dict[str, Any]):
    """A saved account. No traceback shows its secrets."""

    def __init__(self, members: dict[str, Any]) -> None:
        super().__init__(
            {key: Entry(value) if isinstance(value, dict) else value for key, value in members.items()}
        )

    def __repr__(self) -> str:
        return "Entry(***)"


class Saved(Struct, kw_only=True):
    """What the file holds. An account that cannot be read is passed on as it is, and hides no other."""

    version: int = VERSION
    default: str | None = None
    accounts: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)

    def entry(self, name: str) -> dict[str, Any]:
        """One of the accounts, as it was saved.

        Raises:
            AccountError: It cannot be read.
        """
        try:
            return Entry(msgspec.json.decode(self.accounts[name], type=dict[str, Any]))
        except msgspec.DecodeError as error:
            raise AccountError(f"the saved account {name!r} cannot be read: {error}") from error


def account_file(filename: str | os.PathLike[str] | None) -> Path:
    """The file: the given one, that of ``QISKIT_DIRECT_CONFIG``, or ``~/.qiskit/qiskit-direct.json``."""
    chosen = filename or os.environ.get("QISKIT_DIRECT_CONFIG") or "~/.qiskit/qiskit-direct.json"
    try:
        # A link is followed, or it would be replaced by the file.
        return Path(os.path.realpath(Path(chosen).expanduser()))
    except RuntimeError as error:
        raise AccountError(
            f"there is no {chosen}, as this user has no home folder: set HOME, or QISKIT_DIRECT_CONFIG"
        ) from error
    except (TypeError, ValueError) as error:
        raise AccountError(f"{chosen!r} cannot be the file of the accounts: {error}") from error


class AccountFile:
    """Saved accounts. Readers need no lock, since the file is only ever replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Saved:
        """All that is saved.

        Raises:
            AccountError: The file is damaged, or of a later release, or cannot be read.
        """
        found = self._found()
        if isinstance(found, str):
            raise AccountError(
                f"the account file {self.path} is damaged ({found}); it is left as it is: mend it, or save "
                "an account anew, which puts it aside"
            )
        return found

    def _found(self) -> Saved | str:
        """All that is saved, or what is damaged."""
        try:
            _keep_private(self.path)
            found = _decoded(self.path)
        except FileNotFoundError:
            return Saved()
        except OSError as error:
            raise AccountError(f"the account file {self.path} cannot be read: {error.strerror}") from error
        if isinstance(found, Saved) and found.version > VERSION:
            raise AccountError(f"the account file {self.path} was written by a later release of this package")
        return found

    def change(self, edit: Callable[[Saved], Any]) -> Any:
        """Change what is saved in one step, alone; what ``edit`` returns.

        A damaged file is put aside first, and a new one begun.

        Raises:
            AccountError: The file cannot be written; it is as it was.
        """
        try:
            with locked(self.path.parent, f".{self.path.name}.lock"):
                for left in self.path.parent.glob(f".{self.path.name}.*.tmp"):
                    left.unlink(missing_ok=True)  # by a process that was killed
                saved = self._undamaged()
                outcome = edit(saved)
                write_whole(self.path, msgspec.json.format(msgspec.json.encode(saved), indent=2) + b"\n")
                return outcome
        except OSError as error:
            raise AccountError(
                f"the account file {self.path} cannot be written: {error.strerror}; pass filename=..., or "
                "set QISKIT_DIRECT_CONFIG to a file that can"
            ) from error

    def _undamaged(self) -> Saved:
        found = self._found()
        if isinstance(found, Saved):
            return found
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        self.path.rename(aside)
        aside.chmod(0o600)
        notices.warn(f"the account file was damaged; what it held is in {aside}")
        return Saved()


def _decoded(path: Path) -> Saved | str:
    """What is saved, or why it cannot be read. Nothing is raised here, where a traceback would show keys."""
    data = path.read_bytes()
    try:
        return msgspec.json.decode(data, type=Saved) if data.strip() else Saved()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)


def _keep_private(path: Path) -> None:
    """Take a file back that others can read: it holds keys.

    Raises:
        AccountError: It is somebody else's: it may name commands that print keys.
    """
    found = path.stat()
    if found.st_uid not in {os.geteuid(), 0}:
        raise AccountError(f"the account file {path} belongs to another user, so it is not read")
    if not stat.S_IMODE(found.st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        return
    try:
        path.chmod(0o600)
        what = "now only you can; whoever read it knows the keys in it"
    except OSError:
        what = f"chmod 600 {path}"
    notices.warn(f"others could read the account file {path}: {what}")
