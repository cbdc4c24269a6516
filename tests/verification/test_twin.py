"""The twin: the noise of the device, its limits, and nothing but what it accepts."""

from __future__ import annotations

import copy
import pickle
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from offline import changed, documents_of, offline_backend
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit_aer.noise import NoiseModel

from qiskit_direct_provider import DirectBackend, errors
from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.devices import find_snapshot
from qiskit_direct_provider.service.noise import build_noise_model
from qiskit_direct_provider.verification.noise import every_gate, noise_model

if TYPE_CHECKING:
    from qiskit.transpiler import Target


@pytest.fixture(scope="module")
def backend() -> DirectBackend:
    return offline_backend(documents_of("nairobi"), "fake_nairobi")


def bell(backend: DirectBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return transpile(circuit, backend, initial_layout=[0, 1], seed_transpiler=1)


def same(left: NoiseModel, right: NoiseModel) -> None:
    """The same errors of all gates and of the readout, up to rounding."""
    assert left._local_quantum_errors.keys() == right._local_quantum_errors.keys()
    for gate, errors_there in right._local_quantum_errors.items():
        assert left._local_quantum_errors[gate].keys() == errors_there.keys()
        for qubits, error in errors_there.items():
            ours = left._local_quantum_errors[gate][qubits]
            assert np.allclose(ours.probabilities, error.probabilities, atol=1e-12), (gate, qubits)
            assert ours.ideal() == error.ideal()
    assert left._local_readout_errors == right._local_readout_errors


@pytest.mark.parametrize("name", ["nairobi", "manila"])
def test_noise_is_that_of_aer(name: str) -> None:
    backend = offline_backend(documents_of(name), f"fake_{name}")
    same(backend.twin().noise_model, NoiseModel.from_backend(backend))


@pytest.mark.parametrize("name", ["nairobi", "torino"])
def test_noise_is_that_of_the_local_service(name: str) -> None:
    """Both sides read the documents on their own, and must come to the same noise."""
    target: Target = offline_backend(documents_of(name), f"fake_{name}", fractional=True).target
    few = range(min(target.num_qubits, 9))
    device = read_calibration(find_snapshot(f"fake_{name}"))
    gates = {key: value for key, value in device.gates.items() if set(key[1]) <= set(few)}
    used = {(gate, qubits) for gate, qubits in every_gate(target) if set(qubits) <= set(few)}
    same(noise_model(target, used, few), build_noise_model(gates, device.qubits[: len(few)]))


def test_is_made_once_a_calibration(backend: DirectBackend) -> None:
    assert backend.twin() is backend.twin()
    assert backend.twin(method="statevector") is not backend.twin()


def test_runs_offline_and_from_a_pickle(backend: DirectBackend) -> None:
    twin = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(backend)).twin()))
    for each in (twin, copy.copy(twin)):
        counts = each.run(bell(backend), shots=500, seed_simulator=3).result().get_counts()
        assert sum(counts.values()) == 500
        assert counts["00"] + counts["11"] > 400


def test_errs_as_the_device_does(backend: DirectBackend) -> None:
    """One qubit, flipped: the readout error and the gate error are all that can go wrong."""
    circuit = QuantumCircuit(7, 1)
    circuit.x(3)
    circuit.measure(3, 0)
    shots = 20_000
    counts = backend.twin().run(circuit, shots=shots, seed_simulator=5).result().get_counts()
    wrong = backend.target["measure"][3,].error + backend.target["x"][3,].error / 1.5
    # five standard deviations, and relaxation during the gate: failure below 1e-6
    assert counts["0"] / shots == pytest.approx(wrong, abs=5 * (wrong / shots) ** 0.5 + 5e-4)


def test_refuses_what_the_device_refuses(backend: DirectBackend) -> None:
    twin = backend.twin()
    unknown, uncoupled = QuantumCircuit(1, 1), QuantumCircuit(7, 1)
    unknown.h(0)
    uncoupled.cx(0, 6)
    for circuit in (unknown, uncoupled):
        circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match="'h' is not one"):
        twin.run(unknown)
    with pytest.raises(errors.InvalidCircuitError, match=r"on qubits \[0, 6\]"):
        twin.run(uncoupled)
    with pytest.raises(errors.InvalidInputError, match="max_shots"):
        twin.run(bell(backend), shots=backend.max_shots + 1)
    with pytest.raises(errors.InvalidInputError, match="300"):
        twin.run([bell(backend)] * 301)


def test_takes_parameters_as_aer_does(backend: DirectBackend) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(1, 1)
    circuit.sx(0)
    circuit.rz(angle, 0)
    circuit.sx(0)
    circuit.measure(0, 0)
    result = backend.twin().run(circuit, parameter_binds=[{angle: [0.0, np.pi]}], shots=1000).result()
    assert result.get_counts(0)["1"] > 900
    assert result.get_counts(1)["0"] > 900


def test_control_flow_runs(backend: DirectBackend) -> None:
    torino = offline_backend(documents_of("torino"), "fake_torino")
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    counts = torino.twin().run(circuit, shots=200, seed_simulator=1).result().get_counts()
    assert counts["11"] > 150


def test_of_an_earlier_calibration(backend: DirectBackend) -> None:
    """Another calibration has another twin."""

    def worse(properties: dict[str, Any]) -> None:
        properties["last_update_date"] = "2030-01-02T03:04:05+00:00"
        for qubit in properties["qubits"]:
            for item in qubit:
                if item["name"] == "readout_error":
                    item["value"] = 0.4

    old = documents_of("nairobi")
    recent = offline_backend(changed(old, worse), "fake_nairobi")
    archive = recent.workspace.archive
    assert backend.properties() is not None
    archive.add("fake_nairobi", backend.properties().last_update_date, old)
    before = recent.twin(datetime=backend.properties().last_update_date)
    assert before.calibrated != recent.twin().calibrated
    shots = 2000
    good, bad = (
        twin.run(bell(backend), shots=shots, seed_simulator=1).result().get_counts()
        for twin in (before, recent.twin())
    )
    assert good["00"] + good["11"] > 0.85 * shots
    assert bad["00"] + bad["11"] < 0.7 * shots


def test_without_aer_says_what_to_install(backend: DirectBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qiskit_aer", None)
    with pytest.raises(errors.UnsupportedError, match=r"qiskit-direct-provider\[aer\]"):
        offline_backend(documents_of("manila"), "fake_manila").twin()
    assert backend.estimate(bell(backend), shots=10).quantum_seconds > 0


def test_noise_can_be_left_out(backend: DirectBackend) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    run = backend.twin().run(circuit, shots=2000, noise_model=None, seed_simulator=1)
    assert run.result().get_counts() == {"1": 2000}


def test_every_circuit_needs_its_values(backend: DirectBackend) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(1, 1)
    circuit.rz(angle, 0)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidInputError, match="an entry for each of 2 circuits"):
        backend.twin().run([circuit, circuit], parameter_binds=[{angle: [0.1]}])
