"""The Runtime REST API: jobs with inputs and results of their own, in a queue, named by the server."""

from __future__ import annotations

import itertools
import logging
import time
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import Secret
from qiskit_direct_provider.clients._http import Answer, Request, Sender, as_json
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import Listing, Wanted
from qiskit_direct_provider.clients.pages import paged, query_of
from qiskit_direct_provider.clients.paths import path_of
from qiskit_direct_provider.clients.posting import ORPHAN_PATIENCE_S, post_searched
from qiskit_direct_provider.clients.presigned import link_in, linked_result
from qiskit_direct_provider.clients.records import liberally, readable
from qiskit_direct_provider.clients.refusals import NOT_FOUND, ROUTE_MISSING
from qiskit_direct_provider.clients.runtime_devices import RuntimeDevicesClient
from qiskit_direct_provider.clients.runtime_records import job_record, nonce_tag
from qiskit_direct_provider.clients.runtime_sessions import RuntimeSessionsClient
from qiskit_direct_provider.clients.storage import MAX_OBJECT_BYTES
from qiskit_direct_provider.wire.runtime import (
    LONGEST_JOB_S,
    LONGEST_TAG,
    MOST_TAGS,
    PAGE_SIZE,
    JobBody,
    JobCreated,
    JobPage,
    RuntimeJob,
    TagsBody,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qiskit_direct_provider.accounts import HttpOptions
    from qiskit_direct_provider.clients.auth import IamTokens
    from qiskit_direct_provider.clients.interface import JobRecord, Submission

__all__ = ["RuntimeClient"]

logger = logging.getLogger(__name__)

CALL_TIMEOUT_S = 120.0
SUBMISSION_PATIENCE_S = 60.0  # giving up on a server that is still at it risks a second job
RESULT_PATIENCE_S = 30.0
RESULT_STEP_S = 0.5
MAX_INPUT_BYTES = 50 * 1024 * 1024
LONGEST_PAGE_BYTES = 64 * 1024 * 1024
MOST_PAGES_FOR_A_FEW = 3

_NO_CONTENT = 204


class RuntimeClient(RuntimeDevicesClient, RuntimeSessionsClient):
    """Speaks today's Runtime API."""

    def __init__(self, sender: Sender, tokens: IamTokens, http: HttpOptions) -> None:
        self._sender = sender
        self._tokens = tokens
        self._http = http

    @property
    def url(self) -> str:
        """Address of the API."""
        return self._sender.base_url

    def deadline(self, seconds: float | None = None) -> Deadline:
        """When a call that starts now has to be over."""
        limit = self._http.timeout or CALL_TIMEOUT_S
        return Deadline.after(limit if seconds is None else min(seconds, limit))

    # -- jobs ----------------------------------------------------------------------------------------

    def submit(self, submission: Submission, deadline: Deadline) -> str:
        """Send a job, once, whatever the network does (see `posting`); the server's id.

        Raises:
            InvalidInputError: Input or tags are larger than the API takes.
        """
        tags = _sendable_tags(submission.job_id, submission.tags)
        if len(submission.payload) > MAX_INPUT_BYTES:
            raise errors.InvalidInputError(
                f"the input has {len(submission.payload)} bytes, more than the {MAX_INPUT_BYTES} that the "
                "API takes: send fewer or smaller circuits"
            )
        body = msgspec.json.encode(self._job_body(submission, tags))
        request = Request("POST", "/jobs", body, repeatable=False, patience_s=SUBMISSION_PATIENCE_S)
        return post_searched(
            submission,
            lambda: self._sender.send(request, deadline, liberally(JobCreated)).id,
            lambda: self.find(submission.job_id, deadline),
            deadline,
        )

    def find(self, submission_id: str, deadline: Deadline, *, orphaned: bool = False) -> str | None:
        """The job that carries our tag; the first one, should there be several."""
        if orphaned:
            time.sleep(min(ORPHAN_PATIENCE_S, deadline.remaining()))
        wanted = Wanted(tags=(nonce_tag(submission_id),))
        found = [record for record in self._page(wanted, 0, deadline) if record.own_id == submission_id]
        if len(found) > 1:
            ids = ", ".join(record.job_id for record in found)
            logger.warning("the server holds job %s more than once: %s", submission_id, ids)
        return found[-1].job_id if found else None

    def job(self, job_id: str, deadline: Deadline) -> JobRecord:
        """One job, by the server's id or by ours."""
        request = Request("GET", path_of("/jobs", job_id) + "?exclude_params=true")
        try:
            found = job_record(self._sender.send(request, deadline, liberally(RuntimeJob)))
        except errors.JobNotFoundError:
            other = self.find(job_id, deadline)
            if other is None:
                raise
            return self.job(other, deadline)
        if found.job_id != job_id:
            raise errors.ProtocolError(f"{request}: the answer is about another job", retryable=True)
        return found

    def jobs(self, deadline: Deadline) -> list[JobRecord]:
        """All jobs of the account, oldest first: many requests, when there are many."""
        return list(self._paged(Wanted(descending=False), deadline))

    def search(self, wanted: Wanted, deadline: Deadline) -> Listing:
        """The jobs that are wanted, as far as the server can tell."""
        found = list(itertools.islice(self._paged(wanted, deadline), wanted.limit))
        is_all = wanted == Wanted(descending=wanted.descending, limit=wanted.limit)
        return Listing(found, complete=is_all and (wanted.limit is None or len(found) < wanted.limit))

    def among(self, job_ids: Iterable[str], deadline: Deadline) -> list[JobRecord]:
        """The newest jobs, up to the last one of these, or to the end of the third page."""
        left, found = set(job_ids), []
        for record in itertools.islice(self._paged(Wanted(), deadline), MOST_PAGES_FOR_A_FEW * PAGE_SIZE):
            found.append(record)
            left.discard(record.job_id)
            if not left:
                break
        return found

    def cancel(self, job_id: str, deadline: Deadline) -> None:
        """Ask for a job's end."""
        self._sender.send(Request("POST", path_of("/jobs", job_id, "cancel")), deadline, Answer.accepted)

    def delete(self, job_id: str, deadline: Deadline) -> None:
        """Forget a job that has ended; one that is gone already is no error."""
        try:
            self._sender.send(Request("DELETE", path_of("/jobs", job_id)), deadline, Answer.accepted)
        except errors.DirectError as error:
            if error.status != NOT_FOUND:
                raise
            logger.debug("job %s was deleted already", job_id)

    def release(self, job_id: str, deadline: Deadline) -> bool:  # noqa: ARG002 - the interface's parameters
        """Nothing: a job that has ended holds nothing here, and stays where other clients look for it."""
        return False

    def set_tags(self, job_id: str, submission_id: str, tags: tuple[str, ...], deadline: Deadline) -> None:
        """Replace a job's tags, but for the one by which it is known to be ours."""
        own = submission_id if submission_id != job_id else None
        body = msgspec.json.encode(TagsBody(tags=_sendable_tags(own, tags)))
        self._sender.send(Request("PUT", path_of("/jobs", job_id, "tags"), body), deadline, Answer.accepted)

    # -- what comes back -----------------------------------------------------------------------------

    def stored_result(self, job_id: str, deadline: Deadline) -> bytes | None:
        """The result document, if there is one."""
        request = Request("GET", path_of("/jobs", job_id, "results"))
        try:
            found = self._sender.send(request, deadline, _result_or_link, MAX_OBJECT_BYTES)
        except errors.DirectError as error:
            if error.status != NOT_FOUND:
                raise
            return None
        return linked_result(found, self._http, deadline) if isinstance(found, Secret) else found

    def result(self, job_id: str, deadline: Deadline) -> bytes:
        """The result document; it is waited for a moment, should it lag behind the status.

        Raises:
            ProtocolError: There is none.
        """
        give_up = deadline.sooner(RESULT_PATIENCE_S)
        while (body := self.stored_result(job_id, deadline)) is None:
            if give_up.expired():
                raise errors.ProtocolError(f"job {job_id} is complete, but the server has no result of it")
            time.sleep(min(RESULT_STEP_S, give_up.remaining()))
        return body

    def logs(self, job_id: str, deadline: Deadline, *, ended: bool = False) -> str | None:  # noqa: ARG002 - it does not lag here
        """The log, as text; None when there is none (yet), or none any more, or on servers without logs."""
        request = Request("GET", path_of("/jobs", job_id, "logs"), headers={"Accept": "*/*"})
        try:
            body = self._sender.send(request, deadline, _text, MAX_OBJECT_BYTES)
        except errors.DirectError as error:
            if error.status not in ROUTE_MISSING:
                raise
            return None
        return None if body is None else body.decode("utf-8", "replace")

    def metrics(self, job_id: str, deadline: Deadline) -> dict[str, Any] | None:
        """Times and usage, in the server's own words; None on servers that do not tell them."""
        request = Request("GET", path_of("/jobs", job_id, "metrics"))
        try:
            return self._sender.send(request, deadline, _metrics)
        except errors.DirectError as error:
            if error.status not in ROUTE_MISSING:
                raise
            return None

    def log_out(self, deadline: Deadline) -> None:
        """Tokens of this API end by themselves."""

    def close(self) -> None:
        """Close idle connections."""
        self._sender.close()
        self._tokens.close()

    # -- parts ---------------------------------------------------------------------------------------

    def _job_body(self, submission: Submission, tags: list[str]) -> JobBody:
        return JobBody(
            program_id=submission.program_id,
            backend=submission.backend_name,
            params=msgspec.Raw(submission.payload),
            tags=tags,
            log_level=submission.log_level,
            cost=submission.timeout_s if submission.timeout_s < LONGEST_JOB_S else None,
            session_id=submission.session_id,
        )

    def _paged(self, wanted: Wanted, deadline: Deadline) -> Iterator[JobRecord]:
        return paged(lambda step, offset: self._page(step, offset, deadline), wanted)

    def _page(self, wanted: Wanted, offset: int, deadline: Deadline) -> list[JobRecord]:
        request = Request("GET", "/jobs?" + query_of(wanted, offset))
        page = self._sender.send(request, deadline, as_json(JobPage), LONGEST_PAGE_BYTES)
        return [job_record(document) for document in readable(page.jobs or [], RuntimeJob)]


def _sendable_tags(own_id: str | None, tags: tuple[str, ...]) -> list[str]:
    """Tags of a job, ours among them.

    Raises:
        InvalidInputError: More or longer ones than the API takes.
    """
    own = [nonce_tag(own_id)] if own_id else []
    most = MOST_TAGS - len(own)
    if len(tags) > most:
        raise errors.InvalidInputError(f"this API takes {most} tags, not {len(tags)}")
    for tag in (*own, *tags):
        if not 0 < len(tag) <= LONGEST_TAG:
            raise errors.InvalidInputError(f"tags have 1 to {LONGEST_TAG} characters here, not {tag[:100]!r}")
    return [*own, *tags]


def _metrics(answer: Answer) -> dict[str, Any] | None:
    if answer.status == _NO_CONTENT:
        return None
    return answer.decoded(lambda document: msgspec.json.decode(document, type=dict[str, Any] | None))


def _result_or_link(answer: Answer) -> bytes | Secret | None:
    """A result, or a link in its place; None without content."""
    body = _text(answer)
    return body and (link_in(body) or body)


def _text(answer: Answer) -> bytes | None:
    """A body that may call itself text, but is no page of something in between; None without content."""
    if answer.status == _NO_CONTENT or not answer.body:
        return None
    kind = answer.headers.get("Content-Type", "application/json").lower()
    if "html" in kind or answer.body.lstrip()[:1] == b"<":
        raise answer.broken(f"content type {kind[:80]!r}")
    return answer.body
