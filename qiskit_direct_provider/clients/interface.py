"""What every dialect offers, and the values that cross this line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from qiskit.providers.jobstatus import JobStatus

    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.wire.direct_access import BackendItem

__all__ = ["Client", "JobRecord", "Reason", "Submission"]


@dataclass(frozen=True)
class Submission:
    """A job to be sent.

    Attributes:
        job_id: Chosen by the caller; a dialect whose server names its jobs returns another.
        payload: The program's input document, as JSON.
        timeout_s: Longest time that the device may be dedicated to the job, in seconds.
    """

    job_id: str
    backend_name: str
    program_id: str
    payload: bytes = field(repr=False)
    timeout_s: int
    log_level: str = "warning"


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

    def lanes(self, name: str, deadline: Deadline) -> int | None:
        """Number of execution lanes; None where the server does not tell."""

    def submit(self, submission: Submission, deadline: Deadline) -> str:
        """Send a job, once; its id."""

    def job(self, job_id: str, deadline: Deadline) -> JobRecord:
        """One job."""

    def jobs(self, deadline: Deadline) -> list[JobRecord]:
        """All jobs of the account, oldest first."""

    def result(self, job_id: str, deadline: Deadline) -> bytes:
        """The result document of a completed job, as JSON."""

    def stored_result(self, job_id: str, deadline: Deadline) -> bytes | None:
        """The result document if it is there, whatever the server still knows of the job."""

    def logs(self, job_id: str, deadline: Deadline) -> str | None:
        """The log of a job; None when there is none (yet)."""

    def cancel(self, job_id: str, deadline: Deadline) -> None:
        """Ask for a job's end; it is over only when its status says so."""

    def delete(self, job_id: str, deadline: Deadline) -> None:
        """Forget a job that has ended, which frees its lane."""

    def close(self) -> None:
        """Close idle connections."""
