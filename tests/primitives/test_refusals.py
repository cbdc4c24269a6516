"""What is refused before a single request is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from connecting import provider_for
from pub_circuits import ansatz, isa
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from recorder import Recorder

from qiskit_direct_provider import DirectBackend, EstimatorV2, S3Storage, SamplerV2, errors

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture(scope="module")
def watched(service: LocalService, own_storage: S3Storage) -> Iterator[tuple[DirectBackend, Recorder]]:
    """A backend, loaded, and the record of its requests."""
    recorder = Recorder(service.url)
    with provider_for(service, own_storage, url=recorder.url) as provider:
        yield provider.get_backend("fake_fez", use_fractional_gates=True), recorder
    recorder.close()


@pytest.fixture
def backend(watched: tuple[DirectBackend, Recorder]) -> Iterator[DirectBackend]:
    """The test fails when it makes a request."""
    backend, recorder = watched
    before = len(recorder.seen)
    yield backend
    assert recorder.seen[before:] == []


def turned(*, measured: bool = True, gate: str = "rz") -> QuantumCircuit:
    circuit = QuantumCircuit(2, name="turned")
    getattr(circuit, gate)(Parameter("a"), *((0, 1) if gate == "rzz" else (0,)))
    if measured:
        circuit.measure_all()
    return circuit


def coupled(backend: DirectBackend, angle: Any) -> QuantumCircuit:
    """An rzz on a pair that has it."""
    circuit = QuantumCircuit(2)
    circuit.rzz(angle, 0, 1)
    circuit.measure_all()
    return isa(circuit, backend, initial_layout=next(iter(backend.target["rzz"])))


def unmeasured() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    return circuit


PUBS: list[tuple[Callable[[], Any], str]] = [
    (list, "no pub"),
    (turned, "takes a list of pubs"),
    (lambda: 3, "takes a list of pubs"),
    (lambda: "abc", "takes a list of pubs"),
    (lambda: [3], "pub 0: int is not a circuit"),
    (lambda: [turned()], "pub 0: .*parameters"),
    (lambda: [(turned(), [0.1, 0.2, 0.3], 1, 2)], "length of pub"),
    (lambda: [(ansatz(measured=True), [[0.1, 0.2]])], "pub 0: Length of"),
    (lambda: [(turned(), {"b": 1.0})], "parameter"),
    (lambda: [(turned(), [np.nan])], "finite"),
    (lambda: [(turned(), [1j])], "pub 0: "),
    (lambda: [(turned(), np.zeros((0, 1)))], "nothing to run"),
    (lambda: [SamplerPub(turned(), BindingsArray({"a": np.zeros((2, 0))}))], "nothing to run"),
    (lambda: [(turned(), [1.0], 0)], "positive"),
    (lambda: [(turned(), [1.0], 2.5)], "integer"),
    (lambda: [(turned(), [1.0], 10**9)], "max_shots"),
]


@pytest.mark.parametrize(("pubs", "text"), PUBS)
def test_pubs_of_the_sampler(backend: DirectBackend, pubs: Callable[[], Any], text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        SamplerV2(backend).run(pubs())


@pytest.mark.parametrize("shots", [0, -1, 1.5, "many", True, 10**9])
def test_shots_of_the_sampler(backend: DirectBackend, shots: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match="shots"):
        SamplerV2(backend).run([(turned(), [1.0])], shots=shots)


def plain(observables: Any, *more: Any) -> list[Any]:
    return [(turned(measured=False), observables, *(more or ([1.0],)))]


OBSERVABLES: list[tuple[Callable[[], Any], str]] = [
    (lambda: [turned(measured=False)], "wrap it"),
    (lambda: [(turned(measured=False),)], "pub 0: tuple is not"),
    (lambda: [3], "pub 0: int is not"),
    (lambda: [("a", "b")], "pub 0: tuple is not"),
    (lambda: plain("ZZZ"), "observables of 3 qubits do not fit a circuit of 2"),
    (lambda: plain("QQ"), "letters"),
    (lambda: plain(SparsePauliOp(["ZZ"], [1j])), "imaginary"),
    (lambda: plain({"ZZ": float("nan")}), "coefficient"),
    (lambda: plain([]), "nothing to run|fit"),
    (lambda: plain({}), "pub 0: "),
    (lambda: plain(3), "observable"),
    (lambda: plain(["ZZ", "XX"], [[1.0], [1.0], [1.0]]), "broadcast"),
    (lambda: plain("ZZ", [1.0], 0), "precision"),
    (lambda: plain("ZZ", [1.0], -0.1), "precision"),
    (lambda: plain("ZZ", [1.0], float("nan")), "precision"),
    (lambda: plain("ZZ", [1.0], "good"), "precision"),
]


@pytest.mark.parametrize(("pubs", "text"), OBSERVABLES)
def test_pubs_of_the_estimator(backend: DirectBackend, pubs: Callable[[], Any], text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        EstimatorV2(backend).run(pubs())


def test_projectors_that_would_be_too_many_strings(backend: DirectBackend) -> None:
    circuit = QuantumCircuit(13)
    circuit.x(range(13))
    with pytest.raises(errors.InvalidInputError, match="8192 Pauli strings"):
        EstimatorV2(backend).run([(circuit, "0" * 13)])


def test_circuits_that_the_device_cannot_run(backend: DirectBackend) -> None:
    """Gates that it lacks, angles out of bounds in any of the sets of values, nothing measured."""
    strange = QuantumCircuit(2, name="strange")
    strange.h(0)
    strange.measure_all()
    with pytest.raises(errors.InvalidCircuitError, match="'strange'.*'h' is not one"):
        SamplerV2(backend).run([strange])
    with pytest.raises(errors.InvalidCircuitError, match="'h' is not one"):
        EstimatorV2(backend).run([(strange, "ZZ")])
    with pytest.raises(errors.InvalidCircuitError, match="nothing is measured"):
        SamplerV2(backend).run([unmeasured()])


@pytest.mark.parametrize("values", [[[-0.1], [0.1], [0.2]], [[0.1], [0.2], [4.0]]])
def test_values_that_put_an_angle_out_of_bounds(backend: DirectBackend, values: Any) -> None:
    circuit = coupled(backend, Parameter("a"))
    assert "rzz" in circuit.count_ops()
    with pytest.raises(errors.InvalidCircuitError, match="'rzz' on qubits .*angle out of bounds"):
        SamplerV2(backend).run([(circuit, values)])


@pytest.mark.parametrize(
    "options",
    [
        {"twirling": {"enable_gates": True}},
        {"resilience": {"pec_mitigation": True}},
        {"resilience": {"zne_mitigation": True, "zne": {"amplifier": "pea"}}},
    ],
)
def test_twirling_of_fractional_gates(backend: DirectBackend, options: dict[str, Any]) -> None:
    circuit = coupled(backend, 0.5)
    with pytest.raises(errors.InvalidInputError, match="fractional gate 'rzz'"):
        EstimatorV2(backend, options).run([(circuit, "Z" * circuit.num_qubits)])
    if "twirling" in options:
        with pytest.raises(errors.InvalidInputError, match="fractional gate 'rzz'"):
            SamplerV2(backend, options).run([circuit])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"execution": {"rep_delay": 10.0}}, "rep_delay must be within"),
        ({"max_execution_time": 0.5}, "timeout_secs"),
        ({"experimental": {"a": object()}}, "cannot be sent"),
        ({"resilience": {"layer_noise_model": object()}}, "cannot be sent"),
        ({"resilience": {"zne_mitigation": True, "pec_mitigation": True}}, "exclude each other"),
    ],
)
def test_options_of_the_estimator(backend: DirectBackend, options: dict[str, Any], text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        EstimatorV2(backend, options).run(plain("ZZ"))


def test_private_jobs(backend: DirectBackend) -> None:
    with pytest.raises(errors.UnsupportedError, match="private"):
        SamplerV2(backend, {"environment": {"private": True}}).run([(turned(), [1.0])])


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (None, "say where to run"),
        ("fake_fez", "get_backend\\('fake_fez'\\)"),
        (AerSimulator(), "BackendSamplerV2"),
        (3, "not a int"),
    ],
)
@pytest.mark.parametrize("primitive", [SamplerV2, EstimatorV2])
def test_modes(primitive: Any, mode: Any, text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        primitive(mode)
