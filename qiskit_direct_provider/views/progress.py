"""A line that changes while something is waited for: in a terminal with a spinner, in a notebook as HTML."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol

from qiskit_direct_provider.views.markup import card

__all__ = ["LiveLine", "in_notebook", "live_line"]


class LiveLine(Protocol):
    """What is shown of a wait."""

    def show(self, text: str, html: Callable[[], str] | None = None) -> None:
        """Replace what is shown; ``html`` makes the form for a notebook."""

    def end(self) -> None:
        """Leave the last text there."""


def live_line() -> LiveLine | None:
    """The line that fits where this process writes to; None where plain text does best."""
    if in_notebook():
        return _NotebookLine()
    return _TerminalLine() if sys.stdout.isatty() else None


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this; IPython is not imported for the question."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    return running is not None and hasattr(running, "kernel")


class _NotebookLine:
    """A display that is updated; it holds the text, too, for those who read the notebook without HTML."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._last = ""

    def show(self, text: str, html: Callable[[], str] | None = None) -> None:
        if text == self._last:
            return
        self._last = text
        bundle = {"text/plain": text, "text/html": html() if html else card(text)}
        if self._handle is None:
            import IPython.display

            display: Any = IPython.display.display
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def end(self) -> None:
        """The last display stays."""


class _TerminalLine:
    """A spinner, a text and the time that went by; at the end the text alone."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._last = ""

    def show(self, text: str, html: Callable[[], str] | None = None) -> None:  # noqa: ARG002 - for notebooks
        self._last = text
        if self._progress is None:
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
            self._progress = Progress(*columns, transient=True)
            self._progress.start()
            self._progress.add_task(text)
        self._progress.update(self._progress.task_ids[0], description=text)

    def end(self) -> None:
        if self._progress is None:
            return
        self._progress.stop()
        sys.stdout.write(f"{self._last}\n")
        sys.stdout.flush()
