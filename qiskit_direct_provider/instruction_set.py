"""Whether a device can run a circuit as it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

__all__ = ["BROKEN", "findings", "fits", "without_broken"]

BROKEN = 1.0

# Not instructions of the device: they shape the program around them.
_DIRECTIVES = frozenset({"barrier", "break_loop", "continue_loop", "store"})


def fits(circuit: QuantumCircuit, target: Target, sound: Target, *, measured: bool = True) -> bool:
    """Whether a device surely can run a circuit; a quick look, which leaves doubtful cases to `findings`.

    Names, places and directions are compared by Qiskit's native code. Angles are not looked at: where a gate
    has bounds, the case is doubtful.

    Args:
        circuit: In the device's instruction set, or not.
        target: The device.
        sound: The same `without_broken` places.
        measured: Whether it is wrong to measure nothing.
    """
    from qiskit.converters import circuit_to_dag
    from qiskit.transpiler.passes import GatesInBasis

    names = circuit.count_ops()
    if (
        circuit.num_qubits > (target.num_qubits or 0)
        or circuit.num_parameters
        or circuit.num_input_vars
        or circuit.num_stretches
        or (measured and "measure" not in names)
        or circuit.has_control_flow_op()
        or any(target.gate_has_angle_bounds(name) for name in names)
    ):
        return False
    look = GatesInBasis(target=sound)
    look.run(circuit_to_dag(circuit, copy_operations=False))
    return bool(look.property_set["all_gates_in_basis"])


def findings(
    circuit: QuantumCircuit,
    target: Target,
    *,
    values: npt.NDArray[Any] | None = None,
    measured: bool = True,
    unbound: bool = False,
) -> list[str]:
    """What keeps a circuit from running on a device, each once and with what to do.

    Wider than the device, an instruction that the device does not have on these qubits, an angle out of
    bounds, unbound parameters and, with ``measured``, nothing measured.

    Args:
        circuit: In the device's instruction set, or not.
        target: The device.
        values: Sets of parameter values, the parameters of a set along the last axis.
        measured: Whether it is wrong to measure nothing.
        unbound: Whether parameters may be without values.
    """
    return list(dict.fromkeys(_findings(circuit, target, values, measured=measured, unbound=unbound)))


def _findings(
    circuit: QuantumCircuit,
    target: Target,
    values: npt.NDArray[Any] | None,
    *,
    measured: bool,
    unbound: bool,
) -> Iterator[str]:
    if circuit.num_qubits > target.num_qubits:
        yield f"{circuit.num_qubits} qubits, on a device of {target.num_qubits}; transpile it for the backend"
    if circuit.num_parameters and values is None and not unbound:
        names = ", ".join(parameter.name for parameter in circuit.parameters[:3])
        yield f"unbound parameters ({names}); pass parameter_values, or call assign_parameters() first"
    if any(True for _ in circuit.iter_input_vars()):
        yield "input variables have no value; use parameters, and parameter_values"
    seen = _Seen(_columns(circuit, values))
    yield from _unsupported(circuit, range(circuit.num_qubits), target, seen)
    if measured and not seen.measures:
        yield "nothing is measured, so there would be no counts; call measure_all()"


@dataclass
class _Seen:
    """What was looked at in one circuit.

    Attributes:
        columns: For each parameter its values, one of each set; None when none were given.
        loop_variables: Of all loops around what is looked at, and of those before.
    """

    columns: Mapping[Any, npt.NDArray[Any]] | None = None
    measures: bool = False
    loop_variables: set[Any] = field(default_factory=set)
    instructions: set[tuple[str, tuple[int, ...], tuple[Any, ...]]] = field(default_factory=set)


def _columns(
    circuit: QuantumCircuit, values: npt.NDArray[Any] | None
) -> Mapping[Any, npt.NDArray[Any]] | None:
    if values is None:
        return None
    rows = values.reshape(-1, circuit.num_parameters)
    return {parameter: rows[:, place] for place, parameter in enumerate(circuit.parameters)}


def _unsupported(
    circuit: QuantumCircuit, qubits: Sequence[int], target: Target, seen: _Seen
) -> Iterator[str]:
    """Instructions that the target lacks, each once; the blocks of control flow are looked into."""
    index = {qubit: qubits[position] for position, qubit in enumerate(circuit.qubits)}
    if stretches := [stretch.name for stretch in circuit.iter_declared_stretches()]:
        names = ", ".join(stretches[:3])
        yield f"stretches ({names}) have no length that could be sent; use delays in dt or seconds"
    for instruction in circuit.data:
        operation = instruction.operation
        qargs = tuple(index[qubit] for qubit in instruction.qubits)
        if operation.name == "for_loop":
            seen.loop_variables.add(operation.params[1])
        for block in getattr(operation, "blocks", ()):
            yield from _unsupported(block, qargs, target, seen)
        seen.measures = seen.measures or operation.name.startswith("measure")
        if odd := _odd_angle(operation.name, operation.params):
            yield odd
        if operation.name == "delay" and (why := _unknown_length(operation.duration, seen)):
            yield why
        bounded = target.gate_has_angle_bounds(operation.name)
        for angles in _extremes(operation.params, seen.columns) if bounded else ((),):
            key = (operation.name, qargs, angles)
            if key in seen.instructions or operation.name in _DIRECTIVES:
                continue
            seen.instructions.add(key)
            finding = _why_not(operation.name, qargs, angles, target)
            if finding:
                yield finding


def _unknown_length(duration: Any, seen: _Seen) -> str | None:
    """Why the length of a delay cannot be sent, or None when it can."""
    free = getattr(duration, "parameters", None)
    if not free:
        return None
    names = ", ".join(sorted(parameter.name for parameter in free))
    if free <= seen.loop_variables:
        return "a delay depends on the variable of a loop, which cannot be sent; write the turns out"
    return f"a delay depends on a parameter ({names}), which cannot be sent; assign_parameters() first"


def _extremes(
    parameters: Sequence[Any], columns: Mapping[Any, npt.NDArray[Any]] | None
) -> tuple[tuple[float, ...], ...]:
    """The smallest and the largest angles that a gate is run with; what is unbound is reported elsewhere."""
    found = [_least_and_most(parameter, columns) for parameter in parameters]
    if None in found:
        return ((),)
    least, most = zip(*found, strict=True)
    return (least,) if least == most else (least, most)


def _least_and_most(
    parameter: Any, columns: Mapping[Any, npt.NDArray[Any]] | None
) -> tuple[float, float] | None:
    if isinstance(parameter, int | float):
        return parameter, parameter
    free = getattr(parameter, "parameters", None)
    if not free or columns is None or not free <= columns.keys():
        return None
    if parameter in columns:
        return float(columns[parameter].min()), float(columns[parameter].max())
    rows = set(zip(*(columns[each].tolist() for each in free), strict=True))
    angles = [float(parameter.bind(dict(zip(free, row, strict=True)))) for row in rows]
    return min(angles), max(angles)


def _odd_angle(name: str, parameters: Sequence[Any]) -> str | None:
    """An angle that no device can turn by."""
    odd = [angle for angle in parameters if isinstance(angle, float) and not math.isfinite(angle)]
    return f"{name!r} has the angle {odd[0]}" if odd else None


def _why_not(name: str, qargs: tuple[int, ...], bounded: tuple[Any, ...], target: Target) -> str | None:
    """Why an instruction cannot run on these qubits, or None when it can."""
    if name not in target.operation_names:
        names = ", ".join(sorted(target.operation_names))
        return f"{name!r} is not one of the device's instructions ({names}); transpile it for the backend"
    if any(qubit >= target.num_qubits for qubit in qargs):
        return None  # that the circuit is too wide is said already
    if target.qargs_for_operation_name(name) is not None and qargs not in target[name]:
        reversed_works = qargs[::-1] in target[name]
        where = (
            " only in the other direction" if reversed_works and len(qargs) > 1 else " not available there"
        )
        return f"{name!r} on qubits {list(qargs)} is{where}; transpile it for the backend"
    if bounded and not target.supported_angle_bound(name, list(bounded)):
        return f"{name!r} on qubits {list(qargs)}: angle out of bounds, {list(bounded)}; transpile it again"
    return None


def without_broken(target: Target) -> Target:
    """A target without the places that have a reported error of 1; the same one when there is none.

    It says what is where; bounds of angles are the whole target's alone.
    """
    from qiskit.transpiler import Target

    if not any(_is_broken(target[name].get(qargs)) for name, qargs in _placed(target)):
        return target
    sound = Target(num_qubits=target.num_qubits)
    for name in target.operation_names:
        places = target[name]
        kept = {qargs: known for qargs, known in places.items() if not _is_broken(known)}
        if kept:
            sound.add_instruction(target.operation_from_name(name), None if None in kept else kept, name=name)
    return sound


def _placed(target: Target) -> Iterator[tuple[str, tuple[int, ...]]]:
    return ((name, qargs) for name in target.operation_names for qargs in target[name])


def _is_broken(properties: Any) -> bool:
    return properties is not None and properties.error == BROKEN
