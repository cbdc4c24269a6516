"""Waiting for jobs: one poller a system, however many jobs and threads wait."""

from __future__ import annotations

import contextlib
import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qiskit.providers.jobstatus import JOB_FINAL_STATES

from qiskit_direct_provider.clients.deadline import NEVER
from qiskit_direct_provider.errors import ApiError, DirectError, JobNotFoundError
from qiskit_direct_provider.forking import begun_anew_in_children
from qiskit_direct_provider.wire.redaction import redacted

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.clients.interface import Client, JobRecord

__all__ = ["OUTAGE_PATIENCE_S", "Poller", "Ticket", "pause_s"]

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.05
FIRST_QUESTION_AGE_S = 0.1
UNSENT_PAUSE_S = 0.5
SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
SHARE_OF_AGE = 0.1
OUTAGE_PATIENCE_S = 3600.0
REQUEST_LIMIT_S = 60.0


def pause_s(age_s: float, wait: float | None = None) -> float:
    """Seconds until the next question about a job of that age: a tenth of it, within 0.2 to 30 s.

    ``wait`` is the caller's own fixed interval. A job that was just sent is asked about after 50 ms.

    >>> pause_s(0.0), pause_s(60.0), pause_s(3600.0), pause_s(60.0, wait=1.0)
    (0.05, 6.0, 30.0, 1.0)
    """
    if wait is not None:
        return max(0.01, wait)
    if age_s < FIRST_PAUSE_S:
        return FIRST_PAUSE_S
    return min(max(SHARE_OF_AGE * age_s, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


def first_pause_s(age_s: float) -> float:
    """Seconds until a wait asks for the first time: a job of some age may have ended long ago.

    >>> first_pause_s(0.0), first_pause_s(0.075), first_pause_s(60.0)
    (0.05, 0.025, 0.0)
    """
    return round(min(max(FIRST_QUESTION_AGE_S - age_s, 0.0), FIRST_PAUSE_S), 6)


class Ticket:
    """One wait for one job. What the poller learns is handed over here.

    Attributes:
        record: The job as it was seen last.
        error: Why the wait cannot go on.
        outage: Why the last question had no answer; the wait goes on.
        news: Counts what was learnt.
        deadline: When the wait ends at the latest; no question takes longer.
        on_end: Called by the poller's thread once the wait is over.
        ready: Whether the server can be asked; a job that waits here to be sent is not there yet.
    """

    def __init__(
        self, job_id: str, started: float, wait: float | None, ready: Callable[[], bool] | None = None
    ) -> None:
        self._ready = ready or (lambda: True)
        self.ready = self._ready()
        self.job_id = job_id
        self.started = started
        self.wait = wait
        self.record: JobRecord | None = None
        self.error: DirectError | None = None
        self.outage: DirectError | None = None
        self.silent_since: float | None = None
        self.news = 0
        self.deadline = NEVER
        self.on_end: Callable[[], object] | None = None

    def look(self) -> bool:
        """Look again whether the server can be asked."""
        self.ready = self.ready or self._ready()
        return self.ready

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.error is not None or (self.record is not None and self.record.status in JOB_FINAL_STATES)


class Poller:
    """Asks a server about all jobs that somebody waits for, with one request a turn.

    A thread runs while there are tickets, and ends with the last one. The waiting threads only wait, so
    a deadline or Ctrl-C ends a wait at once, whatever the server does.
    """

    def __init__(
        self,
        client: Client,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._client = client
        self._clock = clock
        self._uniform = uniform
        self._changed = threading.Condition()
        self._tickets: list[Ticket] = []
        self._thread: threading.Thread | None = None
        self._patient = True
        self._unanswered_since: float | None = None
        begun_anew_in_children(self)

    def begin_anew(self) -> None:
        """In a forked child neither the thread is there, nor those who wait."""
        self._changed = threading.Condition()
        self._tickets = []
        self._thread = None
        self._unanswered_since = None

    def give_up(self) -> None:
        """The server will not come back: a question without an answer ends its wait from now on."""
        self._patient = False

    def ticket(
        self,
        job_id: str,
        started: float,
        wait: float | None = None,
        ready: Callable[[], bool] | None = None,
    ) -> Ticket:
        """A ticket, to be `watched`; ``started`` is when the job was sent, on this poller's clock."""
        return Ticket(job_id, started, wait, ready)

    @contextlib.contextmanager
    def watched(self, tickets: list[Ticket]) -> Iterator[list[Ticket]]:
        """Ask about these jobs for as long as the block runs."""
        self.add(tickets)
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="qiskit-direct-poller", daemon=True)
                self._thread.start()
        try:
            yield tickets
        finally:
            self.drop(tickets)

    def add(self, tickets: list[Ticket]) -> None:
        """Ask about these jobs from the next turn on."""
        with self._changed:
            self._tickets += tickets
            self._changed.notify_all()

    def drop(self, tickets: list[Ticket]) -> None:
        """Ask about them no more."""
        gone = set(map(id, tickets))
        with self._changed:
            self._tickets = [ticket for ticket in self._tickets if id(ticket) not in gone]
            self._changed.notify_all()

    @property
    def url(self) -> str:
        """Address of the service that is asked."""
        return self._client.url

    def silence_s(self) -> float:
        """Seconds since the first of the questions that have had no answer; 0 after an answer."""
        since = self._unanswered_since
        return 0.0 if since is None else self._clock() - since

    def news(self, tickets: list[Ticket], seen: int, deadline: Deadline, at_most_s: float = math.inf) -> int:
        """Wait until something is learnt about one of the tickets.

        Args:
            tickets: Of the jobs.
            seen: The count of news so far.
            deadline: When the whole wait ends.
            at_most_s: How long to wait this time.

        Returns:
            The new count of news, or the old one when the time was over first.
        """
        with self._changed:
            for ticket in tickets:
                ticket.deadline = deadline
            self._changed.wait_for(
                lambda: sum(ticket.news for ticket in tickets) != seen,
                timeout=min(deadline.remaining(), at_most_s, threading.TIMEOUT_MAX),
            )
            return sum(ticket.news for ticket in tickets)

    # -- the thread ----------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                pause = self.pause()
                if pause is not None:
                    self._rest(pause)
                    pause = self.pause()
                if pause is None:
                    self._thread = None
                    return
            self.turn()

    def _rest(self, pause: float) -> None:
        """Sleep, but a new ticket may want to be asked about earlier."""
        ends = self._clock() + pause
        while (left := ends - self._clock()) > 0:
            count = len(self._tickets)
            self._changed.wait(min(left, threading.TIMEOUT_MAX))
            if not self._open():
                return
            if len(self._tickets) > count:
                ends = min(ends, self._clock() + (self.pause() or 0.0))

    def _open(self) -> list[Ticket]:
        return [ticket for ticket in self._tickets if not ticket.over]

    def pause(self) -> float | None:
        """Seconds until the next turn, by the youngest job; None when there is nothing to ask."""
        now = self._clock()
        pauses = [
            (
                pause_s(now - ticket.started, ticket.wait)
                if ticket.news
                else first_pause_s(now - ticket.started)
            )
            if ticket.ready
            else UNSENT_PAUSE_S
            for ticket in self._open()
        ]
        return min(pauses) * self._uniform(0.9, 1.1) if pauses else None

    def turn(self) -> None:
        """Ask once, about all open tickets, and hand out what was learnt."""
        with self._changed:
            tickets = [ticket for ticket in self._open() if ticket.look()]
            if not tickets:
                return
            patience_s = max(ticket.deadline.remaining() for ticket in tickets)
            if self._unanswered_since is None:
                self._unanswered_since = self._clock()
        try:
            records = self._ask({ticket.job_id for ticket in tickets}, min(patience_s, REQUEST_LIMIT_S))
        except DirectError as error:
            self._hand_out(tickets, {}, error)
        except Exception as error:  # noqa: BLE001 - without its thread, every other wait would never end
            self._hand_out(tickets, {}, self._broken(error))
        else:
            self._hand_out(tickets, records, None)

    def _broken(self, cause: Exception) -> DirectError:
        """Why a question could not even be asked, such as for want of memory."""
        why = redacted(f"{type(cause).__name__}: {cause}")
        error = ApiError(f"{self.url} could not be asked ({why}); the jobs go on, call result() again")
        error.__cause__ = cause
        return error

    def _ask(self, job_ids: set[str], limit_s: float) -> dict[str, JobRecord | DirectError]:
        if len(job_ids) == 1:
            (job_id,) = job_ids
            return {job_id: self._one(job_id, limit_s)}
        found = self._client.among(job_ids, self._client.deadline(limit_s))
        listed = {record.job_id: record for record in found}
        return {job_id: listed.get(job_id) or self._one(job_id, limit_s) for job_id in job_ids}

    def _one(self, job_id: str, limit_s: float) -> JobRecord | DirectError:
        try:
            return self._client.job(job_id, self._client.deadline(limit_s))
        except JobNotFoundError as error:
            return error

    def _hand_out(
        self, tickets: list[Ticket], records: dict[str, JobRecord | DirectError], outage: DirectError | None
    ) -> None:
        now = self._clock()
        with self._changed:
            if outage is None:
                self._unanswered_since = None
            for ticket in tickets:
                found = records.get(ticket.job_id)
                if outage is not None:
                    _note_outage(ticket, outage, now, OUTAGE_PATIENCE_S if self._patient else -1.0)
                elif isinstance(found, DirectError):
                    ticket.error = found
                else:
                    ticket.record, ticket.outage, ticket.silent_since = found, None, None
                ticket.news += 1
                if ticket.over and ticket.on_end is not None:
                    ticket.on_end()
            self._changed.notify_all()


def _note_outage(ticket: Ticket, outage: DirectError, now: float, patience_s: float) -> None:
    """A question without an answer; the job itself goes on, so an hour of that is borne."""
    first = ticket.silent_since is None
    ticket.outage = outage
    ticket.silent_since = now if ticket.silent_since is None else ticket.silent_since
    lasting = now - ticket.silent_since > patience_s
    if lasting or not (isinstance(outage, ApiError) and outage.retryable):
        ticket.error = outage
    else:
        level = logging.WARNING if first and not ticket.deadline.expired() else logging.INFO
        logger.log(level, "job %s: %s; it is asked again", ticket.job_id, outage)
