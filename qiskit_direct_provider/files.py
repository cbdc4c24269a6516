"""Files that are whole or not there, for one user's eyes, on a disk that several machines may share."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from qiskit_direct_provider.errors import StorageError

__all__ = ["at_home", "data_folder", "private_folder", "sweep", "write_whole"]

LEFT_BEHIND_S = 3600.0


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
