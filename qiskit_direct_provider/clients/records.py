"""Documents of jobs as records, read liberally: a job must not hang on a field that is only looked at."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct
from qiskit.providers.jobstatus import JobStatus

from qiskit_direct_provider.clients.interface import JobRecord, Reason
from qiskit_direct_provider.wire import tolerant
from qiskit_direct_provider.wire.dates import moment
from qiskit_direct_provider.wire.direct_access import JobDocument, JobStatusWord, Usage
from qiskit_direct_provider.wire.redaction import redacted

if TYPE_CHECKING:
    from qiskit_direct_provider.clients._http import Answer

__all__ = ["job_record", "liberally", "readable"]

logger = logging.getLogger(__name__)

S = TypeVar("S", bound=Struct)

# By the beginnings of words: servers were seen to say "Cancelled - Ran too long".
_STATUS = {
    JobStatusWord.RUNNING.value.lower(): JobStatus.RUNNING,
    JobStatusWord.COMPLETED.value.lower(): JobStatus.DONE,
    "cancel": JobStatus.CANCELLED,
    JobStatusWord.FAILED.value.lower(): JobStatus.ERROR,
}


def readable(entries: list[msgspec.Raw], shape: type[S]) -> list[S]:
    """Every entry that can be read, as far as it can be: one that cannot must not hide the rest."""
    found = []
    for entry in entries:
        try:
            found.append(tolerant.read(bytes(entry), shape, []))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            logger.warning("an entry of the server's list was left out: %s", error)
    return found


def liberally(shape: type[S]) -> Callable[[Answer], S]:
    """A reader that bears with odd optional members."""

    def read(answer: Answer) -> S:
        return answer.decoded(lambda document: tolerant.read(document, shape, []))

    return read


def job_record(document: JobDocument) -> JobRecord:
    """A job in this package's terms."""
    usage = document.usage if isinstance(document.usage, Usage) else None
    return JobRecord(
        job_id=document.id,
        backend_name=document.backend,
        program_id=document.program_id,
        server_status=document.status,
        status=_status(document.status),
        created=moment(document.created_time),
        ended=moment(document.end_time),
        timeout_s=document.timeout_secs,
        quantum_ns=usage.quantum_nanoseconds if usage else None,
        reason=_reason(document),
        input_name=_stored_input(document),
    )


def _status(word: str) -> JobStatus:
    said = word.strip().lower()
    known = (status for start, status in _STATUS.items() if said.startswith(start))
    return next(known, None) or _unknown(word)


@functools.lru_cache(maxsize=64)
def _unknown(word: str) -> JobStatus:
    """Said once a word, not once a question."""
    logger.warning("a job has the unknown status %r; it is taken as running", word)
    return JobStatus.RUNNING


def _reason(document: JobDocument) -> Reason | None:
    if document.reason_code is None and document.reason_message is None and document.reason_solution is None:
        return None
    code = None if document.reason_code is None else str(document.reason_code)
    message, solution = (
        None if text is None else redacted(text)
        for text in (document.reason_message, document.reason_solution)
    )
    return Reason(code, message, solution)


def _stored_input(document: JobDocument) -> str | None:
    option = document.storage.input if document.storage else None
    if option is None or not option.presigned_url:
        return None
    try:
        return unquote(urlsplit(option.presigned_url).path).rpartition("/")[2]
    except ValueError:
        return None
