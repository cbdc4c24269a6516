"""What goes over the wire during the main job, and what must not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import S3Storage

if TYPE_CHECKING:
    from recorder import Recorder

    from qiskit_direct_provider import DirectProvider
    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture
def watched(service: LocalService, recorder: Recorder) -> Iterator[DirectProvider]:
    """A provider whose every request passes the recorder; the service sees its store directly."""
    storage = S3Storage(
        **{**service.storage, "endpoint": recorder.url}, endpoint_for_service=service.storage["endpoint"]
    )
    with provider_for(service, storage, url=recorder.url, iam_url=recorder.url) as provider:
        yield provider


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def test_making_a_provider_sends_nothing(recorder: Recorder, watched: DirectProvider) -> None:
    assert repr(watched)
    assert recorder.seen == []


def test_the_main_job_is_a_fixed_sequence_of_documented_requests(
    recorder: Recorder, watched: DirectProvider, service: LocalService
) -> None:
    backend = watched.get_backend("fake_nairobi")
    isa = transpile(bell(), backend, seed_transpiler=1)
    job = backend.run(isa, shots=100)
    job.result(timeout=60)
    job.result()
    bucket, job_id = service.storage["bucket"], job.job_id()
    (upload,) = [path for method, path in recorder.seen if method == "PUT"]
    assert upload.startswith(f"/{bucket}/input_{job_id}_")
    once_each = [request for request, _ in itertools.groupby(recorder.seen)]
    assert once_each == [
        ("POST", "/identity/token"),
        ("GET", "/v1/backends/fake_nairobi/configuration"),
        ("GET", "/v1/backends/fake_nairobi/properties"),
        ("PUT", upload),
        ("POST", "/v1/jobs"),
        ("GET", f"/v1/jobs/{job_id}"),
        ("GET", f"/{bucket}/results_{job_id}.json"),
        ("DELETE", f"/v1/jobs/{job_id}"),
    ]
    polls = recorder.count("GET", f"/v1/jobs/{job_id}")
    assert len(recorder.seen) == len(once_each) - 1 + polls


def test_headers_go_where_they_belong(
    recorder: Recorder, watched: DirectProvider, service: LocalService
) -> None:
    """The key goes to the token endpoint only, the token and the CRN to the API only."""
    backend = watched.get_backend("fake_nairobi")
    backend.run(transpile(bell(), backend, seed_transpiler=1), shots=10).result(timeout=60)
    for (_, path), headers in zip(recorder.seen, recorder.headers, strict=True):
        assert service.api_key not in str(headers)
        if path.startswith("/v1/"):
            assert headers["authorization"].startswith("Bearer ")
            assert headers["service-crn"] == service.crn
            assert headers["accept"] == "application/json"
        else:
            assert not headers.get("authorization", "").startswith("Bearer ")
            assert "service-crn" not in headers


def test_a_list_of_backends_is_one_request(
    recorder: Recorder, watched: DirectProvider, service: LocalService
) -> None:
    names = [backend.name for backend in watched.backends()]
    assert names == list(service.devices)
    assert recorder.seen == [("POST", "/identity/token"), ("GET", "/v1/backends")]


def test_what_is_refused_here_is_never_sent(recorder: Recorder, watched: DirectProvider) -> None:
    from qiskit_direct_provider import errors

    backend = watched.get_backend("fake_nairobi")
    before = len(recorder.seen)
    unmeasured = QuantumCircuit(2)
    unmeasured.sx(0)
    wide = QuantumCircuit(8, 1)
    wide.measure(7, 0)
    isa = transpile(bell(), backend, seed_transpiler=1)
    for circuits, shots, kind in [
        (bell(), 10, errors.InvalidCircuitError),
        (unmeasured, 10, errors.InvalidCircuitError),
        (wide, 10, errors.InvalidCircuitError),
        (isa, 0, errors.InvalidInputError),
        (isa, -1, errors.InvalidInputError),
        (isa, 2.5, errors.InvalidInputError),
        (isa, 10**9, errors.InvalidInputError),
        ([], 10, errors.InvalidInputError),
        ("OPENQASM 3.0;", 10, errors.InvalidInputError),
    ]:
        with pytest.raises(kind):
            backend.run(circuits, shots=shots)  # type: ignore[arg-type]
    for options in [
        {"timeout_secs": 0},
        {"log_level": "loud"},
        {"job_id": "../x"},
        {"job_tags": "one"},
        {"no_such_option": 1},
        {"rep_delay": -1.0},
    ]:
        with pytest.raises(errors.InvalidInputError):
            backend.run(isa, shots=10, **options)  # type: ignore[arg-type]
    with pytest.raises(errors.UnsupportedError):
        backend.run(isa, shots=10, meas_level=0)
    assert len(recorder.seen) == before
