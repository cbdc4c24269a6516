"""Watching a job from a terminal or a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from qiskit.providers.jobstatus import JOB_FINAL_STATES

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.views.progress import live_line

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

    In a terminal with a spinner, in a notebook as a table that changes, otherwise as plain text.

    Args:
        job: The job.
        interval: Seconds between two questions; None leaves that to the job.
        quiet: Show nothing, only wait.
        output: Where to write plain text.
        line_discipline: What goes before each status in plain text: the default replaces the one before.
    """
    ask = getattr(job, "wait_for_final_state", None)
    if not callable(ask):
        raise InvalidInputError(f"job_monitor() takes a job, not {job!r}")
    plain = quiet or output is not None or line_discipline != "\r"
    line = None if plain else live_line()
    if line is None:
        line = _Line(sys.stdout if output is None else output, line_discipline, quiet=quiet)

    def show(_: str, status: JobStatus, watched: Any) -> None:
        line.show(_text(status, watched), getattr(watched, "_repr_html_", None))

    try:
        ask(callback=show, **({} if interval is None else {"wait": interval}))
        show("", job.status(), job)
    finally:
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

    def show(self, text: str, html: Callable[[], str] | None = None) -> None:  # noqa: ARG002 - for notebooks
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
