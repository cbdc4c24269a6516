"""A proxy on the loopback interface: it passes requests on, remembers them, and fails where it is told to."""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from quiet import QuietServer

__all__ = ["Recorder"]

_OWN_HEADERS = {"transfer-encoding", "connection"}


class Recorder:
    """Listens on a free port; ``seen`` holds (method, path without query) of what passed.

    `script` says what becomes of the next requests of one kind: ``pass``, ``reset before`` (never reaches
    the service), ``reset after`` (reaches it, but the answer is lost), ``page`` (an HTML page instead of
    the answer), ``redirect``, or a status code as text.

    `watch` is called with "before", method, path and nothing before a request goes on, and with "after",
    method, path and the answer's body before the answer goes back; when it returns "drop", that does not
    happen. A server that is not there, or dies meanwhile, is a reset for the client.
    """

    def __init__(self, upstream: str) -> None:
        self.seen: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self._scripts: dict[tuple[str, str], list[str]] = {}
        self.watch: Callable[[str, str, str, bytes], object] | None = None
        recorder, host = self, urlsplit(upstream).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _forward(self) -> None:
                recorder.seen.append((self.command, urlsplit(self.path).path))
                recorder.headers.append({name.lower(): value for name, value in self.headers.items()})
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder.bodies.append(body)
                fate = recorder._fate(self.command, urlsplit(self.path).path)
                if fate == "reset before":
                    return self._reset()
                if fate not in {"pass", "reset after"}:
                    return self._made_up(fate)
                if self._tell("before", b"") == "drop":
                    return self._reset()
                upstream_connection = http.client.HTTPConnection(host, timeout=30)
                try:
                    upstream_connection.request(self.command, self.path, body, dict(self.headers))
                    answer = upstream_connection.getresponse()
                    content = answer.read()
                except (OSError, http.client.HTTPException):
                    return self._reset()
                finally:
                    upstream_connection.close()
                if self._tell("after", content) == "drop" or fate == "reset after":
                    return self._reset()
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in _OWN_HEADERS:
                        self.send_header(name, value)
                if answer.getheader("Content-Length") is None and answer.status != 204:
                    self.send_header("Content-Length", str(len(content)))
                with contextlib.suppress(OSError):  # whoever asked may have been killed
                    self.end_headers()
                    self.wfile.write(content)
                return None

            def _tell(self, when: str, content: bytes) -> object:
                watch = recorder.watch
                return watch and watch(when, self.command, urlsplit(self.path).path, content)

            def _reset(self) -> None:
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.wfile = io.BytesIO()

            def _made_up(self, fate: str) -> None:
                status = {"page": 200, "redirect": 302}.get(fate) or int(fate)
                content = b"<html><head><title>Gateway</title></head></html>"
                self.send_response_only(status)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(content)))
                if fate == "redirect":
                    self.send_header("Location", "/v1/backends")
                if fate == "429":
                    self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _forward  # noqa: N815 - names that http.server calls

            def log_message(self, *_: object) -> None:
                """Tests print what they need."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def script(self, method: str, beginning: str, *fates: str) -> None:
        """What becomes of the next requests of that method to paths that begin so; later ones pass."""
        self._scripts[method, beginning] = list(fates)

    def _fate(self, method: str, path: str) -> str:
        for (scripted, beginning), fates in self._scripts.items():
            if scripted == method and path.startswith(beginning) and fates:
                return fates.pop(0)
        return "pass"

    def count(self, method: str, beginning: str) -> int:
        """How many requests of that method went to a path that begins so."""
        return sum(1 for seen, path in self.seen if seen == method and path.startswith(beginning))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
