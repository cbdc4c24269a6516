"""Circuits as other readers take them: idle gates, and loops that count down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_direct_provider.portable import portable
from qiskit_direct_provider.programs import to_openqasm3

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend


def with_loop(numbers: range | tuple[int, ...]) -> QuantumCircuit:
    """A qubit that is flipped once a turn."""
    circuit = QuantumCircuit(1, 1, name="loop", metadata={"kept": True})
    with circuit.for_loop(numbers):
        circuit.x(0)
    circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize(
    "numbers", [range(5, 0, -1), range(5, 0, -2), range(4), range(0, 5, 2), range(0), (7, 7)]
)
def test_a_loop_runs_as_often_as_it_says(channel_nairobi: DirectBackend, numbers: range) -> None:
    counts = channel_nairobi.run(with_loop(numbers), shots=200).result(timeout=60).get_counts()
    assert max(counts, key=counts.get) == str(len(numbers) % 2)


def test_an_idle_gate_is_a_delay_of_its_length(channel_nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.id(0)
    circuit.id(1)
    circuit.measure([0, 1], [0, 1])
    ns = channel_nairobi.target["id"][(0,)].duration * 1e9
    text = to_openqasm3(portable(circuit, channel_nairobi.target))
    assert [float(each) for each in re.findall(r"delay\[([\d.]+)ns\]", text)] == pytest.approx(
        [ns] * 2, abs=1e-3
    )
    assert "id " not in text
    counts = channel_nairobi.run(circuit, shots=200).result(timeout=60).get_counts()
    assert max(counts, key=counts.get) == "01"


def test_an_idle_gate_within_a_branch(channel_nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.id(0)
    counts = channel_nairobi.run(circuit, shots=200).result(timeout=60).get_counts()
    assert max(counts, key=counts.get) == "1"


def test_an_idle_gate_of_no_length_is_nothing() -> None:
    """A device that has none takes no time for it."""
    circuit = QuantumCircuit(2)
    circuit.id(0)
    circuit.x(1)
    target = GenericBackendV2(2, basis_gates=["cx", "rz", "sx", "x"], seed=1).target
    assert [each.operation.name for each in portable(circuit, target).data] == ["x"]
    assert [each.operation.name for each in portable(circuit).data] == ["id", "x"]


def test_the_rest_of_a_circuit_stays() -> None:
    plain = QuantumCircuit(1, 1)
    plain.rz(Parameter("a"), 0)
    assert portable(plain) is plain
    circuit = with_loop(range(3, 0, -1))
    rewritten = portable(circuit)
    assert (rewritten.name, rewritten.metadata, rewritten.layout) == ("loop", {"kept": True}, None)
    assert rewritten.cregs == circuit.cregs
    assert tuple(rewritten.data[0].operation.params[0]) == (3, 2, 1)
    assert circuit.data[0].operation.params[0] == range(3, 0, -1)
