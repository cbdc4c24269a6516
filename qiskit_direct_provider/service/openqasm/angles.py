"""Angles: numbers, and formulas of parameters."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, TypeAlias

from qiskit.circuit import ParameterExpression

from qiskit_direct_provider.service.openqasm.operators import evaluate
from qiskit_direct_provider.service.openqasm.problems import NotReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qiskit.circuit import Parameter

__all__ = ["Angle", "read_angle"]

Angle: TypeAlias = float | ParameterExpression

_CONSTANTS = {
    "pi": math.pi,
    "\u03c0": math.pi,
    "tau": math.tau,
    "\u03c4": math.tau,
    "euler": math.e,
    "\u2107": math.e,
}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "**": operator.pow,
}
# OpenQASM's names, then those that Qiskit prints
_FUNCTIONS = {
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "arcsin": "arcsin",
    "arccos": "arccos",
    "arctan": "arctan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "exp": "exp",
    "log": "log",
    "abs": "abs",
    "sqrt": "sqrt",
}


def read_angle(text: str, parameters: Mapping[str, Parameter]) -> Angle:
    """The value of an angle in radians, or its formula.

    Raises:
        NotReadError: It is none, or not finite.
    """
    text = text.strip()
    try:
        value = _plain(text)
        if value is None:
            value = evaluate(text, _Angles(parameters))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise NotReadError(f"the angle {text[:60]!r} has no value") from error
    if isinstance(value, ParameterExpression):
        return value
    if isinstance(value, complex) or not math.isfinite(value):
        raise NotReadError(f"the angle {text[:60]!r} is not a finite number")
    return float(value)


def _plain(text: str) -> Any:
    """The value of a plain number, by far the most frequent kind; None for all others."""
    if not text[-1:].isdigit():
        return None  # words that Python takes for numbers, such as nan, among them
    try:
        return float(text)
    except ValueError:
        return None


class _Angles:
    """Meaning of the parts of an angle."""

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self._parameters = parameters

    def number(self, text: str) -> Any:
        """Whole numbers stay whole, since they divide like such."""
        return int(text) if text.isdecimal() else float(text)

    def bits(self, text: str) -> Any:
        """No angle is written so."""
        raise NotReadError(f'the angle "{text[:40]}" is not a number')

    def name(self, text: str) -> Any:
        """A parameter, or a constant."""
        value = self._parameters.get(text, _CONSTANTS.get(text))
        if value is None:
            raise NotReadError(f"{text!r} is not a parameter of the program")
        return value

    def unary(self, sign: str, value: Any) -> Any:
        """A sign before a value."""
        if sign not in "+-":
            raise NotReadError(f"the operator {sign} does not apply to angles")
        return -value if sign == "-" else value

    def binary(self, sign: str, left: Any, right: Any) -> Any:
        """Arithmetic."""
        if sign == "/":
            whole = isinstance(left, int) and isinstance(right, int)
            return left // right if whole else left / right
        if sign == "**" and not isinstance(left, ParameterExpression):
            left = float(left)  # powers of whole numbers have no bound
        if sign not in _BINARY:
            raise NotReadError(f"the operator {sign} does not apply to angles")
        return _BINARY[sign](left, right)

    def call(self, name: str, values: list[Any]) -> Any:
        """A function of one value."""
        if name not in _FUNCTIONS or len(values) != 1:
            raise NotReadError(f"the function {name!r} does not apply to angles")
        return _applied(_FUNCTIONS[name], values[0])

    def index(self, value: Any, index: Any) -> Any:
        """No angle is indexed."""
        raise NotReadError(f"an angle cannot be indexed: {value}[{index}]")

    def cast(self, name: str, width: Any, value: Any) -> Any:
        """Conversions to what it is already."""
        if name not in {"float", "angle"}:
            raise NotReadError(f"{name}[{width}] is no angle")
        return value


def _applied(function: str, value: Any) -> Any:
    if function == "abs":
        return abs(value)
    if function == "sqrt":
        return value**0.5
    if isinstance(value, ParameterExpression):
        return getattr(value, function)()
    return getattr(math, function.replace("arc", "a"))(value)
