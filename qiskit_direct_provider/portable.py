"""Circuits without what readers of OpenQASM 3 take for something else."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction
    from qiskit.transpiler import Target

__all__ = ["portable"]

_DOUBTFUL = {"id", "for_loop"}


def portable(
    circuit: QuantumCircuit, target: Target | None = None, names: AbstractSet[str] | None = None
) -> QuantumCircuit:
    """A circuit that means the same to every reader; the circuit itself where it does so already.

    * ``id`` is a gate that lasts on a device, but as text it is ``U(0, 0, 0)``, which devices refuse: for a
      target it becomes a delay of the length that it has there, or nothing where that is not known.
    * Qiskit writes the range of a loop that counts down one step too far: it becomes a list of numbers.

    Args:
        circuit: Any.
        target: The device, for the length of its ``id``.
        names: Of its instructions, from whoever has counted them already.
    """
    names = circuit.count_ops().keys() if names is None else names
    if not (names & _DOUBTFUL or circuit.has_control_flow_op()):
        return circuit
    return _copied(circuit, target)


def _copied(circuit: QuantumCircuit, target: Target | None) -> QuantumCircuit:
    copied = circuit.copy_empty_like()
    for instruction in circuit.data:
        for rewritten in _rewritten(instruction, circuit, target):
            copied._append(rewritten)  # noqa: SLF001 - its bits are there, and it is checked already
    copied._layout = circuit.layout  # noqa: SLF001 - Qiskit has no public setter
    return copied


def _rewritten(
    instruction: CircuitInstruction, circuit: QuantumCircuit, target: Target | None
) -> Iterator[CircuitInstruction]:
    from qiskit.circuit import ControlFlowOp, ForLoopOp

    operation: Any = instruction.operation
    if operation.name == "id" and target is not None:
        delay = _idle(circuit.find_bit(instruction.qubits[0]).index, target)
        if delay is not None:
            yield instruction.replace(operation=delay)
        return
    if isinstance(operation, ControlFlowOp):
        # A block's qubits are not those of the device, and so neither are its durations.
        operation = operation.replace_blocks(_copied(block, target) for block in operation.blocks)
        if isinstance(operation, ForLoopOp):
            numbers, variable, body = operation.params
            operation = ForLoopOp(_plain_range(numbers), variable, body, label=operation.label)
        yield instruction.replace(operation=operation)
        return
    yield instruction


def _idle(qubit: int, target: Target) -> Any:
    """A delay as long as the device's ``id`` on that qubit, or on any."""
    from qiskit.circuit import Delay

    places = target["id"] if "id" in target.operation_names else {}
    known = places.get((qubit,)) or next((each for each in places.values() if each), None)
    seconds = known.duration if known is not None else None
    return Delay(round(seconds * 1e9, 3), "ns") if seconds else None


def _plain_range(numbers: Any) -> Any:
    if isinstance(numbers, range) and numbers.step < 0:
        return tuple(numbers) or range(0)
    return numbers
