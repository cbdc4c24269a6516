"""Names of parameters as they travel."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3, transpile
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import Operator

from qiskit_direct_provider.parameters import with_ordered_parameters


def as_read_back(circuit: QuantumCircuit) -> QuantumCircuit:
    return qasm3.loads(qasm3.dumps(circuit, disable_constants=True))


def vector_and_letters() -> QuantumCircuit:
    """A circuit whose parameters sort differently by their names in the text."""
    vector, theta, upper = ParameterVector("p", 12), Parameter("θ"), Parameter("Z")
    circuit = QuantumCircuit(2, name="mixed", metadata={"a": 1})
    for index, element in enumerate(vector):
        circuit.ry((index + 1) * element, index % 2)
        circuit.cx(0, 1)
    circuit.rx(theta / 2 + upper, 0)
    return circuit


def test_values_meet_their_own_parameters_after_the_text() -> None:
    circuit = vector_and_letters()
    values = np.random.default_rng(1).uniform(-3, 3, circuit.num_parameters)
    read = as_read_back(with_ordered_parameters(circuit))
    assert Operator(read.assign_parameters(values)).equiv(circuit.assign_parameters(values))


def test_values_would_not_meet_them_under_their_own_names() -> None:
    """This is why they are renamed; when it fails, the reader has learnt to sort vectors."""
    circuit = vector_and_letters()
    values = np.random.default_rng(1).uniform(-3, 3, circuit.num_parameters)
    read = as_read_back(circuit)
    assert not Operator(read.assign_parameters(values)).equiv(circuit.assign_parameters(values))


def test_nothing_else_changes() -> None:
    circuit = transpile(vector_and_letters(), coupling_map=[[1, 0]], basis_gates=["sx", "rz", "cx"])
    renamed = with_ordered_parameters(circuit)
    assert renamed.name == "mixed"
    assert renamed.metadata == {"a": 1}
    assert renamed.layout is circuit.layout or renamed.layout == circuit.layout
    assert circuit.parameters[0].name == "Z"


def test_a_circuit_without_parameters_stays_itself() -> None:
    circuit = QuantumCircuit(1)
    assert with_ordered_parameters(circuit) is circuit


def test_parameters_inside_control_flow_and_in_the_phase_only() -> None:
    inside, phase = Parameter("inside"), Parameter("a phase")
    circuit = QuantumCircuit(1, 1, global_phase=phase)
    with circuit.if_test((0, True)):
        circuit.rz(inside, 0)
    renamed = with_ordered_parameters(circuit)
    assert [each.name for each in renamed.parameters] == ["p00000", "p00001"]
    assert as_read_back(renamed).num_parameters == 2


@pytest.mark.parametrize("name", ["p00000", "parity", "pp"])
def test_no_register_shares_a_name(name: str) -> None:
    circuit = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(1, name))
    circuit.rz(Parameter("p00000"), 0)
    circuit.measure(0, 0)
    read = as_read_back(with_ordered_parameters(circuit))
    assert read.num_parameters == 1
    assert [register.name for register in read.cregs] == [name]
