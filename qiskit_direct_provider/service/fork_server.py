"""The process that imports everything once, and from which the workers are forked."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

__all__ = ["context", "kill", "release", "start"]

_PRELOAD = "qiskit_direct_provider.service.preload"
# One thread each: Aer is several times slower when its threads outnumber the processors.
_SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


def context() -> ForkServerContext:
    """How workers are started."""
    os.environ.update(dict.fromkeys(_SINGLE_THREADED, "1"))
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([_PRELOAD])
    return found


def start() -> None:
    """Begin with the imports, which take longer than all else; this process goes on meanwhile."""
    from multiprocessing import forkserver

    context()
    forkserver.ensure_running()


def release() -> None:
    """Let go of the fork server's pipe, in a worker.

    The fork server ends when nobody holds it any more, and takes its children along. A worker holds it,
    too, in case it wants to start processes itself.
    """
    server = _running()
    descriptor = getattr(server, "_forkserver_alive_fd", None)
    if descriptor is not None:
        os.close(descriptor)
        server._forkserver_alive_fd = None  # noqa: SLF001 - there is no public way


def kill() -> None:
    """End the fork server now, and its children with it, whatever they are doing."""
    pid = getattr(_running(), "_forkserver_pid", None)
    end = getattr(_running(), "_stop", None)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if end is not None:
        end()


def _running() -> Any:
    from multiprocessing import forkserver

    return forkserver._forkserver  # noqa: SLF001 - there is no public way
