"""Asks for a gigabyte that came as a megabyte, and prints by how much that made this process grow."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import resource
import sys
import threading

from qiskit_direct_provider import DirectProvider, S3Storage, errors


class Bomb(http.server.BaseHTTPRequestHandler):
    """Always the same."""

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(PACKED)))
        self.end_headers()
        self.wfile.write(PACKED)

    def log_message(self, *_: object) -> None:
        """Tests print what they need."""


def packed(mebibytes: int) -> bytes:
    """Made in a child's memory, not in this one's."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        with os.fdopen(writing, "wb") as pipe, gzip.open(pipe, "wb", 9) as stream:
            for _ in range(mebibytes):
                stream.write(b" " * 1024 * 1024)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


given = json.load(sys.stdin)
PACKED = packed(1024)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bomb)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_address[1]}"

at_store = given["part"] == "store"
storage = S3Storage(**{**given["storage"], **({"endpoint": URL} if at_store else {})})
with DirectProvider(**given["service"], storage=storage) as sound:
    sound.backends()  # everything is imported, and there is a token
    client = sound._client
    if not at_store:
        client._sender.base_url = URL
    before = peak_mib()
    kind = "none"
    try:
        _ = (
            client.stored_result("a", client.deadline(60))
            if at_store
            else client.backends(client.deadline(60))
        )
    except errors.DirectError as error:
        kind = type(error).__name__
    sys.stdout.write(json.dumps({"error": kind, "grown_mib": peak_mib() - before}))
