"""What went wrong, as one sentence and an advice."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

from qiskit_direct_provider import errors

__all__ = ["Failure"]

# From here on a message speaks to those who write Python.
_PYTHON = re.compile(
    "[ ]?[:;,.(-] (?:pass |call |see |for a private CA|overwrite=|check the token|is the url|Free some|"
    "Verify its ).*",
    re.DOTALL,
)

_ADVICE: tuple[tuple[type[BaseException], str], ...] = (
    (errors.AuthenticationError, "check the key (--token-from, or the saved account) and the token endpoint"),
    (errors.AuthorizationError, "check --instance, the CRN, and ask the owner of the instance for access"),
    (errors.BackendNotFoundError, "'qiskit-direct backends' lists those that there are"),
    (errors.BackendReservedError, "try later, or take another backend: 'qiskit-direct backends'"),
    (
        errors.LanesFullError,
        "fetch the results of jobs that have ended ('qiskit-direct jobs'), or pass --wait",
    ),
    (errors.RateLimitError, "wait a moment"),
    (errors.InvalidCircuitError, "'qiskit-direct backend NAME' shows what the backend has"),
    (errors.ProtocolError, "check --url: 'qiskit-direct doctor' looks at every step"),
    (
        errors.TransportError,
        "check --url, the network and the proxy: 'qiskit-direct doctor' says which it is",
    ),
    (
        errors.StorageError,
        "check the object store of the account: 'qiskit-direct doctor' looks at every step",
    ),
    (errors.JobNotFoundError, "'qiskit-direct jobs' lists those that there are"),
    (errors.JobFailedError, "'qiskit-direct job ID --logs' shows what the service wrote about it"),
    (errors.JobCancelledError, "send it again with 'qiskit-direct run'"),
    (errors.JobTimeoutError, "the job goes on: ask again later"),
    (errors.InvalidInputError, "the command's --help shows what can be said"),
    (errors.DirectError, "'qiskit-direct doctor' looks at the whole set-up"),
)
_NO_ACCOUNT = "save one with 'qiskit-direct accounts save --url URL', or pass --url and --token-from"
_OF_ACCOUNTS = {
    "no token": _NO_ACCOUNT,
    "no url": _NO_ACCOUNT,
    "asks for NTLM": "name the proxy that logs in for you with --proxy",
    "already; overwrite": "choose another name, or replace it with --overwrite",
}
_OF_UNSUPPORTED = {
    "not on record here": "verify it on the machine, and with the account, that sent it",
    "in place of counts": "'qiskit-direct result ID' shows them",
    "cannot be simulated": "verify companions with --method mirror or clifford, or allow more --max-seconds",
    "not installed here": "install it where this command is installed",
}
_ELSEWHERE = "another backend or another account may have it: 'qiskit-direct backends' lists what there is"
_ACCOUNT = "'qiskit-direct accounts list' shows what is saved; --account chooses one"
_DISK = {
    errno.ENOSPC: "make room on that disk, or {} on another one",
    errno.EDQUOT: "make room within your quota, or {} elsewhere",
}
_NOT_WRITABLE = "{} that you can write to"
_WRITING = {errno.EROFS, errno.EACCES, errno.EPERM, *_DISK}


@dataclass(frozen=True)
class Failure:
    """An error as the command line shows it."""

    sentence: str
    advice: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """What to say about an error."""
        disk = _about_the_disk(error)
        if isinstance(error, errors.DirectError):
            return cls(_sentence(str(error)), disk or _advice(error))
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            return cls(f"{where}{error.strerror or error}", disk or "check the path and its permissions")
        return cls(
            f"{type(error).__name__}: {_sentence(str(error))}",
            "this is a defect of qiskit-direct: report it with what --debug shows",
        )


def _sentence(text: str) -> str:
    """A message on one line, up to where it speaks of Python."""
    flat = " ".join(text.split())
    return _PYTHON.sub("", flat) or flat


def _advice(error: errors.DirectError) -> str:
    for kind, by_words, otherwise in (
        (errors.AccountError, _OF_ACCOUNTS, _ACCOUNT),
        (errors.UnsupportedError, _OF_UNSUPPORTED, _ELSEWHERE),
    ):
        if isinstance(error, kind):
            return next((advice for words, advice in by_words.items() if words in str(error)), otherwise)
    general = next(text for kind, text in _ADVICE if isinstance(error, kind))
    return f"{error.solution}; {general}" if error.solution else general


def _about_the_disk(error: BaseException | None) -> str | None:
    """The advice, where a disk is the cause."""
    elsewhere = "set QISKIT_DIRECT_DATA to a place"
    if isinstance(error, errors.AccountError):
        elsewhere = "set QISKIT_DIRECT_CONFIG to a place"
    elif isinstance(error, errors.InvalidInputError):
        elsewhere = "name a file"
    while error is not None:
        if isinstance(error, OSError) and error.errno in _WRITING:
            return _DISK.get(error.errno, _NOT_WRITABLE).format(elsewhere)
        error = error.__cause__ or error.__context__
    return None
