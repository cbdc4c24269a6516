"""Which of Aer's methods is the quickest for a circuit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qiskit.circuit import ControlFlowOp

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["choose_method", "is_clifford", "is_dynamic", "with_quarter_turns"]

# Seconds per operation, measured on one core of 2026; only their ratios matter.
_DENSITY_S = 5e-9
_STATE_S = 8e-9
_STATE_BASE_S = 3e-6
_PRODUCT_S = 1.5e-8
_PRODUCT_BASE_S = 1.4e-5
_CLIFFORD_S = 1e-9
_CLIFFORD_BASE_S = 1e-5

_MAX_DENSITY_QUBITS = 12
_MAX_STATE_QUBITS = 26
_LARGEST_BOND = 20
_CLIFFORD_NAMES = frozenset(
    {"x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "id", "cx", "cy", "cz", "swap", "ecr"}
    | {"measure", "reset", "barrier", "delay"}
)
_ANGLE_TOLERANCE = 1e-9


def choose_method(circuit: QuantumCircuit, shots: int, *, noisy: bool, clifford: bool = False) -> str:
    """The method with the least estimated time, among those that fit into memory.

    ``clifford`` says that the circuit and its noise consist of Clifford gates and resets alone.
    """
    qubits, operations = circuit.num_qubits, max(len(circuit.data), 1)
    dynamic = is_dynamic(circuit)
    runs = shots if noisy or dynamic else 1
    bond = 2.0 ** min(_bond_bits(circuit), _LARGEST_BOND)
    costs = {
        "matrix_product_state": shots * operations * (_PRODUCT_BASE_S + _PRODUCT_S * bond**3),
    }
    if qubits <= _MAX_STATE_QUBITS:
        costs["statevector"] = runs * operations * (_STATE_BASE_S + _STATE_S * 2.0**qubits)
    if noisy and not dynamic and qubits <= _MAX_DENSITY_QUBITS:
        costs["density_matrix"] = operations * _DENSITY_S * 4.0**qubits
    if clifford:
        costs["stabilizer"] = shots * operations * (_CLIFFORD_BASE_S + _CLIFFORD_S * qubits**2)
    return min(costs, key=lambda method: costs[method])


def is_clifford(circuit: QuantumCircuit) -> bool:
    """Whether the stabilizer method can simulate a bound circuit, its noise apart."""
    for instruction in circuit.data:
        if instruction.name == "rz":
            angle = float(instruction.operation.params[0])
            if abs(angle - _quarter_turns(angle)) > _ANGLE_TOLERANCE:
                return False
        elif instruction.name not in _CLIFFORD_NAMES:
            return False
    return True


def with_quarter_turns(circuit: QuantumCircuit) -> QuantumCircuit:
    """A Clifford circuit whose ``rz`` are multiples of pi/2 to the last bit, as Aer 0.18 wants them."""
    exact = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.name == "rz":
            exact.rz(_quarter_turns(float(instruction.operation.params[0])), instruction.qubits)
        else:
            exact._append(instruction)  # noqa: SLF001 - the bits are the same
    return exact


def _quarter_turns(angle: float) -> float:
    return round(angle / (math.pi / 2)) * (math.pi / 2)


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether every shot has to be simulated on its own: something follows a measurement on its qubit."""
    measured: set[int] = set()
    written: set[int] = set()
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp) or instruction.operation.name == "store":
            return True
        qubits = {circuit.find_bit(qubit).index for qubit in instruction.qubits}
        if qubits & measured:
            return True
        if instruction.operation.name == "measure":
            bits = {circuit.find_bit(bit).index for bit in instruction.clbits}
            if bits & written:
                return True
            measured |= qubits
            written |= bits
    return False


def _bond_bits(circuit: QuantumCircuit) -> int:
    """Upper bound of the entanglement, in bits, across any cut of the qubits in their order."""
    width = circuit.num_qubits
    crossings = [0] * max(width, 1)
    for instruction in circuit.data:
        places = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        if len(places) > 1:
            for cut in range(min(places), max(places)):
                crossings[cut] += 1
    return max((min(count, cut + 1, width - cut - 1) for cut, count in enumerate(crossings)), default=0)
