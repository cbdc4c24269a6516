"""The limits of a worker process."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import threading
from multiprocessing import connection

from qiskit_direct_provider.service import fork_server

__all__ = ["enter", "memory_share"]

_PR_SET_PDEATHSIG = 1
_LEAST_MEMORY = 4 << 30


def memory_share(count: int) -> int:
    """Address space of one worker in bytes, such that all of them together leave the machine alive."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(_LEAST_MEMORY, physical * 3 // 4 // count)


def enter(memory_bytes: int) -> None:
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
