"""The object store: contents in files whose names say nothing, an index in SQLite."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit_direct_provider.service.database import open_database

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["AFTER_EVERYTHING", "MAX_OBJECT_BYTES", "ObjectStore", "StoredObject", "Upload"]

MAX_OBJECT_BYTES = 512 * 1024 * 1024

AFTER_EVERYTHING = "\U0010ffff"
"""Sorts after every key that has what stands before it as its beginning."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    key TEXT PRIMARY KEY, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified REAL NOT NULL, content_type TEXT NOT NULL, metadata TEXT NOT NULL
) WITHOUT ROWID
"""
_COLUMNS = "key, file, size, etag, modified, content_type, metadata"


@dataclass(frozen=True)
class StoredObject:
    """One object.

    Attributes:
        etag: The hexadecimal MD5 of the content; that of the parts' digests, and their number, where it came
            in parts.
        modified: Unix time, in seconds.
    """

    key: str
    file: str
    size: int
    etag: str
    modified: float
    content_type: str
    metadata: str = "{}"


class Upload:
    """An object on its way in; it becomes visible when `ObjectStore.keep` is called, all at once.

    Attributes:
        etag: Given where it is not the digest of the content.
    """

    etag: str | None = None

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self.path = folder / self.name
        self.size = 0
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.sha256 = hashlib.sha256()
        self._file = self.path.open("xb")

    def write(self, data: bytes) -> None:
        """Add to the content."""
        self.size += len(data)
        self.md5.update(data)
        self.sha256.update(data)
        self._file.write(data)

    def close(self) -> None:
        """Finish writing."""
        self._file.close()

    def discard(self) -> None:
        """Forget the content."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class ObjectStore:
    """One bucket of objects. File names are random: no key ever becomes a path."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self.bucket = bucket
        self._folder = folder / "objects"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._index = open_database(folder / "objects.sqlite3", _SCHEMA)
        self._remove_strays()

    def begin(self) -> Upload:
        """Start an upload."""
        return Upload(self._folder)

    def keep(self, upload: Upload, key: str, content_type: str = "", metadata: str = "{}") -> StoredObject:
        """Make a finished upload the object of that key, in place of any former one."""
        upload.close()
        kept = StoredObject(
            key=key,
            file=upload.name,
            size=upload.size,
            etag=upload.etag or upload.md5.hexdigest(),
            modified=time.time(),
            content_type=content_type,
            metadata=metadata,
        )
        former = self.find(key)
        values = (key, kept.file, kept.size, kept.etag, kept.modified, content_type, metadata)
        self._index.execute(f"INSERT OR REPLACE INTO objects ({_COLUMNS}) VALUES (?,?,?,?,?,?,?)", values)  # noqa: S608 - a constant
        if former is not None:
            self.path_of(former).unlink(missing_ok=True)
        return kept

    def write(self, key: str, data: bytes, content_type: str = "") -> StoredObject:
        """Store an object that is at hand."""
        upload = self.begin()
        upload.write(data)
        return self.keep(upload, key, content_type)

    def find(self, key: str) -> StoredObject | None:
        """The object of that key."""
        row = self._index.execute(f"SELECT {_COLUMNS} FROM objects WHERE key = ?", (key,)).fetchone()  # noqa: S608 - a constant
        return StoredObject(*row) if row else None

    def path_of(self, stored: StoredObject) -> Path:
        """Where its content is."""
        return self._folder / stored.file

    def remove(self, key: str) -> None:
        """Delete an object; nothing happens when there is none."""
        stored = self.find(key)
        if stored is not None:
            self._index.execute("DELETE FROM objects WHERE key = ?", (key,))
            self.path_of(stored).unlink(missing_ok=True)

    def matching(self, prefix: str, after: str, limit: int) -> list[StoredObject]:
        """Up to ``limit`` objects, by key, whose keys start with ``prefix`` and come after ``after``."""
        query = f"SELECT {_COLUMNS} FROM objects WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"  # noqa: S608 - a constant
        rows = self._index.execute(query, (after, prefix, prefix + AFTER_EVERYTHING, limit)).fetchall()
        return [StoredObject(*row) for row in rows]

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _remove_strays(self) -> None:
        """Drop what a killed server left half written."""
        known = {file for (file,) in self._index.execute("SELECT file FROM objects")}
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink()
