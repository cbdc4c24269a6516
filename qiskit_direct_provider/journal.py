"""What of a job must outlive its process: one entry a job, its input, and its result."""

from __future__ import annotations

import contextlib
import enum
import functools
import hashlib
import json
import logging
import os
import socket
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from qiskit.providers.jobstatus import JobStatus

from qiskit_direct_provider.errors import DuplicateJobError, StorageError
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.files import data_folder, sweep, write_whole
from qiskit_direct_provider.locks import held, locked

__all__ = [
    "WITHOUT_RESULT",
    "JobEntry",
    "Journal",
    "Stage",
    "journal_folder",
    "new_entry",
    "this_process",
    "with_metadata",
]

logger = logging.getLogger(__name__)


class Stage(str, enum.Enum):
    """How far a job got, as far as this side knows. It only ever advances."""

    INTENDED = "intended"  # to be sent; it may or may not have arrived
    ACCEPTED = "accepted"  # the server has it
    ENDED = "ended"  # it ended without a result: failed or cancelled
    STORED = "stored"  # its result is on disk here
    FREED = "freed"  # and the server was told to forget it


WITHOUT_RESULT = ("CANCELLED", "ERROR")
_STATUSES = {None, *JobStatus.__members__}
_Moment = Annotated[datetime, Meta(tz=True)]
_ORDER = {stage: position for position, stage in enumerate(Stage)}


class JobEntry(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """All that is known here of one job.

    Attributes:
        calibration: When the device was calibrated that the job was made for, ISO 8601.
        status: Name of the last known Qiskit JobStatus.
        quantum_ns: Time that the device was dedicated to the job, in nanoseconds.
        origin: Host, process, and that process' own word, that sent it.
        parts: Ids of the jobs that it was parted into, in order; it is not sent itself then.
        part_of: Id of the job of which it is a part.
        server_id: The id that the server gave it, where that is another.
        session_id: The session in which it was sent.
    """

    job_id: str
    backend_name: str
    program_id: str
    stage: Stage
    intended: _Moment
    circuits: tuple[CircuitRecord, ...]
    timeout_s: int
    log_level: str = "warning"
    name: str | None = None
    tags: tuple[str, ...] = ()
    memory: bool = False
    calibration: str | None = None
    backend_version: str | None = None
    status: str | None = None
    created: _Moment | None = None
    ended: _Moment | None = None
    quantum_ns: int | None = None
    reason_code: str | None = None
    reason_message: str | None = None
    reason_solution: str | None = None
    origin: str = ""
    parts: tuple[str, ...] = ()
    part_of: str | None = None
    server_id: str | None = None
    session_id: str | None = None

    @property
    def known_as(self) -> str:
        """The id by which the server, and whoever asks it, knows the job."""
        return self.server_id or self.job_id


def journal_folder(url: str) -> Path:
    """The folder of the jobs that went to one system."""
    return data_folder() / "jobs" / hashlib.sha256(url.encode()).hexdigest()[:16]


def this_process() -> str:
    """Host and process, as entries name who sent them.

    Numbers of processes are used again, so that each process has a word of its own beside its number.
    """
    return f"{socket.gethostname()}:{os.getpid()}:{_own_word()}"


@functools.cache
def _own_word() -> str:
    return os.urandom(8).hex()


if hasattr(os, "register_at_fork"):  # where processes can be forked
    os.register_at_fork(after_in_child=_own_word.cache_clear)


def new_entry(program_id: str, circuits: tuple[CircuitRecord, ...], **known: Any) -> JobEntry:
    """The entry of a job that is about to be sent."""
    return JobEntry(
        program_id=program_id,
        circuits=circuits,
        stage=Stage.INTENDED,
        intended=datetime.now().astimezone(),
        origin=this_process(),
        **known,
    )


def with_metadata(entry: JobEntry, circuits: tuple[CircuitRecord, ...]) -> JobEntry:
    """An entry with the circuits' own metadata, which a file may not be able to hold as it is."""
    return msgspec.structs.replace(entry, circuits=circuits)


class Journal:
    """Entries in a folder of one system; any number of processes may use it at once, also over NFS.

    File names are digests of job ids, so that an id is never a path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._swept = False

    def begin(self, entry: JobEntry, payload: bytes) -> JobEntry:
        """Write a job down before it is sent: the input first, so that the entry is never without it.

        Returns:
            The entry; of a job that is on record already with the same input, and has not failed, the one
            that is there.

        Raises:
            DuplicateJobError: Another job of that id is on record.
            StorageError: The folder cannot be written to; the job must not be sent then.
        """
        try:
            with locked(self.folder):
                known = self.entry(entry.job_id)
                if known is not None and self.payload(entry.job_id) != payload:
                    raise DuplicateJobError(
                        f"the id {entry.job_id} belongs to another job on record here; choose another job_id"
                    )
                if known is not None and known.status not in WITHOUT_RESULT:
                    return known
                write_whole(self._file(entry.job_id, ".input"), zlib.compress(payload, 1))
                self._write(entry, durable=True)
                self._sweep(entry.job_id)
                return entry
        except OSError as error:
            raise StorageError(
                f"the job was not sent, since it cannot be written down in {self.folder}: {error.strerror}. "
                "Free some space, or set QISKIT_DIRECT_DATA to a folder that can be written to"
            ) from error

    def advance(self, job_id: str, **changes: Any) -> JobEntry | None:
        """Change what is on record of a job; the stage never goes back. None when there is no record.

        A journal that cannot be written to any more is no reason to lose a result: the log says so.
        """
        try:
            with locked(self.folder):
                entry = self.entry(job_id)
                if entry is None:
                    return None
                if "stage" in changes and _ORDER[changes["stage"]] < _ORDER[entry.stage]:
                    del changes["stage"]
                changed = msgspec.structs.replace(entry, **changes)
                if changed.server_id is not None and changed.server_id != entry.server_id:
                    write_whole(self._file(changed.server_id, ".alias"), job_id.encode(), durable=False)
                if changed != entry:
                    # Its like is deleted at the server next, and would be sent again if this were lost.
                    ends = changed.status in WITHOUT_RESULT and entry.status not in WITHOUT_RESULT
                    self._write(changed, durable=ends)
                return changed
        except OSError as error:
            logger.warning("job %s: the journal in %s was not updated: %s", job_id, self.folder, error)
            return self.entry(job_id)

    def sending(self, job_id: str, *, wait: bool) -> AbstractContextManager[bool]:
        """Be the only one who sends a job; gives False when another process or thread is about to.

        The lock is on the job's input, so it is gone with its process.
        """
        return held(self._file(job_id, ".input"), wait=wait)

    def discard(self, job_id: str) -> None:
        """Forget a job that was refused, and so never came to be."""
        for suffix in (".json", ".input"):
            with contextlib.suppress(OSError):
                self._file(job_id, suffix).unlink()

    def is_damaged(self, job_id: str) -> bool:
        """Whether a job was written down of which nothing can be read any more."""
        return self._file(job_id, ".json").exists() and self.entry(job_id) is None

    def entry(self, job_id: str) -> JobEntry | None:
        """What is on record of a job, by its id here or by the server's; None when nothing can be read."""
        found = _read_entry(self._file(job_id, ".json"))
        if found is None:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                own_id = self._file(job_id, ".alias").read_bytes().decode()
                return _read_entry(self._file(own_id, ".json"))
        return found

    def entries(self) -> Iterator[JobEntry]:
        """All jobs on record, in no particular order."""
        for file in self.folder.glob("*.json"):
            entry = _read_entry(file)
            if entry is not None:
                yield entry

    def payload(self, job_id: str) -> bytes | None:
        """The input of a job as it was sent."""
        return self._unpacked(job_id, ".input")

    def store_result(self, job_id: str, payload: bytes) -> bool:
        """Keep a result; only after this may the server be told to forget the job.

        Returns:
            Whether the result is on disk.
        """
        try:
            write_whole(self._file(job_id, ".result"), zlib.compress(payload, 1))
        except OSError as error:
            logger.warning("the result of job %s was not kept in %s: %s", job_id, self.folder, error)
            return False
        self.advance(job_id, stage=Stage.STORED)
        return True

    def result(self, job_id: str) -> bytes | None:
        """The result of a job, if it was kept."""
        return self._unpacked(job_id, ".result")

    def _sweep(self, job_id: str) -> None:
        """Once: a folder of many jobs takes a while to be read."""
        if not self._swept:
            self._swept = True
            sweep(self._file(job_id, ".input"))

    def _write(self, entry: JobEntry, *, durable: bool) -> None:
        write_whole(self._file(entry.job_id, ".json"), _encode(entry), durable=durable)

    def _file(self, job_id: str, suffix: str) -> Path:
        return self.folder / (_digest(job_id) + suffix)

    def _unpacked(self, job_id: str, suffix: str) -> bytes | None:
        try:
            return zlib.decompress(self._file(job_id, suffix).read_bytes())
        except (OSError, zlib.error):
            return None


def _digest(job_id: str) -> str:
    return hashlib.sha256(job_id.encode()).hexdigest()[:32]


def _read_entry(file: Path) -> JobEntry | None:
    try:
        return _decoded(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.DecodeError) as error:
        logger.warning("an entry of the journal cannot be read: %s: %s", file, error)
        return None


def _decoded(file: Path) -> JobEntry:
    entry = msgspec.json.decode(file.read_bytes(), type=JobEntry)
    if entry.status not in _STATUSES:
        raise ValueError(f"there is no status {entry.status!r}")
    if _digest(entry.job_id) != file.stem:
        raise ValueError("it is of another job")
    return entry


def _encode(entry: JobEntry) -> bytes:
    """An entry as JSON; of circuit metadata what JSON can hold, and a description of the rest."""
    circuits = tuple(
        CircuitRecord(**{**vars(record), "metadata": _plain(record.metadata)}) for record in entry.circuits
    )
    return msgspec.json.encode(msgspec.structs.replace(entry, circuits=circuits))


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(json.dumps(dict(metadata), default=_in_json, skipkeys=True))
    except (ValueError, RecursionError):
        return {}
    return found


def _in_json(value: Any) -> Any:
    """Numbers and arrays of NumPy as Python has them, anything else as its description."""
    return value.tolist() if type(value).__module__ == "numpy" and hasattr(value, "tolist") else repr(value)
