"""Which of Aer's methods is the quickest for a circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit.circuit import ControlFlowOp

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["choose_method", "is_dynamic"]

# Seconds per operation, measured on one core of 2026; only their ratios matter.
_DENSITY_S = 5e-9
_STATE_S = 8e-9
_STATE_BASE_S = 3e-6
_PRODUCT_S = 1.5e-8
_PRODUCT_BASE_S = 1.4e-5

_MAX_DENSITY_QUBITS = 12
_MAX_STATE_QUBITS = 26
_LARGEST_BOND = 20


def choose_method(circuit: QuantumCircuit, shots: int, *, noisy: bool) -> str:
    """The method with the least estimated time, among those that fit into memory."""
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
    return min(costs, key=lambda method: costs[method])


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
