"""Calls made up from the OpenAPI document: the service never breaks, and reaches nothing that it may not."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import hypothesis
import pytest
import requests
from audited import Audit
from service_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from service_client import Service

schemathesis = pytest.importorskip("schemathesis")
pytestmark = pytest.mark.newest

OPERATIONS = 14
"""Fewer than the service has would mean that the document is not read."""
EACH = 160
CALLS = int(os.environ.get("CALLS", "500000"))
TENANT = "crn:schema"
STORAGE_HOST = "127.0.0.1"


class Trap:
    """A server that nobody may connect to."""

    def __init__(self) -> None:
        self._listener = socket.create_server((STORAGE_HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self.visitors: list[object] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, address = self._listener.accept()
                self.visitors.append(address)
                connection.close()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


class World:
    """A service of its own, its state folder in an otherwise empty place, and what it may not reach."""

    def __init__(self, start: Callable[..., Service], folder: Path) -> None:
        self.folder = folder
        self.audit = Audit(folder.parent / f"{folder.name}.audit")
        state = str(folder / "state")
        settings = {"devices": ["fake_nairobi"], "workers": 1, "state": state, "seed": 1, "max_lanes": 10**6}
        self.client = Client(start(**settings, environment=self.audit.environment()))
        self.trap = Trap()
        self.cases = self.made = self.jobs = 0
        self._session = requests.Session()
        self._session.trust_env = False
        self.schema = schemathesis.openapi.from_url(self.client.url + "/openapi.json")
        self.operations = [result.ok() for result in self.schema.get_all_operations()]

    def call(self, case: Any, token: str) -> None:
        """One call, and the same with a damaged token and with none."""
        self.cases += 1
        if case.operation.label == "POST /v1/jobs" and self.cases % 3 == 0:
            case.body = self._hostile(case.body, self.cases // 3)
        asked = requests.Request(**case.as_transport_kwargs(base_url=self.client.url))
        for authorization in (f"Bearer {token}", f"Bearer {token[:-2]}", None):
            prepared = self._session.prepare_request(asked)
            prepared.headers["Service-CRN"] = TENANT
            if authorization is not None:
                prepared.headers["Authorization"] = authorization
            answer = self._session.send(prepared, timeout=30, allow_redirects=False)
            self.made += 1
            assert answer.status_code < 500, (case.as_curl_command(), answer.status_code)
            if case.operation.definition.raw.get("security") and authorization != f"Bearer {token}":
                assert answer.status_code >= 400, (case.as_curl_command(), answer.status_code)

    def _hostile(self, body: Any, number: int) -> Any:
        """A job that can be run, but for the places that it names."""
        if not isinstance(body, dict):
            return body
        where = [
            f"http://{STORAGE_HOST}:{self.trap.port}/x",
            f"http://localhost:{self.trap.port}/{self.client.bucket}/x?X-Amz-Signature=1",
            f"http://{self.client.url.removeprefix('http://')}@{STORAGE_HOST}:{self.trap.port}/x",
            "http://169.254.169.254/latest/meta-data/",
            "file:///etc/passwd",
            f"{self.client.url}/{self.client.bucket}/../../../etc/passwd",
            self.client.url + "/v1/jobs",
        ]
        urls = [where[(number + place) % len(where)] for place in range(3)]
        storage = {
            name: {"type": "s3_compatible", "presigned_url": url}
            for name, url in zip(("input", "results", "logs"), urls, strict=True)
        }
        job_id = (f"job-{number}", f"../../job-{number}", f"/job-{number}")[number % 3]
        named = {"id": job_id, "backend": "fake_nairobi", "program_id": "sampler", "timeout_secs": 60}
        return {**named, "log_level": "debug", "storage": storage}

    def calls(self, each: int, seed: int) -> None:
        """Make calls of every operation, up to ``each`` that differ."""
        settings = hypothesis.settings(
            max_examples=each,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        token = self.client.token()
        for operation in self.operations:
            given = hypothesis.given(case=operation.as_strategy())(lambda case: self.call(case, token))
            hypothesis.seed(seed)(settings(given))()
        self._settle()

    def _settle(self) -> None:
        """Every job that came of it fails, and can be deleted."""
        self.client.session.headers["Service-CRN"] = TENANT
        jobs = self.client.get("/v1/jobs").json()["jobs"]
        self.jobs += len(jobs)
        for job in jobs:
            job_id = quote(job["id"], safe="")
            assert self.client.wait(job_id)["status"] == "Failed"
            assert self.client.delete(f"/v1/jobs/{job_id}").status_code == 204

    def check(self) -> None:
        """It answers, it took jobs, and neither files nor connections are where they must not be."""
        assert len(self.operations) >= OPERATIONS
        assert self.client.get("/version").status_code == 200
        assert self.jobs > self.made / 1000
        assert [path.name for path in self.folder.iterdir()] == ["state"]
        state = self.folder / "state"
        links = [path for path in state.rglob("*") if os.path.islink(path)]  # noqa: PTH114 - rglob follows them
        assert not links
        written = {Path(path) for path in self.audit.written()}
        assert any(path.is_relative_to(state) for path in written)
        allowed = (state, self.audit.temporary, Path("/dev"))
        assert not {path for path in written if not any(map(path.is_relative_to, allowed))}
        assert not self.audit.connected()
        assert not self.trap.visitors


@pytest.fixture
def world(start: Callable[..., Service], tmp_path: Path) -> Iterator[World]:
    (tmp_path / "empty").mkdir()
    found = World(start, tmp_path / "empty")
    yield found
    found.trap.close()
    found.client.close()
    found.audit.end()


def test_calls_made_up_from_the_document(world: World) -> None:
    """No 5xx, no file beside the state folder, no connection; what needs a token does nothing without."""
    world.calls(EACH, seed=7)
    assert world.made > 5000
    world.check()


@pytest.mark.campaign
def test_half_a_million_calls(world: World) -> None:
    """The same over and over; ``CALLS`` says how many calls."""
    seed = 0
    while world.made < CALLS:
        world.calls(EACH, seed=seed)
        seed += 1
    world.check()
