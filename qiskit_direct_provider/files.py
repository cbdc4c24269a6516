"""Files that are whole or not there, for one user's eyes, on a disk that several machines may share."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qiskit_direct_provider.errors import StorageError

__all__ = ["at_home", "data_folder", "held", "locked", "private_folder", "sweep", "write_whole"]

LEFT_BEHIND_S = 3600.0
_handles: set[int] = set()
"""What is open for the sake of a lock just now."""


def at_home(path: str | os.PathLike[str]) -> Path:
    """A path, with ``~`` put in full; a user without a home has nothing there."""
    with contextlib.suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


def data_folder() -> Path:
    """Where this package keeps data of the user: ``QISKIT_DIRECT_DATA``, else the platform's usual place.

    Raises:
        StorageError: It is in the home folder, and this user has none.
    """
    chosen = os.environ.get("QISKIT_DIRECT_DATA")
    try:
        return (Path(chosen) if chosen else _usual_folder()).expanduser()
    except RuntimeError as error:
        raise StorageError(
            "there is no place to write jobs down: this user has no home folder. Set HOME, or "
            "QISKIT_DIRECT_DATA, to a folder that can be written to"
        ) from error


def _usual_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("qiskit-direct-provider", appauthor=False))


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner can enter, whatever the umask is."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        folder.chmod(0o700)
    return folder


def write_whole(file: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file in one step, with mode 0600.

    Args:
        file: Where; its folder is made when it is not there.
        data: The whole content.
        durable: Also survive a loss of power right after this call.

    Raises:
        OSError: The disk is full or cannot be written to; the old file is still there.
    """
    private_folder(file.parent)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(file.parent)


def sweep(beside: Path) -> None:
    """Remove what writers that were killed left half written in a folder of this package.

    Args:
        beside: A file of that folder that was written just now: its time is now, by the clock of the disk.
            Whatever is an hour older than that has no writer any more.
    """
    with contextlib.suppress(OSError):
        oldest = beside.stat().st_mtime - LEFT_BEHIND_S
        for file in beside.parent.glob(".*.tmp"):
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder last; some file systems cannot, and then there is nothing to be done."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def locked(folder: Path, name: str = ".lock") -> Iterator[None]:
    """Keep other processes out of a folder for the moment that a read, a change and a write take.

    Args:
        folder: The folder; made when it is not there.
        name: Name of the lock, where a folder holds several things that are changed apart.
    """
    import fcntl

    with _opened(private_folder(folder) / name, os.O_RDWR | os.O_CREAT) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def held(file: Path, *, wait: bool) -> Iterator[bool]:
    """Keep others from doing the same with a file that is there; a process that dies lets go of it.

    Args:
        file: Which file; nobody is kept from one that is not there, or that cannot be locked.
        wait: Wait until it is free.

    Yields:
        False when somebody else holds it.
    """
    import fcntl

    operation = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    while True:
        with contextlib.ExitStack() as stack:
            try:
                handle = stack.enter_context(_opened(file, os.O_RDWR))
            except OSError:
                yield True
                return
            alone = _flocked(handle, operation)
            if not alone or _is_still(file, handle):
                yield alone
                return


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


def _flocked(handle: int, operation: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, operation)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
