"""What every dialect offers, and the values that cross this line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from qiskit_direct_provider.wire.direct_access import BackendItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qiskit.providers.jobstatus import JobStatus

    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = [
    "Client",
    "JobRecord",
    "Listing",
    "QueuedBackend",
    "Reason",
    "SessionRecord",
    "SessionRequest",
    "Submission",
    "Wanted",
]


@dataclass(frozen=True)
class Submission:
    """A job to be sent.

    Attributes:
        job_id: Chosen by the caller; a dialect whose server names its jobs returns another.
        payload: The program's input document, as JSON.
        timeout_s: Longest time that the device may be dedicated to the job, in seconds.
        session_id: The session to which it belongs.
    """

    job_id: str
    backend_name: str
    program_id: str
    payload: bytes = field(repr=False)
    timeout_s: int
    log_level: str = "warning"
    tags: tuple[str, ...] = ()
    session_id: str | None = None


class QueuedBackend(BackendItem, kw_only=True, omit_defaults=True):
    """A backend with a queue: how many jobs wait in it."""

    pending_jobs: int | None = None


@dataclass(frozen=True)
class Reason:
    """Why a job ended as it did, in the server's words."""

    code: str | None = None
    message: str | None = None
    solution: str | None = None

    def __str__(self) -> str:
        code = f" [code {self.code}]" if self.code else ""
        hint = f" ({self.solution})" if self.solution else ""
        return f"{self.message or 'the server gave no reason'}{code}{hint}"


@dataclass(frozen=True)
class JobRecord:
    """A job as its server sees it.

    Attributes:
        server_status: The server's own word.
        status: That word in Qiskit's terms; a word that is not known counts as running.
        quantum_ns: Time that the device was dedicated to the job, in nanoseconds; None until known.
        input_name: Last part of the stored input's name, by which a job is known to be ours.
        own_id: The id under which its sender wrote it down, where the server gave it another.
        tags: None where the server keeps none.
    """

    job_id: str
    backend_name: str
    program_id: str
    server_status: str
    status: JobStatus
    created: datetime | None = None
    ended: datetime | None = None
    timeout_s: int | None = None
    quantum_ns: int | None = None
    reason: Reason | None = None
    input_name: str | None = field(default=None, repr=False)
    own_id: str | None = None
    tags: tuple[str, ...] | None = None
    session_id: str | None = None

    @property
    def journal_id(self) -> str:
        """The id under which the job is on record, if it was sent from here."""
        return self.own_id or self.job_id


@dataclass(frozen=True)
class Wanted:
    """Which jobs are looked for: a hint that saves requests; a server may return others, too.

    Attributes:
        pending: True for jobs that have not ended, False for those that have, None for both.
        limit: Only so many, the first ones in the order that is asked for.
    """

    backend_name: str | None = None
    tags: tuple[str, ...] = ()
    pending: bool | None = None
    start: datetime | None = None
    end: datetime | None = None
    descending: bool = True
    limit: int | None = None


@dataclass(frozen=True)
class Listing:
    """Jobs that a server holds.

    Attributes:
        complete: Whether the server holds no others at all.
    """

    records: list[JobRecord]
    complete: bool


@dataclass(frozen=True)
class SessionRequest:
    """A session to be opened.

    Attributes:
        mode: ``"dedicated"`` or ``"batch"``.
        max_time_s: Seconds until it is closed; None for the server's own limit.
    """

    backend_name: str
    mode: str
    max_time_s: int | None = None


@dataclass(frozen=True)
class SessionRecord:
    """A session as its server sees it.

    Attributes:
        session_id: None where the server knows no sessions, and its lanes take their place.
        details: All that the server says, under its own names.
    """

    session_id: str | None
    backend_name: str
    mode: str
    state: str
    accepting_jobs: bool
    details: dict[str, Any] = field(default_factory=dict)


class Client(Protocol):
    """One dialect, spoken to one server. All times are bounded by the deadline that is passed."""

    @property
    def url(self) -> str:
        """Address of the server."""

    def deadline(self, seconds: float | None = None) -> Deadline:
        """When a call that starts now has to be over: after the account's limit, or sooner."""

    def backends(self, deadline: Deadline) -> list[BackendItem]:
        """All backends that the account may see."""

    def backend(self, name: str, deadline: Deadline) -> BackendItem:
        """State and message of one backend."""

    def configuration(self, name: str, deadline: Deadline) -> bytes:
        """The configuration document, as JSON."""

    def properties(self, name: str, deadline: Deadline) -> bytes | None:
        """The calibration document, as JSON; None where a backend has none."""

    def properties_at(self, name: str, moment: datetime, deadline: Deadline) -> bytes | None:
        """The calibration document that held at a time; None where the server keeps no history."""

    def lanes(self, name: str, deadline: Deadline) -> int | None:
        """Number of execution lanes; None where the server does not tell."""

    def submit(self, submission: Submission, deadline: Deadline) -> str:
        """Send a job, once; the id by which the server knows it."""

    def find(self, submission_id: str, deadline: Deadline, *, orphaned: bool = False) -> str | None:
        """The server's id of a job that was sent under ours; None when it never arrived.

        Args:
            submission_id: Our id.
            deadline: When to give up.
            orphaned: Its sender may have died a moment ago, its request still on its way. Where a second
                one would be a second job, that is waited for before the server is asked.
        """

    def job(self, job_id: str, deadline: Deadline) -> JobRecord:
        """One job."""

    def jobs(self, deadline: Deadline) -> list[JobRecord]:
        """All jobs of the account, oldest first."""

    def search(self, wanted: Wanted, deadline: Deadline) -> Listing:
        """Jobs of the account, at least those that are wanted."""

    def among(self, job_ids: Iterable[str], deadline: Deadline) -> list[JobRecord]:
        """Those of these jobs that a few requests tell about; others may be there, too."""

    def result(self, job_id: str, deadline: Deadline) -> bytes:
        """The result document of a completed job, as JSON."""

    def stored_result(self, job_id: str, deadline: Deadline) -> bytes | None:
        """The result document if it is there, whatever the server still knows of the job."""

    def logs(self, job_id: str, deadline: Deadline, *, ended: bool = False) -> str | None:
        """The log of a job; None when there is none (yet).

        Args:
            job_id: The server's id.
            deadline: When to give up.
            ended: The job has ended: where its log may come a moment later, that is waited for.
        """

    def metrics(self, job_id: str, deadline: Deadline) -> dict[str, Any] | None:
        """Times and usage in the server's own words; None where it keeps none."""

    def set_tags(self, job_id: str, submission_id: str, tags: tuple[str, ...], deadline: Deadline) -> None:
        """Replace a job's tags, where the server keeps them."""

    def cancel(self, job_id: str, deadline: Deadline) -> None:
        """Ask for a job's end; it is over only when its status says so."""

    def delete(self, job_id: str, deadline: Deadline) -> None:
        """Forget a job that has ended, which frees its lane."""

    def release(self, job_id: str, deadline: Deadline) -> bool:
        """Free what a job that has ended still holds; whether the server has forgotten the job with that."""

    def open_session(self, request: SessionRequest, deadline: Deadline) -> SessionRecord:
        """Open a session."""

    def session(self, session_id: str, deadline: Deadline) -> SessionRecord:
        """One session."""

    def close_session(self, session_id: str, deadline: Deadline) -> None:
        """Let no more jobs in; those that wait still run."""

    def cancel_session(self, session_id: str, deadline: Deadline) -> None:
        """Let no more jobs in, and cancel those that wait."""

    def log_out(self, deadline: Deadline) -> None:
        """Invalidate the token, where the server offers that."""

    def close(self) -> None:
        """Close idle connections."""
