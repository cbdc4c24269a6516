"""Whole numbers as users give them."""

from __future__ import annotations

import operator
from typing import Any

from qiskit_direct_provider.errors import InvalidInputError

__all__ = ["whole_number"]


def whole_number(given: Any, what: str, *, least: int | None = None) -> int:
    """A whole number, of Python or of NumPy; ``True`` is none.

    >>> whole_number(5, "shots")
    5

    Raises:
        InvalidInputError: Something else, or below ``least``; the text calls it ``what``.
    """
    try:
        number = None if isinstance(given, bool) else operator.index(given)
    except TypeError:
        number = None
    if number is None or (least is not None and number < least):
        limit = "" if least is None else f", {least} or more"
        raise InvalidInputError(f"{what} must be a whole number{limit}, not {given!r}")
    return number
