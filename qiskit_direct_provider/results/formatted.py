"""Qiskit's Result, with counts and memory written out in one pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.result import Counts, MeasLevel, Result

__all__ = ["DirectResult"]

_ROWS = 4096


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
        counts = Counts(
            {}, creg_sizes=single.header["creg_sizes"], memory_slots=single.header["memory_slots"]
        )
        counts.hex_raw = dict(raw)
        counts.int_raw = {int(word, 16): number for word, number in raw.items()}
        counts.update(zip(bits, raw.values(), strict=True))
        return counts


def _bits(words: Collection[str], header: Mapping[str, Any]) -> list[str] | None:
    """Bits, the last register first, with a space between registers; None where Qiskit has to decide."""
    slots, sizes = header["memory_slots"], [size for _, size in header["creg_sizes"]]
    if not sizes or not all(sizes) or sum(sizes) != slots:
        return None
    digits = (slots + 3) // 4
    gaps = np.cumsum(sizes[::-1])[:-1]
    listed, found = list(words), []
    for start in range(0, len(listed), _ROWS):
        rows = [word[2:].zfill(digits) for word in listed[start : start + _ROWS]]
        text = "".join(rows).encode("ascii")
        if len(text) != len(rows) * digits:
            return None
        table = _NIBBLES.take(np.frombuffer(text, dtype=np.uint8)).view(np.uint8)
        bits = table.reshape(len(rows), 4 * digits)[:, 4 * digits - slots :]
        spaced = np.insert(bits, gaps, ord(" "), axis=1) if len(gaps) else bits
        line, width = spaced.tobytes().decode("ascii"), spaced.shape[1]
        found += [line[at : at + width] for at in range(0, len(line), width)]
    return found
