"""Classical registers of any name and shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Clbit
from qiskit.circuit.classical import expr, types
from qiskit.primitives import StatevectorSampler

from qiskit_direct_provider import SamplerV2, errors
from qiskit_direct_provider.registers import with_plain_registers

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectProvider


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


def test_variables_move_with_their_registers() -> None:
    """Declared, given from outside and taken over by a block: what is computed of a register goes along."""
    given = expr.Var.new("given", types.Uint(2))
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(2, "shape"), inputs=[given])
    register = circuit.cregs[0]
    found = circuit.add_var("found", expr.lift(register))
    pause = circuit.add_stretch("pause")
    circuit.store(found, expr.bit_or(register, given))
    with circuit.if_test(expr.equal(found, register)):
        circuit.store(found, register)
        circuit.delay(pause, 0)
    sent, fields = with_plain_registers(circuit)
    assert fields == (("creg0", (0, 1)),)
    assert (list(sent.iter_input_vars()), list(sent.iter_declared_vars())) == ([given], [found])
    assert list(sent.iter_declared_stretches()) == [pause]
    block = sent.data[-1].operation.blocks[0]
    assert (list(block.iter_captured_vars()), list(block.iter_captured_stretches())) == ([found], [pause])
    lines = qasm3.dumps(sent).splitlines()
    for line in ("input uint[2] given;", "uint[2] found;", "stretch pause;", "found = creg0 | given;"):
        assert line in lines
    assert "if (found == creg0) {" in lines
    assert "  found = creg0;" in lines
    assert not any("shape" in line for line in lines)


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


def shared() -> QuantumCircuit:
    """Two registers with two bits in common, a loose bit, an empty register, and one of an odd name."""
    bits = [Clbit() for _ in range(4)]
    circuit = QuantumCircuit(QuantumRegister(2, "q"), [Clbit()], ClassicalRegister(2, "a b"))
    circuit.add_register(
        ClassicalRegister(name="low", bits=bits[:3]),
        ClassicalRegister(0, "none"),
        ClassicalRegister(name="high", bits=bits[1:]),
        ClassicalRegister(name="back", bits=bits[::-1]),
    )
    circuit.x(0)
    circuit.measure([0, 1, 0, 1, 0, 1, 0], range(7))
    return circuit


@pytest.mark.parametrize("through", ["run", "sampler"])
def test_a_primitives_result_has_each_register_whole(channel_nairobi: DirectBackend, through: str) -> None:
    """As Qiskit's own sampler has it; readout errors here are a few per cent, so a majority is sure."""
    circuit = shared()
    if through == "run":
        result = channel_nairobi.run(circuit, shots=500).primitive_result(timeout=60)
    else:
        result = SamplerV2(channel_nairobi).run([circuit], shots=500).result(timeout=60)
    (pub,), (expected,) = result, StatevectorSampler().run([circuit], shots=5).result()
    assert set(expected.data) <= set(pub.data)
    for name, bits in expected.data.items():
        assert (pub.data[name].num_bits, pub.data[name].num_shots) == (bits.num_bits, 500)
        if bits.num_bits:
            counts = pub.data[name].get_counts()
            assert max(counts, key=lambda word: counts[word]) == next(iter(bits.get_counts())), name
    overlap = pub.data["low"].slice_bits([1, 2]), pub.data["high"].slice_bits([0, 1])
    assert overlap[0] == overlap[1]


def test_iq_values_of_registers_that_share_bits(channel_nairobi: DirectBackend) -> None:
    job = channel_nairobi.run(shared(), shots=10, meas_level=1)
    (pub,) = job.primitive_result(timeout=60)
    assert pub.data["high"].shape == (10, 3)
    assert pub.data["none"].shape == (10, 0)
    assert (pub.data["high"][:, :2] == pub.data["low"][:, 1:]).all()
    assert (pub.data["back"][:, ::-1][:, :3] == pub.data["low"]).all()


@pytest.mark.parametrize("name", ["shape", "size", "ndim", "keys", "items", "values", "self", "_data"])
def test_a_name_that_no_result_can_have_loses_no_result(nairobi: DirectBackend, name: str) -> None:
    (pub,) = nairobi.run(circuit_of((name, 2)), shots=500).primitive_result(timeout=60)
    counts = pub.data["creg0"].get_counts()
    assert max(counts, key=lambda word: counts[word]) == "01"


def test_registers_come_back_with_a_job_that_is_reloaded(
    provider: DirectProvider, nairobi: DirectBackend
) -> None:
    job = nairobi.run(shared(), shots=10)
    (before,) = job.primitive_result(timeout=60)
    (after,) = provider.retrieve_job(job.job_id()).primitive_result(timeout=60)
    assert list(before.data) == list(after.data)
    assert all(before.data[name] == after.data[name] for name in before.data)
