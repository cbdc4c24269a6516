"""SQLite as the service uses it: one file, one connection, little memory."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["in_one_step", "open_database"]

_CACHE_KIB = 512


def open_database(file: Path, schema: str) -> sqlite3.Connection:
    """A connection that commits each statement, and that any thread may use, one at a time.

    A process that dies loses nothing; a loss of power may cost the last moments.
    """
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.executescript(schema)
    return connection


@contextlib.contextmanager
def in_one_step(connection: sqlite3.Connection) -> Iterator[None]:
    """Statements of which, whatever dies, either all are kept or none; may be used within itself."""
    connection.execute("SAVEPOINT step")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK TO step")
        raise
    finally:
        connection.execute("RELEASE step")
