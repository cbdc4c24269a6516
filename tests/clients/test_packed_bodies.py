"""Bodies that were packed: all of them is read, and nothing that is not what it says."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from qiskit_direct_provider.clients.bodies import UnreadableBody, read_body
from qiskit_direct_provider.clients.deadline import Deadline

PLAIN = bytes(range(256)) * 40
PACKED, LARGE = gzip.compress(PLAIN), gzip.compress(bytes(300_000))


@dataclass
class Pieces:
    """A body as it comes from a connection, in pieces of that size."""

    content: bytes
    size: int

    def stream(self, amount: int, *, decode_content: bool) -> Iterator[bytes]:
        assert not decode_content, "nobody else unpacks it"
        for start in range(0, len(self.content), min(amount, self.size)):
            yield self.content[start : start + min(amount, self.size)]


def read(content: bytes, encoding: str = "gzip", size: int = 65_536, limit: int = 1_000_000) -> bytes:
    response = requests.Response()
    response.headers["Content-Encoding"] = encoding
    response.raw = Pieces(content, size)
    return read_body(response, Deadline.after(60), limit)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
def test_what_was_packed_is_unpacked(encoding: str) -> None:
    assert read(gzip.compress(PLAIN), encoding) == PLAIN
    assert read(PLAIN, "identity") == read(PLAIN, "") == PLAIN
    assert read(b"") == b""


@pytest.mark.parametrize("size", [1, 7, 100, 65_536])
def test_several_members_are_one_body(size: int) -> None:
    """As servers write them that pack what they have so far; the parts come in pieces of any size."""
    packed = gzip.compress(PLAIN) + gzip.compress(b"") + gzip.compress(PLAIN[::-1])
    assert read(packed, size=size) == PLAIN + PLAIN[::-1]


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 65_536 + 257, 131_072, 131_073, 400_000])
@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("size", [1_000, 65_536])
def test_nothing_is_left_in_the_unpacker(length: int, level: int, size: int) -> None:
    """Where the piece that is taken at once ends, a few bytes of packed data may stand for many."""
    plain = b"ab" * (length // 2) + b"c" * (length % 2)
    assert read(gzip.compress(plain, level), size=size) == plain


@pytest.mark.parametrize(
    ("content", "encoding", "limit", "why", "large"),
    [
        (PACKED[:-1], "gzip", 10**6, "its gzip ends too early", False),
        (PACKED[:30], "gzip", 10**6, "its gzip ends too early", False),
        (LARGE[:-9], "gzip", 10**6, "its gzip ends too early", False),
        (PLAIN, "gzip", 10**6, "it is not the gzip that it says", False),
        (PACKED + b"more", "gzip", 10**6, "it is not the gzip that it says", False),
        (PLAIN, "br", 10**6, "its encoding 'br' was not asked for", True),
        (PACKED, "gzip, gzip", 10**6, "its encoding 'gzip, gzip' was not asked for", True),
        (LARGE, "gzip", 299_999, "it is larger than 299999 bytes", True),
        (PLAIN, "", len(PLAIN) - 1, "it is larger than 10239 bytes", True),
    ],
    ids=["last byte", "cut", "no checksum", "plain", "more", "brotli", "twice", "large", "large and plain"],
)
def test_what_cannot_be_read_says_why(
    content: bytes, encoding: str, limit: int, why: str, *, large: bool
) -> None:
    """What is too large stays so however often it is asked for; the rest may have been damaged on its way."""
    with pytest.raises(UnreadableBody) as caught:
        read(content, encoding, limit=limit)
    assert (caught.value.why, caught.value.large) == (why, large)
