"""Whatever body an answer has: a right result, or an error of this package, in bounded memory."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from connecting import provider_for
from odd_bodies import ODD_BODIES, OddProxy, waited
from qiskit import QuantumCircuit

from qiskit_direct_provider import DirectBackend, DirectJob, DirectProvider, S3Storage, errors
from qiskit_direct_provider.clients import posting, retrying
from qiskit_direct_provider.journal import Journal

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

NAIROBI = "/v1/backends/fake_nairobi"

CALLS: dict[str, tuple[str, str, Callable[[DirectProvider, DirectJob], object]]] = {
    "token": ("POST", "/identity/token", lambda provider, _: provider.backends()),
    "backends": ("GET", "/v1/backends", lambda provider, _: provider.backends()),
    "backend": ("GET", NAIROBI, lambda _, job: job.backend().status()),
    "configuration": ("GET", NAIROBI + "/configuration", lambda provider, _: loaded(provider)),
    "properties": ("GET", NAIROBI + "/properties", lambda provider, _: loaded(provider)),
    "lanes": ("GET", NAIROBI + "/lanes", lambda _, job: job.backend().lanes()),
    "submission": ("POST", "/v1/jobs", lambda _, job: run(job.backend())),
    "jobs": ("GET", "/v1/jobs", lambda provider, _: provider.jobs(limit=None)),
    "job": ("GET", "/v1/jobs/[^/]+", lambda _, job: job.status()),
    "wait": ("GET", "/v1/jobs/[^/]+", waited),
    "cancellation": ("POST", "/v1/jobs/[^/]+/cancel", lambda _, job: job.cancel()),
    "deletion": ("DELETE", "/v1/jobs/[^/]+", lambda _, job: job.delete()),
    "upload": ("PUT", "/.*/input_.*", lambda _, job: run(job.backend())),
    "result": ("GET", "/.*/results_.*", lambda _, job: job.result(timeout=5)),
    "log": ("GET", "/.*/logs_.*", lambda _, job: job.logs()),
}


def loaded(provider: DirectProvider) -> object:
    backend = provider.get_backend("fake_nairobi")
    return backend.target, backend.properties(), backend.configuration(), backend.status(), backend.issues


def run(backend: DirectBackend) -> object:
    job = backend.run(measured_x(), shots=10)
    return job.wait_for_final_state(timeout=30), job.delete()


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


@pytest.fixture(scope="module")
def proxy(service: LocalService) -> Iterator[OddProxy]:
    proxy = OddProxy(service.url)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def store(own_storage: S3Storage) -> Iterator[OddProxy]:
    proxy = OddProxy(own_storage.endpoint)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def finished(nairobi: DirectBackend) -> Iterator[DirectJob]:
    job = nairobi.run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)
    yield job
    job.delete()


@pytest.fixture
def odd_provider(
    service: LocalService,
    own_storage: S3Storage,
    proxy: OddProxy,
    store: OddProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DirectProvider]:
    """All through the proxies, and without pauses between attempts."""
    monkeypatch.setattr(retrying, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(posting, "FIRST_PAUSE_S", 0.0)
    behind = S3Storage(
        endpoint=store.url,
        bucket=own_storage.bucket,
        access_key_id=own_storage.access_key_id,
        secret_access_key=own_storage.secret_access_key,
        endpoint_for_service=own_storage.endpoint,
    )
    with provider_for(service, behind, url=proxy.url, iam_url=proxy.url, timeout=20) as provider:
        yield provider


@pytest.mark.parametrize("name", ODD_BODIES)
@pytest.mark.parametrize("call", CALLS)
def test_no_foreign_error_escapes(  # noqa: PLR0917 - fixtures are parameters
    call: str,
    name: str,
    odd_provider: DirectProvider,
    proxy: OddProxy,
    store: OddProxy,
    finished: DirectJob,
    tmp_path: Path,
) -> None:
    method, path, act = CALLS[call]
    backend = odd_provider._backend("fake_nairobi")
    backend._take(finished.backend().load()._device)
    entry = msgspec.structs.replace(finished._entry, status=None)
    workspace = dataclasses.replace(odd_provider._workspace, journal=Journal(tmp_path))
    job = DirectJob(backend, workspace, entry)
    proxy.spared = job.job_id()
    with proxy.odd(method, path, name), store.odd(method, path, name):
        raised = None
        try:
            act(odd_provider, job)
        except errors.DirectError as error:
            raised = error
        assert proxy.hits + store.hits > 0, raised


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, int], str]:
    """Names the body of an answer for `OddProxy.odd`."""

    def named(document: object, status: int = 200) -> str:
        body = json.dumps(document).encode()
        monkeypatch.setitem(ODD_BODIES, "given", lambda _: (body, {":status": str(status)}))
        return "given"

    return named


def test_a_list_that_is_null_is_empty(
    odd_provider: DirectProvider, proxy: OddProxy, answering: Callable[..., str]
) -> None:
    with proxy.odd("GET", "/v1/backends", answering({"backends": None})):
        assert odd_provider.backends() == []
    with proxy.odd("GET", "/v1/jobs", answering({"jobs": None})):
        assert odd_provider.jobs(job_tags=["no job has this"]) == []


def test_a_device_without_a_calibration_is_still_a_device(
    odd_provider: DirectProvider, proxy: OddProxy, answering: Callable[..., str]
) -> None:
    refusal = {"errors": [{"code": "1216", "message": "Backend fake_nairobi not found."}]}
    with proxy.odd("GET", NAIROBI + "/properties", answering(refusal, 404)):
        backend = odd_provider.get_backend("fake_nairobi")
        assert backend.num_qubits == 7
        assert backend.qubit_properties(0).t1 is None


@pytest.mark.parametrize(("word", "operational"), [("Online", True), ("paused", False), ("Resting", False)])
def test_a_device_is_online_in_any_case(
    odd_provider: DirectProvider, proxy: OddProxy, answering: Callable[..., str], word: str, operational: bool
) -> None:
    with proxy.odd("GET", NAIROBI, answering({"name": "fake_nairobi", "status": word})):
        assert odd_provider._backend("fake_nairobi").status().operational is operational


def test_a_result_that_is_missing_is_called_so_however_short_the_wait(
    odd_provider: DirectProvider, store: OddProxy, answering: Callable[..., str]
) -> None:
    job = odd_provider.get_backend("fake_nairobi").run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)
    with (
        store.odd("GET", "/.*/results_.*", answering("", 404)),
        pytest.raises(errors.StorageError, match="is not in the object store"),
    ):
        job.result(timeout=2)
    assert job.result(timeout=60).get_counts().shots() == 10


@pytest.mark.parametrize("part", ["api", "store"])
def test_memory_is_bounded(part: str, service: LocalService, own_storage: S3Storage, tmp_path: Path) -> None:
    """A megabyte that unpacks to a gigabyte costs no more than the limit of a body and 64 MiB."""
    script = Path(__file__).parents[1] / "support" / "swallow.py"
    given = {
        "service": {"token": service.api_key, "instance": service.crn, "url": service.url},
        "storage": {
            "endpoint": own_storage.endpoint,
            "bucket": own_storage.bucket,
            "access_key_id": own_storage.access_key_id.reveal(),
            "secret_access_key": own_storage.secret_access_key.reveal(),
        },
        "part": part,
    }
    outcome = subprocess.run(
        [sys.executable, script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    report = json.loads(outcome.stdout)
    limit_mib = {"api": 8, "store": 512}[part]
    assert report["error"] in {"ProtocolError", "StorageError"}
    assert report["grown_mib"] < limit_mib + 64
