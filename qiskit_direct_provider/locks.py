"""Locks on files, between threads and processes of all machines that share a disk."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from qiskit_direct_provider.files import private_folder
from qiskit_direct_provider.forking import begun_anew_in_children

__all__ = ["can_be_locked", "held", "locked"]

logger = logging.getLogger(__name__)

_handles: set[int] = set()
"""What is open for the sake of a lock just now."""


@contextlib.contextmanager
def locked(folder: Path, name: str = ".lock") -> Iterator[None]:
    """Keep others out of a folder for the moment that a read, a change and a write take.

    Where the file system has no locks, the threads of this process are all that is kept out.

    Args:
        folder: The folder; made when it is not there.
        name: Name of the lock, where a folder holds several things that are changed apart.
    """
    file = private_folder(folder) / name
    with _opened(file, os.O_RDWR | os.O_CREAT) as handle:
        if _flocked(handle, file, wait=True) is None:
            with _threads.alone(file, wait=True):
                yield
        else:
            yield


@contextlib.contextmanager
def held(file: Path, *, wait: bool) -> Iterator[bool]:
    """Keep others from doing the same with a file that is there; a process that dies lets go of it.

    Args:
        file: Which file; nobody is kept from one that is not there. Where the file system has no locks, the
            threads of this process are all that is kept from it.
        wait: Wait until it is free.

    Yields:
        False when somebody else holds it.
    """
    while True:
        with contextlib.ExitStack() as stack:
            try:
                handle = stack.enter_context(_opened(file, os.O_RDWR))
            except OSError:
                yield True
                return
            alone = _flocked(handle, file, wait=wait)
            if alone is None:
                yield stack.enter_context(_threads.alone(file, wait=wait))
                return
            if not alone or _is_still(file, handle):
                yield alone
                return


def can_be_locked(folder: Path) -> bool:
    """Whether the file system of a folder that is there has locks.

    Raises:
        OSError: The folder cannot be written to.
    """
    import fcntl

    with tempfile.TemporaryFile(dir=folder) as probe:
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _opened(file: Path, flags: int) -> Iterator[int]:
    """A handle for a lock, let go of at the end, whatever children were forked meanwhile."""
    import fcntl

    handle = os.open(file, flags, 0o600)
    _handles.add(handle)
    try:
        yield handle
    finally:
        _handles.discard(handle)
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)  # a child that has the handle, too, would keep the lock
        os.close(handle)


def _close_in_child() -> None:
    """A lock must end with the process that took it; it lasts as long as any child has its handle."""
    while _handles:
        os.close(_handles.pop())


if hasattr(os, "register_at_fork"):  # where processes can be forked
    os.register_at_fork(after_in_child=_close_in_child)


def _is_still(file: Path, handle: int) -> bool:
    """Whether a handle is of the file that has the name now: it may have been replaced by another one."""
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except OSError:
        return False


def _flocked(handle: int, file: Path, *, wait: bool) -> bool | None:
    """Lock a file; False when somebody else has it locked, None where files cannot be locked."""
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # Lustre mounted without "flock", NFS without its lock manager
        _tell_that_there_are_no_locks(file.parent, error.strerror)
        return None
    return True


@functools.lru_cache(maxsize=64)
def _tell_that_there_are_no_locks(folder: Path, why: str) -> None:
    logger.warning(
        "files in %s cannot be locked (%s): two processes that work on the same job or account at the same "
        "time can get in each other's way. Set QISKIT_DIRECT_DATA to a folder on another disk if yours do",
        folder,
        why,
    )


# -- where there are no locks --------------------------------------------------------------------------


class _Threads:
    """Which files the threads of this process have to themselves."""

    def __init__(self) -> None:
        self.begin_anew()
        begun_anew_in_children(self)

    def begin_anew(self) -> None:
        """Have none."""
        self._change = threading.Condition()
        self._taken: set[Path] = set()

    @contextlib.contextmanager
    def alone(self, file: Path, *, wait: bool) -> Iterator[bool]:
        """Have a file to itself; gives False when another thread has, or this one already."""
        with self._change:
            while wait and file in self._taken:
                self._change.wait()
            is_free = file not in self._taken
            self._taken.add(file)
        try:
            yield is_free
        finally:
            if is_free:
                with self._change:
                    self._taken.discard(file)
                    self._change.notify_all()


_threads = _Threads()
