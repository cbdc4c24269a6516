"""Refusal of requests for other host names or from other sites' pages, the defence of local servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Response

from qiskit_direct_provider.service.settings import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["HostCheck"]


class HostCheck:
    """Lets only requests through that were meant for this machine's loopback address.

    The host name keeps DNS rebinding out. A browser names the site of the page that sends a request: no
    other page than the service's own has business here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] == "http" and not is_loopback(_host(scope)):
            body = b'{"detail":"Misdirected Request: this service answers to loopback names only"}'
            await Response(body, 421, media_type="application/json")(scope, receive, send)
            return
        if scope["type"] == "http" and not _is_of_own_page(scope):
            body = b'{"detail":"Forbidden: this service does not answer to pages of other sites"}'
            await Response(body, 403, media_type="application/json")(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_of_own_page(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    return origin is None or origin == scope["scheme"].encode() + b"://" + headers.get(b"host", b"")


def _host(scope: Scope) -> str:
    """The host of the request without port and brackets."""
    header: bytes = dict(scope["headers"]).get(b"host", b"")
    host = header.decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
