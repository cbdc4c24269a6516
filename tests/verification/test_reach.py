"""What the twin can follow, and what it refuses and why."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from offline import documents_of, offline_backend
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import XGate
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import InstructionProperties, Target
from wide import wide

from qiskit_direct_provider import errors
from qiskit_direct_provider.device import DeviceDocuments
from qiskit_direct_provider.verification.clifford import cliffordised
from qiskit_direct_provider.verification.companions import mirrored
from qiskit_direct_provider.verification.distribution import sampled
from qiskit_direct_provider.verification.expected import expect
from qiskit_direct_provider.verification.jobs import circuits_of
from qiskit_direct_provider.verification.lightcone import expectation_value, marginals
from qiskit_direct_provider.verification.methods import TwinCost, memory_limit_bytes
from qiskit_direct_provider.verification.parities import as_bits, checks_of, features
from qiskit_direct_provider.verification.reduction import on_few_qubits
from qiskit_direct_provider.wire.codec import encode_ndarray


@pytest.fixture(scope="module")
def target() -> Target:
    return offline_backend(documents_of("torino"), "fake_torino").target


def measured_twice() -> QuantumCircuit:
    """The second bit is the opposite of the first."""
    circuit = QuantumCircuit(133, 2)
    circuit.sx(7)
    circuit.measure(7, 0)
    circuit.x(7)
    circuit.measure(7, 1)
    return circuit


def test_what_goes_on_after_a_measurement_is_followed_by_shots(target: Target) -> None:
    found = expect(measured_twice(), target, shots=500, seconds=60, seed=1)
    assert found.exact is None
    assert found.ideal is None
    assert found.counts is not None
    assert found.counts["01"] + found.counts["10"] > 400


def test_what_goes_on_after_a_measurement_has_neither_cones_nor_mirror(target: Target) -> None:
    with pytest.raises(errors.UnsupportedError, match="goes on after measurements has no light cones"):
        marginals(measured_twice(), target)
    with pytest.raises(errors.UnsupportedError, match="goes on after measurements, has no mirror"):
        mirrored(measured_twice(), seed=1)


def with_a_flag(circuit: QuantumCircuit) -> None:
    flag = circuit.add_var("flag", False)  # noqa: FBT003 - its own signature
    circuit.store(flag, circuit.clbits[0])
    with circuit.if_test(flag):
        circuit.x(0)


def with_a_number_in_a_branch(circuit: QuantumCircuit) -> None:
    with circuit.if_test((circuit.clbits[0], 1)):
        number = circuit.add_var("number", expr.lift(3, types.Uint(8)))
        circuit.store(number, expr.bit_not(number))


def with_a_stretch(circuit: QuantumCircuit) -> None:
    circuit.delay(circuit.add_stretch("gap"), 0)


@pytest.mark.parametrize("add", [with_a_flag, with_a_number_in_a_branch, with_a_stretch])
def test_what_aer_would_stumble_over_is_refused(
    target: Target, add: Callable[[QuantumCircuit], None]
) -> None:
    """Aer 0.18 takes the whole process down over a number of eight bits."""
    circuit = QuantumCircuit(133, 2, name="named")
    circuit.measure(0, 0)
    add(circuit)
    circuit.measure(0, 1)
    with pytest.raises(
        errors.UnsupportedError, match="'named' has variables or stretches, which Aer does not"
    ):
        expect(circuit, target, shots=10, seconds=60, seed=1)


def test_variables_cost_what_they_take_on_the_device() -> None:
    """The twin refuses them; the device is asked for no more than without."""
    backend = offline_backend(documents_of("torino"), "fake_torino")
    plain = QuantumCircuit(133, 2)
    plain.measure(0, 0)
    circuit = plain.copy()
    with_a_flag(circuit)
    found, without = backend.estimate(circuit, shots=10), backend.estimate(plain, shots=10)
    x = backend.target["x"][0,].duration
    assert found.quantum_seconds == pytest.approx(without.quantum_seconds + 10 * x)
    assert found.circuits[0].twin is None
    with pytest.raises(errors.UnsupportedError, match="which Aer does not simulate"):
        backend.twin().run(circuit)


@pytest.mark.parametrize(
    ("gate", "make", "match"),
    [
        ("p", cliffordised, r"'p' has no Clifford counterpart at the same cost$"),
        ("rx", cliffordised, "'rx' has no Clifford counterpart.*use_fractional_gates=False"),
        ("p", lambda circuit: mirrored(circuit, seed=1), "'p' has no inverse among the device's gates"),
    ],
)
def test_a_gate_without_a_companion_is_named(
    gate: str, make: Callable[[QuantumCircuit], object], match: str
) -> None:
    circuit = QuantumCircuit(1, 1)
    getattr(circuit, gate)(0.3, 0)
    circuit.measure(0, 0)
    with pytest.raises(errors.UnsupportedError, match=match):
        make(circuit)


def test_observables_that_reach_too_far_are_refused(target: Target) -> None:
    """What is the same for every state has no past at all."""
    circuit = wide(target, 30, 6)
    assert expectation_value(circuit, SparsePauliOp("I" * 133, 2.5), target) == 2.5
    last = SparsePauliOp("I" * 125 + "Z" + "I" * 7)
    with pytest.raises(errors.UnsupportedError, match="10 qubits decide about one bit, and 9 is what can be"):
        expectation_value(circuit, last, target)


def test_a_target_that_says_little_has_little_noise() -> None:
    """Neither lifetimes nor errors of the readout: an average error of 0.1 takes a fifth of the signal."""
    target, circuit = Target(num_qubits=2), QuantumCircuit(2)
    target.add_instruction(XGate(), {(1,): InstructionProperties(error=0.1, duration=1e-7)})
    circuit.x(1)
    assert target.qubit_properties is None
    assert expectation_value(circuit, SparsePauliOp("ZI"), target) == pytest.approx(-0.8)


def test_what_aer_cannot_do_is_told(target: Target) -> None:
    """A state of 40 qubits fits into no memory."""
    reduced = on_few_qubits(wide(target, 40, 1))
    with pytest.raises(errors.UnsupportedError, match=r"Aer could not simulate the circuit: .*memory"):
        sampled(reduced, None, TwinCost("statevector", 1.0, 1.0), 10)


def test_a_gate_that_aer_does_not_know_is_told(target: Target) -> None:
    circuit = QuantumCircuit(133, 1)
    circuit.append(Gate("mine", 1, []), [0])
    circuit.measure(0, 0)
    with pytest.raises(errors.UnsupportedError, match="Aer could not simulate the circuit: .*mine"):
        expect(circuit, target, shots=10, seconds=60, seed=1)


def test_a_system_that_does_not_tell_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory_limit_bytes() > 2**28
    monkeypatch.delattr(os, "sysconf")
    assert memory_limit_bytes() == 4 * 2**30


def test_a_device_that_was_never_calibrated_has_no_noise() -> None:
    documents = DeviceDocuments(documents_of("manila").configuration)
    twin = offline_backend(documents, "fake_manila").twin()
    assert twin.calibrated is None
    assert twin.noise_model.noise_instructions == []
    assert twin.noise_model is twin.noise_model
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    assert twin.run(circuit, shots=300).result().get_counts() == {"1": 300}


# -- circuits out of the journal -----------------------------------------------------------------------


TURN = "input float[64] a;\nbit[1] c;\nrz(a) $0;\nc[0] = measure $0;\n"


@pytest.mark.parametrize(
    ("text", "values", "match"),
    [
        ("bool flag;\n", None, r"cannot be read back .*verify\(job, circuits=\.\.\.\)"),
        ("nonsense", None, r"cannot be read back .*verify\(job, circuits=\.\.\.\)"),
        (TURN, {"__value__": "no array"}, "parameter values of this job cannot be read back"),
        (TURN, None, "parameter values of this job cannot be read back"),
    ],
)
def test_a_job_that_cannot_be_read_back_says_so(text: str, values: Any, match: str) -> None:
    payload = json.dumps({"pubs": [[f'OPENQASM 3.0;\ninclude "stdgates.inc";\n{text}', values, 10]]})
    with pytest.raises(errors.UnsupportedError, match=match):
        circuits_of([payload.encode()], ["c"], 3)


def test_a_job_is_read_back_with_its_values() -> None:
    values = encode_ndarray(np.array([[0.5], [1.5]]))
    payload = json.dumps({"pubs": [[f'OPENQASM 3.0;\ninclude "stdgates.inc";\n{TURN}', values, 10]]})
    found = circuits_of([payload.encode()], ["mine"], 3)
    assert [(each.num_qubits, each.data[0].params) for each in found] == [(3, [0.5]), (3, [1.5])]


# -- parities ------------------------------------------------------------------------------------------


def test_features_are_bits_pairs_and_parities() -> None:
    bits = as_bits({"011": 1, "100": 1}, 3)
    none, both = np.zeros((0, 3), dtype=np.uint8), np.array([[1, 1, 1]], dtype=np.uint8)
    alone = [[-1, -1, 1], [1, 1, -1]]
    assert features(bits, (), none).tolist() == alone
    assert features(bits, [(0, 2)], none).tolist() == [[*alone[0], -1], [*alone[1], -1]]
    assert features(bits, (), both).tolist() == [[*alone[0], 1], [*alone[1], -1]]


def test_fewer_words_than_bits_have_every_parity_of_theirs() -> None:
    """Two words of five bits differ in three: all parities of an even number of these, and both others."""
    words = as_bits({"10110": 1, "01100": 1}, 5)
    checks = checks_of(words)
    assert len(checks) == 4
    for row in checks:
        assert len({int(word @ row) % 2 for word in words}) == 1
