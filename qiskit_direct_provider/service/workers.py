"""Warm worker processes, each of which may die without harm to any job but its own."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
from multiprocessing import connection
from typing import TYPE_CHECKING, TypeVar

from pebble import ProcessPool

from qiskit_direct_provider.service import fork_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["Workers"]

ResultT = TypeVar("ResultT")

_PR_SET_PDEATHSIG = 1
_LEAST_MEMORY = 4 << 30


class Workers:
    """A pool of processes forked from one that has imported everything already."""

    def __init__(self, count: int) -> None:
        self._pool = ProcessPool(
            max_workers=count,
            context=fork_server.context(),
            initializer=_prepare,
            initargs=(_memory_share(count),),
        )

    def start(self) -> None:
        """Start the processes; takes as long as their imports, so call it from a thread."""
        # Not waited for: its result never comes when the pool is stopped meanwhile.
        self._pool.schedule(_nothing)

    def submit(
        self, function: Callable[..., ResultT], *args: object, timeout_s: float | None = None
    ) -> Future[ResultT]:
        """Run a function in a worker. Cancelling the future kills the worker, and another takes its place."""
        future: Future[ResultT] = self._pool.schedule(function, args=args, timeout=timeout_s)
        return future

    def stop(self) -> None:
        """End all processes, whatever they are doing."""
        self._pool.stop()  # type: ignore[no-untyped-call]  # Pebble types most of itself
        self._pool.join()
        fork_server.stop()


def _nothing() -> None:
    """Task that shows that a worker is there."""


def _memory_share(count: int) -> int:
    """Address space of one worker in bytes, such that all of them together leave the machine alive."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(_LEAST_MEMORY, physical * 3 // 4 // count)


def _prepare(memory_bytes: int) -> None:
    """Run first in every worker."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    # writing out what a worker of many gigabytes had in memory would stall the machine
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Python's own handlers would wait for Aer to come back
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _silence()
    _die_with_server()


def _silence() -> None:
    """What libraries print must not reach the server's output, which is read by programs."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(null, descriptor)
    os.close(null)


def _die_with_server() -> None:
    """No worker outlives the server, not even one that is deep in a simulation."""
    server = multiprocessing.parent_process()
    if sys.platform == "linux":
        fork_server.release()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if server is not None:
        threading.Thread(target=_watch, args=(server.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
