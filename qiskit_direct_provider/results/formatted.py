"""Qiskit's Result, with counts and memory written out in one pass."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.result import Counts, MeasLevel, Result

__all__ = ["DirectResult"]

_ROWS = 4096
_NUMBER_BITS = 64
_ZERO = np.uint8(ord("0"))


def _nibbles() -> npt.NDArray[np.uint32]:
    """For each hexadecimal digit, as ASCII, the four ASCII digits of its bits."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for value in range(16):
        for digit in {f"{value:x}", f"{value:X}"}:
            table[ord(digit)] = list(f"{value:04b}".encode())
    return table.view(np.uint32).ravel()


_NIBBLES = _nibbles()


class DirectResult(Result):
    """The same as its base class in all that it returns; a large number of shots takes less time."""

    def get_counts(self, experiment: Any = None) -> Any:
        """Counts of one experiment, or a list of those of all."""
        keys = range(len(self.results)) if experiment is None else [experiment]
        found = [self._counts(key) for key in keys]
        return found[0] if len(found) == 1 else found

    def get_memory(self, experiment: Any = None) -> Any:
        """Bits of each shot, or the IQ values of measurement level 1."""
        single = self._get_experiment(experiment)
        memory = getattr(single.data, "memory", None)
        bits = _bits(memory, single.header) if memory and single.meas_level == MeasLevel.CLASSIFIED else None
        return super().get_memory(experiment) if bits is None else bits

    def _counts(self, key: Any) -> Counts:
        single = self._get_experiment(key)
        raw: dict[str, int] = getattr(single.data, "counts", {})
        bits = _bits(raw, single.header) if raw else None
        if bits is None:
            return super().get_counts(key)
        return DirectCounts(bits, raw, single.header)


class DirectCounts(Counts):
    """The same as its base class; outcomes as numbers are worked out when they are first asked for.

    Copies, and what a pickle holds, are of the base class itself.
    """

    def __init__(self, bits: Sequence[str], raw: Mapping[str, int], header: Mapping[str, Any]) -> None:
        super().__init__({}, creg_sizes=header["creg_sizes"], memory_slots=header["memory_slots"])
        del self.__dict__["int_raw"]
        self.hex_raw = dict(raw)
        self.update(zip(bits, raw.values(), strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        made: tuple[Any, ...] = ({}, self.time_taken, self.creg_sizes, self.memory_slots)
        return Counts, made, vars(self) | {"int_raw": self.int_raw}, None, iter(self.items())

    @functools.cached_property
    def int_raw(self) -> dict[int, int]:
        """Counts by number."""
        return dict(zip(map(int, self.hex_raw, repeat(16)), self.hex_raw.values(), strict=True))


def _bits(words: Collection[str], header: Mapping[str, Any]) -> list[str] | None:
    """Bits, the last register first, with a space between registers; None where Qiskit has to decide."""
    slots, sizes = header["memory_slots"], [size for _, size in header["creg_sizes"]]
    if not sizes or not all(sizes) or sum(sizes) != slots:
        return None
    gaps = np.cumsum(sizes[::-1])[:-1]
    if slots <= _NUMBER_BITS:
        rows = _rows_of_numbers(list(map(int, words, repeat(16))), slots)
        return None if rows is None else _short_lines(_spaced(rows, gaps))
    listed, found = list(words), []
    for start in range(0, len(listed), _ROWS):
        rows = _rows_of_words(listed[start : start + _ROWS], slots)
        if rows is None:
            return None
        found += _long_lines(_spaced(rows, gaps))
    return found


def _rows_of_numbers(numbers: Sequence[int], slots: int) -> npt.NDArray[np.uint8] | None:
    """ASCII digits, a row for each number; None if one has more bits."""
    try:
        values = np.fromiter(numbers, dtype=">u8", count=len(numbers))
    except OverflowError:
        return None
    bits = np.unpackbits(values.view(np.uint8).reshape(-1, 8), axis=1)
    if bits[:, : _NUMBER_BITS - slots].any():
        return None
    return bits[:, _NUMBER_BITS - slots :] | _ZERO


def _rows_of_words(words: Sequence[str], slots: int) -> npt.NDArray[np.uint8] | None:
    """The same for hexadecimal words of any length."""
    digits = (slots + 3) // 4
    text = "".join([word[2:].zfill(digits) for word in words]).encode("ascii")
    if len(text) != len(words) * digits:
        return None
    table = _NIBBLES.take(np.frombuffer(text, dtype=np.uint8)).view(np.uint8)
    return table.reshape(len(words), 4 * digits)[:, 4 * digits - slots :]


def _spaced(rows: npt.NDArray[np.uint8], gaps: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    return np.insert(rows, gaps, ord(" "), axis=1) if len(gaps) else rows


def _short_lines(rows: npt.NDArray[np.uint8]) -> list[str]:
    wide = np.ascontiguousarray(rows, dtype=np.uint32)
    found: list[str] = wide.view(f"U{rows.shape[1]}").ravel().tolist()
    return found


def _long_lines(rows: npt.NDArray[np.uint8]) -> list[str]:
    line, width = rows.tobytes().decode("ascii"), rows.shape[1]
    return [line[at : at + width] for at in range(0, len(line), width)]
