"""Ways in which a device, or a set-up, does not do what it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qiskit import QuantumCircuit

__all__ = ["CIRCUIT_FAULTS", "doubled", "lopsided"]


def lopsided(number: int) -> QuantumCircuit:
    """Circuits whose qubits all answer differently, so that no two of them can be exchanged unseen."""
    width = 3 + number % 3
    circuit = QuantumCircuit(width, name=f"lopsided-{number}")
    for qubit in range(width):
        circuit.ry(0.5 + 0.45 * qubit + 0.05 * (number % 7), qubit)
    for qubit in range(width - 1):
        circuit.cz(qubit, qubit + 1)
    for qubit in range(width):
        circuit.ry(0.25 + 0.2 * ((qubit + number) % 3), qubit)
    circuit.measure_all()
    return circuit


def _with_measurements(
    circuit: QuantumCircuit, change: Callable[[list[tuple[Any, Any]], QuantumCircuit], list[tuple[Any, Any]]]
) -> QuantumCircuit:
    made = circuit.copy_empty_like()
    pairs = []
    for each in circuit.data:
        if each.name == "measure":
            pairs.append((each.qubits[0], each.clbits[0]))
        else:
            made.append(each)
    for qubit, bit in change(pairs, made):
        made.measure(qubit, bit)
    return made


def swapped_bits(circuit: QuantumCircuit) -> QuantumCircuit:
    """The first and the last classical bit exchanged."""

    def change(pairs: list[tuple[Any, Any]], _: QuantumCircuit) -> list[tuple[Any, Any]]:
        (first, left), (last, right) = pairs[0], pairs[-1]
        return [(first, right), *pairs[1:-1], (last, left)]

    return _with_measurements(circuit, change)


def dead_qubit(circuit: QuantumCircuit) -> QuantumCircuit:
    """The last qubit never leaves its ground state."""

    def change(pairs: list[tuple[Any, Any]], made: QuantumCircuit) -> list[tuple[Any, Any]]:
        made.reset(pairs[-1][0])
        return pairs

    return _with_measurements(circuit, change)


def wrong_layout(circuit: QuantumCircuit) -> QuantumCircuit:
    """Everything runs, but each answer is that of the next qubit."""

    def change(pairs: list[tuple[Any, Any]], _: QuantumCircuit) -> list[tuple[Any, Any]]:
        qubits = [qubit for qubit, _ in pairs]
        return [(qubit, bit) for qubit, (_, bit) in zip([*qubits[1:], qubits[0]], pairs, strict=True)]

    return _with_measurements(circuit, change)


CIRCUIT_FAULTS = {"wrong layout": wrong_layout, "swapped bits": swapped_bits, "dead qubit": dead_qubit}


def doubled(properties: dict[str, Any]) -> dict[str, Any]:
    """A calibration with twice the errors of gates and readout, and half the lifetimes."""
    for gate in properties["gates"]:
        for item in gate["parameters"]:
            if item["name"] == "gate_error":
                item["value"] = min(2 * item["value"], 0.9)
    for items in properties["qubits"]:
        for item in items:
            if item["name"] in ("readout_error", "prob_meas0_prep1", "prob_meas1_prep0"):
                item["value"] = min(2 * item["value"], 0.5)
            if item["name"] in ("T1", "T2"):
                item["value"] /= 2
    return properties
