"""Statements that end with a semicolon."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qiskit.circuit import (
    Barrier,
    CircuitError,
    CircuitInstruction,
    ClassicalRegister,
    Clbit,
    Delay,
    Measure,
    Parameter,
    QuantumRegister,
    Qubit,
    Reset,
)
from qiskit.circuit.classical import expr

from qiskit_direct_provider.service.openqasm.angles import read_angle
from qiskit_direct_provider.service.openqasm.classical import classical_type, read_value
from qiskit_direct_provider.service.openqasm.gates import read_call, standard_library
from qiskit_direct_provider.service.openqasm.problems import NotReadError, UnknownError
from qiskit_direct_provider.service.openqasm.structure import BLOCKS, leave_loop

if TYPE_CHECKING:
    from qiskit_direct_provider.service.openqasm.program import Program

__all__ = ["run_statement"]

Instructions = Sequence[CircuitInstruction]

_FIRST_WORD = re.compile(r"[A-Za-z_]\w*")
_VERSION = re.compile(r"OPENQASM\s+3(?:\.\d+)?")
_DECLARATION = re.compile(r"(\w+)\s*(?:\[\s*([\d_]+)\s*\])?\s+([^\W\d]\w*)\s*(?:=\s*(.*))?", re.DOTALL)
_SIZED_LIKE_C = re.compile(r"(qreg|creg)\s+([^\W\d]\w*)\s*(?:\[\s*([\d_]+)\s*\])?")
_INPUT = re.compile(r"input\s+(?:float|angle)\s*(?:\[\s*\d+\s*\])?\s+([^\W\d]\w*)")
_DELAY = re.compile(
    r"delay\s*\[\s*([\d_.]+(?:[eE][+-]?\d+)?)\s*(dt|ns|us|\u00b5s|\u03bcs|ms|s)\s*\](.*)", re.DOTALL
)
_ALIAS = re.compile(r"let\s+([^\W\d]\w*)\s*=\s*\x01([^\x02]*)\x02")
_UNITS = {"\u00b5s": "us", "\u03bcs": "us"}


def run_statement(program: Program, text: str) -> None:
    """Declare what a statement declares, or add its instructions to the circuit.

    Raises:
        NotReadError: It is not understood.
    """
    instructions = program.known.get(text)
    if instructions is not None:
        program.emit(instructions)
        return
    statement = text.strip()
    if not statement:
        return
    first = _FIRST_WORD.match(statement)
    word = first[0] if first else ""
    act = _ACTIONS.get(word)
    if act is not None:
        act(program, " ".join(statement.split()))
        return
    read = _INSTRUCTIONS.get(word)
    if read is None and "=" in statement:
        left, _, right = statement.partition("=")
        if not right.lstrip().startswith("measure"):
            _store(program, left, right)
            return
        read = _measure
    if read is not None:
        statement = " ".join(statement.split())
    instructions = program.known[text] = (read or _gate)(program, statement)
    program.emit(instructions)


def _gate(program: Program, statement: str) -> Instructions:
    name, angles, operands = read_call(statement)
    kind = program.gates.get(name)
    if kind is None:
        if name in BLOCKS:
            raise UnknownError(f"the statement after {name!r} is not understood, since it is not in braces")
        raise NotReadError(f"the gate {name!r} is not defined")
    values = [read_angle(angle, program.parameters) for angle in angles]
    qubits = [program.qubits(operand) for operand in operands.split(",")] if operands else []
    if (len(values), len(qubits)) != (kind.num_parameters, kind.num_qubits):
        wanted = f"{kind.num_parameters} angles and {kind.num_qubits} qubits"
        raise NotReadError(f"the gate {name!r} takes {wanted}, not {len(values)} and {len(qubits)}")
    calls = qubits if kind.num_qubits == 1 and len(qubits[0]) == 1 else _broadcast(qubits)
    if kind.num_qubits > 1 and any(len(set(places)) != kind.num_qubits for places in calls):
        raise NotReadError(f"the gate {name!r} is called with the same qubit twice")
    return [kind.make(values, places) for places in calls]


def _broadcast(operands: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Calls on registers, element by element."""
    length = max(map(len, operands))
    if any(len(each) not in (1, length) for each in operands):
        raise NotReadError("registers of different sizes are used together")
    return list(zip(*(each * length if len(each) == 1 else each for each in operands), strict=True))


def _measure(program: Program, statement: str) -> Instructions:
    left, equals, right = statement.partition("=")
    if equals and "->" not in statement:
        bits, qubits = left, right.strip().removeprefix("measure")
    else:
        qubits, arrow, bits = statement.removeprefix("measure").partition("->")
        if not arrow:
            raise NotReadError("the outcome of a measurement has to be stored in a bit")
    if not qubits[:1].isspace():
        raise UnknownError("the measurement is not understood")
    sources, targets = program.qubits(qubits), program.clbits(bits)
    if len(sources) != len(targets):
        raise NotReadError("a measurement has as many bits as qubits")
    return [
        CircuitInstruction(Measure(), (qubit,), (bit,)) for qubit, bit in zip(sources, targets, strict=True)
    ]


def _barrier(program: Program, statement: str) -> Instructions:
    qubits = _all_qubits(program, statement.removeprefix("barrier"))
    return [CircuitInstruction(Barrier(len(qubits)), qubits, ())] if qubits else []


def _all_qubits(program: Program, operands: str) -> tuple[Qubit, ...]:
    if not operands.strip():
        return tuple(program.circuit.qubits)
    qubits = [bit for operand in operands.split(",") for bit in program.qubits(operand)]
    return tuple(dict.fromkeys(qubits))


def _reset(program: Program, statement: str) -> Instructions:
    qubits = program.qubits(statement.removeprefix("reset"))
    return [CircuitInstruction(Reset(), (qubit,), ()) for qubit in qubits]


def _delay(program: Program, statement: str) -> Instructions:
    found = _DELAY.fullmatch(statement)
    if found is None:
        raise UnknownError("the delay is not understood")
    number, unit = found[1].replace("_", ""), _UNITS.get(found[2], found[2])
    try:
        duration: float = float(number)
    except ValueError:
        raise NotReadError(f"the duration {number!r} is not a number") from None
    if unit == "dt":
        if not duration.is_integer():
            raise NotReadError("a number of dt is a whole number")
        duration = int(duration)
    delay = Delay(duration, unit)
    return [CircuitInstruction(delay, (qubit,), ()) for qubit in _all_qubits(program, found[3])]


def _store(program: Program, left: str, right: str) -> None:
    target = program.names.get(left.strip())
    if left.strip() in program.switch_targets:
        program.switch_targets[left.strip()] = read_value(right, program.names)
        return
    if target is None or not isinstance(target, expr.Var):
        target = read_value(left, program.names)
    program.flush()
    try:
        program.circuit.store(target, read_value(right, program.names))
    except (CircuitError, TypeError, ValueError) as error:
        raise NotReadError(f"the value of {left.strip()[:60]!r} does not fit: {error}") from error


def _declare(program: Program, statement: str) -> None:
    found = _DECLARATION.fullmatch(statement)
    if found is None:
        raise UnknownError("the declaration is not understood")
    kind, width, name, value = found.groups()
    size = None if width is None else int(width.replace("_", ""))
    if kind in {"bit", "qubit"}:
        _declare_bits(program, kind, name, size)
        if value is not None:
            program.emit(_measure(program, f"{name} = {value}"))
    elif kind == "int":
        # Qiskit writes the target of every switch to such a variable first
        program.declare(name, None)
        program.switch_targets[name] = None
        if value is not None:
            _store(program, name, value)
    else:
        _declare_variable(program, name, classical_type(kind, size), value)


def _declare_like_c(program: Program, statement: str) -> None:
    found = _SIZED_LIKE_C.fullmatch(statement)
    if found is None:
        raise UnknownError("the declaration is not understood")
    size = None if found[3] is None else int(found[3].replace("_", ""))
    _declare_bits(program, "qubit" if found[1] == "qreg" else "bit", found[2], size)


def _declare_bits(program: Program, kind: str, name: str, size: int | None) -> None:
    if program.frames:
        raise NotReadError("bits and qubits can be declared outside of blocks only")
    is_quantum = kind == "qubit"
    if size is None:
        bit: Any = Qubit() if is_quantum else Clbit()
        program.declare(name, bit, quantum=is_quantum)
        program.circuit.add_bits([bit])
    else:
        register: Any = QuantumRegister(size, name) if is_quantum else ClassicalRegister(size, name)
        program.declare(name, register, quantum=is_quantum)
        program.circuit.add_register(register)
    program.forget_statements()


def _declare_variable(program: Program, name: str, kind: Any, value: str | None) -> None:
    variable = expr.Var.new(name, kind)
    program.flush()
    program.declare(name, variable)
    try:
        if program.frames:
            # Qiskit's own method refuses this in a block, though its exporter writes it there.
            program.circuit._current_scope().add_uninitialized_var(variable)  # noqa: SLF001 - Qiskit has no public way
        else:
            program.circuit.add_uninitialized_var(variable)
    except CircuitError as error:
        message = (
            f"the variable {name[:60]!r} cannot be declared where another one of that name is used already"
        )
        raise NotReadError(message) from error
    if value is not None:
        _store(program, name, value)


def _declare_input(program: Program, statement: str) -> None:
    found = _INPUT.fullmatch(statement)
    if found is None:
        raise NotReadError("only float and angle inputs are supported")
    name = found[1]
    program.declare(name, None)
    del program.names[name]
    program.parameters[name] = Parameter(name)


def _declare_alias(program: Program, statement: str) -> None:
    found = _ALIAS.fullmatch(statement)
    if found is None or program.frames:
        raise UnknownError("the alias is not understood")
    name, parts = found[1], [part.strip() for part in found[2].split(",")]
    is_quantum = parts[0].partition("[")[0].strip() in program.quantum
    look_up: Callable[[str], Sequence[Any]] = program.qubits if is_quantum else program.clbits
    bits = [bit for part in parts for bit in look_up(part)]
    register: Any = (
        QuantumRegister(name=name, bits=bits) if is_quantum else ClassicalRegister(name=name, bits=bits)
    )
    program.declare(name, register, quantum=is_quantum)
    program.circuit.add_register(register)


def _version(_program: Program, statement: str) -> None:
    if not _VERSION.fullmatch(statement):
        raise NotReadError("the version of OpenQASM is not 3")


def _include(program: Program, _statement: str) -> None:
    program.gates = standard_library() | program.gates


def _phase(program: Program, statement: str) -> None:
    name, angles, operands = read_call(statement)
    if name != "gphase" or len(angles) != 1 or operands.strip() or program.frames:
        raise UnknownError("the global phase is not understood")
    program.circuit.global_phase += read_angle(angles[0], program.parameters)


_ACTIONS: dict[str, Callable[[Program, str], None]] = {
    "OPENQASM": _version,
    "include": _include,
    "qubit": _declare,
    "bit": _declare,
    "bool": _declare,
    "uint": _declare,
    "int": _declare,
    "float": _declare,
    "qreg": _declare_like_c,
    "creg": _declare_like_c,
    "input": _declare_input,
    "let": _declare_alias,
    "gphase": _phase,
    "break": leave_loop,
    "continue": leave_loop,
}
_INSTRUCTIONS: dict[str, Callable[[Program, str], Instructions]] = {
    "barrier": _barrier,
    "delay": _delay,
    "reset": _reset,
    "measure": _measure,
}
