"""What becomes of a process' jobs when a scheduler ends it with SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.interface import Client

__all__ = ["Termination", "termination_of_environment", "termination_policy"]

logger = logging.getLogger(__name__)

ACTIONS = ("cancel", "detach")
PATIENCE_S = 20.0  # Slurm kills 30 s after SIGTERM, by default


def termination_policy(wanted: str | None) -> str | None:
    """One of the actions, or None for what would happen anyway.

    Raises:
        InvalidInputError: There is no such action.
    """
    if not wanted:
        return None
    if wanted not in ACTIONS:
        raise errors.InvalidInputError(f"on_sigterm must be one of {', '.join(ACTIONS)}, not {wanted!r}")
    return wanted


def termination_of_environment() -> str | None:
    """The action that ``QISKIT_DIRECT_ON_SIGTERM`` names; outside of the main thread it cannot be had."""
    wanted = termination_policy(os.environ.get("QISKIT_DIRECT_ON_SIGTERM"))
    if wanted is not None and threading.current_thread() is not threading.main_thread():
        logger.warning("QISKIT_DIRECT_ON_SIGTERM is ignored: this provider is not made in the main thread")
        return None
    return wanted


class Termination:
    """On SIGTERM, cancels the jobs that this process sent, or names them; then the process ends as usual.

    The work is done by a thread and a client of its own: whatever the interrupted code holds, such as a
    lock or a half sent request, is left alone.

    Args:
        action: ``"cancel"``, or ``"detach"``: the jobs go on, and are on record here.
        connect: Makes a client.
        discard: Forgets a job that never arrived, so that nobody sends it later.
    """

    def __init__(self, action: str, connect: Callable[[], Client], discard: Callable[[str], object]) -> None:
        self._action = action
        self._connect = connect
        self._discard = discard
        self._job_ids: list[str] = []
        self._process = os.getpid()
        try:
            self._before = signal.signal(signal.SIGTERM, self._handle)
        except ValueError:
            raise errors.UnsupportedError(
                "on_sigterm needs a provider made in the main thread: Python hands signals to no other"
            ) from None

    def note(self, job_id: str) -> None:
        """A job is about to be sent."""
        self._job_ids.append(job_id)

    def close(self) -> None:
        """Leave signals as they were found, unless somebody else has taken them over."""
        if threading.current_thread() is threading.main_thread() and self._is_set():
            signal.signal(signal.SIGTERM, self._before)

    def _is_set(self) -> bool:
        return signal.getsignal(signal.SIGTERM) == self._handle

    def _handle(self, number: int, frame: FrameType | None) -> Any:
        if self._job_ids and os.getpid() == self._process:
            worker = threading.Thread(target=self._end_jobs, daemon=True)
            worker.start()
            worker.join(PATIENCE_S)
        if callable(self._before):
            return self._before(number, frame)
        if self._before != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        return None

    def _end_jobs(self) -> None:
        if self._action == "detach":
            logger.warning(
                "ended by SIGTERM; these jobs go on, retrieve_job(id) finds them: %s",
                ", ".join(self._job_ids),
            )
            return
        client = self._connect()
        outcomes = [f"{job_id} ({self._cancelled(client, job_id)})" for job_id in self._job_ids]
        logger.warning("ended by SIGTERM; jobs: %s", ", ".join(outcomes))

    def _cancelled(self, client: Client, job_id: str) -> str:
        try:
            limit = client.deadline(PATIENCE_S / 2)
            server_id = client.find(job_id, limit) or client.find(job_id, limit, orphaned=True)
            if server_id is None:
                self._discard(job_id)
                return "not sent"
            client.cancel(server_id, client.deadline(PATIENCE_S / 2))
        except errors.JobInvalidStateError:
            return "had ended"
        except errors.DirectError as error:
            return f"may go on: {error}"
        return "cancelled"
