"""Sending a job so that it is neither lost nor doubled, whatever dies in between."""

from __future__ import annotations

import contextlib
import logging
import random
import time
from typing import TYPE_CHECKING

import msgspec
from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import Submission
from qiskit_direct_provider.clients.retrying import retried
from qiskit_direct_provider.journal import WITHOUT_RESULT, Stage, this_process
from qiskit_direct_provider.results import result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qiskit.primitives import PrimitiveResult

    from qiskit_direct_provider.clients.interface import JobRecord
    from qiskit_direct_provider.expectations import CircuitRecord
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["downloaded", "found_again", "free_own_lanes", "keep_and_free", "note_end", "recover", "send"]

logger = logging.getLogger(__name__)

PATIENCE_S = 60.0
FIRST_LANE_PAUSE_S = 1.0
LONGEST_LANE_PAUSE_S = 30.0
MOST_ROUNDS = 20  # a server that frees no lane for all its deletes must not be asked for ever
FREEING_LIMIT_S = 10.0

_unheard: set[str] = set()
"""Jobs whose last request may be on its way still: this process did not hear what became of it."""


def send(
    workspace: Workspace, entry: JobEntry, payload: bytes, wait_for_lane_s: float | None = None
) -> JobEntry:
    """Write a job down, send it, and confirm it.

    An earlier attempt of the same job may have arrived, so it is looked for first, and it stays on record
    whatever happens. While all lanes are taken, finished jobs of ours are put on disk and freed; then a
    lane is waited for, as is the end of a reservation or of a limit on the rate of jobs.

    Raises:
        LanesFullError: No lane came free within ``wait_for_lane_s``; the text names who holds them. None
            waits up to a minute where jobs of ours hold lanes, since these will end, else not at all.
        BackendReservedError: The reservation did not end within that time; None does not wait.
        RateLimitError: The server takes so many jobs in so much time, and did so for that time; None does
            not wait.
        TransportError: It is not known what became of the job; the text says how to find out. It is on
            record, so it is not lost.
        DuplicateJobError: Another job of that id is on record.
        DirectError: The refusal. Nothing of a new job stays behind.
    """
    journal = workspace.journal
    lane_deadline = None if wait_for_lane_s is None else Deadline.after(wait_for_lane_s)
    _forget_failure(workspace, entry.job_id)
    is_damaged = _examined(workspace, entry.job_id, payload)
    is_new = journal.begin(entry, payload) is entry and not is_damaged
    with journal.sending(entry.job_id, wait=True):
        known = journal.begin(entry, payload)  # another process may have sent it meanwhile, or given up
        if known.stage is not Stage.INTENDED:
            return known
        if not is_new and known is not entry:
            return _recovered(workspace, known.job_id, lane_deadline)
        try:
            return _deliver(workspace, known, payload, lane_deadline)
        except errors.DirectError as error:
            if error.job_id is None:
                journal.discard(entry.job_id)
            raise


def _examined(workspace: Workspace, job_id: str, payload: bytes) -> bool:
    """Whether the id was used before, by a job of which nobody knows any more how far it got.

    Raises:
        DuplicateJobError: Its input was another one.
    """
    journal = workspace.journal
    if not journal.is_damaged(job_id):
        return False
    if journal.payload(job_id) not in {None, payload}:
        raise errors.DuplicateJobError(
            f"the id {job_id} belongs to another job, whose entry here is damaged; choose another job_id"
        )
    _unheard.add(job_id)
    return True


def _forget_failure(workspace: Workspace, job_id: str) -> None:
    """Free the id of a job that ended without a result: the server would take the new one for the old."""
    with workspace.journal.sending(job_id, wait=True):  # or it is the new one of another process by then
        before = workspace.journal.entry(job_id)
        if before is not None and before.status in WITHOUT_RESULT and before.stage is not Stage.FREED:
            workspace.client.delete(before.known_as, workspace.client.deadline())
            workspace.journal.advance(job_id, stage=Stage.FREED)


def _deliver(
    workspace: Workspace, entry: JobEntry, payload: bytes, lane_deadline: Deadline | None
) -> JobEntry:
    client = workspace.client
    submission = _submission(entry, payload)
    pause, rounds = FIRST_LANE_PAUSE_S, 0
    while True:
        try:
            with _heard(entry.job_id):
                server_id = client.submit(submission, client.deadline())
        except (errors.LanesFullError, errors.BackendReservedError, errors.RateLimitError) as error:
            full = isinstance(error, errors.LanesFullError)
            rounds += 1
            if full and rounds <= MOST_ROUNDS and free_own_lanes(workspace, entry.backend_name):
                continue
            if lane_deadline is None:
                own = full and _holds_lanes(workspace, entry.backend_name)
                lane_deadline = Deadline.after(PATIENCE_S if own else 0)
            if lane_deadline.expired():
                raise (_with_holders(workspace, entry, error) if full else error) from None
            time.sleep(min(random.uniform(0, pause), lane_deadline.remaining()))  # noqa: S311 - jitter
            pause = min(2 * pause, LONGEST_LANE_PAUSE_S)
        else:
            return _accepted(workspace, entry, server_id)


@contextlib.contextmanager
def _heard(job_id: str) -> Iterator[None]:
    """Note that it is heard what becomes of a request. One that is interrupted stays on its way."""
    _unheard.add(job_id)
    try:
        yield
    except errors.DirectError:
        _unheard.discard(job_id)
        raise
    _unheard.discard(job_id)


def _accepted(workspace: Workspace, entry: JobEntry, server_id: str) -> JobEntry:
    """An entry of a job that the server has; its id there is noted where it differs."""
    named = {} if server_id == entry.job_id else {"server_id": server_id}
    entry = msgspec.structs.replace(entry, **named)
    return workspace.journal.advance(entry.job_id, stage=Stage.ACCEPTED, **named) or entry


def found_again(workspace: Workspace, entry: JobEntry) -> JobEntry | None:
    """A job that the server does not know by the id that it is said to have given, looked for by our own."""
    if entry.server_id is None:
        return None
    server_id = workspace.client.find(entry.job_id, workspace.client.deadline())
    return None if server_id in {None, entry.server_id} else _accepted(workspace, entry, str(server_id))


def recover(workspace: Workspace, entry: JobEntry, lane_deadline: Deadline | None = None) -> JobEntry:
    """Finish what a process left half done: find out whether its job arrived, and send it if it did not.

    A job that a living process is about to send is left to it. While all lanes are taken, one is waited for
    until ``lane_deadline``, by default not at all.

    Raises:
        DirectError: The server does not answer, or refuses the job, which stays on record.
    """
    if entry.stage is not Stage.INTENDED:
        return entry
    with workspace.journal.sending(entry.job_id, wait=False) as alone:
        return _recovered(workspace, entry.job_id, lane_deadline or Deadline.after(0)) if alone else entry


def _recovered(workspace: Workspace, job_id: str, lane_deadline: Deadline | None) -> JobEntry:
    client, journal = workspace.client, workspace.journal
    entry = journal.entry(job_id)  # another process may have sent it meanwhile, or given up
    if entry is None:
        raise errors.JobNotFoundError(f"job {job_id} is not on record any more: it was refused")
    if entry.stage is not Stage.INTENDED:
        return entry
    if journal.result(job_id) is not None:
        return _accepted(workspace, entry, entry.known_as)
    payload = journal.payload(job_id)
    orphaned = entry.origin != this_process() or job_id in _unheard
    server_id = client.find(job_id, client.deadline(), orphaned=orphaned)
    if server_id is None and payload is not None:
        return _deliver(workspace, entry, payload, lane_deadline)
    return _accepted(workspace, entry, server_id or entry.known_as)


def _submission(entry: JobEntry, payload: bytes) -> Submission:
    return Submission(
        job_id=entry.job_id,
        backend_name=entry.backend_name,
        program_id=entry.program_id,
        payload=payload,
        timeout_s=entry.timeout_s,
        log_level=entry.log_level,
        tags=entry.tags,
        session_id=entry.session_id,
    )


# -- lanes ---------------------------------------------------------------------------------------------


def free_own_lanes(workspace: Workspace, backend_name: str) -> int:
    """Free the lanes that our own ended jobs hold, their results put on disk first; how many were freed.

    A job that is not on record here belongs to somebody else, and is not touched. Nor is one whose sender
    does not know yet that it arrived: it would look for it, not find it, and send it once more.
    """
    freed = 0
    for record in workspace.client.jobs(workspace.client.deadline()):
        ours = record.backend_name == backend_name and record.status in JOB_FINAL_STATES
        if ours and workspace.journal.entry(record.journal_id) is not None:
            try:
                with workspace.journal.sending(record.journal_id, wait=False) as alone:
                    freed += alone and keep_and_free(workspace, record)
            except errors.DirectError as error:
                logger.warning("the lane of job %s could not be freed: %s", record.job_id, error)
    return freed


def _holds_lanes(workspace: Workspace, backend_name: str) -> bool:
    """Whether jobs on record here are on that device now; one of their lanes will come free."""
    return any(
        record.backend_name == backend_name and workspace.journal.entry(record.journal_id) is not None
        for record in workspace.client.jobs(workspace.client.deadline())
    )


def keep_and_free(workspace: Workspace, record: JobRecord) -> bool:
    """Put the outcome of an ended job on disk, then have the server forget it; whether its lane is free."""
    client, journal = workspace.client, workspace.journal
    if not note_end(workspace, record) and record.status is not JobStatus.DONE:
        return False
    if record.status is JobStatus.DONE and journal.result(record.journal_id) is None:
        deadline = client.deadline()
        entry = journal.entry(record.journal_id)
        circuits = entry.circuits if entry else ()
        payload, _ = downloaded(lambda: client.result(record.job_id, deadline), circuits, deadline)
        if not journal.store_result(record.journal_id, payload):
            return False
    if client.release(record.job_id, client.deadline(FREEING_LIMIT_S)):
        journal.advance(record.journal_id, stage=Stage.FREED)
    return True


def downloaded(
    download: Callable[[], bytes], circuits: Sequence[CircuitRecord], deadline: Deadline
) -> tuple[bytes, PrimitiveResult]:
    """The result of circuits, as it came and decoded; what was damaged on its way is fetched again.

    Nothing else may be put on disk: the server's copy is deleted next.

    Raises:
        ProtocolError: It stays damaged.
        DirectError: The download failed.
    """
    for attempt in retried(repeatable=True, deadline=deadline):
        with attempt:
            payload = download()
            try:
                return payload, result_of(payload, circuits)
            except errors.ProtocolError as error:
                raise errors.ProtocolError(str(error), retryable=True) from error
    raise AssertionError


def note_end(workspace: Workspace, record: JobRecord) -> bool:
    """Keep what the server says about an ended job: it may soon be forgotten there.

    Returns:
        False when that could not be written down. A job without a result must not be forgotten then: whoever
        finds its entry would take it for one that never arrived.
    """
    reason = record.reason
    noted = workspace.journal.advance(
        record.journal_id,
        stage=Stage.ENDED,
        status=record.status.name,
        created=record.created,
        ended=record.ended,
        quantum_ns=record.quantum_ns,
        reason_code=reason.code if reason else None,
        reason_message=reason.message if reason else None,
        reason_solution=reason.solution if reason else None,
    )
    return noted is None or noted.status is not None


def _with_holders(workspace: Workspace, entry: JobEntry, error: errors.DirectError) -> errors.LanesFullError:
    """The refusal, with the jobs that hold the lanes as far as they can be seen."""
    try:
        jobs = workspace.client.jobs(workspace.client.deadline(FREEING_LIMIT_S))
    except errors.DirectError:
        jobs = []
    own = [f"{job.job_id} ({job.server_status})" for job in jobs if job.backend_name == entry.backend_name]
    held = f"jobs of this account hold: {', '.join(own)}" if own else "none is held by this account"
    return errors.LanesFullError(
        f"{error}; {held}; wait_for_lane=... waits for one",
        status=error.status,
        code=error.code,
        solution=error.solution,
        trace=error.trace,
        retry_after_s=error.retry_after_s,
    )
