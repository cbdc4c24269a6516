"""Files that are whole or not there, for one user's eyes, on a disk that several machines may share."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["data_folder", "held", "locked", "private_folder", "write_whole"]


def data_folder() -> Path:
    """Where this package keeps data of the user: ``QISKIT_DIRECT_DATA``, else the platform's usual place."""
    chosen = os.environ.get("QISKIT_DIRECT_DATA")
    if chosen:
        return Path(chosen).expanduser()
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

    handle = os.open(private_folder(folder) / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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

    try:
        handle = os.open(file, os.O_RDWR)
    except OSError:
        yield True
        return
    try:
        yield _flocked(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)


def _flocked(handle: int, operation: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, operation)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
