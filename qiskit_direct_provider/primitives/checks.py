"""Checks of single options: what a value may be, in code and in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.job_settings import duration_s

__all__ = [
    "FLAG",
    "NOTHING",
    "SECONDS",
    "TEXT",
    "Check",
    "anything",
    "either",
    "list_of",
    "mapping",
    "number",
    "one_of",
    "whole",
]


@dataclass(frozen=True)
class Check:
    """What one option may be.

    Attributes:
        words: The same for people.
        read: Gives the value as it is kept, or raises ValueError or TypeError.
    """

    words: str
    read: Callable[[Any], Any]

    def __call__(self, value: Any) -> Any:
        """The value as it is kept.

        Raises:
            InvalidInputError: It is none that ``words`` describes.
        """
        try:
            return self.read(value)
        except (ValueError, TypeError) as error:
            raise InvalidInputError(f"{self.words}, not {value!r}") from error


def whole(at_least: int | None = None, at_most: int | None = None) -> Check:
    """A whole number within bounds, NumPy's own kinds included."""

    def read(value: Any) -> int:
        if isinstance(value, bool):
            raise TypeError
        found = int(value.__index__()) if hasattr(value, "__index__") else None
        if found is None or not _within(found, at_least, at_most):
            raise ValueError
        return found

    return Check(f"a whole number{_bounds(at_least, at_most)}", read)


def number(at_least: float | None = None, above: float | None = None) -> Check:
    """A finite number; ``above`` is not among those that are allowed, ``at_least`` is."""

    def read(value: Any) -> float:
        if isinstance(value, bool | str | bytes):
            raise TypeError
        found = float(value)
        if not math.isfinite(found) or not _within(found, at_least, None):
            raise ValueError
        if above is not None and found <= above:
            raise ValueError
        return found

    return Check(f"a number{_bounds(at_least, None) if above is None else f' above {above:g}'}", read)


def one_of(*words: str, any_case: bool = False) -> Check:
    """One of some words; with ``any_case`` in small letters, too."""

    def read(value: Any) -> str:
        found = value.upper() if any_case and isinstance(value, str) else value
        if not isinstance(found, str) or found not in words:
            raise ValueError
        return found

    return Check(", ".join(map(repr, words)), read)


def list_of(entry: Check, at_least: int = 0, at_most: float = math.inf, words: str = "") -> Check:
    """A list of so many entries, each of which passes a check."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
            raise TypeError
        found = [entry(each) for each in value]
        if not at_least <= len(found) <= at_most:
            raise ValueError
        return found

    return Check(words or f"a list, each entry {entry.words}", read)


def either(*checks: Check) -> Check:
    """Whatever passes one of several checks; the first one that it passes counts."""

    def read(value: Any) -> Any:
        for check in checks:
            try:
                return check(value)
            except InvalidInputError:
                continue
        raise ValueError

    return Check(", or ".join(check.words for check in checks), read)


def anything(words: str) -> Check:
    """An object that is looked at only when it is sent."""
    return Check(words, lambda value: value)


def mapping() -> Check:
    """A dictionary with texts as keys, which travels as it is."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise TypeError
        return dict(value)

    return Check("a dictionary", read)


def _exactly(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value


def _seconds(value: Any) -> Any:
    duration_s(value, "a duration")
    return value


FLAG = Check("True or False", lambda value: _exactly(value, bool))
TEXT = Check("text", lambda value: _exactly(value, str))
NOTHING = Check("None", lambda value: _exactly(value, type(None)))
SECONDS = Check("a number of seconds, or text such as '10m'", _seconds)


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return ""
    return f", {low:g} or more" if high is None else f" from {low:g} to {high:g}"
