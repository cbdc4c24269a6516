"""Waiting for the end of jobs."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from qiskit_direct_provider import errors, notices
from qiskit_direct_provider.clients.deadline import NEVER, Deadline
from qiskit_direct_provider.device import BackendStatus
from qiskit_direct_provider.job_settings import duration_s
from qiskit_direct_provider.waiting import OUTAGE_PATIENCE_S

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.interface import JobRecord
    from qiskit_direct_provider.tracked_job import TrackedJob
    from qiskit_direct_provider.waiting import Poller, Ticket

__all__ = ["Vigil", "deadline_of", "final_record", "finished", "interval_of", "until_ended"]

logger = logging.getLogger(__name__)

Owner = TypeVar("Owner")

SILENCE_S = 10.0
LONG_WAIT_S = 30.0
LOOK_LIMIT_S = 2.0


class Vigil:
    """A wait for tickets that tells its thread when the service has fallen silent."""

    def __init__(self, poller: Poller, tickets: list[Ticket], deadline: Deadline = NEVER) -> None:
        self._poller = poller
        self._tickets = tickets
        self._deadline = deadline
        self._seen = 0
        self._told = False

    def news(self) -> bool:
        """Wait until something is learnt about one of the tickets; False when the deadline came first."""
        while True:
            seen = self._poller.news(self._tickets, self._seen, self._deadline, self.due_s())
            self.look()
            if seen != self._seen:
                self._seen = seen
                return True
            if self._deadline.expired():
                return False

    def due_s(self) -> float:
        """Seconds until it is time to `look`."""
        return SILENCE_S if self._told else max(SILENCE_S - self._poller.silence_s(), 0.01)

    def look(self) -> None:
        """Warn of a service that does not answer, once until it does again."""
        silence_s = self._poller.silence_s()
        if silence_s < SILENCE_S:
            self._told = False
        elif not self._told:
            self._told = True
            left_s = min(OUTAGE_PATIENCE_S - silence_s, self._deadline.remaining())
            waiting = [ticket.job_id for ticket in self._tickets if not ticket.over]
            whose = f"job {waiting[0]}" if len(waiting) == 1 else f"{len(waiting)} jobs"
            notices.warn(
                f"{self._poller.url} has not answered for {silence_s:.0f} s. It is asked again about {whose} "
                f"for up to {_duration(left_s)}; Ctrl-C ends the wait, and no job",
                notices.OutageWarning,
            )


class _DeviceOf:
    """The device of a job that is waited for: asked once, when the wait has become a long one."""

    def __init__(self, job: TrackedJob) -> None:
        self._job = job
        self._due = time.monotonic() + LONG_WAIT_S

    def look(self, deadline: Deadline) -> None:
        """Warn of a device that runs no jobs just now; without an answer, the question costs a moment."""
        if time.monotonic() < self._due:
            return
        self._due = math.inf
        client, name = self._job.workspace.client, self._job.entry.backend_name
        try:
            item = client.backend(name, client.deadline(min(LOOK_LIMIT_S, deadline.remaining())))
        except errors.DirectError as error:
            logger.debug("whether %s runs jobs is not known: %s", name, error)
            return
        status = BackendStatus.of(item)
        if not status.operational:
            why = f" ({status.message})" if status.message else ""
            notices.warn(
                f"{name} is {status.state}{why}: job {self._job.job_id} waits until it runs jobs again; "
                "Ctrl-C ends the wait, and no job"
            )


def _duration(seconds: float) -> str:
    """For people.

    >>> _duration(3590.0), _duration(45.2)
    ('60 minutes', '45 s')
    """
    return f"{seconds / 60:.0f} minutes" if seconds > 2 * 60 else f"{seconds:.0f} s"


def deadline_of(timeout: float | str | None) -> Deadline:
    """The end of a wait of so many seconds, or of text such as ``"10m"``; None for one without an end.

    Infinity has no end either, and a wait of less than nothing is over.

    Raises:
        InvalidInputError: Not a duration.
    """
    if timeout is None or timeout == math.inf:
        return NEVER
    if isinstance(timeout, int | float) and timeout < 0:
        timeout = 0.0
    return Deadline.after(duration_s(timeout, "timeout"))


def interval_of(wait: float | str | None) -> float | None:
    """Seconds between two questions to the server, as a number or as text; None leaves the choice here.

    Raises:
        InvalidInputError: Not a duration.
    """
    return None if wait is None else duration_s(wait, "wait")


def final_record(
    job: TrackedJob,
    deadline: Deadline,
    wait: float | None = None,
    each: Callable[[], object] | None = None,
) -> JobRecord:
    """The job once it has ended.

    Args:
        job: Which one.
        deadline: When to give up.
        wait: Seconds between two questions; None chooses by the job's age.
        each: Called after each answer of the server.

    Raises:
        JobTimeoutError: The deadline came first; the job goes on.
        JobNotFoundError: The server does not know the job.
    """
    if job.ended:
        if each:
            each()
        return job.record()
    poller = job.workspace.poller
    with poller.watched([job.ticket(wait)]) as (ticket,):
        vigil, device = Vigil(poller, [ticket], deadline), _DeviceOf(job)
        while not ticket.over:
            if not vigil.news():
                raise _too_late(job, ticket)
            record = job.note(ticket)
            if not ticket.over:
                device.look(deadline)
            if each and ticket.outage is None and record is not None and ticket.error is None:
                each()
    if ticket.error is not None:
        known = job.recorded_end() if isinstance(ticket.error, errors.JobNotFoundError) else None
        if known is None:
            raise ticket.error
        job.last = known
        return known
    assert ticket.record is not None
    return ticket.record


def until_ended(jobs: Sequence[TrackedJob]) -> list[tuple[TrackedJob, Ticket]]:
    """Tickets for those that have not ended, as far as is known."""
    return [(job, job.ticket()) for job in jobs if not job.ended]


def finished(
    owners: Sequence[tuple[Owner, Sequence[TrackedJob]]], poller: Poller, deadline: Deadline
) -> Iterator[Owner]:
    """Owners of jobs, each as soon as all its jobs have ended.

    Raises:
        JobTimeoutError: Some have not ended in time; they go on.
    """
    waits = [
        (place, job, ticket) for place, (_, jobs) in enumerate(owners) for job, ticket in until_ended(jobs)
    ]
    left = Counter(place for place, _, _ in waits)
    yield from (owner for place, (owner, _) in enumerate(owners) if not left[place])
    with poller.watched([ticket for _, _, ticket in waits]) as tickets:
        vigil = Vigil(poller, tickets, deadline)
        while waits:
            if not vigil.news():
                raise _too_late(waits[0][1], waits[0][2])
            over = [entry for entry in waits if entry[2].over]
            waits = [entry for entry in waits if not entry[2].over]
            for place, job, ticket in over:
                job.note(ticket)
                left[place] -= 1
                if not left[place]:
                    yield owners[place][0]


def _too_late(job: TrackedJob, ticket: Ticket) -> errors.JobTimeoutError:
    doubt = f" (the last question had no answer: {ticket.outage})" if ticket.outage else ""
    return errors.JobTimeoutError(
        f"job {job.job_id} has not ended within the time limit; it goes on, call result() again{doubt}"
    )
