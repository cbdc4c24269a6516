"""What the service expects of whatever runs its jobs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

__all__ = ["WorkerLostError", "WorkerPool"]

ResultT = TypeVar("ResultT")


class WorkerLostError(Exception):
    """Whatever ran a job is gone, or never came back; the text says more."""


class WorkerPool(Protocol):
    """What runs functions for the service."""

    def start(self) -> None:
        """Warm up; called in a thread."""

    def submit(
        self, function: Callable[..., ResultT], *args: object, timeout_s: float | None = None
    ) -> Future[ResultT]:
        """Run a function; cancelling its future gives it up."""

    def stop(self) -> None:
        """End, whatever is being done; called in a thread."""
