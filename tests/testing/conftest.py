"""A tenant of the local service, bare sockets, and servers that say what they are told to."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from service_client import GRANT_TYPE, s3_client

from qiskit_direct_provider.testing import pytest_plugin

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService
    from qiskit_direct_provider.testing import FaultProxy


# Named here, so that these tests also run where the package was installed without its pytest plugin.
direct_backend = pytest_plugin.direct_backend
direct_data_folder = pytest_plugin.direct_data_folder
direct_devices = pytest_plugin.direct_devices
direct_provider = pytest_plugin.direct_provider
direct_service = pytest_plugin.direct_service
fault_proxy = pytest_plugin.fault_proxy
faulty_provider = pytest_plugin.faulty_provider


@pytest.fixture(scope="session")
def direct_service_settings() -> dict[str, Any]:
    """Takes the place of the plugin's fixture: many tests leave a job behind."""
    return {"seed": 1, "workers": 1, "max_lanes": 10_000}


@dataclass
class Tenant:
    """Somebody with a token and a CRN of their own; asks the service directly, past any proxy."""

    service: LocalService
    token: str
    crn: str = field(default_factory=lambda: f"crn:test:{uuid.uuid4()}")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Service-CRN": self.crn, "Connection": "keep-alive"}

    def job(self) -> tuple[str, bytes]:
        """Id and body of a job that will fail, since its input does not exist: it is stored all the same."""
        job_id, store = str(uuid.uuid4()), self.service.storage
        with contextlib.closing(s3_client(store)) as client:
            url = client.generate_presigned_url("put_object", {"Bucket": store["bucket"], "Key": job_id})
        storage = {
            name: {"type": "s3_compatible", "presigned_url": url} for name in ("input", "results", "logs")
        }
        body = {"id": job_id, "backend": "fake_nairobi", "program_id": "sampler", "timeout_secs": 60}
        return job_id, json.dumps({**body, "log_level": "info", "storage": storage}).encode()

    def stored(self) -> list[str]:
        """Ids of the jobs that the service holds."""
        answer = requests.get(f"{self.service.url}/v1/jobs", headers=self.headers, timeout=10)
        return [job["id"] for job in answer.json()["jobs"]]


@pytest.fixture(scope="session")
def bearer(direct_service: LocalService) -> str:
    form = {"grant_type": GRANT_TYPE, "apikey": direct_service.api_key}
    token: str = requests.post(f"{direct_service.url}/identity/token", form, timeout=10).json()[
        "access_token"
    ]
    return token


@pytest.fixture
def tenant(direct_service: LocalService, bearer: str) -> Tenant:
    return Tenant(direct_service, bearer)


class Wire:
    """One TCP connection to a proxy."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 80))

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def read(self, quiet_s: float = 0.1, limit_s: float = 5.0) -> tuple[bytes, str]:
        """What comes, and how it ends: ``closed``, ``reset``, or ``open`` when nothing follows."""
        got, give_up = b"", time.monotonic() + limit_s
        while time.monotonic() < give_up:
            self.socket.settimeout(quiet_s if got else limit_s)
            try:
                piece = self.socket.recv(1 << 20)
            except ConnectionResetError:
                return got, "reset"
            except TimeoutError:
                break
            if not piece:
                return got, "closed"
            got += piece
        return got, "open"


@pytest.fixture
def wire() -> Iterator[Callable[[FaultProxy], Wire]]:
    """Makes connections that are closed after the test."""
    with contextlib.ExitStack() as stack:

        def connect(proxy: FaultProxy) -> Wire:
            made = Wire(proxy.url)
            stack.enter_context(made.socket)
            return made

        yield connect


@dataclass
class Parrot:
    """A server that gives one answer to everything, and keeps what it was sent."""

    answer: bytes
    closes: bool
    url: str = ""
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0

    def serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.connections += 1
                threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while heard := connection.recv(1 << 20):
                # A request that comes in pieces has its end in the last one.
                while not heard.endswith((b"\r\n\r\n", b"END")):
                    heard += connection.recv(1 << 20)
                self.heard.append(heard)
                connection.sendall(self.answer)
                if self.closes:
                    return


@pytest.fixture
def parrot() -> Iterator[Callable[..., Parrot]]:
    """Starts such servers."""
    with contextlib.ExitStack() as stack:

        def start(answer: bytes, *, closes: bool = False) -> Parrot:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            # accept() does not end when another thread closes the socket
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            made = Parrot(answer, closes, f"http://127.0.0.1:{listener.getsockname()[1]}")
            threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
            return made

        yield start
