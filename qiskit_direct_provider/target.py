"""Device documents to Qiskit's Target."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.circuit import Gate, Instruction, Parameter
from qiskit.circuit.controlflow import ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp
from qiskit.transpiler import InstructionProperties, Target

from qiskit_direct_provider.errors import ProtocolError
from qiskit_direct_provider.wire.backend import (
    Calibration,
    Configuration,
    Item,
    read_calibration,
    read_configuration,
    si_value,
)

if TYPE_CHECKING:
    from qiskit.providers import QubitProperties

__all__ = ["build_target", "target_from_json"]

FRACTIONAL_GATES = frozenset({"rx", "rzz"})
RZZ_BOUNDS = [(0.0, math.pi / 2)]

_NON_UNITARY = ("measure", "delay", "reset")
_CONTROL_FLOW = {
    "if_else": IfElseOp,
    "while_loop": WhileLoopOp,
    "for_loop": ForLoopOp,
    "switch_case": SwitchCaseOp,
}

Qargs = tuple[int, ...]
Properties = dict[Qargs, InstructionProperties | None]


def target_from_json(
    configuration: bytes, properties: bytes | None = None, *, use_fractional_gates: bool = False
) -> Target:
    """The Target of a device whose documents are at hand.

    Args:
        configuration: The configuration document, JSON as the API sends it.
        properties: The calibration document; None gives a Target without errors and durations.
        use_fractional_gates: Include ``rx`` and ``rzz`` where the device has them.

    Raises:
        ProtocolError: The documents do not describe a device.
    """
    issues: list[str] = []
    try:
        described = read_configuration(configuration, issues)
        calibrated = read_calibration(properties, issues)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(f"the documents do not describe a device: {error}") from error
    return build_target(described, calibrated, use_fractional_gates=use_fractional_gates)


def build_target(
    configuration: Configuration,
    calibration: Calibration | None = None,
    *,
    use_fractional_gates: bool = False,
) -> Target:
    """The Target of a device.

    Gates per qubit tuple with error and duration in seconds, measure, reset, delay, control flow, timing
    constraints, dt, and T1, T2 and frequency per qubit in SI units.

    Qubits and gates that the calibration marks as not operational are left out.
    """
    operations = _operations(configuration, use_fractional_gates=use_fractional_gates)
    faulty = _faulty_qubits(calibration)
    placed = _placed(configuration, operations)
    if calibration is not None:
        _calibrate(placed, calibration, faulty)
        if "measure" in placed:
            placed["measure"] = _readout(calibration, configuration.n_qubits)
    everywhere: Properties = dict.fromkeys((qubit,) for qubit in range(configuration.n_qubits))
    for name in _NON_UNITARY:
        if name in placed and placed[name] is None:
            placed[name] = everywhere.copy()
    for properties in placed.values():
        _drop_faulty(properties, faulty)
    target = _empty_target(configuration, calibration)
    for name, operation in operations.items():
        bounds = RZZ_BOUNDS if name == "rzz" else None
        target.add_instruction(operation, placed.get(name), name=name, angle_bounds=bounds)
    return target


def _empty_target(configuration: Configuration, calibration: Calibration | None) -> Target:
    timing = configuration.timing_constraints
    return Target(
        description=f"{configuration.backend_name} {configuration.backend_version}".strip(),
        num_qubits=configuration.n_qubits,
        dt=configuration.dt,
        granularity=timing.granularity,
        min_length=timing.min_length,
        pulse_alignment=timing.pulse_alignment,
        acquire_alignment=timing.acquire_alignment,
        qubit_properties=_qubit_properties(calibration, configuration.n_qubits) if calibration else None,
    )


@functools.cache
def _standard_gates() -> dict[str, Instruction]:
    from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping

    gates: dict[str, Instruction] = get_standard_gate_name_mapping()
    return gates


def _operations(configuration: Configuration, *, use_fractional_gates: bool) -> dict[str, Any]:
    """Every operation by name, in the order of the documents."""
    supported = configuration.supported_instructions
    others = [*_NON_UNITARY] if supported is None else supported
    names = [*configuration.basis_gates, *(n for n in others if n in _NON_UNITARY or n in _CONTROL_FLOW)]
    gates = {gate.name: gate for gate in configuration.gates}
    operations: dict[str, Any] = {}
    for name in names:
        if name in FRACTIONAL_GATES and not use_fractional_gates:
            continue
        known = _CONTROL_FLOW.get(name) or _standard_gates().get(name)
        if known is not None:
            operations[name] = known
        elif name in gates:
            parameters = [Parameter(parameter) for parameter in gates[name].parameters or ()]
            pairs = gates[name].coupling_map
            operations[name] = Gate(name, len(pairs[0]) if pairs else 0, parameters)
    for signature in configuration.instruction_signatures:
        parameters = [Parameter(parameter) for parameter in signature.parameters or ()]
        operations[signature.name] = Instruction(
            signature.name, signature.num_qubits, signature.num_clbits, parameters
        )
    return operations


def _placed(configuration: Configuration, operations: Iterable[str]) -> dict[str, Properties | None]:
    """Where each operation can be applied, as far as the configuration says; None means anywhere."""
    gates = {gate.name: gate.coupling_map for gate in configuration.gates}
    return {
        name: dict.fromkeys(gates[name] or ()) if gates.get(name) else None
        for name in operations
        if name not in _CONTROL_FLOW
    }


def _calibrate(
    placed: dict[str, Properties | None], calibration: Calibration, faulty: frozenset[int]
) -> None:
    """Put error and duration at every qubit tuple that was calibrated."""
    for gate in calibration.gates:
        if gate.gate not in placed:
            continue
        properties = placed[gate.gate]
        if properties is None:
            properties = placed[gate.gate] = {}
        figures = {item.name: item for item in gate.parameters}
        operational = figures.get("operational")
        if (operational is not None and not operational.value) or not faulty.isdisjoint(gate.qubits):
            properties.pop(gate.qubits, None)
            continue
        properties[gate.qubits] = InstructionProperties(
            duration=_figure(figures, "gate_length"), error=_figure(figures, "gate_error")
        )


def _figure(figures: dict[str, Item], name: str) -> float | None:
    item = figures.get(name)
    return None if item is None else si_value(item.value, item.unit)


def _readout(calibration: Calibration, num_qubits: int) -> Properties:
    """Measurement on every qubit, with the readout error and length of those that were calibrated."""
    found: Properties = dict.fromkeys((qubit,) for qubit in range(num_qubits))
    for qubit, items in enumerate(calibration.qubits[:num_qubits]):
        figures = {item.name: item for item in items}
        found[qubit,] = InstructionProperties(
            duration=_figure(figures, "readout_length"), error=_figure(figures, "readout_error")
        )
    return found


def _qubit_properties(calibration: Calibration, num_qubits: int) -> list[QubitProperties]:
    """One entry a qubit, whatever is missing from the document."""
    from qiskit.providers import QubitProperties

    found = []
    for qubit in range(num_qubits):
        items = calibration.qubits[qubit] if qubit < len(calibration.qubits) else []
        figures = {item.name: item for item in items}
        t1, t2, frequency = (_figure(figures, name) for name in ("T1", "T2", "frequency"))
        found.append(QubitProperties(t1=t1, t2=t2, frequency=frequency))
    return found


def _faulty_qubits(calibration: Calibration | None) -> frozenset[int]:
    if calibration is None:
        return frozenset()
    return frozenset(
        qubit
        for qubit, items in enumerate(calibration.qubits)
        if any(item.name == "operational" and not item.value for item in items)
    )


def _drop_faulty(properties: Properties | None, faulty: frozenset[int]) -> None:
    if properties and faulty:
        for qubits in [qubits for qubits in properties if not faulty.isdisjoint(qubits)]:
            del properties[qubits]
