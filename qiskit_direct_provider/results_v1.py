"""Results of version 1 of the programs, retired in 2024: shares of outcomes and expectation values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_direct_provider.wire.codec import CodecError

if TYPE_CHECKING:
    from qiskit.primitives import BitArray, PrimitiveResult

__all__ = ["QUASI", "from_v1", "widened"]

QUASI = "quasi"
"""Name of the only field: all classical bits of a circuit, the first one lowest."""

_DEFAULT_SHOTS = 4000
_MOST_SHOTS = 100_000_000


def from_v1(document: Mapping[str, Any]) -> PrimitiveResult:
    """The result as one of version 2.

    Shares become whole numbers of shots, by largest remainders, in increasing order of outcomes; a share
    below zero, which error mitigation may produce, counts as none.

    Raises:
        CodecError: Something in it is no share, no number, or no outcome.
    """
    from qiskit.primitives import DataBin, PrimitiveResult, PubResult, SamplerPubResult

    metadata = document.get("metadata") or []
    if "quasi_dists" in document:
        bits = [_bits(quasi, _shots(metadata, index)) for index, quasi in enumerate(document["quasi_dists"])]
        return PrimitiveResult([SamplerPubResult(DataBin(**{QUASI: each})) for each in bits])
    pubs = []
    for index, value in enumerate(document["values"]):
        variance = float((metadata[index] if index < len(metadata) else {}).get("variance") or 0.0)
        stds = math.sqrt(max(variance, 0.0) / _shots(metadata, index))
        pubs.append(PubResult(DataBin(evs=np.asarray(float(value)), stds=np.asarray(stds))))
    return PrimitiveResult(pubs)


def widened(bits: BitArray, num_bits: int) -> BitArray:
    """The same outcomes with leading zeros: version 1 does not say how wide they are."""
    from qiskit.primitives import BitArray

    missing = (num_bits + 7) // 8 - bits.array.shape[-1]
    if bits.num_bits > num_bits:
        return bits
    padding = [(0, 0)] * (bits.array.ndim - 1) + [(max(missing, 0), 0)]
    return BitArray(np.pad(bits.array, padding), num_bits)


def _shots(metadata: Any, index: int) -> int:
    found = metadata[index].get("shots", _DEFAULT_SHOTS) if index < len(metadata) else _DEFAULT_SHOTS
    if type(found) is not int or not 0 < found <= _MOST_SHOTS:
        raise CodecError("the number of shots is not one")
    return found


def _bits(quasi: Mapping[str, float], shots: int) -> BitArray:
    from qiskit.primitives import BitArray

    shares = {_outcome(key): max(float(share), 0.0) for key, share in quasi.items()}
    total = sum(shares.values())
    if not 0 < total < math.inf:
        raise CodecError("the shares of the outcomes do not add up to anything")
    exact = {word: shots * share / total for word, share in shares.items()}
    counts = {word: math.floor(number) for word, number in exact.items()}
    by_remainder = sorted(exact, key=lambda word: counts[word] - exact[word])
    for word in by_remainder[: shots - sum(counts.values())]:
        counts[word] += 1
    width = max(1, *(word.bit_length() for word in counts)) if counts else 1
    return BitArray.from_counts({word: number for word, number in sorted(counts.items()) if number}, width)


def _outcome(key: object) -> int:
    text = str(key)
    if not (text.isascii() and text.isdigit() and len(text) < 400):  # noqa: PLR2004 - more than 1,000 bits
        raise CodecError("an outcome is no whole number")
    return int(text)
