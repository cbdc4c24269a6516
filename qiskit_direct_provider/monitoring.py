"""Watching a job from a terminal or a notebook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TextIO

from qiskit.providers.jobstatus import JOB_FINAL_STATES

from qiskit_direct_provider.errors import InvalidInputError

if TYPE_CHECKING:
    from qiskit.providers import JobV1
    from qiskit.providers.jobstatus import JobStatus

__all__ = ["job_monitor"]


def job_monitor(
    job: JobV1,
    interval: float | None = None,
    quiet: bool = False,  # noqa: FBT001, FBT002 - as Qiskit's old tool
    output: TextIO | None = None,
    line_discipline: str = "\r",
) -> None:
    """Show the status of a job, of any provider, until it has ended. Ctrl-C ends the watching, not the job.

    Args:
        job: The job.
        interval: Seconds between two questions; None leaves that to the job.
        quiet: Show nothing, only wait.
        output: Where to write; default standard output.
        line_discipline: What goes before each status: the default replaces the one before.
    """
    stream = sys.stdout if output is None else output
    ask = getattr(job, "wait_for_final_state", None)
    if not callable(ask):
        raise InvalidInputError(f"job_monitor() takes a job, not {job!r}")
    line = _Line(stream, line_discipline, quiet=quiet)

    def show(_: str, status: JobStatus, watched: Any) -> None:
        line.show(_text(status, watched))

    ask(callback=show, **({} if interval is None else {"wait": interval}))
    line.show(_text(job.status(), job))
    line.end()


def _text(status: JobStatus, job: Any) -> str:
    text = f"Job Status: {getattr(status, 'value', status)}"
    position = getattr(job, "queue_position", None)
    if callable(position) and status not in JOB_FINAL_STATES and status.name == "QUEUED":
        place = position()
        return f"{text} ({place})" if place is not None else text
    return text


class _Line:
    """One line that is written over."""

    def __init__(self, stream: TextIO, discipline: str, *, quiet: bool) -> None:
        self._stream = stream
        self._discipline = discipline
        self._quiet = quiet
        self._last = ""

    def show(self, text: str) -> None:
        if self._quiet or text == self._last:
            return
        width = len(self._last) if self._discipline == "\r" else 0
        self._stream.write(f"{self._discipline}{text.ljust(width)}")
        self._stream.flush()
        self._last = text

    def end(self) -> None:
        if not self._quiet:
            self._stream.write("\n")
            self._stream.flush()
