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
from typing import TYPE_CHECKING, Any, TypeVar

from pebble import ProcessPool

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["Workers"]

ResultT = TypeVar("ResultT")

_PRELOAD = "qiskit_direct_provider.service.preload"
_PR_SET_PDEATHSIG = 1
_LEAST_MEMORY = 4 << 30
# One thread each: Aer is several times slower when its threads outnumber the processors.
_SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


class Workers:
    """A pool of processes forked from one that has imported everything already."""

    def __init__(self, count: int) -> None:
        os.environ.update(dict.fromkeys(_SINGLE_THREADED, "1"))
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOAD])
        self._pool = ProcessPool(
            max_workers=count, context=self._context, initializer=_prepare, initargs=(_memory_share(count),)
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
        _stop_forkserver()


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
        # The fork server ends when nobody holds its pipe any more, and takes its children along. A worker
        # holds that pipe, too, in case it wants to start processes itself.
        _release_forkserver()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if server is not None:
        threading.Thread(target=_watch, args=(server.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _release_forkserver() -> None:
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver  # noqa: SLF001 - there is no public way
    descriptor = getattr(server, "_forkserver_alive_fd", None)
    if descriptor is not None:
        os.close(descriptor)
        server._forkserver_alive_fd = None  # noqa: SLF001 - the same


def _stop_forkserver() -> None:
    """End the fork server now, instead of when this process ends."""
    from multiprocessing import forkserver

    stop = getattr(forkserver._forkserver, "_stop", None)  # noqa: SLF001 - there is no public way
    if stop is not None:
        stop()
