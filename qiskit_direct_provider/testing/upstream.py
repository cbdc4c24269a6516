"""The server behind the proxy."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter

from qiskit_direct_provider.testing.messages import Answer, read_answer

__all__ = ["Upstream", "UpstreamLostError"]

BUFFER_BYTES = 1 << 20


class UpstreamLostError(Exception):
    """The server did not answer; ``reached`` says whether it got the request."""

    def __init__(self, *, reached: bool) -> None:
        super().__init__("the server got the request, but gave no answer" if reached else "no connection")
        self.reached = reached


class Upstream:
    """Idle connections to one server, kept for the next request."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._idle: list[tuple[StreamReader, StreamWriter]] = []

    async def ask(self, request: bytes, method: str) -> Answer:
        """Send a request once, and read its answer.

        A request is never sent a second time, not even over a connection that turns out to be dead: the
        server may have processed it.

        Raises:
            UpstreamLostError: There is no server, or it ended before it answered.
        """
        reader, writer = await self._connect()
        answer: Answer | None = None
        try:
            writer.write(request)
            await writer.drain()
            answer = await read_answer(reader, method)
        except (OSError, EOFError, ValueError) as error:
            raise UpstreamLostError(reached=True) from error
        finally:
            if answer is not None and answer.reusable:
                self._idle.append((reader, writer))
            else:
                writer.transport.abort()
        return answer

    async def _connect(self) -> tuple[StreamReader, StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            # A server that ended or grew tired of waiting has closed its side.
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.transport.abort()
        try:
            return await asyncio.open_connection(*self._address, limit=BUFFER_BYTES)
        except OSError as error:
            raise UpstreamLostError(reached=False) from error

    def close(self) -> None:
        """Close idle connections."""
        for _, writer in self._idle:
            writer.transport.abort()
        self._idle = []
