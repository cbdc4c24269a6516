"""The Direct Access API, since renamed Quantum System API."""

from __future__ import annotations

import hashlib
import logging
import random
import re
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

import msgspec
from msgspec import Struct
from qiskit.providers.jobstatus import JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients._http import Answer, Request, Sender, as_json
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import JobRecord, Reason, Submission
from qiskit_direct_provider.clients.retrying import ATTEMPTS
from qiskit_direct_provider.clients.storage import (
    LONGEST_URL_LIFETIME_S,
    SHORTEST_URL_LIFETIME_S,
    ObjectStore,
)
from qiskit_direct_provider.wire.direct_access import (
    BackendItem,
    JobDocument,
    JobRequest,
    JobStatusWord,
    Lanes,
    LogLevel,
    S3Option,
    Storage,
    Usage,
)

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.auth import IamTokens

__all__ = ["DirectAccessClient"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_STATUS = {
    JobStatusWord.RUNNING: JobStatus.RUNNING,
    JobStatusWord.COMPLETED: JobStatus.DONE,
    JobStatusWord.CANCELLED: JobStatus.CANCELLED,
    JobStatusWord.FAILED: JobStatus.ERROR,
}
CALL_TIMEOUT_S = 120.0
_ROUTE_MISSING = frozenset({404, 405, 501})
_RESULT_PATIENCE_S = 30.0
_RESULT_STEP_S = 0.5


class _Backends(Struct):
    backends: list[msgspec.Raw]


class _Jobs(Struct):
    jobs: list[msgspec.Raw]


class DirectAccessClient:
    """Speaks the API of an on-prem system; input, results and logs travel through the object store."""

    def __init__(
        self, sender: Sender, tokens: IamTokens, store: ObjectStore | None, timeout_s: float | None = None
    ) -> None:
        self._sender = sender
        self._timeout_s = timeout_s or CALL_TIMEOUT_S
        self._tokens = tokens
        self._objects = store

    @property
    def url(self) -> str:
        """Address of the server."""
        return self._sender.base_url

    def deadline(self, seconds: float | None = None) -> Deadline:
        """When a call that starts now has to be over."""
        return Deadline.after(self._timeout_s if seconds is None else min(seconds, self._timeout_s))

    # -- devices -------------------------------------------------------------------------------------

    def backends(self, deadline: Deadline) -> list[BackendItem]:
        """All backends; an entry that cannot be read is left out, with a warning in the log."""
        entries = self._sender.send(Request("GET", "/v1/backends"), deadline, as_json(_Backends)).backends
        return _readable(entries, BackendItem)

    def backend(self, name: str, deadline: Deadline) -> BackendItem:
        """State and message of one backend."""
        return self._sender.send(Request("GET", _backend_path(name)), deadline, as_json(BackendItem))

    def configuration(self, name: str, deadline: Deadline) -> bytes:
        """The configuration document."""
        return self._sender.send(
            Request("GET", _backend_path(name, "configuration")), deadline, Answer.document
        )

    def properties(self, name: str, deadline: Deadline) -> bytes | None:
        """The calibration document; None where the route is missing or the document is empty."""
        try:
            request = Request("GET", _backend_path(name, "properties"))
            body = self._sender.send(request, deadline, Answer.document)
        except errors.DirectError as error:
            if error.status in _ROUTE_MISSING and not isinstance(error, errors.BackendNotFoundError):
                return None
            raise
        return None if body.strip() in {b"", b"null", b"{}"} else body

    def lanes(self, name: str, deadline: Deadline) -> int | None:
        """Execution lanes of this API; None on servers from before that route."""
        try:
            lanes = self._sender.send(Request("GET", _backend_path(name, "lanes")), deadline, as_json(Lanes))
        except errors.ApiError as error:
            if error.status in _ROUTE_MISSING:
                return None
            raise
        return lanes.hpc_workload_manager.lanes if lanes.hpc_workload_manager else None

    # -- jobs ----------------------------------------------------------------------------------------

    def submit(self, submission: Submission, deadline: Deadline) -> str:
        """Upload the input, then send the job, once, whatever the network does.

        The id is ours. So when the fate of a request is unknown, the server is asked for that id before
        anything is sent again, and before a refusal is believed.

        Raises:
            DuplicateJobError: The id belongs to a job that is not this one.
        """
        self._store().put(_input_name(submission), submission.payload, deadline)
        unsure = False
        for attempt in range(ATTEMPTS):
            try:
                self._sender.send(self._job_request(submission), deadline, Answer.accepted)
            except errors.DirectError as error:
                unsure = unsure or isinstance(error, errors.ApiError)
                if (unsure or isinstance(error, errors.DuplicateJobError)) and self._arrived(
                    submission, deadline
                ):
                    break
                if not _worth_another(error, attempt, deadline):
                    self._forget_input(submission, unsure=unsure)
                    raise
            else:
                break
        return submission.job_id

    def job(self, job_id: str, deadline: Deadline) -> JobRecord:
        """One job; servers from before that route are asked for the list."""
        try:
            request = Request("GET", _job_path(job_id))
            return _record(self._sender.send(request, deadline, as_json(JobDocument)))
        except errors.ApiError as error:
            if error.status not in _ROUTE_MISSING:
                raise
        for record in self.jobs(deadline):
            if record.job_id == job_id:
                return record
        raise errors.JobNotFoundError(f"job {job_id} is not known at {self._sender.host}")

    def jobs(self, deadline: Deadline) -> list[JobRecord]:
        """All jobs that the server holds for this account, oldest first."""
        entries = self._sender.send(Request("GET", "/v1/jobs"), deadline, as_json(_Jobs)).jobs
        return [_record(document) for document in _readable(entries, JobDocument)]

    def stored_result(self, job_id: str, deadline: Deadline) -> bytes | None:
        """The result document, if it is in the store."""
        return self._store().get(_result_name(job_id), deadline)

    def result(self, job_id: str, deadline: Deadline) -> bytes:
        """The result document; it is waited for a moment, should the store lag behind the status.

        Raises:
            StorageError: There is none, or the store does not answer.
        """
        give_up = deadline.sooner(_RESULT_PATIENCE_S)
        while (body := self.stored_result(job_id, deadline)) is None:
            if give_up.expired():
                name = self._store().key(_result_name(job_id))
                raise errors.StorageError(
                    f"job {job_id} is complete, but its result {name!r} is not in the object store; "
                    "the job was not deleted"
                )
            time.sleep(min(_RESULT_STEP_S, give_up.remaining()))
        return body

    def logs(self, job_id: str, deadline: Deadline) -> str | None:
        """The log, as text; None when there is none (yet)."""
        body = self._store().get(_log_name(job_id), deadline)
        return None if body is None else body.decode("utf-8", "replace")

    def cancel(self, job_id: str, deadline: Deadline) -> None:
        """Ask for a job's end."""
        self._sender.send(Request("POST", _job_path(job_id, "cancel")), deadline, Answer.accepted)

    def delete(self, job_id: str, deadline: Deadline) -> None:
        """Forget a job that has ended; one that is gone already is no error."""
        try:
            self._sender.send(Request("DELETE", _job_path(job_id)), deadline, Answer.accepted)
        except errors.JobNotFoundError:
            logger.debug("job %s was deleted already", job_id)

    def close(self) -> None:
        """Close idle connections."""
        self._sender.close()
        self._tokens.close()
        if self._objects is not None:
            self._objects.close()

    # -- parts ---------------------------------------------------------------------------------------

    def _store(self) -> ObjectStore:
        if self._objects is None:
            raise errors.AccountError(
                "inputs and results travel through an S3 store: pass DirectProvider(storage=S3Storage(...))"
            )
        return self._objects

    def _job_request(self, submission: Submission) -> Request:
        """The POST, with URLs signed now: their lifetime is wall-clock time, the job's timeout is not."""
        store, job_id = self._store(), submission.job_id
        lifetime = min(max(submission.timeout_s, SHORTEST_URL_LIFETIME_S), LONGEST_URL_LIFETIME_S)
        body = JobRequest(
            id=job_id,
            backend=submission.backend_name,
            program_id=submission.program_id,
            timeout_secs=submission.timeout_s,
            log_level=LogLevel(submission.log_level),
            storage=Storage(
                input=S3Option(presigned_url=store.url("GET", _input_name(submission), lifetime)),
                results=S3Option(presigned_url=store.url("PUT", _result_name(job_id), lifetime)),
                logs=S3Option(presigned_url=store.url("PUT", _log_name(job_id), lifetime)),
            ),
        )
        return Request("POST", "/v1/jobs", msgspec.json.encode(body), repeatable=False)

    def _arrived(self, submission: Submission, deadline: Deadline) -> bool:
        """Whether the server holds this very job."""
        try:
            record = self.job(submission.job_id, deadline)
        except errors.JobNotFoundError:
            return False
        ours = (submission.backend_name, submission.program_id, _input_name(submission))
        found = (record.backend_name, record.program_id, record.input_name)
        if found[:2] != ours[:2] or (record.input_name and found[2] != ours[2]):
            raise errors.DuplicateJobError(
                f"the id {submission.job_id} belongs to another job: choose another one"
            )
        return True

    def _forget_input(self, submission: Submission, *, unsure: bool) -> None:
        """Remove the input of a job that was refused; one that may have arrived still needs it."""
        if unsure:
            return
        try:
            self._store().delete(_input_name(submission), self.deadline())
        except errors.StorageError:
            logger.warning("the input of the refused job %s stays in the object store", submission.job_id)


def _worth_another(error: errors.DirectError, attempt: int, deadline: Deadline) -> bool:
    """Wait before another attempt at a submission, if there is to be one."""
    if not error.retryable or attempt + 1 >= ATTEMPTS or deadline.expired():
        return False
    pause = max(random.uniform(0, 0.25 * 2**attempt), error.retry_after_s or 0.0)  # noqa: S311 - jitter
    time.sleep(min(pause, deadline.remaining()))
    return True


def _input_name(submission: Submission) -> str:
    """Named by id and content: another job's input is never overwritten, and ours is known again."""
    return f"input_{submission.job_id}_{hashlib.sha256(submission.payload).hexdigest()[:16]}.json"


def _result_name(job_id: str) -> str:
    return f"results_{job_id}.json"


def _log_name(job_id: str) -> str:
    return f"logs_{job_id}.txt"


def _segment(name: str, what: str) -> str:
    """A name as one part of a path; nothing that a path would give a meaning of its own."""
    if not name or name in {".", ".."} or not name.isprintable():
        raise errors.InvalidInputError(f"{name!r} cannot be the name of a {what}")
    return quote(name, safe="")


def _backend_path(name: str, document: str = "") -> str:
    return "/".join(part for part in ("/v1/backends", _segment(name, "backend"), document) if part)


def _job_path(job_id: str, action: str = "") -> str:
    return "/".join(part for part in ("/v1/jobs", _segment(job_id, "job"), action) if part)


def _readable(entries: list[msgspec.Raw], shape: type[T]) -> list[T]:
    """Every entry that can be read: one that cannot must not hide the rest."""
    found = []
    for entry in entries:
        try:
            found.append(msgspec.json.decode(entry, type=shape))
        except msgspec.DecodeError as error:
            logger.warning("an entry of the server's list was left out: %s", error)
    return found


def _record(document: JobDocument) -> JobRecord:
    try:
        status = _STATUS[JobStatusWord(document.status)]
    except ValueError:
        logger.warning(
            "job %s has the unknown status %r; it is taken as running", document.id, document.status
        )
        status = JobStatus.RUNNING
    usage = document.usage if isinstance(document.usage, Usage) else None
    return JobRecord(
        job_id=document.id,
        backend_name=document.backend,
        program_id=document.program_id,
        server_status=document.status,
        status=status,
        created=_time(document.created_time),
        ended=_time(document.end_time),
        timeout_s=document.timeout_secs,
        quantum_ns=usage.quantum_nanoseconds if usage else None,
        reason=_reason(document),
        input_name=_stored_input(document),
    )


def _reason(document: JobDocument) -> Reason | None:
    said: tuple[Any, ...] = (document.reason_code, document.reason_message, document.reason_solution)
    if all(part is None for part in said):
        return None
    code = None if document.reason_code is None else str(document.reason_code)
    return Reason(code, document.reason_message, document.reason_solution)


def _stored_input(document: JobDocument) -> str | None:
    option = document.storage.input if document.storage else None
    if option is None or not option.presigned_url:
        return None
    return unquote(urlsplit(option.presigned_url).path).rpartition("/")[2]


def _time(text: str | None) -> datetime | None:
    """An ISO 8601 time with any number of fractional digits; UTC when it names no zone."""
    if not text:
        return None
    padded = re.sub(r"\.(\d+)", lambda match: "." + match[1][:6].ljust(6, "0"), text.strip())
    try:
        moment = datetime.fromisoformat(padded.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
