"""Files and folders of this package: private, and fit to be written to."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qiskit_direct_provider.accounts.file import account_file
from qiskit_direct_provider.doctor.finding import Finding, failed, note, ok
from qiskit_direct_provider.errors import AccountError, StorageError
from qiskit_direct_provider.files import data_folder
from qiskit_direct_provider.locks import can_be_locked

__all__ = ["account_file_finding", "data_folder_finding", "key_file_findings"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PROBE_BYTES = 64 * 1024


def account_file_finding(filename: str | None) -> Finding:
    """Who can read the saved accounts; reading them takes the rights of others away."""
    try:
        file = account_file(filename)
    except AccountError as error:
        return note("account file", str(error))
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return ok("account file", f"{file} is not there")
    except OSError as error:
        return failed("account file", f"{file}: {error.strerror}", "check the rights of its folder")
    if mode & _OTHERS:
        return failed(
            "account file",
            f"others can read the keys in {file} (mode {mode:04o})",
            f"chmod 600 {file}, and have the keys replaced if anybody may have read them",
        )
    return ok("account file", f"{file}, mode {mode:04o}")


def key_file_findings(places: Iterator[dict[str, str]]) -> Iterator[Finding]:
    """Who can read the files in which keys are kept."""
    for file in sorted({place["file"] for place in places if "file" in place}):
        mode = stat.S_IMODE(Path(file).expanduser().stat().st_mode)
        if mode & _OTHERS:
            yield failed("key file", f"others can read {file} (mode {mode:04o})", f"chmod 600 {file}")
        else:
            yield ok("key file", f"{file}, mode {mode:04o}")


def data_folder_finding() -> Finding:
    """Whether jobs can be written down: without that none is sent."""
    try:
        folder = data_folder()
    except StorageError as error:
        return failed("data folder", str(error), "set QISKIT_DIRECT_DATA to a folder that can be written to")
    there = next(each for each in (folder, *folder.parents) if each.exists())
    advice = "make room or set QISKIT_DIRECT_DATA to a folder that can be written to"
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
        jobs = [*folder.glob("jobs/*/")]
        open_to_all = [str(each) for each in jobs if stat.S_IMODE(each.stat().st_mode) & _OTHERS]
    except OSError as error:
        return failed("data folder", f"{folder} cannot be written to: {error.strerror}", advice)
    if open_to_all:
        names = " ".join(open_to_all)
        return note("data folder", f"others can look into {names}", f"chmod 700 {names}")
    if not can_be_locked(there):
        return note(
            "data folder",
            f"files in {folder} cannot be locked, so two processes must not work on the same job at once",
            "set QISKIT_DIRECT_DATA to a folder on another disk if yours do",
        )
    return ok("data folder", f"{folder} can be written to")
