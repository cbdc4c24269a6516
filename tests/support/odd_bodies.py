"""A proxy that passes everything on, and gives one route's answers another body."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from quiet import QuietServer

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectJob, DirectProvider

__all__ = ["ODD_BODIES", "OddProxy", "bomb", "waited"]

MIB = 1024 * 1024
JSON = "application/json"


class OddProxy:
    """Listens on a free port; `odd` says which answers get which body.

    ``spared`` is the id of a job that is not deleted, whatever the client asks: it serves many tests.
    """

    def __init__(self, upstream: str) -> None:
        self.hits = 0
        self.spared = ""
        self._odd: tuple[str, re.Pattern[str], str] | None = None
        proxy, host = self, urlsplit(upstream).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.command == "DELETE" and self.path.endswith(proxy.spared or "/"):
                    return self._answer(204, b"", {})
                connection = http.client.HTTPConnection(host, timeout=30)
                try:
                    connection.request(self.command, self.path, body, dict(self.headers))
                    answer = connection.getresponse()
                    content = answer.read()
                finally:
                    connection.close()
                kind = answer.getheader("Content-Type") or JSON
                named = {"Content-Type": kind, "ETag": answer.getheader("ETag") or '""'}
                return self._answer(answer.status, content, named)

            def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
                if proxy._odd is not None and proxy._concerns(self.command, self.path):
                    proxy.hits += 1
                    content, more = ODD_BODIES[proxy._odd[2]](content)
                    status, headers = int(more.pop(":status", "200")), {**headers, **more}
                with contextlib.suppress(OSError):  # a client may have read enough
                    self.send_response_only(status)
                    for header, value in headers.items():
                        self.send_header(header, value)
                    if status != 204:
                        self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - names that http.server calls

            def log_message(self, *_: object) -> None:
                """Tests print what they need."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @contextlib.contextmanager
    def odd(self, method: str, path: str, name: str) -> Iterator[None]:
        """Answers to that method at paths that match get that body."""
        self.hits = 0
        self._odd = (method, re.compile(path), name)
        try:
            yield
        finally:
            self._odd = None

    def _concerns(self, method: str, url: str) -> bool:
        if self._odd is None:
            return False
        return method == self._odd[0] and self._odd[1].fullmatch(urlsplit(url).path) is not None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def waited(provider: DirectProvider, job: DirectJob) -> object:
    """A wait of a moment, with a token at hand: to fetch one may take longer than that."""
    return provider.backends(), job.result(timeout=0.5, wait=0.05)


@functools.cache
def bomb(mebibytes: int) -> bytes:
    """Much white space, which JSON allows, packed well."""
    return gzip.compress(b" " * (mebibytes * MIB), 9)


def _without_first_member(content: bytes) -> bytes:
    try:
        document = json.loads(content)
    except ValueError:
        return b"{}"
    while isinstance(document, dict) and document and isinstance(next(iter(document.values())), list):
        key = next(iter(document))
        if not document[key] or not isinstance(document[key][0], dict):
            break
        for entry in document[key]:
            entry.pop(next(iter(entry)))
        return json.dumps(document).encode()
    return json.dumps(dict(list(document.items())[1:]) if isinstance(document, dict) else {}).encode()


def _with_strange_members(content: bytes) -> bytes:
    inner = content.strip()[1:-1] if content.strip().startswith(b"{") else b'"a":1'
    both = inner + b"," if inner.strip() else b""
    return b'{"zzz":1,"zzz":[null,{"\\u0000":-0.0}],' + both + inner + (b"," if inner else b"") + b'"zz":2}'


def _with_huge_numbers(content: bytes) -> bytes:
    return re.sub(rb"(?<=:)\s*\d+(?=[,}])", b"9" * 400, content) or b"9" * 400


ODD_BODIES: dict[str, Callable[[bytes], tuple[bytes, dict[str, str]]]] = {
    "empty": lambda _: (b"", {}),
    "page": lambda _: (b"<html><title>Log in</title></html>", {"Content-Type": "text/html"}),
    "truncated": lambda content: (content[: len(content) // 2], {}),
    "wrong type": lambda _: (b'[{"a": [1, "two"]}, 3.5]', {"Content-Type": JSON}),
    "null": lambda _: (b"null", {"Content-Type": JSON}),
    "nested": lambda _: (b'{"a":' * 200_000, {"Content-Type": JSON}),
    "huge numbers": lambda content: (_with_huge_numbers(content), {"Content-Type": JSON}),
    "gzip bomb": lambda _: (bomb(100), {"Content-Type": JSON, "Content-Encoding": "gzip"}),
    "20 MB": lambda _: (b'"' + b"x" * 20_000_000 + b'"', {"Content-Type": JSON}),
    "wrong content type": lambda content: (content, {"Content-Type": "application/octet-stream"}),
    "missing member": lambda content: (_without_first_member(content), {}),
    "strange members": lambda content: (_with_strange_members(content), {}),
    "invalid UTF-8": lambda content: (content.replace(b":", b':"\xff\xfe\xc3",', 1) or b"\xff", {}),
}
