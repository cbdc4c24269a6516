"""The Direct Access API, since renamed Quantum System API."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from msgspec import Struct

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients._http import Answer, Request, Sender, as_json
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.lanes import LaneClient
from qiskit_direct_provider.clients.optional import document_or_none
from qiskit_direct_provider.clients.posting import post_once
from qiskit_direct_provider.clients.records import job_record, liberally, readable
from qiskit_direct_provider.clients.refusals import NOT_FOUND, ROUTE_MISSING
from qiskit_direct_provider.clients.storage import (
    LONGEST_URL_LIFETIME_S,
    SHORTEST_URL_LIFETIME_S,
    ObjectStore,
)
from qiskit_direct_provider.wire.direct_access import (
    BackendItem,
    JobDocument,
    JobRequest,
    Lanes,
    LogLevel,
    S3Option,
    Storage,
)

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.auth import IamTokens
    from qiskit_direct_provider.clients.interface import JobRecord, Submission

__all__ = ["DirectAccessClient"]

logger = logging.getLogger(__name__)

CALL_TIMEOUT_S = 120.0
RESULT_PATIENCE_S = 30.0
RESULT_STEP_S = 0.5
LOG_PATIENCE_S = 2.0
LOG_STEP_S = 0.25
LONGEST_LIST_BYTES = 256 * 1024 * 1024  # two kilobytes a job, and nobody bounds their number


class _Backends(Struct):
    backends: list[msgspec.Raw] | None


class _Jobs(Struct):
    jobs: list[msgspec.Raw] | None


class DirectAccessClient(LaneClient):
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
        found = self._sender.send(Request("GET", "/v1/backends"), deadline, as_json(_Backends))
        return readable(found.backends or [], BackendItem)

    def backend(self, name: str, deadline: Deadline) -> BackendItem:
        """State and message of one backend."""
        return self._sender.send(Request("GET", _backend_path(name)), deadline, liberally(BackendItem))

    def configuration(self, name: str, deadline: Deadline) -> bytes:
        """The configuration document."""
        request = Request("GET", _backend_path(name, "configuration"))
        return self._sender.send(request, deadline, Answer.document)

    def properties(self, name: str, deadline: Deadline) -> bytes | None:
        """The calibration document; None where there is none: no such route, 404, or an empty document."""
        return document_or_none(self._sender, _backend_path(name, "properties"), deadline)

    def lanes(self, name: str, deadline: Deadline) -> int | None:
        """Execution lanes of this API; None on servers from before that route."""
        try:
            lanes = self._sender.send(
                Request("GET", _backend_path(name, "lanes")), deadline, liberally(Lanes)
            )
        except errors.ApiError as error:
            if error.status in ROUTE_MISSING:
                return None
            raise
        return lanes.hpc_workload_manager.lanes if lanes.hpc_workload_manager else None

    # -- jobs ----------------------------------------------------------------------------------------

    def submit(self, submission: Submission, deadline: Deadline) -> str:
        """Upload the input, then send the job, once, whatever the network does (see `posting`)."""
        name = _input_name(submission)
        self._store().put(name, submission.payload, deadline)
        try:
            post_once(
                submission,
                name,
                lambda: self._sender.send(self._job_request(submission), deadline, Answer.accepted),
                lambda: self.job(submission.job_id, deadline),
                deadline,
            )
        except errors.DirectError as error:
            if error.job_id is None:
                self._forget_input(submission)
            raise
        return submission.job_id

    def job(self, job_id: str, deadline: Deadline) -> JobRecord:
        """One job; servers from before that route are asked for the list."""
        request = Request("GET", _job_path(job_id))
        try:
            found = job_record(self._sender.send(request, deadline, liberally(JobDocument)))
        except errors.ApiError as error:
            if error.status not in ROUTE_MISSING:
                raise
        else:
            if found.job_id != job_id:
                raise errors.ProtocolError(f"{request}: the answer is about another job", retryable=True)
            return found
        for record in self.jobs(deadline):
            if record.job_id == job_id:
                return record
        raise errors.JobNotFoundError(f"job {job_id} is not known at {self._sender.host}", status=404)

    def jobs(self, deadline: Deadline) -> list[JobRecord]:
        """All jobs that the server holds for this account, oldest first."""
        request = Request("GET", "/v1/jobs")
        found = self._sender.send(request, deadline, as_json(_Jobs), LONGEST_LIST_BYTES)
        return [job_record(document) for document in readable(found.jobs or [], JobDocument)]

    def stored_result(self, job_id: str, deadline: Deadline) -> bytes | None:
        """The result document, if it is in the store."""
        return self._store().get(_result_name(job_id), deadline)

    def result(self, job_id: str, deadline: Deadline) -> bytes:
        """The result document; it is waited for a moment, should the store lag behind the status.

        Raises:
            StorageError: There is none, or the store does not answer.
        """
        give_up = deadline.sooner(RESULT_PATIENCE_S)
        while (body := self.stored_result(job_id, deadline)) is None:
            time.sleep(min(RESULT_STEP_S, give_up.remaining()))
            if give_up.expired():
                name = self._store().key(_result_name(job_id))
                raise errors.StorageError(
                    f"job {job_id} is complete, but its result {name!r} is not in the object store; "
                    "the job was not deleted"
                )
        return body

    def logs(self, job_id: str, deadline: Deadline, *, ended: bool = False) -> str | None:
        """The log, as text; None when there is none (yet). The service writes it last of all."""
        give_up = deadline.sooner(LOG_PATIENCE_S if ended else 0.0)
        while (body := self._store().get(_log_name(job_id), deadline)) is None and not give_up.expired():
            time.sleep(min(LOG_STEP_S, give_up.remaining()))
        return None if body is None else body.decode("utf-8", "replace")

    def cancel(self, job_id: str, deadline: Deadline) -> None:
        """Ask for a job's end."""
        self._sender.send(Request("POST", _job_path(job_id, "cancel")), deadline, Answer.accepted)

    def delete(self, job_id: str, deadline: Deadline) -> None:
        """Forget a job that has ended; one that is gone already is no error."""
        try:
            self._sender.send(Request("DELETE", _job_path(job_id)), deadline, Answer.accepted)
        except errors.DirectError as error:
            if error.status != NOT_FOUND:
                raise
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

    def _forget_input(self, submission: Submission) -> None:
        """Remove the input of a job that never came to be."""
        try:
            self._store().delete(_input_name(submission), self.deadline(10))
        except errors.StorageError:
            logger.warning("the input of the refused job %s stays in the object store", submission.job_id)


def _input_name(submission: Submission) -> str:
    """Named by id and content: another job's input is never overwritten, and ours is known again."""
    return f"input_{submission.job_id}_{hashlib.sha256(submission.payload).hexdigest()[:16]}.json"


def _result_name(job_id: str) -> str:
    return f"results_{job_id}.json"


def _log_name(job_id: str) -> str:
    return f"logs_{job_id}.txt"


def _segment(name: str, what: str) -> str:
    """A name as one part of a path; nothing that a path would give a meaning of its own."""
    if not isinstance(name, str) or not name or name in {".", ".."} or not name.isprintable():
        raise errors.InvalidInputError(f"{name!r} cannot be the name of a {what}")
    return quote(name, safe="")


def _backend_path(name: str, document: str = "") -> str:
    return "/".join(part for part in ("/v1/backends", _segment(name, "backend"), document) if part)


def _job_path(job_id: str, action: str = "") -> str:
    return "/".join(part for part in ("/v1/jobs", _segment(job_id, "job"), action) if part)
