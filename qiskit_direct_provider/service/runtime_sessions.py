"""Sessions and batches of the Runtime API: who may use a device next."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from qiskit_direct_provider.service.runtime_jobs import now
from qiskit_direct_provider.wire.runtime import SessionDocument

__all__ = ["BATCH", "DEDICATED", "IDLE_S", "LONGEST_S", "Session", "Sessions"]

DEDICATED, BATCH = "dedicated", "batch"
OPEN, ACTIVE, INACTIVE, CLOSED = "open", "active", "inactive", "closed"

LONGEST_S = 28_800
IDLE_S = 60


@dataclass
class Session:
    """One session. While a dedicated one is active, its device runs no other jobs.

    Attributes:
        max_ttl: Seconds after its first job began at which it is closed.
        interactive_ttl: Seconds without a job after which it lets others pass.
    """

    subject: str
    crn: str
    backend: str
    mode: str = DEDICATED
    max_ttl: int = LONGEST_S
    interactive_ttl: int = IDLE_S
    clock: Callable[[], float] = time.monotonic
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = OPEN
    accepting: bool = True
    created: str = field(default_factory=now)
    started: str | None = None
    activated: str | None = None
    closed: str | None = None
    last_started: str | None = None
    last_completed: str | None = None
    jobs: set[int] = field(default_factory=set)
    timestamps: list[dict[str, str]] = field(default_factory=list)
    _began: float | None = None
    _idle_since: float = 0.0
    _ended: float | None = None

    def __post_init__(self) -> None:
        self._enter(OPEN)

    @property
    def holds_device(self) -> bool:
        """Whether the device waits for this session's next job."""
        return self.mode == DEDICATED and self.state == ACTIVE

    def job_begins(self) -> None:
        """A job of the session leaves the queue."""
        self.last_started = now()
        if self._began is None:
            self._began, self.started = self.clock(), self.last_started
        if self.state != ACTIVE:
            self.activated = self.last_started
            self._enter(ACTIVE)

    def job_ended(self, number: int) -> None:
        """A job is over, in whatever way."""
        self.jobs.discard(number)
        self.last_completed = now()
        self._idle_since = self.clock()
        if not self.jobs and not self.accepting:
            self.close()

    def stop_accepting(self) -> None:
        """No more jobs; those that are there still run."""
        self.accepting = False
        if not self.jobs:
            self.close()

    def close(self) -> None:
        """The end."""
        if self.state != CLOSED:
            self.accepting, self.closed, self._ended = False, now(), self.clock()
            self._enter(CLOSED)

    def due_in(self) -> float | None:
        """Seconds until something becomes of an active session by itself; None when nothing will."""
        if self.state != ACTIVE or self._began is None:
            return None
        end = self._began + self.max_ttl
        return max(
            0.0, (end if self.jobs else min(end, self._idle_since + self.interactive_ttl)) - self.clock()
        )

    def is_over(self) -> bool:
        """Whether its longest time has passed."""
        return self._began is not None and self.clock() >= self._began + self.max_ttl

    def grow_idle(self) -> None:
        """Let others pass once it has been idle for its time."""
        if self.state == ACTIVE and not self.jobs and self.clock() >= self._idle_since + self.interactive_ttl:
            self._enter(INACTIVE)

    def document(self) -> SessionDocument:
        """The session as the API shows it."""
        elapsed = None if self._began is None else round((self._ended or self.clock()) - self._began, 3)
        return SessionDocument(
            id=self.id,
            backend_name=self.backend,
            mode=self.mode,
            state=self.state,
            accepting_jobs=self.accepting,
            max_ttl=self.max_ttl,
            active_ttl=self.max_ttl,
            interactive_ttl=self.interactive_ttl,
            created_at=self.created,
            started_at=self.started,
            activated_at=self.activated,
            closed_at=self.closed,
            last_job_started=self.last_started,
            last_job_completed=self.last_completed,
            elapsed_time=elapsed,
            user_id=self.subject,
            timestamps=self.timestamps,
        )

    def _enter(self, state: str) -> None:
        self.state = state
        self.timestamps.append({"status": state, "timestamp": now()})


class Sessions:
    """All sessions since the service started; they end with it."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def add(self, session: Session) -> Session:
        """Another one."""
        self._by_id[session.id] = session
        return session

    def find(self, session_id: str, subject: str, crn: str) -> Session | None:
        """The caller's own session of that id."""
        found = self._by_id.get(session_id)
        return found if found and (found.subject, found.crn) == (subject, crn) else None

    def at(self, session_id: str | None) -> Session | None:
        """Anybody's session of that id."""
        return self._by_id.get(session_id) if session_id else None

    def of_device(self, backend: str) -> list[Session]:
        """Sessions of a device that are not closed."""
        return [each for each in self._by_id.values() if each.backend == backend and each.state != CLOSED]
