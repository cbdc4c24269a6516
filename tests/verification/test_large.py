"""Circuits that have no state vector: stabilizers, companions, light cones, and a refusal that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from offline import documents_of, offline_backend
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector
from wide import wide

from qiskit_direct_provider import errors
from qiskit_direct_provider.verification.checking import check
from qiskit_direct_provider.verification.clifford import cliffordised, is_clifford
from qiskit_direct_provider.verification.companions import mirrored
from qiskit_direct_provider.verification.distribution import exact, measured_qubits, sampled
from qiskit_direct_provider.verification.expected import Expected, expect
from qiskit_direct_provider.verification.lightcone import expectation_value, marginals
from qiskit_direct_provider.verification.methods import costs
from qiskit_direct_provider.verification.reduction import on_few_qubits
from qiskit_direct_provider.verification.verify import _question

if TYPE_CHECKING:
    from qiskit.transpiler import Target

    from qiskit_direct_provider import DirectBackend


@pytest.fixture(scope="module")
def target() -> Target:
    return offline_backend(documents_of("torino"), "fake_torino").target


def how(target: Target, circuit: QuantumCircuit, *, shots: int = 200, seconds: float = 60) -> Expected:
    return expect(circuit, target, shots=shots, seconds=seconds, seed=1)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_mirror_gives_its_word(target: Target, layers: int) -> None:
    circuit = wide(target, 9, layers)
    made, word = mirrored(circuit, seed=3)
    ideal = exact(on_few_qubits(made), None)
    assert ideal.probabilities[int(word, 2)] == pytest.approx(1)
    assert "1" in word
    assert "0" in word
    assert made.count_ops()["cz"] == 2 * circuit.count_ops()["cz"]
    assert measured_qubits(made) == measured_qubits(circuit)


def test_every_gate_of_a_device_has_an_inverse() -> None:
    """With fractional gates, and with those of older devices."""
    for gates in (("rx", "rzz", "sx", "rz", "x", "id", "cz"), ("ecr", "sx", "rz", "x"), ("cx", "sx", "rz")):
        circuit = QuantumCircuit(2, 2)
        for name in gates:
            angles = [0.3] if name in ("rx", "rz", "rzz") else []
            getattr(circuit, name)(*angles, *((0, 1) if name in ("rzz", "cz", "ecr", "cx") else (0,)))
        circuit.measure([0, 1], [0, 1])
        made, word = mirrored(circuit, seed=1)
        assert set(made.count_ops()) - {"x", "barrier"} <= {*gates, "measure"}
        assert exact(on_few_qubits(made), None).probabilities[int(word, 2)] == pytest.approx(1)


def test_cliffordised_keeps_gates_that_take_time(target: Target) -> None:
    circuit = wide(target, 20, 2)
    made = cliffordised(circuit)
    assert is_clifford(made)
    assert not is_clifford(circuit)
    assert made.count_ops() == circuit.count_ops()


def test_stabilizers_have_the_noise_of_the_device(target: Target) -> None:
    """The same marginals as the density matrix; five standard deviations of 5,000 shots, and a little."""
    circuit = cliffordised(wide(target, 8, 2))
    reduced = on_few_qubits(circuit)
    (way,) = [each for each in costs(reduced, 5000) if each.method == "stabilizer"]
    counts = sampled(reduced, target, way, 5000, seed=1)
    known = marginals(circuit, target)
    for bit, p in known.items():
        ones = sum(number for word, number in counts.items() if word[-1 - bit] == "1") / 5000
        assert ones == pytest.approx(p, abs=5 * (0.25 / 5000) ** 0.5 + 0.003)


def test_light_cones_are_exact(target: Target) -> None:
    circuit = wide(target, 8, 2)
    whole = exact(on_few_qubits(circuit), target)
    indices = np.arange(len(whole.probabilities))
    for bit, p in marginals(circuit, target).items():
        place = whole.bits.index(bit)
        assert p == pytest.approx(whole.probabilities[(indices >> place & 1) == 1].sum(), abs=1e-9)


def test_observables_of_wide_circuits(target: Target) -> None:
    circuit = wide(target, 6, 2)
    bare = circuit.remove_final_measurements(inplace=False)
    few = on_few_qubits(bare, range(6)).circuit
    small = SparsePauliOp(["ZZIIII", "IIXIYI"], [1.0, 0.5])
    ideal = float(np.real(Statevector(few).expectation_value(Operator(small))))
    large = SparsePauliOp([f"{'I' * 127}{label}" for label in small.paulis.to_labels()], small.coeffs)
    assert expectation_value(circuit, large, None) == pytest.approx(ideal, abs=1e-9)
    assert abs(expectation_value(circuit, large, target)) < abs(ideal)
    assert how(target, wide(target, 30, 2), seconds=0.1).way == "exact, bit by bit, from light cones"


def test_ways_by_size(target: Target) -> None:
    assert how(target, wide(target, 6, 2)).exact is not None
    assert "shots by" in how(target, wide(target, 16, 1), shots=50).way
    assert "stabilizers" in how(target, cliffordised(wide(target, 40, 2)), shots=50).way


def test_branches_of_wide_circuits(target: Target) -> None:
    """Gates in branches entangle as others do: those of one qubit not at all, those of loops at each turn."""
    circuit = wide(target, 15, 1).copy()
    circuit.add_register(ClassicalRegister(15))
    for qubit in range(15):
        with circuit.if_test((circuit.clbits[qubit], 1)):
            circuit.x(qubit + 15)
    circuit.measure(range(15, 30), range(15, 30))
    found = how(target, circuit, shots=50)
    assert "matrix product states" in found.way
    assert found.counts is not None
    same = sum(number for word, number in found.counts.items() if word[:15] == word[15:])
    assert same > 10  # 30 readouts and 15 gates, which err now and then
    with circuit.for_loop(range(9)):
        for qubit in range(14):
            circuit.cz(qubit, qubit + 1)
    assert "matrix_product_state" not in [each.method for each in costs(on_few_qubits(circuit), 50)]


@pytest.mark.parametrize("layers", [1, 2])
def test_a_dead_qubit_among_many_is_noticed(target: Target, layers: int) -> None:
    """Words never repeat here; bits, pairs and parities tell."""
    circuit = cliffordised(wide(target, 40, layers))
    expected = how(target, circuit, shots=400)
    dead = circuit.copy_empty_like()
    victim = next(qubit for qubit in range(40) if _ones(expected, qubit) > 100)
    for each in circuit.data:
        if each.name == "measure" and circuit.find_bit(each.qubits[0]).index == victim:
            dead.reset(victim)
        dead.append(each)
    question = _question(0, circuit, {"0" * 40: 1}, 0.01)
    found = []
    for ran in (circuit, dead):
        reduced = on_few_qubits(ran)
        (way,) = [each for each in costs(reduced, 400) if each.method == "stabilizer"]
        counts = sampled(reduced, target, way, 400, seed=9)
        found.append(check(question, counts, expected, np.random.default_rng(1)))
    assert found[0].p_value > 1e-4
    assert found[1].p_value < 0.002
    assert [each.qubit for each in found[1].outliers] == [victim]


def _ones(expected: Expected, bit: int) -> int:
    assert expected.counts is not None
    return sum(number for word, number in expected.counts.items() if word[-1 - bit] == "1")


def test_a_refusal_says_why(target: Target) -> None:
    circuit = wide(target, 133, 12)
    with pytest.raises(errors.UnsupportedError, match="decide about bit.*method='mirror'") as told:
        how(target, circuit, seconds=1)
    assert "133 qubits" in str(told.value)


def test_companions_run_on_the_device(torino: DirectBackend) -> None:
    circuit = wide(torino.target, 6, 2)
    mirror = torino.verify(circuit, method="mirror", shots=1000, seed=4)
    clifford = torino.verify(circuit, method="clifford", shots=1000)
    assert mirror.p_value > 1e-6
    assert clifford.p_value > 1e-6
    assert max(mirror.checks[0].counts.values()) > 400
    assert "mirror of" in mirror.checks[0].name
