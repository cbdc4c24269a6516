"""Circuits on a large device, cut down to the qubits that they use."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit import QuantumCircuit

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.validation import each_instruction

if TYPE_CHECKING:
    from qiskit.circuit import CircuitInstruction

    from qiskit_direct_provider.verification.noise import Used

__all__ = ["Reduced", "gates_used", "is_static", "on_few_qubits", "qubits_used"]


@dataclass(frozen=True)
class Reduced:
    """``circuit``'s qubit ``i`` is the physical qubit ``places[i]``; ``used`` has physical qubits."""

    circuit: QuantumCircuit
    places: tuple[int, ...]
    used: frozenset[Used]


def on_few_qubits(circuit: QuantumCircuit, places: Sequence[int] | None = None) -> Reduced:
    """A circuit without the qubits on which nothing happens.

    Args:
        circuit: On the qubits of a device.
        places: The physical qubits to keep, in their new order; default those that are used, ordered so
            that coupled ones are close, which is what matrix product states want.

    Raises:
        UnsupportedError: It has variables or stretches. Aer 0.18 ends the whole process over some of them.
    """
    if _has_identifiers(circuit):
        raise UnsupportedError(
            f"circuit {circuit.name!r} has variables or stretches, which Aer does not simulate"
        )
    kept = tuple(_ordered(circuit) if places is None else places)
    index = {place: number for number, place in enumerate(kept)}
    reduced = QuantumCircuit(len(kept), name=circuit.name, global_phase=circuit.global_phase)
    reduced.metadata = circuit.metadata
    reduced.add_bits(circuit.clbits)
    for register in circuit.cregs:
        reduced.add_register(register)
    for instruction in circuit.data:
        # A barrier tells the compiler what to leave alone, and nothing is compiled here.
        if instruction.operation.name != "barrier":
            qubits = [index[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
            reduced.append(instruction.operation, qubits, instruction.clbits, copy=False)
    return Reduced(reduced, kept, frozenset(gates_used([circuit])))


def gates_used(circuits: Collection[QuantumCircuit]) -> set[Used]:
    """Gates with the qubits that they are on, those inside control flow included."""
    return {
        (instruction.name, qubits)
        for circuit in circuits
        for instruction, qubits in each_instruction(circuit)
        if instruction.name != "barrier" and not instruction.is_control_flow()
    }


def qubits_used(circuits: Collection[QuantumCircuit]) -> list[int]:
    """Qubits on which something happens, in ascending order."""
    return sorted(
        {
            circuit.find_bit(qubit).index
            for circuit in circuits
            for instruction in circuit.data
            if instruction.name != "barrier"
            for qubit in instruction.qubits
        }
    )


def is_static(circuit: QuantumCircuit) -> bool:
    """Whether all measurements are final: nothing follows on their qubits, nor on their bits."""
    measured: set[object] = set()
    for instruction in circuit.data:
        if instruction.is_control_flow() or instruction.name in ("store", "reset"):
            return False
        if instruction.name == "barrier":
            continue
        if not measured.isdisjoint([*instruction.qubits, *instruction.clbits]):
            return False
        if instruction.name == "measure":
            measured.update([*instruction.qubits, *instruction.clbits])
    return True


def _has_identifiers(circuit: QuantumCircuit) -> bool:
    if circuit.num_identifiers:
        return True
    blocks = (block for each in circuit.data if each.is_control_flow() for block in each.operation.blocks)
    return circuit.has_control_flow_op() and any(map(_has_identifiers, blocks))


def _ordered(circuit: QuantumCircuit) -> list[int]:
    """The qubits used, in the reverse Cuthill-McKee order of the graph of their gates."""
    used = qubits_used([circuit])
    pairs = {pair for each in circuit.data for pair in itertools.pairwise(_indices(circuit, each))}
    if not pairs:
        return used
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import (
        reverse_cuthill_mckee,
    )

    index = {qubit: number for number, qubit in enumerate(used)}
    left, right = (np.array([index[pair[side]] for pair in pairs], dtype=np.int32) for side in (0, 1))
    rows, columns = np.concatenate([left, right]), np.concatenate([right, left])
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(used), len(used)))
    return [used[number] for number in reverse_cuthill_mckee(graph.tocsr(), symmetric_mode=True)]


def _indices(circuit: QuantumCircuit, instruction: CircuitInstruction) -> list[int]:
    if instruction.name == "barrier":
        return []
    return sorted(circuit.find_bit(qubit).index for qubit in instruction.qubits)
