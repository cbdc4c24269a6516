"""Which simulation of a noisy circuit is possible here, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.verification.clifford import is_clifford
from qiskit_direct_provider.verification.reduction import is_static

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.verification.reduction import Reduced

__all__ = ["LARGEST_BOND_ERROR", "TwinCost", "costs", "memory_limit_bytes"]

# Seconds per operation, measured on one core of 2026; they are right within a factor of three or so.
_DENSITY_S = 5e-9
_STATE_S = 8e-9
_STATE_BASE_S = 3e-6
_PRODUCT_S = 1.5e-8
_PRODUCT_BASE_S = 1.4e-5
_TABLEAU_S = 5e-8
_TABLEAU_BASE_S = 3e-6

_LARGEST_EXACT = 11
_LARGEST_STATE = 26
_LARGEST_BOND_BITS = 8
_COMPLEX_BYTES = 16

LARGEST_BOND_ERROR = 1e-4
"""Most weight of a state that matrix product states may lose, over all gates of a circuit."""


@dataclass(frozen=True)
class TwinCost:
    """What simulating a circuit with noise takes on one core of this machine.

    Attributes:
        method: ``density_matrix`` (exact: all shots at once), ``statevector``, ``matrix_product_state`` or
            ``stabilizer`` (shot by shot).
        seconds: For all shots; right within a factor of three or so.
        memory_bytes: Of the state.
        bond_error: Bound on the weight that matrix product states lose; 0 for the others.
    """

    method: str
    seconds: float
    memory_bytes: float
    bond_error: float = 0.0


def costs(reduced: Reduced, shots: int) -> list[TwinCost]:
    """Every way to simulate a circuit with noise that fits into memory, the quickest first.

    Matrix product states count as a way where the circuit's shape bounds the entanglement.
    """
    circuit = reduced.circuit
    qubits, operations = circuit.num_qubits, max(len(circuit.data), 1)
    found = []
    if qubits <= _LARGEST_EXACT and is_static(circuit):
        size = 4.0**qubits
        found.append(TwinCost("density_matrix", operations * size * _DENSITY_S, size * _COMPLEX_BYTES))
    if qubits <= _LARGEST_STATE:
        size = 2.0**qubits
        seconds = shots * operations * (_STATE_BASE_S + _STATE_S * size)
        found.append(TwinCost("statevector", seconds, size * _COMPLEX_BYTES))
    bits = _bond_bits(circuit)
    if bits <= _LARGEST_BOND_BITS:
        bond = 2.0**bits
        seconds = shots * operations * (_PRODUCT_BASE_S + _PRODUCT_S * bond**3)
        memory = 2 * qubits * bond**2 * _COMPLEX_BYTES
        found.append(TwinCost("matrix_product_state", seconds, memory, LARGEST_BOND_ERROR))
    if is_clifford(circuit):
        seconds = shots * operations * (_TABLEAU_BASE_S + _TABLEAU_S * qubits)
        found.append(TwinCost("stabilizer", seconds, qubits**2 / 2))
    fitting = [each for each in found if each.memory_bytes <= memory_limit_bytes()]
    return sorted(fitting, key=lambda each: each.seconds)


def memory_limit_bytes() -> float:
    """Half of this machine's memory."""
    import os

    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2)
    except (ValueError, OSError, AttributeError):  # not on every system
        return 4.0 * 2**30


def _bond_bits(circuit: QuantumCircuit) -> int:
    """Upper bound of the entanglement, in bits, across any cut of the qubits in their order."""
    width: int = circuit.num_qubits
    crossings = [0] * max(width, 1)
    _cross(circuit, range(width), 1, crossings)
    return max([0, *(min(count, cut + 1, width - cut - 1) for cut, count in enumerate(crossings))])


def _cross(circuit: QuantumCircuit, places: Sequence[int], turns: int, crossings: list[int]) -> None:
    """Count the gates across each cut: of branches all, of loops every turn, however many there may be."""
    index = {qubit: places[number] for number, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        qubits = [index[qubit] for qubit in instruction.qubits]
        if instruction.is_control_flow():
            again = _turns(instruction.operation, many=len(crossings))
            for block in instruction.operation.blocks:
                _cross(block, qubits, turns * again, crossings)
        elif len(qubits) > 1:
            for cut in range(min(qubits), max(qubits)):
                crossings[cut] += turns


def _turns(operation: Any, many: int) -> int:
    if operation.name == "for_loop":
        return len(operation.params[0])
    return many if operation.name == "while_loop" else 1
