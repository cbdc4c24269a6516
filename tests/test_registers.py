"""Classical registers of any name and shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Clbit

from qiskit_direct_provider import errors
from qiskit_direct_provider.registers import with_plain_registers

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend


def circuit_of(*registers: tuple[str, int]) -> QuantumCircuit:
    """Every second classical bit, from bit 0 on, is set."""
    size = sum(width for _, width in registers)
    circuit = QuantumCircuit(
        QuantumRegister(size, "q"), *(ClassicalRegister(width, name) for name, width in registers)
    )
    for qubit in range(0, size, 2):
        circuit.x(qubit)
    circuit.measure(range(size), range(size))
    return circuit


@pytest.mark.parametrize("name", ["c", "meas", "data_1", "Alpha"])
def test_plain_names_stay(name: str) -> None:
    circuit = circuit_of((name, 2))
    sent, fields = with_plain_registers(circuit)
    assert sent is circuit
    assert fields == ((name, (0, 1)),)


@pytest.mark.parametrize(
    "name", ["shape", "size", "items", "self", "measure", "pi", "x", "z z", "_c", "é", "1c", "c-1"]
)
def test_other_names_are_replaced_on_the_way(name: str) -> None:
    circuit = circuit_of((name, 1), ("creg0", 2))
    sent, fields = with_plain_registers(circuit)
    assert [field for field, _ in fields] == ["creg1", "creg0"]
    assert [bits for _, bits in fields] == [(0,), (1, 2)]
    assert [register.name for register in circuit.cregs] == [name, "creg0"], (
        "the user's circuit is left alone"
    )
    text = qasm3.dumps(sent)
    assert "bit[1] creg1;" in text
    assert "bit[2] creg0;" in text


def test_empty_loose_and_shared_bits() -> None:
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit(QuantumRegister(4), [Clbit()], ClassicalRegister(0, "none"))
    circuit.add_register(
        ClassicalRegister(name="a", bits=bits[:2]), ClassicalRegister(name="b", bits=bits[1:])
    )
    _, fields = with_plain_registers(circuit)
    assert sorted(index for _, indices in fields for index in indices) == [0, 1, 2, 3]
    assert ("a", (1, 2)) in fields
    assert ("b", (3,)) in fields


def test_a_condition_moves_with_its_register() -> None:
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(2, "shape"))
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.cregs[0], 3)):
        circuit.x(0)
    sent, _ = with_plain_registers(circuit)
    assert "if (creg0 == 3)" in qasm3.dumps(sent)


def test_a_condition_on_a_shared_register_is_refused() -> None:
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit(QuantumRegister(2), bits)
    first, second = ClassicalRegister(name="a", bits=bits[:2]), ClassicalRegister(name="b", bits=bits[1:])
    circuit.add_register(first, second)
    with circuit.if_test((second, 1)):
        circuit.x(0)
    with pytest.raises(errors.InvalidCircuitError, match="shares bits"):
        with_plain_registers(circuit)


@pytest.mark.parametrize(
    ("registers", "expected"),
    [
        ([("size", 2), ("shape", 1)], "1 01"),
        ([("z z", 1), ("a", 1)], "0 1"),
        ([("b", 1), ("a", 2)], "10 1"),
        ([("measure", 3)], "101"),
    ],
)
def test_counts_keep_the_users_registers(
    channel_nairobi: DirectBackend, registers: list[tuple[str, int]], expected: str
) -> None:
    """Readout errors here are a few per cent: an unlucky majority has a chance below 1e-100."""
    result = channel_nairobi.run(circuit_of(*registers), shots=500).result(timeout=60)
    counts = result.get_counts()
    assert max(counts, key=lambda bits: counts[bits]) == expected
    assert result.results[0].header["creg_sizes"] == [list(register) for register in registers]


def test_an_empty_register_does_no_harm(channel_nairobi: DirectBackend) -> None:
    circuit = circuit_of(("e", 0), ("c", 2))
    counts = channel_nairobi.run(circuit, shots=500).result(timeout=60).get_counts()
    assert max(counts, key=lambda bits: counts[bits]).strip() == "01"
