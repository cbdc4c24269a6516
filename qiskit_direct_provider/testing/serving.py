"""The proxy's side of a client's connection."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from qiskit_direct_provider.testing import replies
from qiskit_direct_provider.testing.exchanges import Exchange
from qiskit_direct_provider.testing.faults import Fault, FaultSettings
from qiskit_direct_provider.testing.messages import Answer, Head, read_body, read_head
from qiskit_direct_provider.testing.upstream import Upstream, UpstreamLostError

if TYPE_CHECKING:
    from qiskit_direct_provider.testing.rules import Drawn, Rules

__all__ = ["Client", "Handler"]

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_SILENT = frozenset({Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER})
_RESETTING = frozenset({Fault.RESET_BEFORE, Fault.RESET_AFTER})
_BREAKING_OFF = frozenset({Fault.DOWN, Fault.CUT_BODY, Fault.HALF_HEADERS})
_LAST_ANSWER = frozenset({Fault.REQUEST_TIMEOUT, Fault.TOO_LARGE})


class Client:
    """Whoever sent a request."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    async def send(self, message: bytes) -> None:
        """Send bytes, and wait until the client takes them."""
        self._writer.write(message)
        await self._writer.drain()

    async def hold(self, seconds: float) -> None:
        """Say nothing until the client gives up, or for so long."""
        if seconds > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._gone(), seconds)

    async def _gone(self) -> None:
        while await self.reader.read(1 << 16):
            """What a silent server is told makes no difference."""

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        # A socket that does not linger is not closed in order.
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._writer.transport.abort()

    def close(self) -> None:
        """End the connection in order, once all is sent."""
        self._writer.close()


class Handler:
    """Takes requests of clients to the server, and does to them what the rules say."""

    def __init__(self, upstream: Upstream, rules: Rules, note: Callable[[Exchange], None]) -> None:
        self.elsewhere = ""
        self.keep_headers = False
        self._upstream = upstream
        self._rules = rules
        self._note = note
        self._numbers = itertools.count(1)

    async def serve(self, client: Client) -> None:
        """Serve one connection until its end."""
        # Clients break off, or speak no HTTP: the connection ends, as it would without a proxy.
        with contextlib.suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            while await self._exchange(client):
                """One request after the other."""

    async def _exchange(self, client: Client) -> bool:
        """One request; whether another one may follow on this connection."""
        head = await read_head(client.reader)
        if head is None:
            return False
        number = next(self._numbers)
        drawn = self._rules.draw(head.method, head.path)
        if drawn.fault is Fault.DOWN:
            self._remember(number, head, drawn.fault)
            return await _deliver(client, drawn, b"")
        if "expect" in head.headers:
            await client.send(replies.INTERIM_ANSWER)
        request = head.raw + await read_body(client.reader, head)
        if drawn.fault.reaches_upstream:
            return await self._pass_on(client, number, head, request, drawn)
        self._remember(number, head, drawn.fault)
        return await _deliver(client, drawn, self._made_up(head, drawn) or b"") and head.keeps_alive

    async def _pass_on(self, client: Client, number: int, head: Head, request: bytes, drawn: Drawn) -> bool:
        try:
            answer = await self._upstream.ask(request, head.method)
        except UpstreamLostError as error:
            self._remember(number, head, drawn.fault, reached=error.reached)
            client.reset()
            return False
        self._remember(number, head, drawn.fault, reached=True, status=answer.head.status)
        message = self._made_up(head, drawn) or _altered(drawn.fault, head, answer)
        goes_on = await _deliver(client, drawn, message)
        return goes_on and head.keeps_alive and answer.reusable

    def _made_up(self, head: Head, drawn: Drawn) -> bytes | None:
        settings = drawn.settings
        if drawn.fault is Fault.REDIRECT and settings.redirect_to is None:
            settings = replace(settings, redirect_to=self.elsewhere)
        return replies.made_up(drawn.fault, head.method, head.path, settings)

    def _remember(
        self, number: int, head: Head, fault: Fault, *, reached: bool = False, status: int | None = None
    ) -> None:
        headers = head.headers if self.keep_headers else {}
        self._note(Exchange(number, head.method, head.path, fault, reached, status, headers))


def _altered(fault: Fault, head: Head, answer: Answer) -> bytes:
    """The server's answer as the fault leaves it."""
    if fault is Fault.HALF_HEADERS:
        return replies.half_headers(answer)
    if head.method == "HEAD":  # no body, so nothing to damage
        return answer.raw
    if fault is Fault.CUT_BODY:
        return replies.cut_off(answer)
    return replies.damaged(fault, answer) or answer.raw


async def _deliver(client: Client, drawn: Drawn, message: bytes) -> bool:
    """Send a message in the manner of a fault; whether the connection may go on."""
    fault, settings = drawn
    if fault in _RESETTING:
        client.reset()
        return False
    if fault in _SILENT:
        await client.hold(settings.silence_s)
        return False
    if fault is Fault.LATENCY:
        await asyncio.sleep(settings.latency_s)
    if fault is Fault.INTERIM:
        await _interim(client, settings)
    if fault is Fault.SLOW_DRIP:
        await _drip(client, message, settings)
    else:
        await client.send(message * 2 if fault is Fault.DUPLICATE_REPLY else message)
    if fault in _BREAKING_OFF:
        await client.hold(settings.close_delay_s)
    return fault not in _BREAKING_OFF | _LAST_ANSWER


async def _interim(client: Client, settings: FaultSettings) -> None:
    for _ in range(settings.interim_answers):
        await client.send(replies.INTERIM_ANSWER)
        await asyncio.sleep(settings.interim_pause_s)


async def _drip(client: Client, message: bytes, settings: FaultSettings) -> None:
    size = max(1, len(message) // settings.drip_pieces)
    for start in range(0, len(message), size):
        await client.send(message[start : start + size])
        await asyncio.sleep(settings.drip_pause_s)
