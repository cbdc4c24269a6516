"""Results of the version 1 primitives, which were retired in 2024.

A sampler of version 1 tells quasi-probabilities, not shots: they stay what they are, in a field
``quasi_dist`` of each pub, and Qiskit's Result gets counts that are rounded from them.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_direct_provider.results.building import pub_result
from qiskit_direct_provider.wire.codec import CodecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msgspec import Raw
    from qiskit.primitives import PrimitiveResult

    from qiskit_direct_provider.results.values import Allowance

__all__ = ["estimator_result", "rounded_counts", "sampler_result"]

_WORD = re.compile(r"\d{1,2000}")


def sampler_result(quasi_dists: Raw, metadata: Raw, allowance: Allowance) -> PrimitiveResult:
    """One pub a circuit, with ``quasi_dist``: hexadecimal word of all classical bits -> quasi-probability."""
    from qiskit.primitives import PrimitiveResult

    found = _list(allowance.plain(quasi_dists))
    pubs = [
        pub_result({"quasi_dist": _distribution(each)}, (), about, sampler=False)
        for each, about in zip(found, _metadata(metadata, len(found), allowance), strict=True)
    ]
    return PrimitiveResult(pubs, metadata={"version": 1})


def estimator_result(values: Raw, metadata: Raw, allowance: Allowance) -> PrimitiveResult:
    """One pub a value, with ``evs``, and ``stds`` where the variance and the shots are known."""
    from qiskit.primitives import PrimitiveResult

    found = _list(allowance.plain(values))
    pubs = []
    for value, about in zip(found, _metadata(metadata, len(found), allowance), strict=True):
        fields = {"evs": np.array(_number(value))}
        variance, shots = _number(about.get("variance", -1)), _number(about.get("shots", 0))
        if variance >= 0 and shots > 0:
            fields["stds"] = np.array(math.sqrt(variance / shots))
        pubs.append(pub_result(fields, (), about, sampler=False))
    return PrimitiveResult(pubs, metadata={"version": 1})


def rounded_counts(quasi_dist: Mapping[str, float], shots: int) -> dict[str, int]:
    """Whole numbers that sum to ``shots`` and are closest to the quasi-probabilities.

    Negative ones count as 0, and the rest is scaled to 1; what rounding down leaves over goes to the
    largest remainders.

    >>> rounded_counts({"0x0": 0.51, "0x3": 0.52, "0x1": -0.03}, 10)
    {'0x0': 5, '0x3': 5}
    """
    positive = {word: value for word, value in quasi_dist.items() if value > 0}
    total = math.fsum(positive.values())
    if not math.isfinite(total):
        raise CodecError("quasi-probabilities are not finite")
    exact = {word: value / total * shots for word, value in positive.items()}
    counts = {word: math.floor(value) for word, value in exact.items()}
    left = shots - sum(counts.values()) if counts else 0
    for word in sorted(exact, key=lambda word: counts[word] - exact[word])[: max(left, 0)]:
        counts[word] += 1
    return {word: count for word, count in counts.items() if count}


def _metadata(raw: Raw, expected: int, allowance: Allowance) -> list[dict[str, Any]]:
    found = allowance.plain(raw)
    if isinstance(found, list) and len(found) == expected:
        return [each if isinstance(each, dict) else {} for each in found]
    return [{} for _ in range(expected)]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise CodecError("a result of version 1 is not a list")
    return value


def _distribution(value: Any) -> dict[str, float]:
    if not isinstance(value, dict) or not all(_WORD.fullmatch(key) for key in value):
        raise CodecError("a quasi-distribution cannot be read")
    base = 2 if _are_bits(list(value)) else 10
    return {hex(int(key, base)): _number(each) for key, each in value.items()}


def _are_bits(words: list[str]) -> bool:
    """Whether words are bits, as many of each: some begin with 0, as no number in decimal does."""
    padded = any(len(word) > 1 and word.startswith("0") for word in words)
    return padded and len({len(word) for word in words}) == 1 and not set("".join(words)) - set("01")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CodecError("a number cannot be read")
    return float(value)
