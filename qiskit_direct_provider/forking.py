"""What a forked child has to begin anew, since the threads that held it are not there any more."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Protocol

__all__ = ["Forkable", "ThreadLock", "begun_anew_in_children"]


class Forkable(Protocol):
    """A thing with locks, or with a thread, of its own."""

    def begin_anew(self) -> None:
        """Forget locks and threads; called in a child, before anything else runs there."""


_things: weakref.WeakValueDictionary[int, Forkable] = weakref.WeakValueDictionary()


def begun_anew_in_children(thing: Forkable) -> None:
    """Have a thing begin anew in every child that is forked while it lives."""
    _things[id(thing)] = thing


def _begin_anew() -> None:
    for thing in list(_things.values()):
        thing.begin_anew()


if hasattr(os, "register_at_fork"):  # where processes can be forked
    os.register_at_fork(after_in_child=_begin_anew)


class ThreadLock:
    """A lock among the threads of one process, which each may take several times.

    A plain one that another thread holds at the moment of a fork is never let go of in the child.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        begun_anew_in_children(self)

    def begin_anew(self) -> None:
        """Be free."""
        self._lock = threading.RLock()

    def acquire(self, timeout_s: float) -> bool:
        """Take the lock; False when it was not free within that time."""
        return self._lock.acquire(timeout=min(timeout_s, threading.TIMEOUT_MAX))

    def release(self) -> None:
        """Let go of the lock."""
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
