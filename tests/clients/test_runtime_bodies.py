"""Whatever body an answer of the Runtime or legacy API has: a right result, or an error of this package."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec
import pytest
from connecting import provider_for
from journeys import measured_x
from odd_bodies import ODD_BODIES, OddProxy, waited

from qiskit_direct_provider import DirectBackend, DirectJob, DirectProvider, Session, errors
from qiskit_direct_provider.clients import posting, retrying
from qiskit_direct_provider.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider.service.process import LocalService

ROOTS = {"runtime": "/api/v1", "legacy": "/runtime"}
TOKENS = {"runtime": "/identity/token", "legacy": "/api/users/loginWithToken"}
NAIROBI = "/backends/fake_nairobi"
JOB = "/jobs/[^/]+"
SESSION = "/sessions/[^/]+"

CALLS: dict[str, tuple[str, str, Callable[[DirectProvider, DirectJob], object]]] = {
    "token": ("POST", "", lambda provider, _: provider.backends()),
    "backends": ("GET", "/backends", lambda provider, _: provider.backends()),
    "status of a backend": ("GET", NAIROBI + "/status", lambda _, job: job.backend().status()),
    "configuration": ("GET", NAIROBI + "/configuration", lambda provider, _: loaded(provider)),
    "properties": ("GET", NAIROBI + "/properties", lambda provider, _: loaded(provider)),
    "submission": ("POST", "/jobs", lambda _, job: run(job.backend())),
    "jobs": ("GET", "/jobs", lambda provider, _: provider.jobs(limit=None)),
    "job": ("GET", JOB, lambda _, job: job.status()),
    "wait": ("GET", JOB, waited),
    "cancellation": ("POST", JOB + "/cancel", lambda _, job: job.cancel()),
    "deletion": ("DELETE", JOB, lambda _, job: job.delete()),
    "result": ("GET", JOB + "/results", lambda _, job: job.result(timeout=1)),
    "log": ("GET", JOB + "/logs", lambda _, job: job.logs()),
    "metrics": ("GET", JOB + "/metrics", lambda _, job: job.metrics()),
    "tags": ("PUT", JOB + "/tags", lambda _, job: job.update_tags(["new"])),
    "new session": ("POST", "/sessions", lambda _, job: session(job.backend())),
    "session": ("GET", SESSION, lambda _, job: session(job.backend())),
    "last job of a session": ("PATCH", SESSION, lambda _, job: session(job.backend())),
    "end of a session": ("DELETE", SESSION + "/close", lambda _, job: session(job.backend(), "cancel")),
}


def loaded(provider: DirectProvider) -> object:
    backend = provider.get_backend("fake_nairobi")
    return backend.target, backend.properties(), backend.configuration(), backend.status(), backend.issues


def run(backend: DirectBackend) -> object:
    job = backend.run(measured_x(), shots=10)
    return job.wait_for_final_state(timeout=30), job.delete()


def session(backend: DirectBackend, end: str = "close") -> object:
    opened = Session(backend=backend)
    return opened.details(), getattr(opened, end)()


@pytest.fixture(scope="module", params=["runtime", "legacy"])
def dialect(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def finished(dialect: str, service: LocalService) -> Iterator[DirectJob]:
    instance = service.crn if dialect == "runtime" else None
    with provider_for(service, None, channel=dialect, instance=instance) as provider:
        job = provider.get_backend("fake_nairobi").run(measured_x(), shots=10)
        job.wait_for_final_state(timeout=60)
        yield job
        job.delete()


@pytest.fixture(scope="module")
def proxy(service: LocalService) -> Iterator[OddProxy]:
    proxy = OddProxy(service.url)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("name", ODD_BODIES)
@pytest.mark.parametrize("call", CALLS)
def test_no_foreign_error_escapes(  # noqa: PLR0917 - fixtures are parameters
    call: str,
    name: str,
    dialect: str,
    service: LocalService,
    proxy: OddProxy,
    finished: DirectJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrying, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(posting, "FIRST_PAUSE_S", 0.0)
    method, path, act = CALLS[call]
    path = TOKENS[dialect] if call == "token" else ROOTS[dialect] + path
    settings = {"url": proxy.url, "iam_url": proxy.url, "channel": dialect, "timeout": 5}
    instance = service.crn if dialect == "runtime" else None
    with provider_for(service, None, instance=instance, **settings) as provider:
        backend = provider._backend("fake_nairobi")
        backend._take(finished.backend().load()._device)
        entry = msgspec.structs.replace(finished._entry, status=None)
        workspace = dataclasses.replace(provider._workspace, journal=Journal(tmp_path))
        job = DirectJob(backend, workspace, entry)
        proxy.spared = job.job_id()
        with proxy.odd(method, path, name):
            raised = None
            try:
                act(provider, job)
            except errors.DirectError as error:
                raised = error
            assert proxy.hits > 0, raised
