"""HTTP/1.1 messages, read from a stream byte by byte as they came."""

from __future__ import annotations

from asyncio import IncompleteReadError, StreamReader
from dataclasses import dataclass, field

__all__ = ["Answer", "Head", "read_answer", "read_body", "read_head"]

_END = b"\r\n\r\n"
_CONTINUE = 100
_FIRST_FINAL = 200
_BODYLESS = frozenset({204, 304})


@dataclass(frozen=True)
class Head:
    """The first line and the headers of a message.

    Attributes:
        raw: All of it, with the empty line at its end.
        start: The three parts of the first line.
        headers: Values by lower-case name; of several with one name, the last.
    """

    raw: bytes = field(repr=False)
    start: tuple[str, str, str]
    headers: dict[str, str] = field(repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> Head:
        """Read a head.

        Raises:
            ValueError: It is none.
        """
        first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
        one, two, *rest = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return cls(raw, (one, two, rest[0] if rest else ""), headers)

    @property
    def method(self) -> str:
        """The method of a request."""
        return self.start[0]

    @property
    def path(self) -> str:
        """The path of a request, without its query."""
        return self.start[1].partition("?")[0]

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.start[1])

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        """The length of the body, if the head says one."""
        text = self.headers.get("content-length")
        return None if text is None else int(text)

    @property
    def keeps_alive(self) -> bool:
        """Whether the sender wants the connection to stay open after this exchange."""
        version = self.start[0] if self.start[0].startswith("HTTP/") else self.start[2]
        wish = self.headers.get("connection", "").lower()
        return "keep-alive" in wish if version == "HTTP/1.0" else "close" not in wish


@dataclass(frozen=True)
class Answer:
    """An answer as it came.

    Attributes:
        head: Its head.
        framed: Its body as it travelled: with the frames of its chunks.
        ends_with_connection: Whether only the end of the connection ends the body.
    """

    head: Head
    framed: bytes = field(repr=False)
    ends_with_connection: bool = False

    @property
    def raw(self) -> bytes:
        """All of it."""
        return self.head.raw + self.framed

    @property
    def body(self) -> bytes:
        """The body without the frames of its chunks."""
        return _unchunked(self.framed) if self.head.chunked else self.framed

    @property
    def reusable(self) -> bool:
        """Whether its connection serves further requests."""
        return self.head.keeps_alive and not self.ends_with_connection


async def read_head(reader: StreamReader) -> Head | None:
    """The next head; None when the connection ends before it begins."""
    try:
        return Head.parse(await reader.readuntil(_END))
    except IncompleteReadError as error:
        if error.partial:
            raise
        return None


async def read_body(reader: StreamReader, head: Head) -> bytes:
    """The body that a head announces, as it travels; empty when it announces none."""
    if head.chunked:
        return await _read_chunks(reader)
    return await reader.readexactly(head.length) if head.length else b""


async def read_answer(reader: StreamReader, method: str) -> Answer:
    """The final answer to a request; interim ones are left out.

    Raises:
        IncompleteReadError: The connection ended before the answer.
    """
    while True:
        head = await read_head(reader)
        if head is None:
            raise IncompleteReadError(b"", None)
        if head.status < _FIRST_FINAL:
            continue
        if method == "HEAD" or head.status in _BODYLESS:
            return Answer(head, b"")
        if not head.chunked and head.length is None:
            return Answer(head, await reader.read(), ends_with_connection=True)
        return Answer(head, await read_body(reader, head))


async def _read_chunks(reader: StreamReader) -> bytes:
    """All chunks with their frames, and the trailer."""
    parts = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        parts += line
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        parts += await reader.readexactly(size + 2)
    while line != b"\r\n":
        line = await reader.readuntil(b"\r\n")
        parts += line
    return bytes(parts)


def _unchunked(framed: bytes) -> bytes:
    r"""The content of chunks.

    >>> _unchunked(b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    b'abcde'
    """
    parts: list[bytes] = []
    at = 0
    while True:
        end = framed.index(b"\r\n", at)
        size = int(framed[at:end].partition(b";")[0], 16)
        if not size:
            return b"".join(parts)
        parts.append(framed[end + 2 : end + 2 + size])
        at = end + 4 + size
