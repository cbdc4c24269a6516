"""What a server with execution lanes has in place of a queue, sessions and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.clients.interface import Listing, SessionRecord, SessionRequest, Wanted
from qiskit_direct_provider.errors import JobNotFoundError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.clients.interface import JobRecord

__all__ = ["LaneClient"]

_NO_SESSIONS = (
    "Direct Access has execution lanes in place of sessions: use Batch(backend), or send several jobs at once"
)


class LaneClient:
    """The part of a client that follows from lanes: a job is named by its sender, and holds one."""

    def find(self, submission_id: str, deadline: Deadline, *, orphaned: bool = False) -> str | None:  # noqa: ARG002 - a second request of one id is refused
        """The same id, if the server has the job, or its result is in the store."""
        try:
            self.job(submission_id, deadline)
        except JobNotFoundError:
            return None if self.stored_result(submission_id, deadline) is None else submission_id
        return submission_id

    def search(self, wanted: Wanted, deadline: Deadline) -> Listing:  # noqa: ARG002 - the list takes no filter
        """All jobs: this API has neither pages nor filters."""
        return Listing(self.jobs(deadline), complete=True)

    def among(self, job_ids: Iterable[str], deadline: Deadline) -> list[JobRecord]:  # noqa: ARG002 - the same
        """All jobs, by one request."""
        return self.jobs(deadline)

    def release(self, job_id: str, deadline: Deadline) -> bool:
        """Free the lane: the server forgets the job."""
        self.delete(job_id, deadline)
        return True

    def properties_at(self, name: str, moment: datetime, deadline: Deadline) -> bytes | None:  # noqa: ARG002 - the interface's parameters
        """None: this API keeps no history."""
        return None

    def metrics(self, job_id: str, deadline: Deadline) -> dict[str, Any] | None:  # noqa: ARG002 - the interface's parameters
        """None: the job itself says all there is."""
        return None

    def set_tags(self, job_id: str, submission_id: str, tags: tuple[str, ...], deadline: Deadline) -> None:
        """Tags are kept on this side."""

    def log_out(self, deadline: Deadline) -> None:
        """Tokens of this API end by themselves."""

    def open_session(self, request: SessionRequest, deadline: Deadline) -> SessionRecord:  # noqa: ARG002 - the interface's parameters
        """A batch needs nothing from the server.

        Raises:
            UnsupportedError: A dedicated session.
        """
        if request.mode != "batch":
            raise UnsupportedError(_NO_SESSIONS)
        return SessionRecord(None, request.backend_name, request.mode, "open", accepting_jobs=True)

    def session(self, session_id: str, deadline: Deadline) -> SessionRecord:  # noqa: ARG002 - the interface's parameters
        """There is none.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError(_NO_SESSIONS)

    def close_session(self, session_id: str, deadline: Deadline) -> None:
        """As `session`."""
        self.session(session_id, deadline)

    def cancel_session(self, session_id: str, deadline: Deadline) -> None:
        """As `session`."""
        self.session(session_id, deadline)

    if TYPE_CHECKING:  # what the rest of the client brings along

        def job(self, job_id: str, deadline: Deadline) -> JobRecord:
            """One job."""

        def jobs(self, deadline: Deadline) -> list[JobRecord]:
            """All jobs."""

        def stored_result(self, job_id: str, deadline: Deadline) -> bytes | None:
            """The result, if it is in the store."""

        def delete(self, job_id: str, deadline: Deadline) -> None:
            """Forget a job."""
