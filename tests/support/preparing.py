"""Circuits that prepare a known word, on the qubits of a device as they are."""

from __future__ import annotations

from collections.abc import Mapping

from qiskit import QuantumCircuit

__all__ = ["most_frequent", "number"]


def number(width: int, value: int) -> QuantumCircuit:
    """Qubits 0 to ``width`` in the state that reads as ``value``, bit k on qubit k."""
    circuit = QuantumCircuit(width, width)
    for qubit in range(width):
        if value >> qubit & 1:
            circuit.x(qubit)
    circuit.measure(range(width), range(width))
    return circuit


def most_frequent(counts: Mapping[str, int]) -> str:
    return max(counts, key=lambda word: counts[word])
