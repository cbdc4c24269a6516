"""A submitted job."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qiskit.providers import JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import JobRecord, Reason
from qiskit_direct_provider.journal import Stage
from qiskit_direct_provider.results import (
    ResultOrigin,
    primitive_result_from_json,
    qiskit_result,
    records_from,
)
from qiskit_direct_provider.submission import downloaded, found_again, note_end

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2
    from qiskit.result import Result

    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.waiting import Poller, Ticket
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["DirectJob", "as_completed", "final_record"]

logger = logging.getLogger(__name__)

FREEING_LIMIT_S = 5.0


class DirectJob(JobV1):
    """Circuits that were sent to a backend.

    The job goes on whatever happens to this object or to this process: it is on record here, and
    ``provider.retrieve_job(id)`` brings it back. Its lane at the device is freed (the server's copy is
    deleted) as soon as `result` has the outcome on disk; the objects in the store stay.
    """

    def __init__(self, backend: BackendV2, workspace: Workspace, entry: JobEntry) -> None:
        super().__init__(backend, entry.known_as)
        self._workspace = workspace
        self._entry = entry
        age = (datetime.now().astimezone() - entry.intended).total_seconds()
        self._began = time.monotonic() - max(age, 0.0)
        self._last: JobRecord | None = _known_end(entry)
        self._primitive_result: PrimitiveResult | None = None
        self._result: Result | None = None

    def __repr__(self) -> str:
        state = self._last.server_status if self._last else self._entry.stage.value
        return f"<DirectJob {self.job_id()} on {self.backend().name}: {state}>"

    # -- results -------------------------------------------------------------------------------------

    def result(self, timeout: float | None = None, wait: float | None = None) -> Result:
        """Wait for the job's end, and return counts (and memory, if ``run`` was told so).

        Args:
            timeout: Longest time to wait, in seconds; None waits as long as it takes.
            wait: Seconds between two questions to the server; None asks at a tenth of the job's age,
                at least every 30 s.

        Raises:
            JobTimeoutError: The job is still running; it goes on.
            JobFailedError: The job failed; the text says why.
            JobCancelledError: The job was cancelled.
            StorageError: The result cannot be fetched from the object store.
            ProtocolError: The result is damaged, or is not that of these circuits.
        """
        primitive_result = self.primitive_result(timeout, wait)
        if self._result is None:
            origin = ResultOrigin(
                job_id=self.job_id(),
                backend_name=self.backend().name,
                backend_version=str(self._entry.backend_version or self.backend().backend_version or ""),
                date=self._last.ended.isoformat() if self._last and self._last.ended else None,
            )
            circuits = self._entry.circuits or records_from(primitive_result)
            self._result = qiskit_result(primitive_result, circuits, origin, memory=self._entry.memory)
        return self._result

    def primitive_result(self, timeout: float | None = None, wait: float | None = None) -> PrimitiveResult:
        """The same outcome, from the same download, in the form of Qiskit's primitives."""
        if self._primitive_result is None:
            deadline = _deadline(timeout)
            result = self._kept(deadline) or self._fetched(deadline, wait)
            expected = len(self._entry.circuits)
            if expected and len(result) != expected:
                raise errors.ProtocolError(
                    f"job {self.job_id()}: {expected} circuits were sent, but {len(result)} results came back"
                )
            self._primitive_result = result
        return self._primitive_result

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float | None = None,
        callback: Callable[[str, JobStatus, DirectJob], None] | None = None,
    ) -> None:
        """Wait until the job is done, cancelled or failed.

        Args:
            timeout: Longest time to wait, in seconds; None waits as long as it takes.
            wait: Seconds between two questions to the server; None chooses by the job's age.
            callback: Called with job id, status and job after each answer of the server.

        Raises:
            JobTimeoutError: The time is over; the job goes on.
        """
        final_record(self, _deadline(timeout), wait, callback)

    def __await__(self) -> Generator[Any, None, Result]:
        """``await job`` gives what `result` returns, without blocking the event loop."""
        return self._awaited().__await__()

    async def _awaited(self) -> Result:
        import asyncio

        if self._last is None or self._last.status not in JOB_FINAL_STATES:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            with self._workspace.poller.watched([self.ticket()]) as (ticket,):
                ticket.on_end = lambda: loop.call_soon_threadsafe(ended.set)
                if not ticket.over:
                    await ended.wait()
                self._note(ticket)
        return await asyncio.to_thread(self.result)

    # -- state ---------------------------------------------------------------------------------------

    def status(self) -> JobStatus:
        """The state of the job.

        Direct Access has no queue: an accepted job counts as running, also while it waits for the device.
        """
        return self._record().status

    def error_message(self) -> str | None:
        """Why the job failed or was cancelled, in the server's words; None when it did not."""
        record = self._record()
        return str(record.reason) if record.reason else None

    def name(self) -> str | None:
        """The name that ``run`` was given."""
        return self._entry.name

    def update_name(self, name: str) -> str:
        """Give the job another name; it is kept on this side."""
        if not isinstance(name, str):
            raise errors.InvalidInputError("a job's name must be text")
        self._change(name=name)
        return name

    @property
    def tags(self) -> list[str]:
        """The tags that ``run`` was given."""
        return list(self._entry.tags)

    def update_tags(self, new_tags: Iterable[str]) -> list[str]:
        """Give the job other tags; they are kept on this side, and by servers that keep tags."""
        found = ("",) if isinstance(new_tags, str) else tuple(new_tags)
        if isinstance(new_tags, str) or not all(isinstance(tag, str) for tag in found):
            raise errors.InvalidInputError("tags must be a list of texts")
        self._client.set_tags(self.job_id(), self._entry.job_id, found, self._client.deadline())
        self._change(tags=found)
        return list(found)

    @property
    def session_id(self) -> str | None:
        """The session in which the job was sent; None for a job on its own."""
        return self._entry.session_id

    def creation_date(self) -> datetime | None:
        """When the server accepted the job."""
        return self._record().created or self._entry.created

    def usage(self) -> float | None:
        """Time that the device was dedicated to the job, in seconds; None until it is known."""
        quantum_ns = self._record().quantum_ns
        return None if quantum_ns is None else quantum_ns * 1e-9

    def time_per_step(self) -> dict[str, datetime]:
        """When the job was created and when it ended, as far as the server says."""
        record = self._record()
        steps = {"CREATING": record.created, "COMPLETED": record.ended}
        return {step: moment for step, moment in steps.items() if moment is not None}

    def metrics(self) -> dict[str, Any]:
        """Timestamps (ISO 8601) and usage, as far as the server tells.

        Direct Access does not tell when the device began: ``running`` is the moment of acceptance.
        """
        told = self._client.metrics(self.job_id(), self._client.deadline())
        if told is not None:
            return told
        record = self._record()
        created = (record.created or self._entry.intended).isoformat()
        finished = record.ended.isoformat() if record.ended else None
        return {
            "timestamps": {"created": created, "running": created, "finished": finished},
            "usage": {"quantum_seconds": self.usage()},
        }

    def properties(self) -> Any:
        """The calibration of the device that held when the job was sent, as ``backend.properties()``."""
        calibrated = self._entry.calibration
        if calibrated is None:
            return self.backend().properties()
        return self.backend().properties(datetime=datetime.fromisoformat(calibrated))

    def queue_position(
        self,
        refresh: bool = False,  # noqa: ARG002, FBT001, FBT002 - Qiskit users' spelling
    ) -> int | None:
        """Place in the queue, from 1 on; None once the job has left it, or where there are only lanes."""
        told = self._client.metrics(self.job_id(), self._client.deadline()) or {}
        place = told.get("position_in_queue")
        return place if isinstance(place, int) else None

    def queue_info(self) -> None:
        """None: no API tells when a job will begin."""
        return

    def logs(self) -> str | None:
        """The log that the service wrote about the job; None when there is none (yet)."""
        return self._client.logs(self.job_id(), self._client.deadline())

    # -- control -------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Jobs are sent by ``backend.run``.

        Raises:
            JobInvalidStateError: Always: this job was sent already.
        """
        raise errors.JobInvalidStateError(
            f"job {self.job_id()} was sent already; call backend.run() for another"
        )

    def cancel(self) -> bool:
        """Ask the service to end the job. True when it agreed, False when the job had ended already."""
        if self._last is not None and self._last.status in JOB_FINAL_STATES:
            return False
        try:
            self._client.cancel(self.job_id(), self._client.deadline())
        except (errors.JobInvalidStateError, errors.JobNotFoundError):
            return False
        return True

    def delete(self) -> None:
        """Make the service forget the job, which frees its lane. What is on record here stays.

        Raises:
            JobInvalidStateError: The job has not ended.
        """
        try:
            record = self._record()
        except errors.JobNotFoundError:
            return
        if record.status in JOB_FINAL_STATES:
            note_end(self._workspace, record)
        self._client.delete(self.job_id(), self._client.deadline())
        self._change(stage=Stage.FREED)

    # -- parts ---------------------------------------------------------------------------------------

    @property
    def _client(self) -> Client:
        return self._workspace.client

    def ticket(self, wait: float | None = None) -> Ticket:
        """A ticket for the poller, to wait for this job."""
        return self._workspace.poller.ticket(self.job_id(), self._began, wait)

    def _change(self, **changes: Any) -> None:
        import msgspec

        changed = self._workspace.journal.advance(self._entry.job_id, **changes)
        self._entry = changed or msgspec.structs.replace(self._entry, **changes)

    def _record(self) -> JobRecord:
        """The job as the server sees it; what is final is not asked for again."""
        if self._last is None or self._last.status not in JOB_FINAL_STATES:
            try:
                self._last = self._client.job(self.job_id(), self._client.deadline())
            except errors.JobNotFoundError:
                if self._found_again():
                    return self._record()
                self._last = self._recorded_end()
                if self._last is None:
                    raise
        return self._last

    def _found_again(self) -> bool:
        """Whether the server has the job under another id than it seemed to say; that one is taken over."""
        found = found_again(self._workspace, self._entry)
        if found is not None:
            self._entry, self._job_id = found, found.known_as
        return found is not None

    def _recorded_end(self) -> JobRecord | None:
        """How the job ended, if this or another process of ours noted that before the server forgot it."""
        entry = self._workspace.journal.entry(self._entry.job_id)
        return _known_end(entry) if entry else None

    def _note(self, ticket: Ticket) -> JobRecord | None:
        """Take over what a ticket learnt."""
        self._last = ticket.record or self._last
        return self._last

    def _kept(self, deadline: Deadline) -> PrimitiveResult | None:
        """The result from the disk; the lane is freed if who put it there did not come so far."""
        journal = self._workspace.journal
        payload, entry = journal.result(self._entry.job_id), journal.entry(self._entry.job_id)
        if payload is not None and entry is not None and entry.stage is not Stage.FREED:
            self._free_lane(deadline)
        if payload is None:
            return None
        self._last = self._last or self._recorded_end()
        return primitive_result_from_json(payload)

    def _fetched(self, deadline: Deadline, wait: float | None) -> PrimitiveResult:
        """The result from the object store, on disk before the lane is freed."""
        try:
            record = final_record(self, deadline, wait)
        except errors.JobNotFoundError as gone:
            if self._found_again():
                return self._fetched(deadline, wait)
            return self._left_behind(gone, deadline)
        note_end(self._workspace, record)
        if record.status is not JobStatus.DONE:
            self._free_lane(deadline)
            raise _ending(record)
        kept = self._kept(deadline)  # by another process, meanwhile
        if kept is not None:
            return kept
        limit = self._client.deadline(deadline.remaining())
        payload, result = downloaded(lambda: self._client.result(self.job_id(), limit), limit)
        if self._workspace.journal.store_result(self._entry.job_id, payload) or not self._entry.origin:
            self._free_lane(deadline)
        return result

    def _left_behind(self, gone: errors.JobNotFoundError, deadline: Deadline) -> PrimitiveResult:
        """The result of a job that the server has forgotten, from the disk or from the object store."""
        kept = self._kept(deadline)
        if kept is not None:
            return kept
        limit = self._client.deadline(deadline.remaining())

        def download() -> bytes:
            payload: bytes | None = self._client.stored_result(self.job_id(), limit)
            if payload is None:
                raise gone
            return payload

        payload, result = downloaded(download, limit)
        self._workspace.journal.store_result(self._entry.job_id, payload)
        self._change(status=JobStatus.DONE.name)
        self._last = _known_end(self._entry)
        return result

    def _free_lane(self, deadline: Deadline) -> None:
        """An ended job holds its lane until it is deleted; that must neither lose nor delay a result.

        The lane is left to a sender who does not know yet that the job arrived, and would send it once more.
        """
        limit = min(FREEING_LIMIT_S, max(deadline.remaining(), 0.5))
        try:
            with self._workspace.journal.sending(self._entry.job_id, wait=False) as alone:
                if not alone:
                    return
                self._client.release(self.job_id(), self._client.deadline(limit))
        except errors.DirectError as error:
            logger.warning("job %s has ended, but still holds its lane: %s", self.job_id(), error)
        else:
            self._workspace.journal.advance(self._entry.job_id, stage=Stage.FREED)


def _deadline(timeout: float | None) -> Deadline:
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float)):
        raise errors.InvalidInputError(f"timeout must be a number of seconds, not {timeout!r}")
    return Deadline.after(timeout)


def final_record(
    job: DirectJob,
    deadline: Deadline,
    wait: float | None = None,
    callback: Callable[[str, JobStatus, DirectJob], None] | None = None,
) -> JobRecord:
    """The job once it has ended.

    Raises:
        JobTimeoutError: The deadline came first; the job goes on.
        JobNotFoundError: The server does not know the job.
    """
    last = job._last  # noqa: SLF001 - its other half
    if last is not None and last.status in JOB_FINAL_STATES:
        if callback:
            callback(job.job_id(), last.status, job)
        return last
    poller = job._workspace.poller  # noqa: SLF001
    with poller.watched([job.ticket(wait)]) as (ticket,):
        seen = 0
        while not ticket.over:
            news = poller.news([ticket], seen, deadline)
            if news == seen:
                raise _too_late(job, ticket)
            seen = news
            record = job._note(ticket)  # noqa: SLF001
            if callback and ticket.outage is None and record is not None and ticket.error is None:
                callback(job.job_id(), record.status, job)
    if ticket.error is not None:
        known = job._recorded_end() if isinstance(ticket.error, errors.JobNotFoundError) else None  # noqa: SLF001
        if known is None:
            raise ticket.error
        job._last = known  # noqa: SLF001
        return known
    assert ticket.record is not None
    return ticket.record


def as_completed(jobs: list[DirectJob], poller: Poller, timeout: float | None) -> Iterator[DirectJob]:
    """Jobs as they end.

    Raises:
        JobTimeoutError: Some have not ended in time; they go on.
    """
    deadline = _deadline(timeout)
    ended = [job for job in jobs if job._last is not None and job._last.status in JOB_FINAL_STATES]  # noqa: SLF001 - its other half
    yield from ended
    done = set(map(id, ended))
    open_jobs = {
        id(ticket): (job, ticket) for job in jobs if id(job) not in done for ticket in [job.ticket()]
    }
    with poller.watched([ticket for _, ticket in open_jobs.values()]) as tickets:
        seen = 0
        while open_jobs:
            news = poller.news(tickets, seen, deadline)
            if news == seen:
                raise _too_late(*next(iter(open_jobs.values())))
            seen = news
            for job, ticket in [pair for pair in open_jobs.values() if pair[1].over]:
                del open_jobs[id(ticket)]
                job._note(ticket)  # noqa: SLF001
                yield job


def _too_late(job: DirectJob, ticket: Ticket) -> errors.JobTimeoutError:
    doubt = f" (the last question had no answer: {ticket.outage})" if ticket.outage else ""
    return errors.JobTimeoutError(
        f"job {job.job_id()} has not ended within the time limit; it goes on, call result() again{doubt}"
    )


def _ending(record: JobRecord) -> errors.DirectJobError:
    """The error that says how a job ended without a result."""
    kind = errors.JobCancelledError if record.status is JobStatus.CANCELLED else errors.JobFailedError
    word = "was cancelled" if kind is errors.JobCancelledError else "failed"
    reason = record.reason
    return kind(
        f"job {record.job_id} on {record.backend_name} {word}" + (f": {reason}" if reason else ""),
        code=reason.code if reason else None,
        solution=reason.solution if reason else None,
    )


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
