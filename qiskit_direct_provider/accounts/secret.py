"""Text that does not show itself, as it is given or as it is fetched from where it is kept."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
from collections.abc import Callable, Mapping
from typing import NoReturn

from qiskit_direct_provider import notices
from qiskit_direct_provider.errors import AccountError, InvalidInputError
from qiskit_direct_provider.files import at_home

__all__ = ["Secret", "SecretLike", "checked_secret", "checked_text"]

LONGEST_HEADER_VALUE = 8192
COMMAND_LIMIT_S = 60.0


class Secret:
    """Text that shows itself only when asked: not in a repr, a log line, a traceback or a pickle.

    >>> Secret("key")
    Secret('***')

    Attributes:
        place: Where the text was fetched from, such as ``{"file": "~/key"}``; None when it was given.
    """

    __slots__ = ("_text", "place")

    def __init__(self, text: str, place: Mapping[str, str] | None = None) -> None:
        self._text = text
        self.place = place

    @classmethod
    def of(cls, value: str | Secret | Mapping[str, str]) -> Secret:
        """A secret as it was given, unchecked: from here on no traceback shows its text.

        Raises:
            InvalidInputError: A mapping that does not say where the text is kept.
            AccountError: It is not to be had from there.
        """
        if isinstance(value, Mapping):
            return _fetched(value)
        return value if isinstance(value, Secret) else cls(value)

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    @property
    def holds_text(self) -> bool:
        """Whether it was text that was given."""
        text: object = self._text
        return isinstance(text, str)

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")


SecretLike = str | Secret | Mapping[str, str] | None


def checked_secret(value: SecretLike, name: str) -> Secret:
    """A secret that can travel in a header; the text itself appears in no message and no traceback.

    Raises:
        InvalidInputError: It cannot.
        AccountError: It is not to be had from where it is said to be kept.
    """
    secret, value = Secret.of(value or ""), None
    if not secret.holds_text:
        raise InvalidInputError(
            f"{name} must be text, or say where it is kept: "
            "{'file': path}, {'command': text} or {'keyring': 'service/user'}"
        )
    if not _sendable(secret):
        raise InvalidInputError(f"{name} holds characters that cannot be sent, or is too long")
    return Secret(secret.reveal().strip(), secret.place)


def checked_text(value: object, name: str) -> str | None:
    """Text that can travel in a header; None when there is none.

    Raises:
        InvalidInputError: It cannot.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _sendable(Secret(value)):
        raise InvalidInputError(f"{name} must be text that can be sent in a header")
    return value.strip() or None


def _sendable(secret: Secret) -> bool:
    text = secret.reveal().strip()
    return len(text) <= LONGEST_HEADER_VALUE and text.isascii() and text.isprintable()


# -- where a secret is kept ------------------------------------------------------------------------------


def _fetched(place: Mapping[str, str]) -> Secret:
    kind, where = next(iter(place.items()), (None, None)) if len(place) == 1 else (None, None)
    if kind not in _FETCHERS or not isinstance(where, str) or not where.strip():
        raise InvalidInputError(
            "a secret that is kept elsewhere is given as one of {'file': path}, {'command': text}, "
            "{'keyring': 'service/user'}"
        )
    found = _FETCHERS[kind](where)
    if not found:
        raise AccountError(f"the {kind} that should give a secret gave nothing")
    return Secret(found.reveal(), dict(place))


def _from_file(path: str) -> Secret:
    """The first line of a file."""
    file = at_home(path)
    try:
        with file.open(encoding="utf-8") as stream:
            text = Secret(stream.readline(LONGEST_HEADER_VALUE).strip())
            mode = os.fstat(stream.fileno()).st_mode
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
    else:
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            notices.warn(f"others can read the secret in {file}: chmod 600 {file}")
        return text
    raise AccountError(f"no secret can be read from the file {file}: {why}")


def _from_command(command: str) -> Secret:
    """The first line that a command prints; it runs without a shell. Neither line nor output is repeated."""
    try:
        words = shlex.split(command)
        ended = subprocess.run(  # noqa: S603 - the account's owner chose the command
            words, capture_output=True, text=True, check=False, timeout=COMMAND_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        why = f"it did not end within {COMMAND_LIMIT_S:.0f} s"
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not a command line"
    else:
        if ended.returncode == 0:
            return Secret(ended.stdout.partition("\n")[0].strip())
        why = f"it ended with code {ended.returncode}"
        del ended  # no traceback shows what it printed
    raise AccountError(f"the command that should print a secret failed: {why}")


def _from_keyring(entry: str) -> Secret:
    """A password of the system's keyring."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise AccountError(
            "the secret is kept in a keyring, which needs pip install 'qiskit-direct-provider[keyring]'"
        ) from None
    service, _, user = entry.rpartition("/")
    if not service or not user:
        raise InvalidInputError("an entry of the keyring is written as 'service/user'")
    try:
        found = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise AccountError(f"the keyring did not give {entry!r}: {error}") from error
    if found is None:
        raise AccountError(f"the keyring has no {entry!r}: keyring set {service} {user}")
    return Secret(found)


_FETCHERS: dict[str | None, Callable[[str], Secret]] = {
    "file": _from_file,
    "command": _from_command,
    "keyring": _from_keyring,
}
