"""Clifford circuits, which are simulated at any size."""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qiskit_direct_provider.service.calibration import Calibration, read_calibration
from qiskit_direct_provider.service.devices import find_snapshot
from qiskit_direct_provider.service.methods import choose_method, is_clifford
from qiskit_direct_provider.service.simulate import Machine

DEVICE = read_calibration(find_snapshot("fake_torino"))
SHOTS = 4000


def scrambled(qubits: int, layers: int, seed: int) -> QuantumCircuit:
    """Random Clifford gates of the device on a line, so many that the state is entangled all over."""
    source = random.Random(seed)  # noqa: S311 - reproducible, and nothing secret
    circuit = QuantumCircuit(qubits)
    for layer in range(layers):
        for qubit in range(qubits):
            circuit.rz(source.randrange(4) * math.pi / 2, qubit)
            circuit.sx(qubit)
        for qubit in range(layer % 2, qubits - 1, 2):
            circuit.cz(qubit, qubit + 1)
    return circuit


def test_a_large_entangled_clifford_circuit_is_simulated() -> None:
    """60 qubits, undone again: no other method could hold the state in between."""
    circuit = scrambled(60, 40, seed=3)
    undone = circuit.compose(circuit.inverse())
    mirrored = QuantumCircuit(60)
    for instruction in undone.data:
        if instruction.operation.name == "sxdg":
            (qubit,) = instruction.qubits
            mirrored.rz(math.pi, qubit)
            mirrored.sx(qubit)
            mirrored.rz(math.pi, qubit)
        else:
            mirrored.append(instruction)
    mirrored.measure_all()
    (bits,) = Machine(DEVICE, noise=False, seed=1).sample([mirrored], tuple(range(60)), 20)
    assert bits.shape == (20, 60)
    assert not bits.any()


def pauli_noise(device: Calibration) -> Calibration:
    """The device with T2 = T1 everywhere, so that relaxation is a mixture of Pauli gates and resets."""
    return dataclasses.replace(device, qubits=tuple(each._replace(t2_s=each.t1_s) for each in device.qubits))


def test_both_methods_agree_on_noisy_clifford_circuits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares of ones of each qubit and parities of neighbours, up to six standard deviations."""
    device = pauli_noise(DEVICE)
    # long gates, so that the noise matters
    slow = {key: numbers._replace(duration_s=4e-6) for key, numbers in device.gates.items()}
    device = dataclasses.replace(device, gates=slow)
    circuit = scrambled(5, 6, seed=1)
    circuit.measure_all()
    chosen = []
    found = []
    for method in ("stabilizer", "density_matrix"):

        def choose(*_: object, clifford: bool, method: str = method, **__: object) -> str:
            chosen.append(clifford)
            return method

        monkeypatch.setattr("qiskit_direct_provider.service.simulate.choose_method", choose)
        (bits,) = Machine(device, noise=True, seed=4).sample([circuit], (0, 1, 2, 3, 4), SHOTS)
        found.append(np.concatenate([bits, bits[:, 1:] ^ bits[:, :-1]], axis=1).mean(axis=0))
    assert chosen == [True, True]
    assert np.abs(found[0] - found[1]).max() < 6 * math.sqrt(0.5 / SHOTS)


def test_qubits_that_dephase_slowly_are_left_to_other_methods() -> None:
    """Where T2 > T1, relaxation is no mixture of Clifford gates."""
    slow = dataclasses.replace(
        DEVICE, qubits=tuple(each._replace(t2_s=1.5 * (each.t1_s or 0)) for each in DEVICE.qubits)
    )
    circuit = scrambled(3, 2, seed=2)
    circuit.measure_all()
    for device, clifford in ((slow, False), (pauli_noise(DEVICE), True)):
        noise = Machine(device, noise=True, seed=1)._used_noise([circuit], (0, 1, 2), readout_errors=True)
        assert noise.is_clifford() is clifford


@pytest.mark.parametrize(
    ("angle", "clifford"),
    [(0, True), (-math.pi / 2, True), (7 * math.pi / 2, True), (0.1, False), (1e-6, False)],
)
def test_only_quarter_turns_are_clifford(angle: float, clifford: bool) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.sx(0)
    circuit.rz(angle, 0)
    circuit.measure(0, 0)
    assert is_clifford(circuit) is clifford


def test_aer_takes_what_is_called_clifford() -> None:
    """Angles that are a rounding error away from a quarter turn, too."""
    circuit = QuantumCircuit(40, 40)
    for qubit in range(40):
        circuit.sx(qubit)
        circuit.rz(math.pi / 2 * (qubit % 5) + 1e-10 * (qubit % 3), qubit)
    for layer in range(40):
        for qubit in range(layer % 2, 39, 2):
            circuit.cz(qubit, qubit + 1)
            circuit.sx(qubit)
    circuit.measure(range(40), range(40))
    assert is_clifford(circuit)
    assert choose_method(circuit, 10, noisy=False, clifford=True) == "stabilizer"
    (bits,) = Machine(DEVICE, noise=False, seed=1).sample([circuit], tuple(range(40)), 10)
    assert bits.shape == (10, 40)
