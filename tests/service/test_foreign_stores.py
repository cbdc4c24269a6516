"""Object stores that are gone for a moment, or for good, while a job needs them."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from quiet import QuietServer
from service_client import BELL, Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from service_client import Service

INPUT = b'{"version": 2, "shots": 10, "pubs": [' + b'"' + BELL.replace('"', '\\"').encode() + b'"]}'


class Store:
    """Keeps what it is sent, and answers 503 to the first requests of each kind."""

    def __init__(self, failures: int, port: int = 0) -> None:
        self.content = {"/input": INPUT}
        self.left = {"GET": failures, "PUT": failures}
        self.log_arrived, self.log_may_go_on = threading.Event(), threading.Event()
        self.log_may_go_on.set()
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(store.content.get(self.path.partition("?")[0], b""))

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/logs"):
                    store.log_arrived.set()
                    store.log_may_go_on.wait(30)
                if self.answer(b""):
                    store.content[self.path.partition("?")[0]] = body

            def answer(self, body: bytes) -> bool:
                failing = store.left[self.command] > 0
                store.left[self.command] -= 1
                self.send_response(503 if failing else 200)
                self.send_header("Content-Length", "0" if failing else str(len(body)))
                self.end_headers()
                if not failing:
                    self.wfile.write(body)
                return not failing

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        self.server = QuietServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def storage(self) -> dict[str, Any]:
        names = ("input", "results", "logs")
        return {name: {"type": "s3_compatible", "presigned_url": f"{self.url}/{name}?k=1"} for name in names}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_a_store_that_fails_for_a_moment_harms_no_job(start: Callable[..., Service]) -> None:
    """Each of the three objects is tried again."""
    store = Store(failures=2)
    client = Client(start(devices=["fake_nairobi"], workers=1, storage_origins=[store.url]))
    job = client.run(b"", storage=store.storage())
    assert job["status"] == "Completed", job
    assert store.content["/results"].startswith(b"{")
    assert b"results of" in store.content["/logs"]
    client.close()
    store.close()


def test_a_store_that_is_restarted_harms_no_job(start: Callable[..., Service]) -> None:
    store = Store(failures=0)
    port = store.server.server_address[1]
    client = Client(start(devices=["fake_nairobi"], workers=1, storage_origins=[store.url]))
    storage = store.storage()
    store.close()
    job_id = client.submit(b"", storage=storage)
    time.sleep(0.5)
    store = Store(failures=0, port=port)
    assert client.wait(job_id)["status"] == "Completed"
    client.close()
    store.close()


def test_a_store_that_stays_away_fails_the_job(start: Callable[..., Service]) -> None:
    """After some seconds, with a reason that does not hold the URL."""
    store = Store(failures=10**6)
    client = Client(start(devices=["fake_nairobi"], workers=1, storage_origins=[store.url]))
    job = client.run(b"", storage=store.storage())
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    assert "503" in job["reason_message"]
    assert store.url not in job["reason_message"]
    client.close()
    store.close()


def test_a_job_that_is_cancelled_while_its_log_is_slow_ends(start: Callable[..., Service]) -> None:
    """Its lane would be lost otherwise: it could be neither cancelled nor deleted any more."""
    store = Store(failures=0)
    store.log_may_go_on.clear()
    client = Client(start(devices=["fake_nairobi"], workers=1, storage_origins=[store.url]))
    job_id = client.submit(INPUT, storage=store.storage())
    assert store.log_arrived.wait(30)
    try:
        assert client.post(f"/v1/jobs/{job_id}/cancel").status_code == 204
        assert client.wait(job_id, limit_s=5)["status"] == "Completed"
        assert client.delete(f"/v1/jobs/{job_id}").status_code == 204
    finally:
        store.log_may_go_on.set()
        store.close()
