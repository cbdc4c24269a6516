"""Device documents to Qiskit's Target."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Collection
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.circuit import Gate, Instruction, Parameter
from qiskit.circuit.controlflow import ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp
from qiskit.transpiler import InstructionProperties, Target

from qiskit_direct_provider.errors import ProtocolError
from qiskit_direct_provider.transpiler import described
from qiskit_direct_provider.wire.backend import (
    Calibration,
    Configuration,
    read_calibration,
    read_configuration,
)
from qiskit_direct_provider.wire.units import si_value

if TYPE_CHECKING:
    from qiskit.providers import QubitProperties

__all__ = ["FRACTIONAL_GATES", "build_target", "gate_names", "read_documents", "target_from_json"]

FRACTIONAL_GATES = ("rx", "rzz")
RZZ_BOUNDS = [(0.0, math.pi / 2)]

_QUBIT_FIGURES = frozenset({"T1", "T2", "frequency", "readout_length", "readout_error", "operational"})
_NON_UNITARY = ("measure", "delay", "reset")
_CONTROL_FLOW = {
    "if_else": IfElseOp,
    "while_loop": WhileLoopOp,
    "for_loop": ForLoopOp,
    "switch_case": SwitchCaseOp,
}
_PAIR = 2
_DIVISORS = {"": 1.0, "ns": 1e9, "us": 1e6}
"""The units of nearly all figures, as what turns them into SI units."""

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
    described, calibrated = read_documents(configuration, properties, issues)
    return build_target(described, calibrated, issues, use_fractional_gates=use_fractional_gates)


def read_documents(
    configuration: bytes, properties: bytes | None, issues: list[str]
) -> tuple[Configuration, Calibration | None]:
    """Both documents of a device; ``issues`` takes a line for what could not be read.

    Raises:
        ProtocolError: They do not describe a device.
    """
    try:
        return read_configuration(configuration, issues), read_calibration(properties, issues)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(f"the documents do not describe a device: {error}") from error


def build_target(
    configuration: Configuration,
    calibration: Calibration | None,
    issues: list[str],
    *,
    use_fractional_gates: bool = False,
) -> Target:
    """The Target of a device.

    Gates per qubit tuple with error and duration in seconds, measure, reset, delay, control flow, timing
    constraints, dt, and T1, T2 and frequency per qubit in SI units. Where a gate can be applied is taken
    from the configuration's gates, else from the calibration, else from the coupling map; a coupling map
    of null couples all qubits.

    Qubits and gates that the calibration marks as not operational are left out. A gate whose reported
    error is 1 stays, with that error, so that a transpiler that weighs errors avoids it; it is reported.

    Args:
        configuration: What the device is.
        calibration: What was measured about it, if anything.
        issues: Takes a line for everything that was left out or interpreted.
        use_fractional_gates: Include ``rx`` and ``rzz`` where the device has them.
    """
    operations = _operations(configuration, calibration, issues, fractional=use_fractional_gates)
    placed = _placed(configuration, operations)
    qubits: list[dict[str, float]] = []
    if calibration is not None:
        qubits = _qubit_figures(calibration, configuration.n_qubits)
        _calibrate(placed, calibration, issues)
        if "measure" in placed:
            placed["measure"] = _readout(qubits)
    faulty = frozenset(qubit for qubit, figures in enumerate(qubits) if not figures.get("operational", True))
    _place_the_rest(placed, operations, configuration)
    target = _empty_target(configuration, _qubit_properties(qubits or [{}] * configuration.n_qubits), issues)
    target.description = described(target.description, calibration.last_update_date if calibration else None)
    for name, operation in operations.items():
        where = placed.get(name)
        if where is not None:
            _drop_misplaced(name, where, operation.num_qubits, configuration.n_qubits, issues)
            _drop_faulty(where, faulty)
            if not where:
                issues.append(f"{name}: there is no place left for it; left out")
                continue
        target.add_instruction(
            operation, where, name=name, angle_bounds=RZZ_BOUNDS if name == "rzz" else None
        )
    return target


def gate_names(basis_gates: Collection[str], target: Target) -> list[str]:
    """What of a document's ``basis_gates`` is a gate, with the fractional gates that the target offers.

    A third of the documents list ``reset`` there, and some leave ``rx`` and ``rzz`` out. Programs that
    compile to a basis take each name for a gate, and some take another basis when they do not know one.
    """
    fractional = [name for name in FRACTIONAL_GATES if name in target.operation_names]
    others = {*_NON_UNITARY, *_CONTROL_FLOW, *FRACTIONAL_GATES}
    return [*(name for name in basis_gates if name not in others), *fractional]


def _measured_together(configuration: Configuration, issues: list[str]) -> list[list[int]] | None:
    groups = [
        group for group in configuration.meas_map if all(0 <= q < configuration.n_qubits for q in group)
    ]
    if len(groups) < len(configuration.meas_map):
        issues.append("meas_map: names qubits that the device does not have; left out")
        return None
    return groups or None


def _empty_target(
    configuration: Configuration, qubits: list[QubitProperties] | None, issues: list[str]
) -> Target:
    timing = configuration.timing_constraints
    return Target(
        description=f"{configuration.backend_name} {configuration.backend_version}".strip(),
        num_qubits=configuration.n_qubits,
        dt=configuration.dt,
        granularity=timing.granularity,
        min_length=timing.min_length,
        pulse_alignment=timing.pulse_alignment,
        acquire_alignment=timing.acquire_alignment,
        qubit_properties=qubits,
        concurrent_measurements=_measured_together(configuration, issues),
    )


# -- which operations ----------------------------------------------------------------------------------


@functools.cache
def _standard_gates() -> dict[str, Instruction]:
    from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping

    gates: dict[str, Instruction] = get_standard_gate_name_mapping()
    return gates


def _operations(
    configuration: Configuration, calibration: Calibration | None, issues: list[str], *, fractional: bool
) -> dict[str, Any]:
    """Every operation by name, in the order of the documents."""
    gates = {gate.name: gate for gate in configuration.gates}
    operations: dict[str, Any] = {}
    for name in _names(configuration, calibration, fractional=fractional):
        known = _CONTROL_FLOW.get(name) or _standard_gates().get(name)
        if known is not None:
            operations[name] = known
        elif name in gates and gates[name].coupling_map:
            width = len((gates[name].coupling_map or [()])[0])
            operations[name] = Gate(name, width, _parameters(gates[name].parameters))
        else:
            issues.append(f"basis_gates: nothing says what {name!r} is; left out")
    for signature in configuration.instruction_signatures:
        if signature.name not in operations:
            operations[signature.name] = Instruction(
                signature.name, signature.num_qubits, signature.num_clbits, _parameters(signature.parameters)
            )
    return operations


def _names(
    configuration: Configuration, calibration: Calibration | None, *, fractional: bool
) -> dict[str, None]:
    """Names of the operations of a device. Some list their fractional gates in the calibration alone."""
    others = configuration.supported_instructions
    supported = _NON_UNITARY if others is None else others
    wanted = [name for name in supported if name in _NON_UNITARY or name in _CONTROL_FLOW]
    names = dict.fromkeys([*configuration.basis_gates, *wanted])
    calibrated = {gate.gate for gate in calibration.gates} if calibration and fractional else set()
    for name in FRACTIONAL_GATES:
        if not fractional:
            names.pop(name, None)
        elif name in calibrated:
            names[name] = None
    return names


def _parameters(names: list[str] | None) -> list[Parameter]:
    return [Parameter(name) for name in names or ()]


# -- where they are, and how good ----------------------------------------------------------------------


def _placed(configuration: Configuration, operations: dict[str, Any]) -> dict[str, Properties | None]:
    """Where each operation can be applied, as far as the configuration's gates say; None: not said."""
    gates = {gate.name: gate.coupling_map for gate in configuration.gates}
    return {
        name: dict.fromkeys(gates[name] or ()) if gates.get(name) else None
        for name in operations
        if name not in _CONTROL_FLOW
    }


def _place_the_rest(
    placed: dict[str, Properties | None], operations: dict[str, Any], configuration: Configuration
) -> None:
    """Operations of which neither gates nor calibration say where: on every qubit, on every coupled pair."""
    for name, where in placed.items():
        if where is not None:
            continue
        width = operations[name].num_qubits
        if width == 1:
            placed[name] = dict.fromkeys((qubit,) for qubit in range(configuration.n_qubits))
        elif width == _PAIR and configuration.coupling_map is not None:
            placed[name] = dict.fromkeys(configuration.coupling_map)


def _calibrate(  # noqa: C901 - one loop, in line for speed
    placed: dict[str, Properties | None], calibration: Calibration, issues: list[str]
) -> None:
    """Put error and duration at every qubit tuple that was calibrated."""
    broken: Counter[str] = Counter()
    odd: Counter[str] = Counter()
    new_properties = _constructor()
    for gate in calibration.gates:
        name = gate.gate
        if name not in placed:
            continue
        duration = error = None
        operational = True
        for item in gate.parameters:  # thousands of rounds a device: no call in here
            kind = item.name
            if kind == "gate_error":
                error = item.value
                if not 0 <= error < 1:
                    (broken if error == 1 else odd)[name] += 1
                    error = error if error == 1 else None
            elif kind == "gate_length":
                duration = item.value / 1e9 if item.unit == "ns" else si_value(item.value, item.unit)
                if duration < 0:
                    odd[name] += 1
                    duration = None
            elif kind == "operational":
                operational = bool(item.value)
        properties = placed[name]
        if properties is None:
            properties = placed[name] = {}
        if operational:
            properties[gate.qubits] = new_properties(duration, error)
        else:
            properties.pop(gate.qubits, None)
    issues.extend(f"{name}: gate_error is 1 at {number} places; kept" for name, number in broken.items())
    issues.extend(f"{name}: {number} impossible figures; left out" for name, number in odd.items())


@functools.cache
def _constructor() -> Callable[[float | None, float | None], InstructionProperties]:
    """What makes an InstructionProperties of a duration and an error, in half the time where there is a way.

    Qiskit's class adds two methods in Python to a native one, which hand their arguments on.
    """
    made: Callable[[float | None, float | None], InstructionProperties] = InstructionProperties
    native = InstructionProperties.__base__
    if native is not object:
        made = functools.partial(native.__new__, InstructionProperties)
    return made


def _qubit_figures(calibration: Calibration, num_qubits: int) -> list[dict[str, float]]:
    """Figures of each qubit in SI units, one entry a qubit, whatever is missing from the document."""
    found = [
        {
            item.name: item.value / divisor if divisor else si_value(item.value, item.unit)
            for item in items
            if item.name in _QUBIT_FIGURES and item.value >= 0
            for divisor in (_DIVISORS.get(item.unit),)
        }
        for items in calibration.qubits[:num_qubits]
    ]
    return found + [{}] * (num_qubits - len(found))


def _readout(qubits: list[dict[str, float]]) -> Properties:
    """Measurement on every qubit, with its readout error and length."""
    new_properties = _constructor()
    return {
        (qubit,): new_properties(figures.get("readout_length"), _probability(figures.get("readout_error")))
        for qubit, figures in enumerate(qubits)
    }


def _probability(value: float | None) -> float | None:
    return value if value is not None and value <= 1 else None


def _qubit_properties(qubits: list[dict[str, float]]) -> list[QubitProperties]:
    from qiskit.providers import QubitProperties

    return [QubitProperties(each.get("T1"), each.get("T2"), each.get("frequency")) for each in qubits]


# -- what is left out ----------------------------------------------------------------------------------


def _drop_faulty(properties: Properties, faulty: frozenset[int]) -> None:
    if faulty:
        for qubits in [qubits for qubits in properties if not faulty.isdisjoint(qubits)]:
            del properties[qubits]


def _drop_misplaced(
    name: str, properties: Properties, width: int, num_qubits: int, issues: list[str]
) -> None:
    """Qubit tuples that the gate or the device cannot have. A first look at all of them saves time."""
    if _fit(properties, width, num_qubits):
        return
    for qubits in [qubits for qubits in properties if not _fit([qubits], width, num_qubits)]:
        del properties[qubits]
        issues.append(f"{name}: {list(qubits)} are no qubits for it; left out")


def _fit(places: Collection[Qargs], width: int, num_qubits: int) -> bool:
    """Whether each is a tuple of ``width`` different qubits of the device."""
    if not places or not width:
        return not any(places)
    used = {*chain.from_iterable(places)}
    if {*map(len, places)} != {width} or min(used) < 0 or max(used) >= num_qubits:
        return False
    return width == 1 or {*map(len, map(frozenset, places))} == {width}
