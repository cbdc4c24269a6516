"""One job of a server, from its journal entry to its result on disk."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.interface import JobRecord, Reason
from qiskit_direct_provider.journal import Stage
from qiskit_direct_provider.results import result_of
from qiskit_direct_provider.submission import downloaded, found_again, note_end
from qiskit_direct_provider.wire.dates import moment

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult

    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.waiting import Ticket
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["TrackedJob"]

logger = logging.getLogger(__name__)

FREEING_LIMIT_S = 5.0
TELLING_LIMIT_S = 2.0


class TrackedJob:
    """A job that was sent to a server, or is about to be.

    Attributes:
        entry: What is on record of it here.
        last: The job as the server described it last.
        queued: Whether it waits, on this side, to be sent.
        unwanted: Whether it was cancelled before that.
    """

    def __init__(self, workspace: Workspace, entry: JobEntry) -> None:
        self.workspace = workspace
        self.entry = entry
        self.queued = False
        self.unwanted = False
        self.last: JobRecord | None = _known_end(entry)
        age = (datetime.now().astimezone() - entry.intended).total_seconds()
        self._began = time.monotonic() - max(age, 0.0)
        self._result: PrimitiveResult | None = None

    @property
    def job_id(self) -> str:
        """The id by which the server knows it."""
        return self.entry.known_as

    @property
    def journal_id(self) -> str:
        """The id by which it is on record here."""
        return self.entry.job_id

    @property
    def ended(self) -> bool:
        """Whether it is known that the job has ended."""
        return self.last is not None and self.last.status in JOB_FINAL_STATES

    @property
    def sent(self) -> bool:
        """Whether the job was sent; another thread or process may do that."""
        if self.entry.stage is Stage.INTENDED:
            self.entry = self.workspace.journal.entry(self.journal_id) or self.entry
            if self.entry.stage is not Stage.INTENDED:
                self._began = time.monotonic()
                self.last = self.last or _known_end(self.entry)
        return self.entry.stage is not Stage.INTENDED

    def ticket(self, wait: float | None = None) -> Ticket:
        """A ticket for the poller, to wait for this job."""
        return self.workspace.poller.ticket(self.job_id, self._began, wait, ready=self._can_be_asked)

    def _can_be_asked(self) -> bool:
        return self.sent or not self.queued

    def note(self, ticket: Ticket) -> JobRecord | None:
        """Take over what a ticket learnt."""
        self.last = ticket.record or self.last
        return self.last

    def change(self, **changes: Any) -> None:
        """Change what is on record."""
        changed = self.workspace.journal.advance(self.journal_id, **changes)
        self.entry = changed or msgspec.structs.replace(self.entry, **changes)

    def record(self) -> JobRecord:
        """The job as the server sees it; what is final is not asked for again.

        A job that somebody else had the server forget is complete if its result is in the object store.

        Raises:
            JobNotFoundError: The server does not hold it, and there is no result of it.
        """
        try:
            return self.held()
        except errors.JobNotFoundError as gone:
            try:
                self.left_behind(gone, self.workspace.client.deadline())
            except errors.DirectError as error:
                raise gone from (None if error is gone else error)
        assert self.last is not None
        return self.last

    def held(self) -> JobRecord:
        """The job as the server sees it, or as its end is on record here.

        Raises:
            JobNotFoundError: It is in neither.
        """
        if not self.ended:
            client = self.workspace.client
            try:
                self.last = client.job(self.job_id, client.deadline())
            except errors.JobNotFoundError:
                if self.found_again():
                    return self.held()
                self.last = self.recorded_end()
                if self.last is None:
                    raise
        assert self.last is not None
        return self.last

    def found_again(self) -> bool:
        """Whether the server has the job under another id than it seemed to say; that one is taken over."""
        found = found_again(self.workspace, self.entry)
        self.entry = found or self.entry
        return found is not None

    def recorded_end(self) -> JobRecord | None:
        """How the job ended, if this or another process of ours noted that before the server forgot it."""
        entry = self.workspace.journal.entry(self.journal_id)
        return _known_end(entry) if entry else None

    def end_time(self, deadline: Deadline) -> datetime | None:
        """When the job ended; servers that do not say it of a job may say it among its metrics.

        A question without an answer must not cost a result, nor more than a moment.
        """
        if self.last is not None and self.ended and self.last.ended is None:
            client = self.workspace.client
            limit = client.deadline(min(TELLING_LIMIT_S, deadline.remaining()))
            with contextlib.suppress(errors.DirectError):
                told = (client.metrics(self.job_id, limit) or {}).get("timestamps")
                found = moment(told.get("finished")) if isinstance(told, dict) else None
                if found is not None:
                    self.last = dataclasses.replace(self.last, ended=found)
                    self.change(ended=found)
        return self.last.ended if self.last else None

    def ending(self) -> errors.DirectJobError:
        """The error that says how the job ended without a result."""
        record = self.record()
        kind = errors.JobCancelledError if record.status is JobStatus.CANCELLED else errors.JobFailedError
        word = "was cancelled" if kind is errors.JobCancelledError else "failed"
        reason = record.reason
        silent = kind is errors.JobFailedError and (reason is None or not reason.message)
        return kind(
            f"job {record.job_id} on {record.backend_name} {word}"
            + (f": {reason}" if reason else "")
            + ("; job.logs() may say more" if silent else ""),
            code=reason.code if reason else None,
            solution=reason.solution if reason else None,
        )

    # -- control -------------------------------------------------------------------------------------

    def cancel(self) -> bool:
        """Ask the service to end the job. True when it agreed, False when the job had ended already."""
        if self.ended:
            return False
        if not self.sent and self.queued:
            self.unwanted = True
            return True
        client = self.workspace.client
        try:
            client.cancel(self.job_id, client.deadline())
        except (errors.JobInvalidStateError, errors.JobNotFoundError):
            return False
        return True

    def delete(self) -> None:
        """Make the service forget the job, which frees its lane. What is on record here stays."""
        try:
            record = self.held()
        except errors.JobNotFoundError:
            return
        if record.status in JOB_FINAL_STATES and not note_end(self.workspace, record):
            raise errors.StorageError(
                f"job {self.job_id} was not deleted, since its end cannot be written down in "
                f"{self.workspace.journal.folder}: free some space there"
            )
        client = self.workspace.client
        client.delete(self.job_id, client.deadline())
        self.change(stage=Stage.FREED)

    # -- the result ----------------------------------------------------------------------------------

    def kept(self, deadline: Deadline) -> PrimitiveResult | None:
        """The result from the disk; the lane is freed if who put it there did not come so far."""
        if self._result is not None:
            return self._result
        journal = self.workspace.journal
        payload, entry = journal.result(self.journal_id), journal.entry(self.journal_id)
        if payload is not None and entry is not None and entry.stage is not Stage.FREED:
            self.free_lane(deadline)
        if payload is None:
            return None
        self.last = self.last or self.recorded_end()
        self._result = result_of(payload, self.entry.circuits)
        return self._result

    def fetched(self, deadline: Deadline) -> PrimitiveResult:
        """The result of an ended job from the object store, on disk before the lane is freed.

        Raises:
            JobFailedError: The job failed.
            JobCancelledError: It was cancelled.
            DirectError: The result cannot be had.
        """
        record = self.held()
        noted = note_end(self.workspace, record)
        if record.status is not JobStatus.DONE:
            if noted:
                self.free_lane(deadline)
            raise self.ending()
        kept = self.kept(deadline)  # by another process, meanwhile
        if kept is not None:
            return kept
        client, journal = self.workspace.client, self.workspace.journal
        limit = client.deadline(deadline.remaining())
        payload, self._result = downloaded(
            lambda: client.result(self.job_id, limit), self.entry.circuits, limit
        )
        if journal.store_result(self.journal_id, payload) or not self.entry.origin:
            self.free_lane(deadline)
        return self._result

    def left_behind(self, gone: errors.JobNotFoundError, deadline: Deadline) -> PrimitiveResult:
        """The result of a job that the server has forgotten, from the disk or from the object store.

        Raises:
            JobNotFoundError: ``gone``, when it is in neither.
        """
        client = self.workspace.client
        limit = client.deadline(deadline.remaining())

        def download() -> bytes:
            payload: bytes | None = client.stored_result(self.job_id, limit)
            if payload is None:
                raise gone
            return payload

        result = self.kept(deadline)
        if result is None:
            payload, result = downloaded(download, self.entry.circuits, limit)
            self._result = result
            self.workspace.journal.store_result(self.journal_id, payload)
        if not self.ended:
            self.change(status=JobStatus.DONE.name)
            self.last = _known_end(self.entry)
        return result

    def free_lane(self, deadline: Deadline) -> None:
        """An ended job holds its lane until it is deleted; that must neither lose nor delay a result.

        The lane is left to a sender who does not know yet that the job arrived, and would send it once more.
        """
        limit = min(FREEING_LIMIT_S, max(deadline.remaining(), 0.5))
        client, journal = self.workspace.client, self.workspace.journal
        try:
            with journal.sending(self.journal_id, wait=False) as alone:
                if not alone:
                    return
                forgotten = client.release(self.job_id, client.deadline(limit))
        except errors.DirectError as error:
            logger.warning("job %s has ended, but still holds its lane: %s", self.job_id, error)
        else:
            if forgotten:
                journal.advance(self.journal_id, stage=Stage.FREED)


def _known_end(entry: JobEntry) -> JobRecord | None:
    """The end of a job as it is on record, when the server may not know it any more."""
    if entry.status is None:
        return None
    reason = Reason(entry.reason_code, entry.reason_message, entry.reason_solution)
    return JobRecord(
        job_id=entry.known_as,
        own_id=entry.job_id,
        backend_name=entry.backend_name,
        program_id=entry.program_id,
        server_status=entry.status.lower(),
        status=JobStatus[entry.status],
        created=entry.created,
        ended=entry.ended,
        timeout_s=entry.timeout_s,
        quantum_ns=entry.quantum_ns,
        reason=reason if reason != Reason() else None,
    )
