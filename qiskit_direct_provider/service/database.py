"""SQLite as the service uses it: one file, one connection, little memory."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["open_database"]

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
