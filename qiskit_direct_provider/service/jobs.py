"""The jobs that the service stores, in SQLite."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec

from qiskit_direct_provider.service.database import open_database
from qiskit_direct_provider.wire.direct_access import (
    JobDocument,
    JobRequest,
    JobStatusWord,
    StorageEcho,
    Usage,
)

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider.service.outcome import JobEnd

__all__ = ["JobStore", "StoredJob"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL, crn TEXT NOT NULL, backend TEXT NOT NULL, request BLOB NOT NULL,
    status TEXT NOT NULL, created TEXT NOT NULL, ended TEXT, quantum_ns INTEGER,
    reason_code INTEGER, reason_message TEXT, reason_solution TEXT
);
CREATE TABLE IF NOT EXISTS restarts (number INTEGER PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ports (port INTEGER PRIMARY KEY);
"""
_COLUMNS = "number, request, status, created, ended, quantum_ns, reason_code, reason_message, reason_solution"


@dataclass(frozen=True)
class StoredJob:
    """One stored job. ``number`` is never used twice, while a deleted job's id may be."""

    number: int
    request: JobRequest
    status: str
    created: str
    ended: str | None = None
    quantum_ns: int | None = None
    reason_code: int | None = None
    reason_message: str | None = None
    reason_solution: str | None = None

    @property
    def is_final(self) -> bool:
        """True once the status cannot change any more."""
        return self.status != JobStatusWord.RUNNING.value

    def document(self) -> JobDocument:
        """The job as the API shows it."""
        request = self.request
        return JobDocument(
            id=request.id,
            backend=request.backend,
            program_id=request.program_id,
            status=self.status,
            created_time=self.created,
            end_time=self.ended,
            timeout_secs=request.timeout_secs,
            log_level=request.log_level.value,
            storage=msgspec.convert(msgspec.to_builtins(request.storage), StorageEcho),
            usage=Usage(quantum_nanoseconds=self.quantum_ns) if self.is_final else msgspec.UNSET,
            reason_code=self.reason_code,
            reason_message=self.reason_message,
            reason_solution=self.reason_solution,
        )


class JobStore:
    """All jobs. A job's status is final as soon as it is not Running."""

    def __init__(self, folder: Path) -> None:
        self._connection = open_database(folder / "jobs.sqlite3", _SCHEMA)

    def add(self, request: JobRequest, subject: str, crn: str) -> StoredJob:
        """Store a job as Running. The caller made sure that the id is free."""
        created = _now()
        status = JobStatusWord.RUNNING.value
        cursor = self._connection.execute(
            "INSERT INTO jobs (id, subject, crn, backend, request, status, created) VALUES (?,?,?,?,?,?,?)",
            (request.id, subject, crn, request.backend, msgspec.json.encode(request), status, created),
        )
        assert cursor.lastrowid is not None
        return StoredJob(cursor.lastrowid, request, status, created)

    def exists(self, job_id: str) -> bool:
        """Whether any client's job has that id."""
        return self._connection.execute("SELECT 1 FROM jobs WHERE id = ?", (job_id,)).fetchone() is not None

    def count(self, backend: str) -> int:
        """Number of stored jobs of a device, all clients together: each holds a lane."""
        row = self._connection.execute("SELECT COUNT(*) FROM jobs WHERE backend = ?", (backend,)).fetchone()
        return int(row[0])

    def find(self, job_id: str, subject: str, crn: str) -> StoredJob | None:
        """The caller's own job of that id."""
        query = f"SELECT {_COLUMNS} FROM jobs WHERE id = ? AND subject = ? AND crn = ?"  # noqa: S608 - a constant
        row = self._connection.execute(query, (job_id, subject, crn)).fetchone()
        return _read(row) if row else None

    def all_of(self, subject: str, crn: str) -> list[StoredJob]:
        """The caller's jobs, oldest first."""
        query = f"SELECT {_COLUMNS} FROM jobs WHERE subject = ? AND crn = ? ORDER BY number"  # noqa: S608 - a constant
        return [_read(row) for row in self._connection.execute(query, (subject, crn))]

    def recent(self, limit: int) -> list[StoredJob]:
        """The newest jobs of all clients."""
        query = f"SELECT {_COLUMNS} FROM jobs ORDER BY number DESC LIMIT ?"  # noqa: S608 - a constant
        return [_read(row) for row in self._connection.execute(query, (limit,))]

    def finish(self, number: int, end: JobEnd) -> bool:
        """Give a Running job its final status; False when it has one already, or was deleted."""
        cursor = self._connection.execute(
            "UPDATE jobs SET status = ?, ended = ?, quantum_ns = ?, reason_code = ?, reason_message = ?,"
            " reason_solution = ? WHERE number = ? AND status = ?",
            (
                end.status,
                _now(),
                end.quantum_ns,
                end.reason_code,
                end.reason_message,
                end.reason_solution,
                number,
                JobStatusWord.RUNNING.value,
            ),
        )
        return cursor.rowcount == 1

    def interrupted(self) -> list[tuple[StoredJob, int]]:
        """Jobs that were Running when the service ended, each with how often that was so by now."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE status = ? ORDER BY number",  # noqa: S608 - a constant
            (JobStatusWord.RUNNING.value,),
        ).fetchall()
        return [(job, self._count_restart(job.number)) for job in map(_read, rows)]

    def _count_restart(self, number: int) -> int:
        row = self._connection.execute(
            "INSERT INTO restarts VALUES (?, 1) ON CONFLICT(number) DO UPDATE SET times = times + 1"
            " RETURNING times",
            (number,),
        ).fetchone()
        return int(row[0])

    def remember_port(self, port: int) -> set[int]:
        """Note the port of this run; returns those of all runs with this state."""
        self._connection.execute("INSERT OR IGNORE INTO ports VALUES (?)", (port,))
        return {int(row[0]) for row in self._connection.execute("SELECT port FROM ports")}

    def remove(self, number: int) -> None:
        """Delete a job, which frees its lane and its id."""
        self._connection.execute("DELETE FROM jobs WHERE number = ?", (number,))
        self._connection.execute("DELETE FROM restarts WHERE number = ?", (number,))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


def _read(row: sqlite3.Row | tuple[object, ...]) -> StoredJob:
    number, request, *rest = row
    return StoredJob(number, msgspec.json.decode(request, type=JobRequest), *rest)  # type: ignore[arg-type]  # as written by add and finish


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
