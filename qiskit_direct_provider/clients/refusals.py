"""HTTP failures of the API as errors of this package."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

from qiskit_direct_provider import errors
from qiskit_direct_provider.wire.failures import Failure, read_failure
from qiskit_direct_provider.wire.redaction import redacted

if TYPE_CHECKING:
    from qiskit_direct_provider.errors import DirectError

__all__ = ["NOT_FOUND", "RETRYABLE_STATUSES", "ROUTE_MISSING", "FailedAnswer", "error_for"]

logger = logging.getLogger(__name__)

NOT_FOUND = 404
ROUTE_MISSING = frozenset({NOT_FOUND, 405, 501})
"""Statuses by which a server says that it does not have such a path."""

_LONGEST_ID = 200

RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 525)})


class FailedAnswer(Protocol):
    """What is needed of an answer in order to name its failure."""

    @property
    def request(self) -> object:
        """The request, for the message."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer."""

    @property
    def body(self) -> bytes:
        """Body of the answer."""


_BY_CODE: dict[tuple[int, str], tuple[type[errors.DirectError], str]] = {
    (400, "1219"): (errors.AuthenticationError, "check the token and the instance"),
    (404, "1216"): (errors.BackendNotFoundError, "provider.backends() lists the names there are"),
    (404, "1279"): (errors.ApiError, "check the instance, and that the url is that of its region"),
    (404, "1291"): (errors.JobNotFoundError, "it was deleted, or belongs to another account"),
    (409, "1231"): (errors.DuplicateJobError, "choose another job_id"),
    (409, "1306"): (errors.JobInvalidStateError, "only a running job can be cancelled"),
    (409, "1337"): (errors.JobInvalidStateError, "wait until the job has ended, or cancel it"),
    (409, "4317"): (errors.ApiError, "the instance has no time left: ask its owner for more"),
    (423, "1233"): (errors.BackendReservedError, "try again after the reservation, or use another backend"),
    (429, "1232"): (errors.LanesFullError, "delete a finished job, or wait until somebody else does"),
}

# What servers say that send no codes, or not those that are documented.
_BY_WORDS: tuple[tuple[int, re.Pattern[str], str], ...] = tuple(
    (status, re.compile(words, re.IGNORECASE), code)
    for status, words, code in (
        (400, r"\bbackend\b.{0,300} (?:not (?:available|found)|unknown)", "1216"),
        (404, r"\bbackend\b.{0,300} (?:not (?:available|found)|unknown)", "1216"),
        (404, r"\bjob\b.{0,300} (?:not found|unknown)", "1291"),
        (409, r"\bduplicate\b|\bjob\b.{0,300} already exists", "1231"),
        (409, r"\b(?:usage|quota)\b.{0,300} (?:limit|reached|exceeded|used up)", "4317"),
        (429, r"\bexecution lanes?\b", "1232"),
    )
)

_BY_STATUS: dict[int, tuple[type[errors.DirectError], str]] = {
    400: (errors.InvalidInputError, ""),
    401: (errors.AuthenticationError, "check the token and the iam_url"),
    403: (errors.AuthorizationError, "ask the owner of the instance for the access that this needs"),
    404: (errors.ApiError, "is the url that of the API?"),
    409: (errors.JobInvalidStateError, ""),
    413: (errors.InvalidInputError, "send fewer or smaller circuits"),
    422: (errors.InvalidInputError, ""),
    423: (errors.BackendReservedError, "try again after the reservation, or use another backend"),
    429: (errors.RateLimitError, "send fewer requests"),
    503: (errors.ApiError, "the service is down for a moment or for maintenance"),
}


def error_for(answer: FailedAnswer, host: str) -> DirectError:
    """The error that says what a failed answer says."""
    failure = read_failure(answer.body)
    kind, advice = _kind(answer.status, failure)
    _log_ids(answer, host, failure)
    return kind(
        _sentence(answer, host, failure, failure.solution or advice),
        status=answer.status,
        code=failure.code,
        solution=failure.solution,
        trace=failure.trace or failure.correlation_id or answer.headers.get("uber-trace-id"),
        retryable=answer.status in RETRYABLE_STATUSES and kind is not errors.LanesFullError,
        retry_after_s=_seconds(answer.headers.get("Retry-After")),
    )


def _log_ids(answer: FailedAnswer, host: str, failure: Failure) -> None:
    """What the owners of the service find the request by; the error itself holds the first of them."""
    ids = {
        "trace": failure.trace,
        "correlation_id": failure.correlation_id,
        "uber-trace-id": answer.headers.get("uber-trace-id"),
    }
    known = ", ".join(f"{name} {redacted(each)[:_LONGEST_ID]!r}" for name, each in ids.items() if each)
    if known:
        logger.info("%s at %s was refused: %s", answer.request, host, known)


def _kind(status: int, failure: Failure) -> tuple[type[errors.DirectError], str]:
    default = (errors.ApiError, "")
    known = _BY_CODE.get((status, failure.code or ""))
    return known or _meant(status, failure.message) or _BY_STATUS.get(status, default)


def _meant(status: int, message: str) -> tuple[type[errors.DirectError], str] | None:
    """What an error without a known code is, by its words."""
    for expected, words, code in _BY_WORDS:
        if status == expected and words.search(message):
            return next(kind for (_, known), kind in _BY_CODE.items() if known == code)
    return None


def _sentence(answer: FailedAnswer, host: str, failure: Failure, advice: str) -> str:
    code = f", code {failure.code}" if failure.code else ""
    said = failure.message or "no explanation"
    hint = f" ({advice.rstrip('.')})" if advice else ""
    return f"{answer.request} at {host} was refused: {said.rstrip('.')} [HTTP {answer.status}{code}]{hint}"


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds, given as a number or as a date."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(timezone.utc)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
