"""Jobs of an account: what is on record here, and what the server holds, as one list."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec
from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.interface import Wanted
from qiskit_direct_provider.job_settings import tags_of
from qiskit_direct_provider.journal import JobEntry, Stage
from qiskit_direct_provider.submission import note_end, recover

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.interface import JobRecord
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["JobQuery", "found_entries", "known_entry", "parts_of", "settled"]

logger = logging.getLogger(__name__)

_ENDS = (JobStatus.ERROR.name, JobStatus.CANCELLED.name, JobStatus.DONE.name)
_EARLIEST = datetime(1, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class JobQuery:
    """Which jobs are wanted; None means any."""

    backend_name: str | None = None
    statuses: frozenset[JobStatus] | None = None
    tags: frozenset[str] = frozenset()
    start: datetime | None = None
    end: datetime | None = None
    descending: bool = True

    @classmethod
    def of(
        cls,
        *,
        backend_name: str | None,
        status: JobStatus | str | Iterable[JobStatus | str] | None,
        job_tags: Iterable[str] | None,
        start: datetime | None,
        end: datetime | None,
        descending: bool,
    ) -> JobQuery:
        """A query from what a user says.

        Raises:
            InvalidInputError: A status that does not exist, a name that is no text, or no date.
        """
        if backend_name is not None and not isinstance(backend_name, str):
            raise errors.InvalidInputError(f"backend_name must be text, not {backend_name!r}")
        for moment in (start, end):
            if moment is not None and not isinstance(moment, datetime):
                raise errors.InvalidInputError(f"dates must be datetime objects, not {moment!r}")
        return cls(
            backend_name=backend_name,
            statuses=None if status is None else _statuses(status),
            tags=frozenset(tags_of([job_tags] if isinstance(job_tags, str) else job_tags, "job_tags")),
            start=start.astimezone() if start else None,
            end=end.astimezone() if end else None,
            descending=descending,
        )

    def wanted(self, limit: int | None) -> Wanted:
        """What of this a server can look for. It knows no states as fine as these."""
        ended = None if self.statuses is None else self.statuses <= set(JOB_FINAL_STATES)
        open_only = self.statuses is not None and self.statuses.isdisjoint(JOB_FINAL_STATES)
        exact = self.statuses is None
        return Wanted(
            backend_name=self.backend_name,
            tags=tuple(sorted(self.tags)),
            pending=True if open_only else (False if ended else None),
            start=self.start,
            end=self.end,
            descending=self.descending,
            limit=limit if exact else None,
        )

    def fits(self, entry: JobEntry) -> bool:
        """Whether a job is wanted."""
        return self.could_fit(entry) and (self.statuses is None or _status(entry) in self.statuses)

    def could_fit(self, entry: JobEntry) -> bool:
        """Whether a job is wanted, whatever its status is by now."""
        when = entry.created or entry.intended
        return (
            self.backend_name in {None, entry.backend_name}
            and self.tags <= set(entry.tags)
            and (self.start is None or when >= self.start)
            and (self.end is None or when <= self.end)
        )


def _statuses(given: JobStatus | str | Iterable[JobStatus | str]) -> frozenset[JobStatus]:
    try:
        each = [given] if isinstance(given, JobStatus | str) else list(given)
        return frozenset(one if isinstance(one, JobStatus) else JobStatus[one.upper()] for one in each)
    except (KeyError, AttributeError, TypeError) as error:
        known = ", ".join(status.name for status in JobStatus)
        raise errors.InvalidInputError(f"status must be one of {known}, not {given!r}") from error


def _status(entry: JobEntry) -> JobStatus:
    if entry.status is not None:
        return JobStatus[entry.status]
    return JobStatus.INITIALIZING if entry.stage is Stage.INTENDED else JobStatus.RUNNING


def found_entries(workspace: Workspace, query: JobQuery, limit: int | None = None) -> Iterator[JobEntry]:
    """The first jobs that are wanted, at least ``limit`` of them, newest first unless said otherwise."""
    entries = {entry.job_id: entry for entry in workspace.journal.entries()}
    listing = workspace.client.search(query.wanted(limit), workspace.client.deadline())
    listed = set()
    for record in listing.records:
        entries[record.journal_id] = _seen(workspace, entries.get(record.journal_id), record)
        listed.add(record.journal_id)
    unsure = set() if listing.complete else {job_id for job_id in entries if job_id not in listed}
    whole = [_summed_up(entry, entries) for entry in entries.values() if entry.part_of not in entries]
    wanted = [entry for entry in whole if query.fits(entry) or entry.job_id in unsure]
    for entry in sorted(wanted, key=lambda entry: entry.created or entry.intended, reverse=query.descending):
        now = _looked_up(workspace, entry) if entry.job_id in unsure and query.could_fit(entry) else entry
        if query.fits(now):
            yield now


def _looked_up(workspace: Workspace, entry: JobEntry) -> JobEntry:
    """An entry as it is now: the server's list was not read as far as this job."""
    if entry.status is not None or entry.stage is Stage.INTENDED:
        return entry
    try:
        record = workspace.client.job(entry.known_as, workspace.client.deadline())
    except errors.JobNotFoundError:
        return entry
    return _seen(workspace, entry, record)


def _summed_up(entry: JobEntry, entries: Mapping[str, JobEntry]) -> JobEntry:
    """A job of several parts with the state that follows from theirs."""
    if not entry.parts:
        return entry
    parts = [entries[part] for part in entry.parts if part in entries]
    states = [part.status for part in parts] + [JobStatus.ERROR.name] * (len(entry.parts) - len(parts))
    entry = msgspec.structs.replace(entry, quantum_ns=sum(part.quantum_ns or 0 for part in parts))
    if any(state not in _ENDS for state in states):
        return entry
    return msgspec.structs.replace(entry, status=next(end for end in _ENDS if end in states))


def parts_of(workspace: Workspace, entry: JobEntry) -> list[JobEntry]:
    """The parts of a job that was sent as several; none of another one.

    Raises:
        JobNotFoundError: A part is not on record any more.
    """
    found = [(part, workspace.journal.entry(part)) for part in entry.parts]
    lost = [part for part, known in found if known is None]
    if lost:
        raise errors.JobNotFoundError(
            f"job {entry.job_id} was sent in {len(found)} parts, of which {', '.join(lost)} is not on record"
        )
    return [known for _, known in found if known is not None]


def known_entry(workspace: Workspace, job_id: str) -> JobEntry:
    """One job, with whatever a process left half done now finished.

    Raises:
        JobNotFoundError: Neither is it on record here, nor does the server know it.
    """
    entry = workspace.journal.entry(job_id)
    if entry is None:
        record = workspace.client.job(job_id, workspace.client.deadline())
        known = workspace.journal.entry(record.journal_id) if record.own_id else None
        return _seen(workspace, known, record)
    return recover(workspace, entry)


def settled(workspace: Workspace, entry: JobEntry) -> JobEntry:
    """An entry of a list; what a process left half done is finished, if that is possible now."""
    try:
        return recover(workspace, entry)
    except errors.DirectError as error:
        logger.warning("job %s is on record, but could not be sent: %s", entry.job_id, error)
        return entry


def _seen(workspace: Workspace, entry: JobEntry | None, record: JobRecord) -> JobEntry:
    """What is known of a job that the server holds."""
    if entry is None:
        return JobEntry(
            job_id=record.journal_id,
            server_id=record.job_id if record.own_id else None,
            session_id=record.session_id,
            tags=record.tags or (),
            backend_name=record.backend_name,
            program_id=record.program_id,
            stage=Stage.ACCEPTED,
            intended=record.created or _EARLIEST,
            circuits=(),
            memory=True,  # whoever sent it may have asked for it
            timeout_s=record.timeout_s or 0,
            created=record.created,
            ended=record.ended,
            quantum_ns=record.quantum_ns,
            status=record.status.name,
        )
    if entry.stage is Stage.INTENDED or (record.own_id and entry.server_id is None):
        named = {"server_id": record.job_id} if record.own_id else {}
        entry = workspace.journal.advance(entry.job_id, stage=Stage.ACCEPTED, **named) or entry
    if record.status in JOB_FINAL_STATES and entry.status is None:
        note_end(workspace, record)
    return msgspec.structs.replace(
        entry,
        created=entry.created or record.created,
        tags=entry.tags if record.tags is None else record.tags,
        quantum_ns=record.quantum_ns if entry.quantum_ns is None else entry.quantum_ns,
        status=record.status.name
        if record.status in JOB_FINAL_STATES
        else entry.status or record.status.name,
    )
