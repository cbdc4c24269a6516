"""The least busy backend, and the most promising one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from connecting import provider_for
from journeys import measured_x
from odd_bodies import OddProxy
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Gate
from qiskit.providers.fake_provider import GenericBackendV2
from recorder import Recorder

from qiskit_direct_provider import DirectProvider, S3Storage, errors, least_busy
from qiskit_direct_provider.ranking import expected_fidelity, median_two_qubit_error
from qiskit_direct_provider.service.process import LocalService


@pytest.fixture(scope="module")
def lanes() -> Iterator[LocalService]:
    """Two lanes a device; the jobs of two of the three devices wait, since they are paused."""
    service = LocalService.start(
        ("fake_manila", "fake_nairobi", "fake_lima"), max_lanes=2, workers=1, noise=False
    )
    yield service
    service.close()


@pytest.fixture
def busy(lanes: LocalService) -> Iterator[DirectProvider]:
    with provider_for(lanes, S3Storage(**lanes.storage)) as provider:
        yield provider
        for job in provider.jobs(limit=None):
            job.wait_for_final_state(timeout=60)
            job.delete()


def test_the_one_with_the_lowest_error_is_taken_of_several_that_are_idle(busy: DirectProvider) -> None:
    backends = busy.backends()
    by_error = min(backends, key=median_two_qubit_error)
    assert busy.least_busy() == by_error
    assert least_busy(backends) == by_error
    assert busy.least_busy(min_num_qubits=7).name == "fake_nairobi"
    assert busy.least_busy("fake_(lima|nairobi)").name in {"fake_lima", "fake_nairobi"}


def test_lanes_are_counted_at_the_time_of_the_call(busy: DirectProvider, lanes: LocalService) -> None:
    """Jobs that somebody else left behind hold their lanes; ended ones of ours are freed when needed."""
    best = busy.least_busy()
    others = {backend.name for backend in busy.backends()} - {best.name}
    job = best.run(measured_x(), shots=1)
    job.wait_for_final_state(timeout=60)
    assert busy.least_busy() == best
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QISKIT_DIRECT_DATA", "/nonexistent/for/reading")
        with provider_for(lanes, S3Storage(**lanes.storage)) as somebody_else:
            assert somebody_else.least_busy().name in others
    job.delete()


def test_requests_for_the_least_busy_backend(busy: DirectProvider, lanes: LocalService) -> None:
    recorder = Recorder(lanes.url)
    with provider_for(lanes, S3Storage(**lanes.storage), url=recorder.url, iam_url=recorder.url) as provider:
        provider.least_busy("fake_manila")
    paths = sorted(path for _, path in recorder.seen if path.startswith("/v1"))
    assert paths == [
        "/v1/backends",
        "/v1/backends/fake_manila",
        "/v1/backends/fake_manila/lanes",
        "/v1/jobs",
    ]
    recorder.close()


# -- backends of other providers -------------------------------------------------------------------------


@dataclass
class Status:
    """As qiskit-ibm-runtime's."""

    pending_jobs: int
    operational: bool = True
    status_msg: str = "active"


def generic(name: str, status: Any, *, num_qubits: int = 3, seed: int = 1) -> GenericBackendV2:
    backend = GenericBackendV2(num_qubits, seed=seed)
    backend.name = name
    if status is not None:
        backend.status = lambda: status
    return backend


def test_backends_of_any_provider_that_have_a_status() -> None:
    backends = [
        generic("busy", Status(7)),
        generic("less busy", Status(3)),
        generic("paused", Status(0, status_msg="paused")),
        generic("internal", Status(0, status_msg="internal")),
        generic("down", Status(0, operational=False)),
        generic("reserved", SimpleNamespace(operational=True, pending_jobs=0, locked=True)),
    ]
    assert least_busy(backends).name == "less busy"
    assert least_busy([*backends, generic("simulator", None)]).name == "simulator"
    with pytest.raises(errors.BackendNotFoundError, match="paused: paused; internal: internal; down: active"):
        least_busy(backends[2:])
    with pytest.raises(errors.BackendNotFoundError, match="none to choose from"):
        least_busy([])


def test_backends_of_any_provider_are_told_apart_by_their_errors() -> None:
    twins = [generic(f"seed {seed}", Status(0), seed=seed) for seed in (1, 2, 3)]
    assert least_busy(twins) == min(twins, key=median_two_qubit_error)


def test_devices_whose_documents_cannot_be_read_are_passed_over(lanes: LocalService) -> None:
    """The two that are the least busy are damaged; a third one is taken, though it is busy."""
    proxy = OddProxy(lanes.url)
    with (
        provider_for(lanes, S3Storage(**lanes.storage), url=proxy.url, iam_url=proxy.url) as provider,
        proxy.odd("GET", ".*/configuration", "null"),
    ):
        damaged = provider.backends("fake_(lima|manila)")
        assert least_busy([*damaged, generic("busy", Status(7))]).name == "busy"
        with pytest.raises(errors.BackendNotFoundError, match="fake_(lima|manila): .*fake_(lima|manila): "):
            least_busy(damaged)
    proxy.close()


def test_an_outage_is_not_taken_for_a_lack_of_devices(lanes: LocalService) -> None:
    recorder = Recorder(lanes.url)
    settings = {"url": recorder.url, "iam_url": recorder.url, "timeout": 0.5}
    with provider_for(lanes, S3Storage(**lanes.storage), **settings) as provider:
        for name in ("lima", "manila", "nairobi"):
            recorder.script("GET", f"/v1/backends/fake_{name}/configuration", *["reset before"] * 99)
        with pytest.raises(errors.TransportError):
            provider.least_busy()
    recorder.close()


def test_paused_backends_are_passed_over() -> None:
    service = LocalService.start(("fake_manila", "fake_lima"), paused=["fake_lima"], workers=1)
    try:
        with provider_for(service, S3Storage(**service.storage)) as provider:
            assert provider.least_busy().name == "fake_manila"
            with pytest.raises(errors.BackendNotFoundError, match="fake_lima: paused"):
                provider.least_busy("fake_lima")
    finally:
        service.close()


# -- fidelity --------------------------------------------------------------------------------------------


def ghz(num_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def test_the_fidelity_is_the_product_over_the_instructions(busy: DirectProvider) -> None:
    backend = busy.get_backend("fake_manila")
    target = backend.target
    circuit = QuantumCircuit(5, 2)
    circuit.sx(3)
    circuit.cx(3, 4)
    circuit.measure([3, 4], [0, 1])
    wanted = (
        (1 - target["sx"][3,].error)
        * (1 - target["cx"][3, 4].error)
        * math.prod(1 - target["measure"][qubit,].error for qubit in (3, 4))
    )
    laid_out = transpile(circuit, backend, initial_layout=range(5), optimization_level=0)
    found = expected_fidelity(laid_out, backend)
    assert wanted <= found + 1e-12  # the transpiler may find better qubits, never worse ones
    assert found < 1


def test_a_circuit_chooses_the_device_that_promises_most(busy: DirectProvider) -> None:
    circuit = ghz(5)
    promises = {backend.name: expected_fidelity(circuit, backend) for backend in busy.backends()}
    assert busy.least_busy(circuit=circuit).name == max(promises, key=promises.__getitem__)
    assert busy.least_busy(circuit=ghz(6)).name == "fake_nairobi"
    with pytest.raises(errors.BackendNotFoundError, match="8 qubits do not fit on the 7 of fake_nairobi"):
        busy.least_busy(circuit=ghz(8))


def test_a_gate_that_no_device_has_fits_nowhere() -> None:
    circuit = QuantumCircuit(1)
    circuit.append(Gate("of fantasy", 1, []), [0])
    with pytest.raises(errors.InvalidCircuitError, match="the circuit does not fit on plain"):
        expected_fidelity(circuit, generic("plain", None))


def test_control_flow_counts_too() -> None:
    backend = generic("dynamic", None)
    plain, dynamic = QuantumCircuit(1, 1), QuantumCircuit(1, 1)
    plain.measure(0, 0)
    dynamic.measure(0, 0)
    with dynamic.if_test((dynamic.clbits[0], 1)):
        dynamic.sx(0)
    dynamic_backend = GenericBackendV2(3, seed=1, control_flow=True)
    assert expected_fidelity(dynamic, dynamic_backend) < expected_fidelity(plain, backend) <= 1
