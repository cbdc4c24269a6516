"""Sessions and batches: jobs that belong together.

Whoever sends programs within one (the primitives do) calls its `Session.launch` in place of
``backend.launch``; it takes the same arguments, and `Session.backend` is the device.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.interface import SessionRecord, SessionRequest
from qiskit_direct_provider.forking import ThreadLock
from qiskit_direct_provider.job_settings import JobSettings, duration_s

if TYPE_CHECKING:
    from typing_extensions import Self

    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.job import DirectJob
    from qiskit_direct_provider.programs import Program
    from qiskit_direct_provider.provider import DirectProvider

__all__ = ["Batch", "Session"]

logger = logging.getLogger(__name__)

LONGEST_LANE_WAIT_S = 86_400.0
_CLOSED = "closed"
_NOT_FOUND = 404
_DETAILS = {
    "id": "id",
    "backend_name": "backend_name",
    "interactive_timeout": "interactive_ttl",
    "max_time": "max_ttl",
    "active_timeout": "active_ttl",
    "state": "state",
    "accepting_jobs": "accepting_jobs",
    "last_job_started": "last_job_started",
    "last_job_completed": "last_job_completed",
    "started_at": "started_at",
    "closed_at": "closed_at",
    "activated_at": "activated_at",
    "mode": "mode",
    "usage_time": "elapsed_time",
    "timestamps": "timestamps",
}


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """A session that the server does not know any more needs no end."""
    try:
        yield
    except errors.ApiError as error:
        if error.status != _NOT_FOUND:
            raise


class Session:
    """The device for oneself: while a session is active, no other jobs run on it.

    Open in a ``with`` block, or from the first job on. Leaving the block closes it: the jobs that it has
    still run.

    Args:
        backend: The device.
        max_time: Longest time that it is open, in seconds or as text such as ``"30m"``; None for the
            server's limit.

    Raises:
        InvalidInputError: ``backend`` is none, or ``max_time`` is no duration.
    """

    _mode: ClassVar[str] = "dedicated"

    def __init__(self, backend: DirectBackend, max_time: float | str | None = None) -> None:
        if not hasattr(backend, "launch"):
            raise errors.InvalidInputError(f"a session is opened on a backend, not on {backend!r}")
        self._backend = backend
        self._max_time_s = None if max_time is None else int(duration_s(max_time, "max_time"))
        if self._max_time_s is not None and self._max_time_s < 1:
            raise errors.InvalidInputError(f"max_time must be a second or more, not {max_time!r}")
        self._lock = ThreadLock()
        self._record: SessionRecord | None = None
        self._closed = False
        self._jobs: list[DirectJob] = []

    @classmethod
    def from_id(cls, session_id: str, provider: DirectProvider) -> Self:
        """A session that is open already, of this process or of another.

        Raises:
            InvalidInputError: It is a batch where a session is asked for, or the other way round.
            ApiError: The server does not know it.
        """
        client = provider.client
        record = client.session(session_id, client.deadline())
        if record.mode != cls._mode:
            raise errors.InvalidInputError(f"{session_id} is of the mode {record.mode!r}, not {cls._mode!r}")
        found = cls(provider.get_backend(record.backend_name))
        found._record, found._closed = record, record.state == _CLOSED
        return found

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except errors.DirectError as silence:
            if error is None:
                raise
            logger.warning("%r could not be closed: %s", self, silence)  # what went wrong before matters more

    def __repr__(self) -> str:
        name = self._record.session_id if self._record else None
        return f"<{type(self).__name__} {name or 'without an id'} on {self._backend.name}>"

    def open(self) -> None:
        """Open the session now, unless that was done.

        Raises:
            UnsupportedError: The API has none; the text says what to use.
        """
        with self._lock:
            if self._record is None:
                request = SessionRequest(self._backend.name, self._mode, self._max_time_s)
                self._record = self._client.open_session(request, self._client.deadline())

    # -- jobs ----------------------------------------------------------------------------------------

    def backend(self) -> DirectBackend:
        """The device."""
        return self._backend

    def launch(
        self, programs: Sequence[Program], settings: JobSettings, *, memory: bool = False
    ) -> DirectJob:
        """Send programs within this session, as ``backend.launch`` does without one.

        Where lanes take the place of sessions, it waits for a free one.

        Raises:
            JobInvalidStateError: The session is closed.
        """
        if self._closed:
            raise errors.JobInvalidStateError(f"{self!r} is closed: open another one")
        self.open()
        job = self._backend.launch(programs, self._within(settings), memory=memory)
        self._jobs.append(job)
        return job

    def _within(self, settings: JobSettings) -> JobSettings:
        if self.session_id is not None:
            return dataclasses.replace(settings, session_id=self.session_id)
        if settings.wait_for_lane_s is not None:
            return settings
        wait_s = float(self._max_time_s or LONGEST_LANE_WAIT_S)
        return dataclasses.replace(settings, wait_for_lane_s=wait_s)

    # -- state ---------------------------------------------------------------------------------------

    @property
    def session_id(self) -> str | None:
        """The server's id; None before it is open, and where lanes take the place of sessions."""
        return self._record.session_id if self._record else None

    def details(self) -> dict[str, Any]:
        """What the server says, under the names of qiskit-ibm-runtime; times in seconds."""
        record = self._current()
        told = {**record.details, "backend_name": record.backend_name, "mode": record.mode}
        told |= {"state": record.state, "accepting_jobs": record.accepting_jobs}
        return {name: told.get(member) for name, member in _DETAILS.items()}

    def status(self) -> str:
        """``Pending``, ``Closed``, or ``In progress`` with whether new jobs are accepted."""
        record = self._current()
        if record.state in {"open", "inactive"}:
            return "Pending"
        if record.state == _CLOSED:
            return "Closed"
        return f"In progress, {'' if record.accepting_jobs else 'not '}accepting new jobs"

    def usage(self) -> float | None:
        """Seconds for which the session was active; None until the server tells."""
        seconds: float | None = self.details()["usage_time"]
        return seconds

    def close(self) -> None:
        """Let no more jobs in; those that wait still run."""
        self._closed = True
        if self.session_id is not None:
            with _unless_gone():
                self._client.close_session(self.session_id, self._client.deadline())

    def cancel(self) -> None:
        """Let no more jobs in, and cancel those that wait; on Direct Access, all that were sent."""
        self._closed = True
        if self.session_id is not None:
            with _unless_gone():
                self._client.cancel_session(self.session_id, self._client.deadline())
            return
        for job in self._jobs:
            job.cancel()

    def _current(self) -> SessionRecord:
        self.open()
        assert self._record is not None
        if self.session_id is not None:
            self._record = self._client.session(self.session_id, self._client.deadline())
            return self._record
        return dataclasses.replace(
            self._record, state=_CLOSED if self._closed else "active", accepting_jobs=not self._closed
        )

    @property
    def _client(self) -> Client:
        return self._backend.client


class Batch(Session):
    """Many jobs at once: their preparation runs in parallel, other users' jobs may run in between.

    On Direct Access, jobs go to the free execution lanes; while all are taken, sending one waits until an
    ended job of this user frees its lane.
    """

    _mode = "batch"
