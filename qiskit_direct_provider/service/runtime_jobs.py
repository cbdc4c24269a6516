"""The jobs of the Runtime API, in SQLite. They hold no lane: they wait in a queue, and stay until deleted."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from qiskit_direct_provider.service.database import in_one_step, open_database
from qiskit_direct_provider.wire.runtime import PAGE_SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider.service.outcome import JobEnd

__all__ = ["QUEUED", "RUNNING", "JobFilter", "RunRequest", "RuntimeJobStore", "StoredRun", "now"]

QUEUED, RUNNING = "Queued", "Running"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL, crn TEXT NOT NULL, backend TEXT NOT NULL, program TEXT NOT NULL,
    params BLOB NOT NULL, timeout_s INTEGER NOT NULL, log_level TEXT NOT NULL, session_id TEXT,
    private INTEGER NOT NULL, form TEXT NOT NULL,
    status TEXT NOT NULL, created TEXT NOT NULL, started TEXT, ended TEXT, quantum_ns INTEGER,
    reason_code INTEGER, reason_message TEXT, reason_solution TEXT
);
CREATE TABLE IF NOT EXISTS tags (number INTEGER NOT NULL, position INTEGER NOT NULL, tag TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outputs (number INTEGER PRIMARY KEY, results BLOB, log TEXT);
CREATE INDEX IF NOT EXISTS tags_by_name ON tags (tag);
CREATE INDEX IF NOT EXISTS tags_by_job ON tags (number);
CREATE INDEX IF NOT EXISTS runs_by_creation ON runs (subject, crn, created);
CREATE INDEX IF NOT EXISTS runs_by_status ON runs (status, backend);
"""
_COLUMNS = (
    "runs.number, id, backend, program, timeout_s, log_level, session_id, private, form, status, created,"
    " started, ended, quantum_ns, reason_code, reason_message, reason_solution"
)
_ALPHABET = string.digits + string.ascii_lowercase[:22]
_ID_LENGTH = 20


@dataclass(frozen=True)
class RunRequest:
    """What a client asks for. ``timeout_s`` bounds the device time; ``form`` is that of the results."""

    backend: str
    program: str
    timeout_s: int
    log_level: str
    session_id: str | None = None
    private: bool = False
    tags: tuple[str, ...] = ()
    form: str = "v2"


@dataclass(frozen=True)
class StoredRun:
    """One stored job. Times are ISO 8601 in UTC."""

    number: int
    id: str
    request: RunRequest
    status: str
    created: str
    started: str | None = None
    ended: str | None = None
    quantum_ns: int | None = None
    reason_code: int | None = None
    reason_message: str | None = None
    reason_solution: str | None = None

    @property
    def is_final(self) -> bool:
        """True once the status cannot change any more."""
        return self.status not in {QUEUED, RUNNING}


@dataclass(frozen=True)
class JobFilter:
    """Which jobs a list shows; None means any. Dates are ISO 8601 in UTC, and belong to the range."""

    backend: str | None = None
    program: str | None = None
    session_id: str | None = None
    pending: bool | None = None
    created_after: str | None = None
    created_before: str | None = None
    tags: tuple[str, ...] = ()
    limit: int = PAGE_SIZE
    offset: int = 0
    ascending: bool = False


class RuntimeJobStore:
    """All jobs of this API. A final status stays what it is."""

    def __init__(self, folder: Path) -> None:
        self._connection = open_database(folder / "runtime.sqlite3", _SCHEMA)

    def add(self, request: RunRequest, params: bytes, subject: str, crn: str) -> StoredRun:
        """Store a job as Queued, under an id of its own, never without the tags by which it is looked for."""
        job_id, created = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)), now()
        values = (job_id, subject, crn, request.backend, request.program, params, request.timeout_s)
        options = (request.log_level, request.session_id, request.private, request.form)
        with in_one_step(self._connection):
            cursor = self._connection.execute(
                "INSERT INTO runs (id, subject, crn, backend, program, params, timeout_s, log_level,"
                " session_id, private, form, status, created) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (*values, *options, QUEUED, created),
            )
            assert cursor.lastrowid is not None
            self.set_tags(cursor.lastrowid, request.tags)
        return StoredRun(cursor.lastrowid, job_id, request, QUEUED, created)

    def find(self, job_id: str, subject: str, crn: str) -> StoredRun | None:
        """The caller's own job of that id."""
        return self._one("id = ? AND subject = ? AND crn = ?", (job_id, subject, crn))

    def page(self, wanted: JobFilter, subject: str, crn: str) -> tuple[list[StoredRun], int]:
        """The caller's jobs that fit, one page of them, and the number of all that fit."""
        where, values = _conditions(wanted)
        where, values = f"subject = ? AND crn = ?{where}", [subject, crn, *values]
        (count,) = self._connection.execute(f"SELECT COUNT(*) FROM runs WHERE {where}", values).fetchone()  # noqa: S608 - made of constants
        order = "ASC" if wanted.ascending else "DESC"
        query = (
            f"SELECT {_COLUMNS} FROM runs WHERE {where}"  # noqa: S608 - made of constants
            f" ORDER BY created {order}, number {order} LIMIT ? OFFSET ?"
        )
        rows = self._connection.execute(query, [*values, wanted.limit, wanted.offset]).fetchall()
        return [self._read(row) for row in rows], int(count)

    def unfinished(self) -> list[StoredRun]:
        """Queued and Running jobs of all callers, oldest first."""
        query = f"SELECT {_COLUMNS} FROM runs WHERE status IN (?, ?) ORDER BY number"  # noqa: S608 - a constant
        return [self._read(row) for row in self._connection.execute(query, (QUEUED, RUNNING)).fetchall()]

    def recent(self, limit: int) -> list[StoredRun]:
        """The newest jobs of all callers."""
        query = f"SELECT {_COLUMNS} FROM runs ORDER BY number DESC LIMIT ?"  # noqa: S608 - a constant
        return [self._read(row) for row in self._connection.execute(query, (limit,)).fetchall()]

    def waiting(self, backend: str) -> int:
        """Length of a device's queue."""
        row = self._connection.execute(
            "SELECT COUNT(*) FROM runs WHERE status = ? AND backend = ?", (QUEUED, backend)
        ).fetchone()
        return int(row[0])

    def ahead_of(self, run: StoredRun) -> int:
        """How many jobs of the same device wait before this one."""
        row = self._connection.execute(
            "SELECT COUNT(*) FROM runs WHERE status = ? AND backend = ? AND number < ?",
            (QUEUED, run.request.backend, run.number),
        ).fetchone()
        return int(row[0])

    def used_ns(self, subject: str, crn: str) -> int:
        """Device time that all of a caller's stored jobs used."""
        row = self._connection.execute(
            "SELECT COALESCE(SUM(quantum_ns), 0) FROM runs WHERE subject = ? AND crn = ?", (subject, crn)
        ).fetchone()
        return int(row[0])

    def params(self, number: int) -> bytes:
        """The input of a job."""
        row = self._connection.execute("SELECT params FROM runs WHERE number = ?", (number,)).fetchone()
        return bytes(row[0]) if row else b""

    def results(self, number: int) -> bytes | None:
        """The result of a job, if there is one."""
        row = self._connection.execute("SELECT results FROM outputs WHERE number = ?", (number,)).fetchone()
        return row[0] if row else None

    def log(self, number: int) -> str | None:
        """The log of a job, if there is one."""
        row = self._connection.execute("SELECT log FROM outputs WHERE number = ?", (number,)).fetchone()
        return row[0] if row else None

    def set_tags(self, number: int, tags: tuple[str, ...]) -> None:
        """Give a job other tags."""
        with in_one_step(self._connection):
            self._connection.execute("DELETE FROM tags WHERE number = ?", (number,))
            self._connection.executemany(
                "INSERT INTO tags VALUES (?, ?, ?)", [(number, place, tag) for place, tag in enumerate(tags)]
            )

    def tags_like(self, part: str, subject: str, crn: str) -> list[str]:
        """The caller's tags that hold a text, sorted."""
        rows = self._connection.execute(
            "SELECT DISTINCT tag FROM tags JOIN runs ON runs.number = tags.number"
            " WHERE subject = ? AND crn = ? AND instr(tag, ?) > 0 ORDER BY tag",
            (subject, crn, part),
        )
        return [str(tag) for (tag,) in rows]

    def begin(self, number: int) -> bool:
        """Make a Queued job Running; False when it is not Queued any more."""
        cursor = self._connection.execute(
            "UPDATE runs SET status = ?, started = ? WHERE number = ? AND status = ?",
            (RUNNING, now(), number, QUEUED),
        )
        return cursor.rowcount == 1

    def requeue(self, number: int) -> None:
        """Make a Running job Queued again: the service that ran it is gone."""
        self._connection.execute(
            "UPDATE runs SET status = ?, started = NULL WHERE number = ? AND status = ?",
            (QUEUED, number, RUNNING),
        )

    def finish(self, number: int, end: JobEnd, results: bytes | None, log: str) -> bool:
        """Give a job its final status, with its outputs; False when it has one already, or was deleted."""
        exists = self._connection.execute("SELECT 1 FROM runs WHERE number = ?", (number,)).fetchone()
        if exists is None:
            return False
        self._connection.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?, ?)", (number, results, log))
        cursor = self._connection.execute(
            "UPDATE runs SET status = ?, ended = ?, quantum_ns = ?, reason_code = ?, reason_message = ?,"
            " reason_solution = ? WHERE number = ? AND status IN (?, ?)",
            (
                *(
                    end.status,
                    now(),
                    end.quantum_ns,
                    end.reason_code,
                    end.reason_message,
                    end.reason_solution,
                ),
                *(number, QUEUED, RUNNING),
            ),
        )
        return cursor.rowcount == 1

    def forget_results(self, number: int) -> None:
        """Drop the result of a private job, once it was read."""
        self._connection.execute("UPDATE outputs SET results = NULL WHERE number = ?", (number,))

    def remove(self, number: int) -> None:
        """Delete a job and all that belongs to it."""
        for statement in (
            "DELETE FROM runs WHERE number = ?",
            "DELETE FROM tags WHERE number = ?",
            "DELETE FROM outputs WHERE number = ?",
        ):
            self._connection.execute(statement, (number,))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _one(self, condition: str, values: tuple[object, ...]) -> StoredRun | None:
        query = f"SELECT {_COLUMNS} FROM runs WHERE {condition}"  # noqa: S608 - conditions are constants
        row = self._connection.execute(query, values).fetchone()
        return self._read(row) if row else None

    def _read(self, row: tuple[object, ...]) -> StoredRun:
        tags = self._connection.execute("SELECT tag FROM tags WHERE number = ? ORDER BY position", (row[0],))
        number, job_id, backend, program, timeout_s, log_level, session_id, private, form, *state = row
        request = RunRequest(
            *(backend, program, timeout_s, log_level, session_id),  # type: ignore[arg-type]  # as written by add
            private=bool(private),
            form=str(form),
            tags=tuple(tag for (tag,) in tags),
        )
        return StoredRun(number, job_id, request, *state)  # type: ignore[arg-type]  # as written by add and finish


def _conditions(wanted: JobFilter) -> tuple[str, list[object]]:
    """SQL and its values; only the values come from outside."""
    text = ""
    values: list[object] = []
    for column, comparison, value in (
        ("backend", "=", wanted.backend),
        ("program", "=", wanted.program),
        ("session_id", "=", wanted.session_id),
        ("created", ">=", wanted.created_after),
        ("created", "<=", wanted.created_before),
    ):
        if value is not None:
            text += f" AND {column} {comparison} ?"
            values.append(value)
    if wanted.pending is not None:
        text += f" AND status {'' if wanted.pending else 'NOT '}IN (?, ?)"
        values += [QUEUED, RUNNING]
    for tag in wanted.tags:
        text += " AND runs.number IN (SELECT number FROM tags WHERE tag = ?)"
        values.append(tag)
    return text, values


def now() -> str:
    """The time, as the API writes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
