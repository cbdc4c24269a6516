"""A circuit on a large device, cut down to the qubits that it uses."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import (
    reverse_cuthill_mckee,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Reduced", "reduce_circuit"]


@dataclass(frozen=True)
class Reduced:
    """``circuit``'s qubit i is the physical qubit ``places[i]``."""

    circuit: QuantumCircuit
    places: tuple[int, ...]


def reduce_circuit(circuit: QuantumCircuit, also: Iterable[int] = ()) -> Reduced:
    """Drop idle qubits, except those in ``also``; order the others so that neighbours are close.

    The order matters to matrix product states only, whose cost grows with distance.
    """
    pairs: dict[tuple[int, int], int] = defaultdict(int)
    active = set(also)
    for instruction in circuit.data:
        if instruction.operation.name == "barrier":
            continue
        qubits = sorted(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        active.update(qubits)
        for left, right in itertools.pairwise(qubits):
            pairs[left, right] += 1
    places = _ordered(sorted(active), pairs)
    return Reduced(_on(circuit, places), places)


def _ordered(active: list[int], pairs: dict[tuple[int, int], int]) -> tuple[int, ...]:
    if not pairs:
        return tuple(active)
    index = {qubit: number for number, qubit in enumerate(active)}
    rows = np.array([index[left] for left, _ in pairs], dtype=np.int32)
    columns = np.array([index[right] for _, right in pairs], dtype=np.int32)
    ones = np.ones(2 * len(pairs), dtype=np.int8)
    shape = (len(active), len(active))
    graph = coo_array(
        (ones, (np.concatenate([rows, columns]), np.concatenate([columns, rows]))), shape=shape
    ).tocsr()
    order = reverse_cuthill_mckee(graph, symmetric_mode=True)
    return tuple(active[number] for number in order)


def _on(circuit: QuantumCircuit, places: tuple[int, ...]) -> QuantumCircuit:
    index = {qubit: number for number, qubit in enumerate(places)}
    reduced = QuantumCircuit(len(places), global_phase=circuit.global_phase)
    reduced.add_bits(circuit.clbits)
    for register in circuit.cregs:
        reduced.add_register(register)
    for variable in circuit.iter_declared_vars():
        reduced.add_uninitialized_var(variable)
    for instruction in circuit.data:
        # Barriers tell the compiler what to leave alone, and nothing is compiled here.
        if instruction.operation.name != "barrier" or isinstance(instruction.operation, ControlFlowOp):
            qubits = [index[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
            reduced.append(instruction.operation, qubits, instruction.clbits, copy=False)
    return reduced
