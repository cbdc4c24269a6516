"""The ``aws-chunked`` transfer of S3 uploads, undone while it streams.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from qiskit_direct_provider.service.signatures import Signer

__all__ = ["ChunkError", "unchunk"]

_LONGEST_LINE = 4096
_LARGEST_CHUNK = 64 * 1024 * 1024


class ChunkError(Exception):
    """The body does not keep to the format, or a chunk is not what was signed."""


async def unchunk(stream: AsyncIterator[bytes], signer: Signer | None) -> AsyncIterator[bytes]:
    """The content of a chunked body. ``signer`` is given when each chunk carries a signature.

    Raises:
        ChunkError: Malformed, cut off, or a signature does not match.
    """
    reader = _Reader(stream)
    previous = signer.signature if signer else ""
    while True:
        size, signature = _read_head(await reader.line())
        data = await reader.exactly(size)
        if signer is not None:
            previous = _checked(signer, previous, data, signature)
        if not data:
            break
        if await reader.exactly(2) != b"\r\n":
            raise ChunkError("a chunk does not end where it should")
        yield data
    # What follows are trailing checksums, of which the body has no need here.
    await reader.drain()


def _read_head(line: bytes) -> tuple[int, str]:
    """Size and signature of a chunk, from ``<hexadecimal size>[;chunk-signature=<hexadecimal>]``."""
    size_text, _, extension = line.partition(b";")
    try:
        size = int(size_text, 16)
    except ValueError as error:
        raise ChunkError("a chunk's size cannot be read") from error
    if not 0 <= size <= _LARGEST_CHUNK:
        raise ChunkError("a chunk is too large")
    return size, extension.strip().removeprefix(b"chunk-signature=").decode("ascii", "replace")


def _checked(signer: Signer, previous: str, data: bytes, signature: str) -> str:
    expected = signer.chunk_signature(previous, hashlib.sha256(data).hexdigest())
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise ChunkError("a chunk's signature does not match")
    return expected


class _Reader:
    """Lines and counted bytes out of pieces of any length."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def line(self) -> bytes:
        """One line, without its end."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LONGEST_LINE:
                raise ChunkError("a chunk's head is too long")
            await self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    async def exactly(self, count: int) -> bytes:
        """That many bytes."""
        while len(self._buffer) < count:
            await self._more()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def drain(self) -> None:
        """Read on to the end of the body."""
        async for _ in self._stream:
            pass

    async def _more(self) -> None:
        try:
            self._buffer += await anext(self._stream)
        except StopAsyncIteration:
            raise ChunkError("the body ends too early") from None
