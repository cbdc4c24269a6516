"""Circuits over many qubits of a device whose couplings are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qiskit import QuantumCircuit

if TYPE_CHECKING:
    from qiskit.transpiler import Target

__all__ = ["wide"]


def wide(target: Target, width: int, layers: int) -> QuantumCircuit:
    """Layers of turns by odd angles and of ``cz`` on disjoint pairs, over the first qubits, all measured."""
    good = sorted(
        pair
        for pair, known in target["cz"].items()
        if max(pair) < width and known.error and known.error < 0.05
    )
    circuit = QuantumCircuit(target.num_qubits, width, name=f"wide-{width}x{layers}")
    rng = np.random.default_rng(1)
    _turn(circuit, width, rng)
    for layer in range(layers):
        busy: set[int] = set()
        for left, right in good[layer % 3 :] + good[: layer % 3]:
            if not busy & {left, right}:
                circuit.cz(left, right)
                busy |= {left, right}
        _turn(circuit, width, rng)
    circuit.measure(range(width), range(width))
    return circuit


def _turn(circuit: QuantumCircuit, width: int, rng: np.random.Generator) -> None:
    for qubit in range(width):
        circuit.sx(qubit)
        circuit.rz(rng.random(), qubit)
        circuit.sx(qubit)
