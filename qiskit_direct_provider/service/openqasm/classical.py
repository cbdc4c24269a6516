"""Classical values: bits, registers, typed variables, and operations on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_direct_provider.service.openqasm.operators import evaluate
from qiskit_direct_provider.service.openqasm.problems import NotReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Value", "classical_type", "read_condition", "read_value"]

Value = Any
"""A Clbit, a ClassicalRegister, an Expr, or a Python number or bool for a literal."""

_MAX_WIDTH = 1024
_UNARY = {"~": "bit_not", "!": "logic_not", "-": "negate"}
_BINARY = {
    "&&": "logic_and",
    "||": "logic_or",
    "&": "bit_and",
    "|": "bit_or",
    "^": "bit_xor",
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "<<": "shift_left",
    ">>": "shift_right",
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
}


def read_value(text: str, names: Mapping[str, Value]) -> Value:
    """The value of an expression; ``names`` holds bits, registers and variables.

    Raises:
        NotReadError: It is none, or its types do not fit together.
    """
    try:
        return evaluate(text, _Classical(names))
    except (TypeError, ValueError, OverflowError) as error:
        raise NotReadError(f"{text[:60]!r}: {error}") from error


def read_condition(text: str, names: Mapping[str, Value]) -> Any:
    """A condition as Qiskit takes it.

    A bit, a negated bit, or a register compared with a number is given as a pair, as
    ``qiskit.qasm3.loads`` does; anything else is an Expr.

    Raises:
        NotReadError: It is none.
    """
    value = read_value(text, names)
    if isinstance(value, Clbit):
        return value, True
    if isinstance(value, bool):
        return expr.lift(value)
    if not isinstance(value, expr.Expr) or value.type.kind is not types.Bool:
        raise NotReadError(f"the condition {text[:60]!r} is neither true nor false")
    return _as_pair(value) or value


def classical_type(name: str, width: Any) -> types.Type:
    """The type ``name[width]``.

    Raises:
        NotReadError: Circuits have no such type.
    """
    if name == "bool" and width is None:
        return types.Bool()
    if name == "uint" and isinstance(width, int) and 0 < width <= _MAX_WIDTH:
        return types.Uint(width)
    if name == "float" and width in (None, 64) and hasattr(types, "Float"):
        return types.Float()
    raise NotReadError(f"values of type {name}{'' if width is None else [width]} are not supported")


def _as_pair(condition: expr.Expr) -> tuple[Any, int] | None:
    if isinstance(condition, expr.Unary):
        bit = _variable(condition.operand)
        negated = condition.op is expr.Unary.Op.LOGIC_NOT and isinstance(bit, Clbit)
        return (bit, False) if negated else None
    if isinstance(condition, expr.Binary) and condition.op is expr.Binary.Op.EQUAL:
        target, value = _variable(condition.left), condition.right
        if target is not None and isinstance(value, expr.Value):
            return target, value.value
    return None


def _variable(value: expr.Expr) -> Clbit | ClassicalRegister | None:
    is_bits = isinstance(value, expr.Var) and isinstance(value.var, Clbit | ClassicalRegister)
    return value.var if is_bits else None


def _is_unsigned(value: Value) -> bool:
    if isinstance(value, expr.Expr):
        return value.type.kind is types.Uint
    return isinstance(value, ClassicalRegister)


class _Classical:
    """Meaning of the parts of a classical expression."""

    def __init__(self, names: Mapping[str, Value]) -> None:
        self._names = names

    def number(self, text: str) -> Value:
        """A literal; its width follows from what it meets."""
        return int(text) if text.isdecimal() else float(text)

    def bits(self, text: str) -> Value:
        """A literal of bits, the last one being bit 0."""
        return int(text or "0", 2)

    def name(self, text: str) -> Value:
        """A bit, register or variable."""
        if text in {"true", "false"}:
            return text == "true"
        if text not in self._names:
            raise NotReadError(f"{text!r} is not declared")
        return self._names[text]

    def unary(self, sign: str, value: Value) -> Value:
        """One value."""
        if isinstance(value, int | float) and not isinstance(value, bool) and sign in "+-":
            return -value if sign == "-" else value
        return _operation(_UNARY.get(sign))(value)

    def binary(self, sign: str, left: Value, right: Value) -> Value:
        """Two values, of which one may be a literal that takes the type of the other."""
        # Qiskit gives a negative one the type of an unsigned integer, and Aer stumbles over it
        for literal, other in ((left, right), (right, left)):
            if isinstance(literal, int) and literal < 0 and _is_unsigned(other):
                raise NotReadError(f"an unsigned value cannot meet {literal}")
        return _operation(_BINARY.get(sign))(left, right)

    def index(self, value: Value, index: Value) -> Value:
        """One bit of a register or of an unsigned integer."""
        if isinstance(value, ClassicalRegister) and isinstance(index, int):
            if not -value.size <= index < value.size:
                raise NotReadError(f"{value.name} has no bit {index}")
            return value[index]
        return expr.index(value, index)

    def call(self, name: str, values: list[Value]) -> Value:
        """None is supported."""
        raise NotReadError(f"the function {name!r} of {len(values)} values is not supported")

    def cast(self, name: str, width: Value, value: Value) -> Value:
        """A conversion."""
        return expr.cast(expr.lift(value), classical_type(name, width))


def _operation(name: str | None) -> Callable[..., Any]:
    found = getattr(expr, name or "", None)
    if found is None:
        raise NotReadError("an operator of an expression is not supported")
    return found  # type: ignore[no-any-return]  # looked up by name
