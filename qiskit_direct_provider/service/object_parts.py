"""Objects that come in parts and are not complete yet: a folder for each, which outlives the server."""

from __future__ import annotations

import hashlib
import re
import shutil
import uuid
from pathlib import Path

import msgspec

from qiskit_direct_provider.service.objects import Upload

__all__ = ["ObjectParts", "Part", "PartedUpload", "join"]

_ABOUT = "about.json"
_ID = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"(\d{5})-([0-9a-f]{32})")
_PIECE = 1 << 20


class PartedUpload(msgspec.Struct, frozen=True):
    """What an object will be once its parts are there."""

    upload_id: str
    key: str
    content_type: str
    metadata: str


class Part(msgspec.Struct, frozen=True):
    """One part; ``etag`` is the hexadecimal MD5 of its content."""

    number: int
    etag: str
    path: Path

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size


class ObjectParts:
    """Parts by upload and number. No key ever becomes a path, nor does an id that is not one of ours."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "parts"
        self._folder.mkdir(parents=True, exist_ok=True)

    def begin(self, key: str, content_type: str, metadata: str) -> PartedUpload:
        """Expect parts."""
        upload = PartedUpload(uuid.uuid4().hex, key, content_type, metadata)
        self._place(upload).mkdir()
        (self._place(upload) / _ABOUT).write_bytes(msgspec.json.encode(upload))
        return upload

    def find(self, upload_id: str, key: str) -> PartedUpload | None:
        """An upload that was begun for that key, and neither completed nor given up."""
        if not _ID.fullmatch(upload_id):
            return None
        try:
            found = msgspec.json.decode((self._folder / upload_id / _ABOUT).read_bytes(), type=PartedUpload)
        except (OSError, msgspec.DecodeError):
            return None
        return found if found.key == key else None

    def incoming(self, upload: PartedUpload) -> Upload:
        """Start a part."""
        return Upload(self._place(upload))

    def keep(self, upload: PartedUpload, number: int, content: Upload) -> Part:
        """Make a finished part that of its number, in place of any former one."""
        content.close()
        former = self.parts(upload).get(number)
        etag = content.md5.hexdigest()
        path = content.path.replace(self._place(upload) / f"{number:05}-{etag}")
        if former is not None and former.path != path:
            former.path.unlink()
        return Part(number, etag, path)

    def parts(self, upload: PartedUpload) -> dict[int, Part]:
        """All parts that are there, by number."""
        names = {path: _PART.fullmatch(path.name) for path in self._place(upload).iterdir()}
        found = [Part(int(name[1]), name[2], path) for path, name in names.items() if name]
        return {part.number: part for part in sorted(found, key=lambda part: part.number)}

    def remove(self, upload: PartedUpload) -> None:
        """Forget an upload, with its parts."""
        shutil.rmtree(self._place(upload), ignore_errors=True)

    def _place(self, upload: PartedUpload) -> Path:
        return self._folder / upload.upload_id


def join(parts: list[Part], into: Upload) -> None:
    """Write parts one after the other, and note the etag that S3 gives to an object made of them."""
    digests = hashlib.md5(usedforsecurity=False)
    for part in parts:
        digests.update(bytes.fromhex(part.etag))
        with part.path.open("rb") as content:
            while piece := content.read(_PIECE):
                into.write(piece)
    into.etag = f"{digests.hexdigest()}-{len(parts)}"
