"""Circuits to input documents."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from checking import check_circuits
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3, transpile
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit.classical import types
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Operator
from qiskit.transpiler import InstructionProperties, Target

from qiskit_direct_provider import errors
from qiskit_direct_provider.instruction_set import without_broken
from qiskit_direct_provider.programs import sampler_payload
from qiskit_direct_provider.wire.codec import encode_ndarray


def document(*circuits: QuantumCircuit, shots: int = 10) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sampler_payload(circuits, shots=shots))
    return found


def test_the_document_is_a_sampler_input_of_version_2() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    found = document(circuit, circuit, shots=7)
    text = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nc[0] = measure $0;\n'
    none = encode_ndarray(np.empty(0))
    assert found == {
        "pubs": [[text, none, 7], [text, none, 7]],
        "version": 2,
        "support_qiskit": True,
    }


def test_a_single_circuit_is_taken_as_well() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    assert sampler_payload(circuit, shots=3) == sampler_payload([circuit], shots=3)


def test_a_laid_out_circuit_names_physical_qubits() -> None:
    backend = GenericBackendV2(7, coupling_map=[[qubit, qubit + 1] for qubit in range(6)], seed=1)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = transpile(circuit, backend, initial_layout=[5, 6], seed_transpiler=1)
    text = document(isa)["pubs"][0][0]
    assert "meas[0] = measure $5;" in text
    assert "cx $5, $6;" in text
    assert "pi" not in text


def test_the_text_means_the_circuit() -> None:
    """Read back by Qiskit's own reader, the unitary is the same."""
    circuit = QuantumCircuit(3)
    circuit.rzz(0.3, 0, 2)
    circuit.rx(1e-9, 1)
    circuit.rz(-3.0, 1)
    circuit.cz(1, 2)
    circuit.sx(0)
    text = document(circuit)["pubs"][0][0]
    assert Operator(qasm3.loads(text)) == Operator(circuit)


def test_bits_without_a_register_get_one() -> None:
    circuit = QuantumCircuit([Clbit(), Clbit()], QuantumRegister(2, "q"), ClassicalRegister(1, "loose0"))
    circuit.measure([0, 1], [0, 2])
    text = document(circuit)["pubs"][0][0]
    assert "bit[2] creg0;" in text
    assert circuit.cregs == [ClassicalRegister(1, "loose0")], "the user's circuit is left alone"


@pytest.mark.parametrize("shots", [0, -3, 1.5, "10", None, True])
def test_shots_that_are_none(shots: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match="shots must be"):
        sampler_payload(QuantumCircuit(1, 1), shots=shots)


@pytest.mark.parametrize("circuits", [[], None, 5, "OPENQASM 3.0;", [QuantumCircuit(1), "x"]])
def test_circuits_that_are_none(circuits: Any) -> None:
    with pytest.raises(errors.InvalidInputError):
        sampler_payload(circuits, shots=1)


def bounded_target() -> Target:
    from qiskit.circuit.library import CXGate, Measure, RZZGate

    theta = Parameter("theta")
    target = Target(num_qubits=2)
    pair = {(0, 1): InstructionProperties()}
    target.add_instruction(RZZGate(theta), pair, angle_bounds=[(0.0, 1.5)])
    target.add_instruction(CXGate(), pair)
    target.add_instruction(Measure(), {(0,): None, (1,): None})
    return target


def test_all_findings_come_in_one_message() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.cx(1, 0)
    circuit.rzz(-0.5, 0, 1)
    circuit.h(0)
    other = QuantumCircuit(3, 1, name="wide")
    with pytest.raises(errors.InvalidCircuitError) as caught:
        check_circuits([circuit, other], bounded_target())
    text = str(caught.value)
    for finding in (
        "'cx' on qubits [1, 0] is only in the other direction",
        "'rzz' on qubits [0, 1]: angle out of bounds, [-0.5]",
        "'h' is not one of the device's instructions",
        "nothing is measured",
        "circuit 1 ('wide'): 3 qubits, on a device of 2",
    ):
        assert finding in text


def test_what_fits_passes() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.rzz(0.5, 0, 1)
    circuit.barrier()
    circuit.measure([0, 1], [0, 1])
    check_circuits([circuit], bounded_target())


def test_blocks_of_control_flow_are_looked_into() -> None:
    backend = GenericBackendV2(3, control_flow=True, seed=1)
    circuit = QuantumCircuit(3, 1)
    circuit.measure(2, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.h(1)
    with pytest.raises(errors.InvalidCircuitError, match="'h' is not one"):
        check_circuits([circuit], backend.target)


def test_unbound_parameters_are_named() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.rzz(Parameter("angle"), 0, 1)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match=r"unbound parameters \(angle\)"):
        check_circuits([circuit], bounded_target())


def test_a_flood_of_findings_is_cut() -> None:
    with pytest.raises(errors.InvalidCircuitError, match="and 50 more"):
        check_circuits([QuantumCircuit(5)] * 30, bounded_target())


def test_input_variables_have_no_value() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.add_input("flag", types.Bool())
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match="input variables have no value; use parameters"):
        check_circuits([circuit], bounded_target())


@pytest.mark.parametrize("angle", [math.nan, math.inf])
def test_an_angle_that_is_no_number_is_named(angle: float) -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.rzz(angle, 0, 1)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match=f"'rzz' has the angle {angle}"):
        check_circuits([circuit], bounded_target())


def test_a_gate_that_is_broken_everywhere_is_gone() -> None:
    from qiskit.circuit.library import CXGate, CZGate

    target = Target(num_qubits=2)
    target.add_instruction(CXGate(), {(0, 1): InstructionProperties(error=0.1)})
    assert without_broken(target) is target
    target.add_instruction(CZGate(), {(0, 1): InstructionProperties(error=1.0)})
    assert list(without_broken(target).operation_names) == ["cx"]
