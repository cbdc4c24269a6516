"""Expressions of OpenQASM 3, parsed by precedence and handed over operation by operation."""

from __future__ import annotations

import re
from typing import Any, Protocol

from qiskit_direct_provider.service.openqasm.problems import NotReadError

__all__ = ["Meaning", "evaluate"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<name>[^\W\d]\w*|\$\d+)"
    r'|(?P<bits>"[01_]*")'
    r"|(?P<sign>\*\*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/<>&|^~!()\[\],]))"
)
# https://openqasm.com/language/classical.html lists the precedence
_POWERS = {
    "||": 1,
    "&&": 2,
    "|": 3,
    "^": 4,
    "&": 5,
    "==": 6,
    "!=": 6,
    "<": 7,
    "<=": 7,
    ">": 7,
    ">=": 7,
    "<<": 8,
    ">>": 8,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "**": 12,
}
_UNARY_POWER = 11
_UNARY = frozenset("-+~!")
_TYPES = frozenset({"bool", "uint", "int", "float", "bit", "angle"})
_MAX_DEPTH = 100
_MAX_TOKENS = 10_000

Token = tuple[str, str]
"""The kind and the text; the last one is an empty sign."""


class Meaning(Protocol):
    """What the parts of an expression stand for; each method may raise NotReadError."""

    def number(self, text: str) -> Any:
        """A literal number."""

    def bits(self, text: str) -> Any:
        """A literal such as ``0101``."""

    def name(self, text: str) -> Any:
        """A name, or ``$k``."""

    def unary(self, sign: str, value: Any) -> Any:
        """One of ``- + ~ !``."""

    def binary(self, sign: str, left: Any, right: Any) -> Any:
        """An operation on two values."""

    def index(self, value: Any, index: Any) -> Any:
        """``value[index]``."""

    def call(self, name: str, values: list[Any]) -> Any:
        """A function."""

    def cast(self, name: str, width: Any, value: Any) -> Any:
        """A conversion, such as ``uint[8](value)``."""


def evaluate(text: str, meaning: Meaning) -> Any:
    """The value of a whole expression.

    Raises:
        NotReadError: It is no expression, or has no meaning.
    """
    parser = _Parser(_tokens(text), meaning)
    value = parser.expression(0)
    if parser.next() != ("sign", ""):
        raise NotReadError(f"the expression {_short(text)} is not understood")
    return value


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or len(tokens) > _MAX_TOKENS:
            raise NotReadError(f"the expression {_short(text)} is not understood")
        kind = found.lastgroup or ""
        tokens.append((kind, found[kind]))
        place = found.end()
    return [*tokens, ("sign", "")]


class _Parser:
    """Walks over the tokens of one expression."""

    def __init__(self, tokens: list[Token], meaning: Meaning) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self._meaning = meaning

    def next(self) -> Token:
        """The token here; steps over it."""
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def expression(self, power: int) -> Any:
        """A value and the operations on it that bind more tightly than ``power``."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotReadError("an expression is nested too deeply")
        value = self._operand()
        while (sign := self._sign()) in _POWERS and _POWERS[sign] > power:
            self.next()
            # the only one that groups to the right
            right = self.expression(_POWERS[sign] - (sign == "**"))
            value = self._meaning.binary(sign, value, right)
        self._depth -= 1
        return value

    def _operand(self) -> Any:
        kind, text = self.next()
        if kind == "number":
            value = self._meaning.number(text.replace("_", ""))
        elif kind == "bits":
            value = self._meaning.bits(text.strip('"').replace("_", ""))
        elif kind == "name":
            value = self._named(text)
        elif text == "(":
            value = self.expression(0)
            self._expect(")")
        elif text in _UNARY and text:
            return self._meaning.unary(text, self.expression(_UNARY_POWER))
        else:
            raise NotReadError(f"{text or 'the end'} is not expected in an expression")
        while self._sign() == "[":
            self.next()
            value = self._meaning.index(value, self.expression(0))
            self._expect("]")
        return value

    def _named(self, text: str) -> Any:
        if text in _TYPES:
            return self._cast(text)
        if self._sign() != "(":
            return self._meaning.name(text)
        self.next()
        values = [self.expression(0)]
        while self._sign() == ",":
            self.next()
            values.append(self.expression(0))
        self._expect(")")
        return self._meaning.call(text, values)

    def _cast(self, name: str) -> Any:
        width = None
        if self._sign() == "[":
            self.next()
            width = self.expression(0)
            self._expect("]")
        self._expect("(")
        value = self.expression(0)
        self._expect(")")
        return self._meaning.cast(name, width, value)

    def _sign(self) -> str:
        kind, text = self._tokens[self._place]
        return text if kind == "sign" else ""

    def _expect(self, sign: str) -> None:
        kind, text = self.next()
        if (kind, text) != ("sign", sign):
            raise NotReadError(f"{sign} is missing in an expression")


def _short(text: str) -> str:
    return repr(" ".join(text.split())[:60])
