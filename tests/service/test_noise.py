"""The noise on a few qubits is the noise that Aer derives from the whole device."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from qiskit_aer.noise.device import basic_device_gate_errors
from qiskit_ibm_runtime import fake_provider
from qiskit_ibm_runtime.fake_provider import FakeBurlingtonV2, FakeManilaV2, FakeNairobiV2

from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.devices import find_snapshot
from qiskit_direct_provider.service.noise import add_delay_noise, build_noise_model
from qiskit_direct_provider.service.reduction import reduce_circuit
from qiskit_direct_provider.service.simulate import Machine

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

SMALL = [
    ("fake_nairobi", FakeNairobiV2),
    ("fake_manila", FakeManilaV2),
    pytest.param("fake_burlington", FakeBurlingtonV2, marks=pytest.mark.newest),
]


@pytest.mark.parametrize(("name", "make"), SMALL)
def test_whole_small_device_equals_aer(name: str, make: type[BackendV2]) -> None:
    """For a small device, all errors of all gates and all readout errors are those of Aer."""
    device = read_calibration(find_snapshot(name))
    theirs = NoiseModel.from_backend(make())
    ours = build_noise_model(device.gates, device.qubits)
    assert ours._local_quantum_errors.keys() == theirs._local_quantum_errors.keys()
    for gate, errors in theirs._local_quantum_errors.items():
        assert ours._local_quantum_errors[gate].keys() == errors.keys()
        for qubits, error in errors.items():
            assert same(ours._local_quantum_errors[gate][qubits], error), (gate, qubits)
    assert ours._local_readout_errors == theirs._local_readout_errors


def same(left: Any, right: Any) -> bool:
    """Equality of quantum errors up to rounding."""
    return (
        bool(np.allclose(left.probabilities, right.probabilities, atol=1e-12))
        and left.ideal() == right.ideal()
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [("fake_torino", "FakeTorino"), pytest.param("fake_kingston", "FakeKingston", marks=pytest.mark.newest)],
)
def test_part_of_large_device_equals_aer(name: str, make: str) -> None:
    """For large devices, so do the first qubits; broken gates and qubits without T1 are among them."""
    device = read_calibration(find_snapshot(name))
    target = getattr(fake_provider, make)().target
    wanted = [*range(12), 146] if name == "fake_kingston" else [*range(12)]
    chosen = {key: numbers for key, numbers in device.gates.items() if set(key[1]) <= set(wanted)}
    ours = build_noise_model(chosen, device.qubits)
    for gate in ("sx", "cz", "id"):
        keep = {q: p for q, p in target[gate].items() if set(q) <= set(wanted)}
        small = type(target)(num_qubits=target.num_qubits, qubit_properties=target.qubit_properties)
        small.add_instruction(target.operation_from_name(gate), keep)
        theirs = {qubits: error for _, qubits, error in basic_device_gate_errors(target=small)}
        assert ours._local_quantum_errors.get(gate, {}).keys() == theirs.keys()
        assert all(same(ours._local_quantum_errors[gate][qubits], error) for qubits, error in theirs.items())
    assert all(target["measure"][q,].error == device.qubits[q].readout_error for q in wanted)


def test_delays_relax_as_in_aer() -> None:
    """An explicit delay costs what Aer says that it costs."""
    device = read_calibration(find_snapshot("fake_nairobi"))
    circuit = QuantumCircuit(7, 1)
    circuit.x(3)
    circuit.delay(100, 3, unit="us")
    circuit.measure(3, 0)
    reduced = reduce_circuit(circuit)
    (bits,) = Machine(device, noise=True, seed=1).sample([reduced.circuit], reduced.places, 20_000)
    simulator = AerSimulator.from_backend(FakeNairobiV2())
    counts = simulator.run(circuit, shots=20_000, seed_simulator=2).result().get_counts()
    assert device.qubits[3].t1_s is not None
    assert 0.1 < bits.mean() < 0.9
    # two binomials of 20,000: six standard deviations of their difference, failure below 1e-8
    assert bits.mean() == pytest.approx(counts["1"] / 20_000, abs=6 * np.sqrt(2 * 0.25 / 20_000))
    model = build_noise_model({}, device.qubits)
    add_delay_noise(model, device.qubits, device.dt_s)
    assert len(model._custom_noise_passes) == 1


@pytest.mark.parametrize("method", ["density_matrix", "statevector", "matrix_product_state"])
def test_counts_agree_with_aer(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distribution over all outcomes is that of AerSimulator.from_backend, by every method."""
    backend = FakeNairobiV2()
    circuit = QuantumCircuit(4)
    circuit.ry(0.6, 0)
    for qubit in range(3):
        circuit.cx(qubit, qubit + 1)
    circuit.rx(1.1, 2)
    circuit.measure_all()
    physical = transpile(
        circuit, backend, initial_layout=[0, 1, 3, 5], optimization_level=1, seed_transpiler=1
    )
    shots = 20_000
    counts = (
        AerSimulator.from_backend(backend).run(physical, shots=shots, seed_simulator=3).result().get_counts()
    )
    reduced = reduce_circuit(physical)
    assert sorted(reduced.places) == [0, 1, 3, 5]
    monkeypatch.setattr("qiskit_direct_provider.service.simulate.choose_method", lambda *_, **__: method)
    device = read_calibration(find_snapshot("fake_nairobi"))
    (bits,) = Machine(device, noise=True, seed=1).sample([reduced.circuit], reduced.places, shots)
    ours = Counter("".join(map(str, row[::-1])) for row in bits.tolist())
    for outcome in counts.keys() | ours.keys():
        share, other = ours[outcome] / shots, counts.get(outcome, 0) / shots
        # six standard deviations, and a little for outcomes that hardly occur: failure below 1e-6
        assert abs(share - other) < 6 * np.sqrt(2 * max(share, other) / shots) + 1e-3, outcome


def test_without_noise_a_bell_pair_is_perfect() -> None:
    """Switched off means off."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    device = read_calibration(find_snapshot("fake_nairobi"))
    (bits,) = Machine(device, noise=False, seed=1).sample([circuit], (0, 1), 1000)
    assert (bits[:, 0] == bits[:, 1]).all()
    assert 0.3 < bits.mean() < 0.7


def test_gates_with_a_reported_error_of_1_are_told_of() -> None:
    """The depolarizing error of such a gate is complete, as in Aer, so the log of the job says it."""
    device = read_calibration(find_snapshot("fake_torino"))
    circuit = QuantumCircuit(5, 1)
    circuit.cz(0, 1)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.rzz(0.3, 3, 4)
    circuit.rzz(0.2, 3, 4)
    (told,) = Machine(device, noise=True, seed=1).out_of_order(circuit)
    assert told.startswith("rzz on qubits [3, 4] has a reported error of 1")
    assert Machine(device, noise=False, seed=1).out_of_order(circuit) == []
    only = QuantumCircuit(2)
    only.rzz(0.3, 0, 1)
    only.measure_all()
    (bits,) = Machine(device, noise=True, seed=1).sample([only], (3, 4), 4000)
    # a fair coin for each qubit: six standard deviations
    np.testing.assert_allclose(bits.mean(axis=0), 0.5, atol=6 * 0.5 / np.sqrt(4000))
