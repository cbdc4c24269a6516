"""Bodies of answers, read within a limit of size and a deadline."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["ENCODINGS", "UnreadableBody", "read_body"]

ENCODINGS = "gzip, identity"
"""What is asked for: every other encoding would have to be unpacked by a library that knows no limit."""

_CHUNK = 64 * 1024
_GZIP = frozenset({"gzip", "x-gzip"})
_PLAIN = frozenset({"", "identity"})


class UnreadableBody(ValueError):  # noqa: N818 - not an error of this package: the sender makes it one
    """Why a body cannot be read; ``large`` says that it will not be read however often it is asked for."""

    def __init__(self, why: str, *, large: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.large = large


def read_body(response: requests.Response, deadline: Deadline, max_bytes: int) -> bytes:
    """The whole body, unpacked. The limit holds for both the packed and the unpacked size.

    Raises:
        UnreadableBody: It is too large, too late, or not packed as it says.
    """
    encoding = (response.headers.get("Content-Encoding") or "").strip().lower()
    chunks = _limited(response.raw.stream(_CHUNK, decode_content=False), max_bytes)
    if encoding in _GZIP:
        chunks = _limited(_unpacked(chunks), max_bytes)
    elif encoding not in _PLAIN:
        raise UnreadableBody(f"its encoding {encoding[:40]!r} was not asked for", large=True)
    body = io.BytesIO()  # hands its content out without a copy
    for chunk in chunks:
        body.write(chunk)
        if deadline.expired():
            raise UnreadableBody("it was not complete in time")
    return body.getvalue()


def _limited(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise UnreadableBody(f"it is larger than {max_bytes} bytes", large=True)
        yield chunk


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of bounded size, however well they were packed."""
    inflater, packed = zlib.decompressobj(16 + zlib.MAX_WBITS), b""
    begun = False
    for chunk in chunks:
        packed, begun = chunk, True
        while packed:
            if inflater.eof:  # another member follows
                inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
            try:
                yield inflater.decompress(packed, _CHUNK)
            except zlib.error:
                raise UnreadableBody("it is not the gzip that it says") from None
            packed = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if begun and not inflater.eof:
        raise UnreadableBody("its gzip ends too early")
