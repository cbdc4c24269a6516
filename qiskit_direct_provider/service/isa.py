"""Whether a device can run a circuit as it is, and how long that takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qiskit.circuit import (
    CircuitInstruction,
    ControlFlowOp,
    Delay,
    ForLoopOp,
    ParameterExpression,
    QuantumCircuit,
)

from qiskit_direct_provider.service.openqasm.gates import is_standard_or_custom
from qiskit_direct_provider.service.outcome import NOT_ISA, JobProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qiskit_direct_provider.service.calibration import Calibration

__all__ = ["check_angles", "check_circuit", "circuit_duration_s", "out_of_order", "reset_duration_s"]

_DIRECTIVES = frozenset({"barrier", "store", "break_loop", "continue_loop", "measure", "reset", "delay"})
_RZZ_TOLERANCE = 1e-9
_UNIT_S = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


def check_circuit(circuit: QuantumCircuit, device: Calibration) -> None:
    """Compare every instruction with the device.

    Raises:
        JobProblemError: An instruction is not one of the device's.
    """
    if circuit.num_qubits > device.num_qubits:
        wanted = f"qubit {circuit.num_qubits - 1}, but {device.name} has {device.num_qubits} qubits"
        raise _not_isa(f"the circuit uses {wanted}")
    for instruction, qubits in _instructions(circuit, tuple(range(circuit.num_qubits))):
        name = instruction.name
        if name in _DIRECTIVES:
            continue
        if not device.offers(name, qubits):
            raise _not_isa(
                f"the instruction {name} on qubits {list(qubits)} is not supported by {device.name}"
            )
        if not instruction.is_standard_gate() and not is_standard_or_custom(instruction.operation):
            raise _not_isa(f"the program defines the gate {name} differently from {device.name}")


def out_of_order(circuit: QuantumCircuit, device: Calibration) -> list[str]:
    """What a circuit uses though the calibration says that it does not work."""
    if not device.out_of_order:
        return []
    used = {(each.name, qubits) for each, qubits in _instructions(circuit, tuple(range(circuit.num_qubits)))}
    return [
        f"{name} on qubits {list(qubits)} has a reported error of 1, and yields nothing but noise"
        for name, qubits in sorted(used & device.out_of_order)
    ]


def check_angles(circuit: QuantumCircuit) -> None:
    """Check the angles of ``rzz``, which devices offer from 0 to pi/2 only; parameters have to be bound.

    Raises:
        JobProblemError: An angle is out of bounds.
    """
    for instruction, qubits in _instructions(circuit, tuple(range(circuit.num_qubits))):
        if instruction.name == "rzz":
            angle = instruction.operation.params[0]
            bound = not isinstance(angle, ParameterExpression)
            if bound and not -_RZZ_TOLERANCE <= float(angle) <= math.pi / 2 + _RZZ_TOLERANCE:
                raise _not_isa(
                    f"the angle {float(angle):g} of rzz on qubits {list(qubits)} is not in 0..pi/2"
                )


def circuit_duration_s(circuit: QuantumCircuit, device: Calibration, places: tuple[int, ...]) -> float:
    """Time from the first to the last operation when each starts as early as it can.

    ``places[i]`` is the physical qubit of the circuit's qubit i. Of branches the slowest counts, of a
    ``for`` loop every turn, of a ``while`` loop one.
    """
    clocks: dict[int, float] = {}
    for instruction in circuit.data:
        local = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        start = max((clocks.get(qubit, 0.0) for qubit in local), default=0.0)
        end = start + _duration_s(instruction, device, tuple(places[qubit] for qubit in local))
        clocks.update(dict.fromkeys(local, end))
    return max(clocks.values(), default=0.0)


def reset_duration_s(circuit: QuantumCircuit, device: Calibration, places: tuple[int, ...]) -> float:
    """Time for setting the qubits that are used to 0 before a shot, all at once."""
    used = {
        qubits for each, where in _instructions(circuit, places) if each.name != "barrier" for qubits in where
    }
    return max((device.duration_s("reset", (qubit,)) for qubit in used), default=0.0)


def _duration_s(instruction: CircuitInstruction, device: Calibration, qubits: tuple[int, ...]) -> float:
    operation = instruction.operation
    if isinstance(operation, ControlFlowOp):
        longest = max((circuit_duration_s(block, device, qubits) for block in operation.blocks), default=0.0)
        return longest * (len(operation.params[0]) if isinstance(operation, ForLoopOp) else 1)
    if isinstance(operation, Delay):
        duration = operation.duration
        if isinstance(duration, ParameterExpression) or not isinstance(duration, int | float):
            return 0.0
        return float(duration) * (_UNIT_S.get(operation.unit) or device.dt_s or 0.0)
    return device.duration_s(operation.name, qubits)


def _instructions(
    circuit: QuantumCircuit, places: tuple[int, ...]
) -> Iterator[tuple[CircuitInstruction, tuple[int, ...]]]:
    """All instructions with their physical qubits, those inside control flow included."""
    index = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        qubits = tuple([places[index[qubit]] for qubit in instruction.qubits])
        if instruction.is_control_flow():
            for block in instruction.operation.blocks:
                yield from _instructions(block, qubits)
        else:
            yield instruction, qubits


def _not_isa(message: str) -> JobProblemError:
    solution = "Transpile the circuit for this backend; circuits are run as they are."
    return JobProblemError(NOT_ISA, message, solution)
