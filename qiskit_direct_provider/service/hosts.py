"""Refusal of requests for other host names, the defence of local servers against DNS rebinding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Response

from qiskit_direct_provider.service.settings import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["HostCheck"]


class HostCheck:
    """Lets only requests through that were meant for this machine's loopback address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] == "http" and not is_loopback(_host(scope)):
            body = b'{"detail":"Misdirected Request: this service answers to loopback names only"}'
            await Response(body, 421, media_type="application/json")(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host(scope: Scope) -> str:
    """The host of the request without port and brackets."""
    header: bytes = dict(scope["headers"]).get(b"host", b"")
    host = header.decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
