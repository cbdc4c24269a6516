"""What a service in front of which faults were put does to requests."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from qiskit_direct_provider.service.callers import unauthorized
from qiskit_direct_provider.service.failures import RequestRefusedError, render_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qiskit_direct_provider.service.faults import FaultRule, Faults

__all__ = ["FaultLayer", "OpenProtocol"]

_TRANSPORT = "qiskit_direct.transport"
_PIECES = 20
_OF_GATEWAYS = frozenset({502, 503, 504})
_TRUNCATING = frozenset({"slow_body", "cut_body"})


class OpenProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, which also lets the application end the connection."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope.setdefault("extensions", {})[_TRANSPORT] = self.transport  # type: ignore[assignment]  # a private extension


class FaultLayer:
    """Stands before the application; ``app`` may be another one after a restart.

    ``restart`` restarts the service.
    """

    app: ASGIApp
    restart: Callable[[], None]

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or fail to."""
        rule = self._faults.draw(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if rule is None:
            await self.app(scope, receive, send)
        elif rule.kind in _TRUNCATING:
            kept = await self._collected(scope, receive)
            if rule.kind == "slow_body":
                await _send_slowly(send, kept, rule.seconds)
            else:
                await _send_half(send, kept)
                _transport(scope).close()
                await _ended(receive)
        elif rule.kind == "slow":
            kept = await self._collected(scope, receive)
            await asyncio.sleep(rule.seconds)
            for message in kept:
                await send(message)
        else:
            if rule.after:
                await self._collected(scope, receive)
            await self._refuse(rule, scope, receive, send)

    async def _collected(self, scope: Scope, receive: Receive) -> list[Message]:
        """What the application would send."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self.app(scope, receive, keep)
        return kept

    async def _refuse(self, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
        if rule.kind == "restart":
            self.restart()
            await _ended(receive)
        elif rule.kind == "drop":
            await asyncio.sleep(rule.seconds)
            _transport(scope).abort()
            await _ended(receive)
        elif rule.kind == "server_error" and rule.status in _OF_GATEWAYS:
            await _gateway_page(rule)(scope, receive, send)
        else:
            response = await render_failure(Request(scope, receive), _failure(rule))
            await response(scope, receive, send)


def _transport(scope: Scope) -> asyncio.Transport:
    found: asyncio.Transport = scope["extensions"][_TRANSPORT]
    return found


async def _ended(receive: Receive) -> None:
    """Wait until the connection's end is known: an application that leaves earlier is asked for an answer."""
    while (await receive())["type"] != "http.disconnect":
        """What is still coming makes no difference."""


async def _send_slowly(send: Send, kept: list[Message], seconds: float) -> None:
    start, body = kept[0], _body(kept)
    await send(start)
    size = max(1, -(-len(body) // _PIECES))
    for at in range(0, len(body), size):
        await asyncio.sleep(seconds / _PIECES)
        await send({"type": "http.response.body", "body": body[at : at + size], "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_half(send: Send, kept: list[Message]) -> None:
    start, body = kept[0], _body(kept)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _body(kept: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in kept[1:])


def _failure(rule: FaultRule) -> RequestRefusedError:
    if rule.kind == "expired_token":
        return unauthorized("1201", "Invalid credentials.")
    status, code, message, solution = _REFUSALS[rule.kind]
    return RequestRefusedError(
        status, code, message, title=message, solution=solution, headers=_retry_after(rule)
    )


_REFUSALS = {
    "lanes_full": (
        *(429, "1232", "The maximum number of execution lanes for the backend has been reached."),
        "Delete finished jobs, or wait until other clients do.",
    ),
    "reserved": (
        *(423, "1233"),
        "The requested backend is currently reserved and cannot run jobs outside of the reservation.",
        "Wait until the reservation ends.",
    ),
    "rate_limited": (429, "1202", "Too many requests in a given time interval.", "Send fewer requests."),
    "server_error": (500, "9999", "An internal error occurred.", "Try again later."),
}


def _gateway_page(rule: FaultRule) -> Response:
    title = f"{rule.status} {HTTPStatus(rule.status).phrase}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Response(page, rule.status, _retry_after(rule), media_type="text/html")


def _retry_after(rule: FaultRule) -> dict[str, Any]:
    return {} if rule.retry_after_s is None else {"Retry-After": str(rule.retry_after_s)}
