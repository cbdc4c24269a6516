"""Servers in front of a service, as networks have them: with TLS, with another clock, with a login."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from quiet import QuietServer

if TYPE_CHECKING:
    import trustme

__all__ = ["asking_for_login", "front"]

_OWN_HEADERS = {"transfer-encoding", "connection", "date", "content-length"}


@contextlib.contextmanager
def front(
    upstream: str,
    *,
    certificate: trustme.LeafCert | None = None,
    asks_for: trustme.CA | None = None,
    clock_off_s: float = 0,
    refuses: Callable[[str, dict[str, str]], int | None] = lambda _path, _headers: None,
) -> Iterator[str]:
    """A server that passes requests on; its address.

    Args:
        upstream: Origin of the service.
        certificate: Speak TLS, with this one.
        asks_for: Let nobody in without a certificate of this authority.
        clock_off_s: How far its clock is ahead.
        refuses: The status with which a request is refused, by its path and headers.
    """
    host = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = refuses(self.path, {name.lower(): value for name, value in self.headers.items()})
            if status is not None:
                return self._answer(status, [("Content-Type", "text/html")], b"<html>no</html>")
            connection = http.client.HTTPConnection(host, timeout=30)
            with contextlib.closing(connection):
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                return self._answer(answer.status, answer.getheaders(), answer.read())

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            self.send_header("Date", formatdate(time.time() + clock_off_s, usegmt=True))
            for name, value in headers:
                if name.lower() not in _OWN_HEADERS:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 - names that http.server calls

        def log_message(self, *_: object) -> None:
            """Tests print what they need."""

    with _listening(Handler, certificate, asks_for) as origin:
        yield origin


@contextlib.contextmanager
def asking_for_login() -> Iterator[str]:
    """A proxy that lets nobody through; its address."""

    class Handler(BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            self.send_response(407)
            self.send_header("Proxy-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_CONNECT = do_GET = do_POST = _refuse  # noqa: N815 - names that http.server calls

        def log_message(self, *_: object) -> None:
            """Tests print what they need."""

    with _listening(Handler, None) as origin:
        yield origin


@contextlib.contextmanager
def _listening(
    handler: type[BaseHTTPRequestHandler],
    certificate: trustme.LeafCert | None,
    asks_for: trustme.CA | None = None,
) -> Iterator[str]:
    server = QuietServer(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        if asks_for is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            asks_for.configure_trust(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
