"""How long one shot of a circuit takes, and how long each qubit has to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction
    from qiskit.transpiler import Target

__all__ = ["Schedule", "scheduled"]

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


@dataclass
class Schedule:
    """When each qubit is free, as every operation starts as early as it can.

    Attributes:
        clocks: For each physical qubit that is named when it is free, in seconds.
        first: For each the start of its first operation.
        last: For each the end of its last operation; barriers are none.
        busy: For each the time in which something is done to it.
        shortest: Duration if every branch takes its quickest way, loops of unknown length none.
        open_ended: Whether it has loops of unknown length; ``clocks`` count one turn of them.
    """

    clocks: dict[int, float] = field(default_factory=dict)
    first: dict[int, float] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)
    busy: dict[int, float] = field(default_factory=dict)
    shortest: float = 0.0
    open_ended: bool = False

    @property
    def duration_s(self) -> float:
        """From the first operation to the last, by the slowest branches."""
        return max(self.clocks.values(), default=0.0)

    def idle_s(self, qubit: int) -> float:
        """Time in which nothing is done to a qubit between its operations."""
        return self.last[qubit] - self.first[qubit] - self.busy[qubit]


def scheduled(circuit: QuantumCircuit, target: Target, places: Sequence[int] | None = None) -> Schedule:
    """The schedule of one shot, by the durations that the Target states; those that it does not count as 0.

    Of branches the slowest counts; a ``for`` loop counts each of its turns, a ``while`` loop one. For
    circuits without control flow, `Schedule.duration_s` is Qiskit's ``circuit.estimate_duration(target)``.

    Args:
        circuit: In the device's instruction set.
        target: The device.
        places: The physical qubit of each qubit of the circuit; default the same numbers.
    """
    where = list(range(circuit.num_qubits) if places is None else places)
    index = {qubit: where[number] for number, qubit in enumerate(circuit.qubits)}
    found = Schedule()
    least: dict[int, float] = {}
    for instruction in circuit.data:
        qubits = [index[qubit] for qubit in instruction.qubits]
        shortest, longest, open_ended = _times(instruction, qubits, target)
        found.open_ended |= open_ended
        start = max((found.clocks.get(qubit, 0.0) for qubit in qubits), default=0.0)
        early = max((least.get(qubit, 0.0) for qubit in qubits), default=0.0) + shortest
        found.clocks.update(dict.fromkeys(qubits, start + longest))
        least.update(dict.fromkeys(qubits, early))
        if instruction.name != "barrier":
            _note(found, qubits, start, longest, waits=instruction.name == "delay")
    found.shortest = max(least.values(), default=0.0)
    return found


def _note(found: Schedule, qubits: Sequence[int], start: float, longest: float, *, waits: bool) -> None:
    for qubit in qubits:
        found.first.setdefault(qubit, start)
        found.last[qubit] = start + longest
        found.busy[qubit] = found.busy.get(qubit, 0.0) + (0.0 if waits else longest)


def _times(
    instruction: CircuitInstruction, qubits: Sequence[int], target: Target
) -> tuple[float, float, bool]:
    """Shortest and longest time of an operation, and whether it may take any time."""
    if instruction.is_control_flow():
        return _of_blocks(instruction.operation, qubits, target)
    if instruction.name == "delay":
        seconds = _delay_s(instruction.operation, target.dt)
        return seconds, seconds, False
    if instruction.name not in target.operation_names:
        return 0.0, 0.0, False
    places = target[instruction.name]
    properties = places.get(tuple(qubits)) if places else None
    seconds = (properties.duration if properties else None) or 0.0
    return seconds, seconds, False


def _of_blocks(operation: Any, qubits: Sequence[int], target: Target) -> tuple[float, float, bool]:
    parts = [scheduled(block, target, qubits) for block in operation.blocks]
    longest = max((part.duration_s for part in parts), default=0.0)
    shortest = min((part.shortest for part in parts), default=0.0)
    open_ended = any(part.open_ended for part in parts)
    if operation.name == "for_loop":
        turns = len(operation.params[0])
        return shortest * turns, longest * turns, open_ended
    if operation.name == "while_loop":
        return 0.0, longest, True
    if operation.name == "if_else" and len(parts) == 1:
        shortest = 0.0
    return shortest, longest, open_ended


def _delay_s(operation: Any, dt: float | None) -> float:
    if not isinstance(operation.duration, int | float):
        return 0.0
    return float(operation.duration) * (_SECONDS.get(operation.unit) or dt or 0.0)
