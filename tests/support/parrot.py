"""A server that repeats what it was told, in every way that an answer can go wrong."""

from __future__ import annotations

import base64
import io
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote_plus, urlsplit

from quiet import QuietServer

__all__ = ["TOKEN_WAYS", "WAYS", "Parrot", "basic"]

JSON = "application/json"


class Parrot:
    """Token endpoint, API, object store and proxy in one; ``way`` is how all but the first answer."""

    def __init__(self, bearer: str) -> None:
        self.bearer = bearer
        self.way = "refuses"
        self.token_way = "sound"
        self.signatures: set[str] = set()
        parrot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                text = unquote_plus(body.decode("latin-1"))
                said = f"{self.command} {self.path} {dict(self.headers.items())} {text}"
                parrot.signatures |= set(re.findall(r"X-Amz-Signature=([0-9a-f]{64})", said))
                parrot.signatures |= set(re.findall(r"Signature=([0-9a-f]{64})", said))
                if urlsplit(self.path).path.endswith("/identity/token"):
                    token = {"access_token": parrot.bearer, "expires_in": 3600, "said": said}
                    return self._send(*TOKEN_WAYS[parrot.token_way](json.dumps(token), said))
                if urlsplit(self.path).path.endswith("/loginWithToken"):
                    token = {"id": parrot.bearer, "ttl": 3600, "said": said}
                    return self._send(*TOKEN_WAYS[parrot.token_way](json.dumps(token), said))
                return self._send(*WAYS[parrot.way](said))

            def _send(self, status: int, kind: str, content: str) -> None:
                data = content.encode("utf-8", "surrogateescape")
                if status == 0:
                    self.close_connection = True
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    self.wfile = io.BytesIO()
                    return
                self.send_response_only(abs(status))
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data) + (10 if status < 0 else 0)))
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()
                if status < 0:
                    time.sleep(0.3)  # and ten bytes are missing
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _answer  # noqa: N815 - names that http.server calls

            def log_message(self, *_: object) -> None:
                """It says enough as it is."""

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self.origin = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.origin}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _refusal(said: str) -> str:
    items = [{"code": "1", "message": said, "solution": said, "more_info": said, "value": said}]
    return json.dumps({"status_code": 400, "title": said, "trace": "t", "errors": items})


def _job(said: str) -> str:
    found = re.search(r"/jobs/([^/ ?]+)", said)
    urls = {"presigned_url": "https://store/b/input_x.json?X-Amz-Signature=" + "ab" * 32, "note": said}
    return json.dumps(
        {
            "id": found.group(1) if found else "x",
            "backend": "fake_nairobi",
            "program_id": "sampler",
            "status": "Failed",
            "storage": {"input": urls, "results": urls},
            "reason_code": 5,
            "reason_message": said,
            "reason_solution": said,
            "jobs": [],
            "backends": [],
        }
    )


WAYS: dict[str, Callable[[str], tuple[int, str, str]]] = {
    "refuses": lambda said: (400, JSON, _refusal(said)),
    "forbids": lambda said: (403, JSON, json.dumps({"detail": said})),
    "does not know": lambda said: (401, "text/plain", said),
    "does not find": lambda said: (404, JSON, json.dumps(said)),
    "breaks down": lambda said: (500, JSON, json.dumps({"errors": [{"message": said}]})),
    "has a page": lambda said: (200, "text/html", f"<html><title>{said}</title></html>"),
    "says it in plain text": lambda said: (200, "text/plain", said),
    "stops in the middle": lambda said: (200, JSON, json.dumps({"id": said, "jobs": said})[:-9]),
    "has another shape": lambda said: (200, JSON, json.dumps([said])),
    "never ends": lambda said: (-200, JSON, json.dumps({"id": said})),
    "hangs up": lambda _: (0, JSON, ""),
    "redirects": lambda said: (302, "text/plain", said),
    "is a failed job": lambda said: (200, JSON, _job(said)),
}
"""Status (0: no answer, negative: an unfinished one), content type and content."""

TOKEN_WAYS: dict[str, Callable[[str, str], tuple[int, str, str]]] = {
    "sound": lambda token, _: (200, JSON, token),
    "refuses": lambda _, said: (
        400,
        JSON,
        json.dumps({"errorCode": "B", "errorMessage": said, "errorDetails": said}),
    ),
    "repeats the key alone": lambda _, said: (
        400,
        JSON,
        json.dumps({"errorCode": "B", "errorMessage": "no such key: " + said.rpartition("apikey=")[2]}),
    ),
    "as text": lambda token, _: (200, "text/plain", token),
    "half": lambda token, _: (200, JSON, token[:-20]),
    "half as text": lambda token, _: (200, "text/plain", token[:-20]),
    "unfinished": lambda token, _: (-200, JSON, token),
    "not for a header": lambda token, _: (200, JSON, token.replace('", "exp', '\\n\\u00e9", "exp')),
    "as a list": lambda token, _: (200, JSON, f"[{token}]"),
    "with an odd life": lambda token, _: (200, JSON, token.replace("3600", "{}")),
    "fails": lambda _, said: (500, "text/html", f"<title>{said}</title>"),
    "unknown": lambda _, said: (401, JSON, _refusal(said)),
}


def basic(user: str, password: str) -> str:
    """How a proxy is told a password."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()
