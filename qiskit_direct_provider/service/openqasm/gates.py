"""Gates that a program may call: those of stdgates.inc, and those that it defines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Gate, Parameter, ParameterExpression, Qubit
from qiskit.circuit.library import standard_gates
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator

from qiskit_direct_provider.service.openqasm.angles import Angle, read_angle
from qiskit_direct_provider.service.openqasm.problems import NotReadError, UnknownError

__all__ = [
    "GateKind",
    "builtin_gates",
    "defined_gate",
    "is_standard_or_custom",
    "read_call",
    "standard_library",
]

_NAME = re.compile(r"[^\W\d]\w*")
_BRACKET = re.compile(r"[()]")
_DEFINITION = re.compile(r"gate (\w+)\b ?(?:\(([\w\s,]*)\))? ?([\w\s,]*)")
_MAX_RECOGNISED_QUBITS = 3
_SAMPLES = (0.3, 1.1, -0.7, 2.3)
_MAX_DEFINITION = 10_000
# https://openqasm.com/versions/3.0/language/standard_library.html
_LIBRARY = """
    p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu u1 u2 u3
""".split()  # noqa: SIM905 - a list of words reads best as text
_OTHER_NAMES = {"CX": "cx", "phase": "p", "cphase": "cp"}


@dataclass(frozen=True)
class GateKind:
    """A gate, and how to make an instruction of it on given qubits.

    ``weight`` is the number of gates that one call stands for.
    """

    name: str
    num_parameters: int
    num_qubits: int
    make: Callable[[Sequence[Angle], tuple[Qubit, ...]], CircuitInstruction]
    weight: int = 1


def builtin_gates() -> dict[str, GateKind]:
    """What a program has without an include."""
    return {"U": _standard("u")}


@lru_cache(maxsize=1)
def standard_library() -> dict[str, GateKind]:
    """Gates of stdgates.inc by name. ``id`` is U(0, 0, 0), as for ``qiskit.qasm3.loads``."""
    gates = {name: _standard(name) for name in _LIBRARY}
    gates |= {name: _standard(other) for name, other in _OTHER_NAMES.items()}
    identity = _standard("u").make
    gates["id"] = GateKind("id", 0, 1, lambda _, qubits: identity((0.0, 0.0, 0.0), qubits))
    return gates


def read_call(text: str) -> tuple[str, list[str], str]:
    """Name, texts of the angles and text of the operands of a call.

    Raises:
        UnknownError: It is no call of a gate.
    """
    found = _NAME.match(text)
    if found is None or "@" in text:
        raise UnknownError("the statement is not understood")
    rest = text[found.end() :].lstrip()
    if not rest.startswith("("):
        return found[0], [], rest
    end = _closing(rest)
    return found[0], _parted(rest[1:end]), rest[end + 1 :]


def defined_gate(header: str, body: Sequence[str], known: dict[str, GateKind]) -> GateKind:
    """The gate that ``gate header { body }`` defines.

    It is Qiskit's own where one of that name does the same, up to a global phase.

    Raises:
        NotReadError: The definition is not understood, or the name is taken.
    """
    found = _DEFINITION.fullmatch(header)
    if found is None:
        raise UnknownError("the definition of a gate is not understood")
    name, parameters, qubits = found[1], _names(found[2] or ""), _names(found[3])
    if name in known:
        raise NotReadError(f"the gate {name!r} is defined already")
    definition, weight = _definition(parameters, qubits, body, known)
    recognised = get_standard_gate_name_mapping().get(name)
    if recognised is not None and _is_same(definition, parameters, recognised):
        return _standard(name)
    return GateKind(name, len(parameters), len(qubits), _maker(name, definition, parameters), weight)


def is_standard_or_custom(gate: Gate) -> bool:
    """Whether a gate does what its name says; True for a name that says nothing, or without a definition."""
    standard = get_standard_gate_name_mapping().get(gate.name)
    if standard is None or gate.base_class is not Gate or gate.definition is None:
        return True
    parameters = sorted(gate.definition.parameters, key=lambda parameter: parameter.name)
    if parameters:
        values = dict(zip(parameters, _SAMPLES * len(parameters), strict=False))
        gate = gate.copy()
        gate.params = [_bound(each, values) for each in gate.params]
        gate.definition = gate.definition.assign_parameters(values)
    if (len(gate.params), gate.num_qubits) != (len(standard.params), standard.num_qubits):
        return False
    return _equal_up_to_phase(gate.definition, standard.base_class(*gate.params))


def _standard(name: str) -> GateKind:
    operation = get_standard_gate_name_mapping().get(name) or getattr(standard_gates, f"{name.upper()}Gate")(
        *[0.0] * int(name[-1])
    )
    kind = operation._standard_gate  # noqa: SLF001 - what makes an instruction ten times as fast

    def make(angles: Sequence[Angle], qubits: tuple[Qubit, ...]) -> CircuitInstruction:
        return CircuitInstruction.from_standard(kind, qubits, angles)

    return GateKind(name, len(operation.params), operation.num_qubits, make)


def _definition(
    parameters: list[Parameter], qubits: list[Parameter], body: Sequence[str], known: dict[str, GateKind]
) -> tuple[QuantumCircuit, int]:
    circuit = QuantumCircuit([Qubit() for _ in qubits])
    places = {qubit.name: bit for qubit, bit in zip(qubits, circuit.qubits, strict=True)}
    by_name = {parameter.name: parameter for parameter in parameters}
    weight = 0
    for statement in body:
        name, angles, operands = read_call(statement)
        kind = known.get(name)
        try:
            bits = tuple(places[operand.strip()] for operand in operands.split(","))
        except KeyError:
            raise NotReadError(f"a qubit of the gate is not one of its own: {operands[:60]}") from None
        if kind is None or (len(angles), len(set(bits)), len(bits)) != (
            kind.num_parameters,
            kind.num_qubits,
            kind.num_qubits,
        ):
            raise NotReadError(f"the call of {name!r} in the definition of a gate does not fit")
        weight += kind.weight
        if weight > _MAX_DEFINITION:
            raise NotReadError("a gate stands for too many gates")
        circuit._append(kind.make([read_angle(angle, by_name) for angle in angles], bits))  # noqa: SLF001 - documented, and checked above
    for parameter in set(parameters) - set(circuit.parameters):
        circuit.global_phase += parameter - parameter  # zero, but the circuit knows the parameter
    return circuit, max(weight, 1)


def _maker(
    name: str, definition: QuantumCircuit, parameters: list[Parameter]
) -> Callable[[Sequence[Angle], tuple[Qubit, ...]], CircuitInstruction]:
    def make(angles: Sequence[Angle], qubits: tuple[Qubit, ...]) -> CircuitInstruction:
        gate = Gate(name, definition.num_qubits, list(angles))
        values: dict[Parameter, Any] = dict(zip(parameters, angles, strict=True))
        gate.definition = definition.assign_parameters(values) if values else definition.copy()
        return CircuitInstruction(gate, qubits)

    return make


def _is_same(definition: QuantumCircuit, parameters: list[Parameter], gate: Gate) -> bool:
    """Whether a definition is that gate, for a sample of angles."""
    if (len(parameters), definition.num_qubits) != (len(gate.params), gate.num_qubits):
        return False
    if getattr(gate, "_standard_gate", None) is None or gate.num_qubits > _MAX_RECOGNISED_QUBITS:
        return False
    angles = _SAMPLES[: len(parameters)]
    bound = definition.assign_parameters(dict(zip(parameters, angles, strict=True)))
    return _equal_up_to_phase(bound, gate.base_class(*angles))


def _bound(angle: Any, values: dict[Parameter, float]) -> Any:
    if not isinstance(angle, ParameterExpression):
        return angle
    return angle.bind({each: values[each] for each in angle.parameters})


def _equal_up_to_phase(circuit: QuantumCircuit, gate: Gate) -> bool:
    return bool(Operator(circuit).equiv(Operator(gate)))


def _names(text: str) -> list[Parameter]:
    names = [name.strip() for name in text.split(",")] if text.strip() else []
    if len(set(names)) != len(names) or not all(name.isidentifier() for name in names):
        raise UnknownError("the names in the definition of a gate are not understood")
    return [Parameter(name) for name in names]


def _closing(text: str) -> int:
    """Where the bracket ends that the text begins with."""
    end = text.find(")")
    if text.find("(", 1, end) < 0 <= end:
        return end
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return found.start()
    raise NotReadError("a bracket is not closed")


def _parted(text: str) -> list[str]:
    """Parts between commas that are in no brackets."""
    if "(" not in text:
        return text.split(",") if text.strip() else []
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
