"""Products of bits that tell whether words are right, where words themselves never repeat."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Bits", "as_bits", "checks_of", "features"]

Bits = npt.NDArray[np.uint8]
"""Shape (shots, clbits); column ``k`` is classical bit ``k``."""


def as_bits(counts: Mapping[str, int], width: int) -> Bits:
    """Every shot as a row of bits."""
    words = np.frombuffer("".join(counts).encode(), dtype=np.uint8).reshape(len(counts), width) - ord("0")
    return np.repeat(words[:, ::-1], list(counts.values()), axis=0)


def checks_of(words: Bits) -> Bits:
    """Parities that are the same in all words: rows of bits that belong to one parity.

    For words of a Clifford circuit without noise, a hundred more than it has bits, these are all there are.
    """
    differences = words[1:] ^ words[0]
    reduced, pivots = _row_echelon(differences)
    free = [column for column in range(words.shape[1]) if column not in pivots]
    checks = np.zeros((len(free), words.shape[1]), dtype=np.uint8)
    for row, column in enumerate(free):
        checks[row, column] = 1
        checks[row, pivots] = reduced[: len(pivots), column]
    return checks


def features(bits: Bits, pairs: Collection[tuple[int, int]], checks: Bits) -> npt.NDArray[Any]:
    """For each shot, +1 or -1 for every bit, every pair and every check; shape (shots, features)."""
    columns = [bits]
    if pairs:
        left, right = np.array(sorted(pairs)).T
        columns.append(bits[:, left] ^ bits[:, right])
    if len(checks):
        columns.append(((bits.astype(np.float32) @ checks.T.astype(np.float32)) % 2).astype(np.uint8))
    found: npt.NDArray[Any] = 1.0 - 2.0 * np.concatenate(columns, axis=1)
    return found


def _row_echelon(rows: Bits) -> tuple[Bits, list[int]]:
    """Reduced row echelon form over two elements, and its pivot columns."""
    matrix = rows.copy()
    pivots: list[int] = []
    for column in range(matrix.shape[1]):
        rank = len(pivots)
        below = np.flatnonzero(matrix[rank:, column])
        if not len(below):
            continue
        matrix[[rank, rank + below[0]]] = matrix[[rank + below[0], rank]]
        others = np.flatnonzero(matrix[:, column])
        matrix[others[others != rank]] ^= matrix[rank]
        pivots.append(column)
        if len(pivots) == len(matrix):
            break
    return matrix, pivots
