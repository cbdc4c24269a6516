"""What is refused before anything parses a program: sizes, nesting, includes, long numbers."""

from __future__ import annotations

import math
import re
from collections import defaultdict

from qiskit_direct_provider.service.outcome import CIRCUIT_UNREADABLE, NOT_ISA, JobProblemError

__all__ = ["end_of_statements", "statements", "without_comments"]

_MAX_CHARACTERS = 8 * 1024 * 1024
_MAX_STATEMENTS = 1_000_000
_MAX_NESTING = 64
_MAX_DIGITS = 40
_MAX_BITS = 100_000
_MAX_EXPANSION = 10_000_000
_MAX_CONTROLS = 8

_COMMENT = re.compile(r'"[^"\n]*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BRACKETS = re.compile(r"[\[\](){}]")
_INCLUDE = re.compile(r"\binclude\b([^;]*)")
_LONG_NUMBER = re.compile(rf"\d[\d_]{{{_MAX_DIGITS}}}")
_PHYSICAL = re.compile(r"\$(\d+)")
_REGISTER = re.compile(
    r"\b(?:(?:qubit|bit)\s*\[\s*([^\]]*)\]|(?:qreg|creg)\s+\w+\s*\[\s*([^\]]*)\])", re.ASCII
)
# Only for text that ends with one of these: it is linear then.
_STATEMENT = re.compile(r"([^;{}]*)([;{}])")
_WORD = re.compile(r"[A-Za-z_]\w*")
_CONTROLS = re.compile(r"(?:ctrl|pow)\s*\(([^)]*)\)")


def without_comments(text: str, num_qubits: int, library: str = "stdgates.inc") -> str:
    """The program without its comments, line by line, if it is one that a reader can be trusted with.

    All checks take time in proportion to the length of the text, whatever is in it.

    Raises:
        JobProblemError: Too long, too deep, other qubits than the device's ``num_qubits``, or an include
            of anything but ``library``.
    """
    if len(text) > _MAX_CHARACTERS:
        raise _unreadable(f"the text is longer than {_MAX_CHARACTERS} bytes")
    if _CONTROL.search(text):
        raise _unreadable("the text holds control characters")
    if "//" in text or "/*" in text:
        text = _COMMENT.sub(_blank, text)
    if text.count(";") > _MAX_STATEMENTS:
        raise _unreadable(f"the text has more than {_MAX_STATEMENTS} statements")
    if _LONG_NUMBER.search(text):
        raise _unreadable(f"a number in the text has more than {_MAX_DIGITS} digits")
    _check_nesting(text)
    _check_includes(text, library)
    _check_qubits(text, num_qubits)
    _check_registers(text, num_qubits)
    _check_gates(text)
    return text


def statements(text: str) -> list[tuple[str, str]]:
    """Each statement or header of a block, and what ends it; what follows the last of them is left out."""
    return _STATEMENT.findall(text[: end_of_statements(text)])


def end_of_statements(text: str) -> int:
    """The place after the last semicolon or brace."""
    return max(text.rfind(";"), text.rfind("{"), text.rfind("}")) + 1


def _blank(found: re.Match[str]) -> str:
    """Strings stay; a comment leaves its line breaks, so that line numbers stay right."""
    part = found[0]
    return part if part.startswith('"') else "\n" * part.count("\n") or " "


def _check_nesting(text: str) -> None:
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "([{" else -1
        if depth > _MAX_NESTING:
            raise _unreadable(f"the text has brackets nested deeper than {_MAX_NESTING}")


def _check_includes(text: str, library: str) -> None:
    for name in _INCLUDE.findall(text):
        if name.strip() not in {f'"{library}"', f"'{library}'"}:
            raise _unreadable(
                f"the text cannot be read: include {name.strip()[:40]}: only {library} is known"
            )


def _check_qubits(text: str, num_qubits: int) -> None:
    for digits in set(_PHYSICAL.findall(text)):
        if int(digits) >= num_qubits:
            raise _too_many(digits, f"qubits; the device has {num_qubits} qubits")


def _check_registers(text: str, num_qubits: int) -> None:
    for found in _REGISTER.finditer(text):
        size = (found[1] or found[2] or "").strip().replace("_", "")
        is_quantum = found[0].startswith("q")
        limit = num_qubits if is_quantum else _MAX_BITS
        if size.isdecimal() and int(size) > limit:
            what = f"qubits; the device has {num_qubits} qubits" if is_quantum else "classical bits"
            raise _too_many(size, what)
        if not size.isdecimal():
            raise _unreadable(
                f"the text cannot be read: the size {size[:20]!r} of a register is not a number"
            )


def _check_gates(text: str) -> None:
    """Refuse gates that are defined by each other so that one call stands for millions of gates."""
    if "@" in text:
        _check_modifiers(text)
    if "gate" in text:
        _check_expansion(statements(text))


def _check_expansion(parts: list[tuple[str, str]]) -> None:
    sizes: dict[str, int] = defaultdict(int)
    name = ""
    for head, end in parts:
        words = _WORD.findall(head)
        if end == "{":
            name = words[1] if words[:1] == ["gate"] and len(words) > 1 else ""
        elif end == ";" and name:
            sizes[name] += sum(max(sizes[word], 1) for word in words if word != name)
            if sizes[name] > _MAX_EXPANSION:
                raise _unreadable(f"the text cannot be read: the gate {name[:40]} stands for too many gates")
        else:
            name = ""


def _check_modifiers(text: str) -> None:
    """Refuse gates with so many controls that their matrices do not fit anywhere."""
    longest = max(statement.count("@") for statement in text.split(";"))
    largest = max((_as_number(number) for number in _CONTROLS.findall(text)), default=0.0)
    if longest > _MAX_CONTROLS or largest > _MAX_CONTROLS:
        raise _unreadable("the text cannot be read: gate modifiers with too large a number, or too many")


def _as_number(text: str) -> float:
    try:
        return abs(float(text))
    except ValueError:
        return math.inf


def _too_many(digits: str, what: str) -> JobProblemError:
    message = f"the circuit names {digits[:20]} as a number of {what}"
    return JobProblemError(NOT_ISA, message, "Use qubits that the device has, and fewer classical bits.")


def _unreadable(message: str) -> JobProblemError:
    solution = "Send OpenQASM 3 on physical qubits, with no include but stdgates.inc."
    return JobProblemError(CIRCUIT_UNREADABLE, message, solution)
