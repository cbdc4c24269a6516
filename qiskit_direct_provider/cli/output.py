"""Tables, progress and JSON on a terminal or in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qiskit.providers.jobstatus import JobStatus
    from rich.console import Console

    from qiskit_direct_provider.job import DirectJob

__all__ = ["console", "going_on", "progress", "rows", "table", "wait_for", "write_json", "writing"]

WIDE = 200  # in a pipe, where nothing is cut


def console(*, stderr: bool = False) -> Console:
    """The terminal, as wide as it is; a pipe is as wide as the tables."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, soft_wrap=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=WIDE)


def write_json(value: Any) -> None:
    """A value on standard output; times as ISO 8601."""
    import json

    typer.echo(json.dumps(value, indent=2, default=datetime.isoformat))


def table(headings: Mapping[str, bool], cells: Iterable[Sequence[str]]) -> None:
    """A table; the headings say whether their column holds numbers."""
    from rich.markup import escape
    from rich.table import Table

    found = Table()
    for heading, number in headings.items():
        found.add_column(heading, justify="right" if number else "left", overflow="fold")
    for row in cells:
        found.add_row(*map(escape, row))
    console().print(found)


def rows(title: str, named: Mapping[str, str]) -> None:
    """Names and values, a row each."""
    from rich.markup import escape
    from rich.table import Table

    found = Table(show_header=False)
    found.add_column(style="dim")
    found.add_column(overflow="fold")
    for name, value in named.items():
        found.add_row(escape(name), escape(value))
    console().print(title, style="bold", markup=False)
    console().print(found)


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """A spinner with a text, which the yielded function changes; nothing when nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    terminal = console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=terminal, transient=True) as shown:
        task = shown.add_task(text)
        yield lambda new: shown.update(task, description=new)


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Write to a file that the user named.

    Raises:
        InvalidInputError: It cannot be written.
    """
    from qiskit_direct_provider.errors import InvalidInputError

    try:
        yield
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be written: {error.strerror or error}") from error


@contextmanager
def going_on(job: DirectJob) -> Iterator[None]:
    """Ctrl-C ends the wait, not the job; that is said."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"the job goes on: qiskit-direct result {job.job_id()}", err=True)
        raise


def wait_for(job: DirectJob, timeout: float | None) -> None:
    """Wait for a job's end, and show how it gets on."""

    def show(job_id: str, status: JobStatus, _: DirectJob) -> None:
        change(f"job {job_id}: {status.name}")

    with progress(f"job {job.job_id()}") as change:
        job.wait_for_final_state(timeout=timeout, callback=show)
