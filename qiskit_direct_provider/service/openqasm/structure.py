"""Blocks in braces: branches, loops, switches, boxes, and definitions of gates."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit.circuit import CASE_DEFAULT, CircuitError

from qiskit_direct_provider.service.openqasm.classical import read_condition, read_value
from qiskit_direct_provider.service.openqasm.gates import defined_gate
from qiskit_direct_provider.service.openqasm.problems import NotReadError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit.circuit import Parameter

    from qiskit_direct_provider.service.openqasm.program import Program

__all__ = ["BLOCKS", "Frame", "close_block", "leave_loop", "open_block"]

_BRACKETS = re.compile(r"\((.*)\)", re.DOTALL)
# Qiskit before 2.3 leaves the type out.
_FOR = re.compile(r"(?:u?int ?(?:\[ ?\d+ ?\])? )?([^\W\d]\w*) in ?([\[\x01])(.*)[\]\x02]", re.DOTALL)
_CASES = re.compile(r"(?:case\b\s*([^:{}]*?)|(default))\s*(?::|$)\s*", re.DOTALL)
_BOX = re.compile(r"(?:\[\s*([\d_.]+)\s*(dt|ns|us|ms|s)\s*\])?")
_MAX_TURNS = 10_000_000
_MAX_DEPTH = 32


@dataclass
class Frame:
    """One open block.

    ``context`` is Qiskit's builder of it; of an if, ``otherwise`` is that of its else; of a switch, ``cases``
    makes those of its cases.
    ``parameters`` are those outside of a loop. ``name`` and ``header`` are of a gate's definition.
    """

    kind: str
    context: Any = None
    otherwise: Any = None
    cases: Any = None
    chained: bool = False
    parameters: dict[str, Parameter] | None = None
    name: str = ""
    header: str = ""


def open_block(program: Program, header: str) -> None:
    """Begin a block.

    Raises:
        NotReadError: The header is not understood.
    """
    program.flush()
    if len(program.frames) >= _MAX_DEPTH:
        raise NotReadError(f"blocks are nested deeper than {_MAX_DEPTH}")
    word = re.match(r"[a-z]*", header)
    assert word is not None
    opener = _OPENERS.get(word[0])
    inside = program.frames[-1].kind if program.frames else ""
    if opener is None or (inside == "switch") != (word[0] in {"case", "default"}) or inside == "gate":
        raise UnknownError(f"the block {header[:60]!r} is not understood")
    try:
        opener(program, header[len(word[0]) :].strip())
    except (CircuitError, TypeError, ValueError) as error:
        raise NotReadError(f"the block {header[:60]!r}: {error}") from error
    program.names = program.names.new_child()


def close_block(program: Program, rest: str, *, else_follows: bool) -> None:
    """End the innermost block.

    Raises:
        NotReadError: There is none, or a statement in it is not ended.
    """
    if rest:
        raise NotReadError(f"the statement {rest[:60]!r} is not ended")
    chained = True
    while chained:
        if not program.frames:
            raise NotReadError("a block is closed that was not opened")
        frame = program.frames.pop()
        program.names = program.names.parents
        _close(program, frame)
        # the else of "else if" has no brace of its own
        chained = frame.chained and not else_follows
        program.was_chained = frame.chained


def leave_loop(program: Program, statement: str) -> None:
    """``break`` and ``continue``; the former also follows each case of a switch.

    Raises:
        NotReadError: There is no loop.
    """
    if program.frames and program.frames[-1].kind == "switch" and statement == "break":
        return
    if statement not in {"break", "continue"} or not any(
        frame.kind in {"for", "while"} for frame in program.frames
    ):
        raise NotReadError(f"{statement[:60]!r} outside of a loop")
    try:
        program.circuit.break_loop() if statement == "break" else program.circuit.continue_loop()
    except CircuitError as error:
        raise NotReadError(str(error)) from error


def _close(program: Program, frame: Frame) -> None:
    if frame.kind == "gate":
        body, program.definition = program.definition or [], None
        program.gates[frame.name] = defined_gate(frame.header, body, program.gates)
        return
    if frame.parameters is not None:
        program.parameters = frame.parameters
        program.forget_statements()
    try:
        frame.context.__exit__(None, None, None)
    except (CircuitError, TypeError, ValueError) as error:
        raise NotReadError(f"the block {frame.kind!r}: {error}") from error
    program.otherwise = frame.otherwise


def _enter(program: Program, kind: str, context: Any) -> Any:
    """Enter one of Qiskit's builders, and remember it; returns what it gives."""
    given = context.__enter__()
    program.frames.append(Frame(kind, context))
    return given


def _if(program: Program, rest: str) -> None:
    condition = read_condition(_in_brackets(rest), program.names)
    otherwise = _enter(program, "if", program.circuit.if_test(condition))
    program.frames[-1].otherwise = otherwise


def _else(program: Program, rest: str) -> None:
    otherwise, program.otherwise = program.otherwise, None
    if otherwise is None:
        raise NotReadError("else without if")
    chained = program.was_chained
    _enter(program, "else", otherwise)
    program.frames[-1].chained = chained
    if rest:
        if not re.match(r"if\b", rest):
            raise UnknownError(f"the block 'else {rest[:60]}' is not understood")
        program.names = program.names.new_child()
        _if(program, rest.removeprefix("if").strip())
        program.frames[-1].chained = True


def _while(program: Program, rest: str) -> None:
    _enter(program, "while", program.circuit.while_loop(read_condition(_in_brackets(rest), program.names)))


def _for(program: Program, rest: str) -> None:
    found = _FOR.fullmatch(rest)
    if found is None:
        raise UnknownError("the loop is not understood")
    name, bracket, values = found.groups()
    turns = _range(values) if bracket == "[" else tuple(_integer(value) for value in values.split(","))
    parameter = None if name == "_" else program.loop_parameter(name)
    if parameter is None and len(set(turns)) < len(turns):  # Aer 0.18 knows turns by their numbers
        turns = range(len(turns))
    outside = program.parameters
    _enter(program, "for", program.circuit.for_loop(turns, parameter))
    frame = program.frames[-1]
    frame.parameters = outside
    if parameter is not None:
        program.parameters = {**outside, name: parameter}
        program.forget_statements()
        # Leave out a variable that nothing in the loop uses, as qasm3.loads does.
        with contextlib.suppress(AttributeError):
            frame.context._generate_loop_parameter = True  # noqa: SLF001 - Qiskit has no public way


def _switch(program: Program, rest: str) -> None:
    text = _in_brackets(rest)
    target = program.switch_targets.get(text)
    target = read_value(text, program.names) if target is None else target
    if isinstance(target, int | float | None):
        raise NotReadError("the target of a switch is not a bit, a register or an expression")
    cases = _enter(program, "switch", program.circuit.switch(target))
    program.frames[-1].cases = cases


def _case(program: Program, rest: str) -> None:
    _labels(program, f"case {rest}")


def _default(program: Program, rest: str) -> None:
    _labels(program, f"default {rest}")


def _labels(program: Program, text: str) -> None:
    place, values = 0, []
    while place < len(text):
        found = _CASES.match(text, place)
        if found is None or found.end() == place:
            raise UnknownError("the labels of a case are not understood")
        labels = ["default"] if found[2] else found[1].split(",")
        values += [CASE_DEFAULT if label.strip() == "default" else _integer(label) for label in labels]
        place = found.end()
    _enter(program, "case", program.frames[-1].cases(*values))


def _box(program: Program, rest: str) -> None:
    found = _BOX.fullmatch(rest)
    if found is None:
        raise UnknownError("the box is not understood")
    if found[1] is None:
        _enter(program, "box", program.circuit.box())
        return
    duration = float(found[1])
    whole = int(duration) if duration.is_integer() and found[2] == "dt" else duration
    _enter(program, "box", program.circuit.box(duration=whole, unit=found[2]))


def _gate(program: Program, rest: str) -> None:
    name = re.match(r"\w+", rest)
    if name is None or program.frames:
        raise UnknownError("the definition of a gate is not understood")
    program.frames.append(Frame("gate", name=name[0], header=f"gate {rest}"))
    program.definition = []


def _in_brackets(text: str) -> str:
    found = _BRACKETS.fullmatch(text)
    if found is None:
        raise NotReadError(f"{text[:60]!r} is not in brackets")
    return found[1].strip()


def _range(text: str) -> range:
    """OpenQASM's ``start:end`` or ``start:step:end``, whose end is included."""
    parts = [_integer(part) for part in text.split(":")]
    if len(parts) not in (2, 3) or (len(parts) == 3 and not parts[1]):  # noqa: PLR2004 - as in the docstring
        raise UnknownError(f"the range [{text[:60]}] is not understood")
    step = parts[1] if len(parts) > 2 else 1  # noqa: PLR2004 - the same
    turns = range(parts[0], parts[-1] + (1 if step > 0 else -1), step)
    if len(turns) > _MAX_TURNS:
        raise NotReadError(f"the range [{text[:60]}] is longer than {_MAX_TURNS}")
    return turns


def _integer(text: str) -> int:
    sign, digits = (-1, text.strip()[1:]) if text.strip().startswith("-") else (1, text.strip())
    digits = digits.strip().replace("_", "")
    if not digits.isdecimal():
        raise NotReadError(f"{text.strip()[:60]!r} is not a whole number")
    return sign * int(digits)


_OPENERS: dict[str, Callable[[Program, str], None]] = {
    "if": _if,
    "else": _else,
    "while": _while,
    "for": _for,
    "switch": _switch,
    "case": _case,
    "default": _default,
    "box": _box,
    "gate": _gate,
}
BLOCKS = frozenset(_OPENERS)
