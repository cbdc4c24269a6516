"""Qubits that read otherwise than the twin's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from qiskit_direct_provider.verification.distribution import Exact

__all__ = ["Outlier", "flipped_bits", "odd_bits"]

_LARGEST_RATIO = 50.0
_SIGNIFICANCE = 0.01


@dataclass(frozen=True)
class Outlier:
    """A classical bit that is not as it should be.

    Attributes:
        qubit: The physical qubit that is read into it.
        clbit: Index of the classical bit.
        device: Share of shots in which it was 1.
        twin: Share in which it should have been.
        extra_flips: Estimated share of shots in which it was flipped beyond the readout error that the
            calibration states; None where that cannot be told.
    """

    qubit: int
    clbit: int
    device: float
    twin: float
    extra_flips: float | None = None

    def __str__(self) -> str:
        flips = (
            "" if self.extra_flips is None else f", flipped in {self.extra_flips:.1%} of shots beyond that"
        )
        return (
            f"qubit {self.qubit} (bit {self.clbit}) reads 1 in {self.device:.1%} of shots, "
            f"expected {self.twin:.1%}{flips}"
        )


def odd_bits(
    device: Mapping[int, float],
    twin: Mapping[int, float],
    qubits: Mapping[int, int],
    *,
    shots: int,
    others: int = 0,
) -> list[Outlier]:
    """Bits that are 1 too often or too seldom.

    Args:
        device: For each bit the share of ones.
        twin: Likewise.
        qubits: For each bit the physical qubit.
        shots: Of the device.
        others: Shots that the twin's shares come from; 0 when they are exact.
    """
    found = []
    limit = _limit(len(twin))
    for bit, expected in sorted(twin.items()):
        share = device.get(bit, 0.0)
        mean = (share * shots + expected * others) / (shots + others) if others else expected
        variance = max(mean * (1 - mean), 0.25 / shots) * (1 / shots + (1 / others if others else 0))
        if abs(share - expected) > limit * variance**0.5:
            found.append(Outlier(qubits[bit], bit, share, expected))
    return found


def flipped_bits(
    expected: Exact, counts: npt.NDArray[np.int64], qubits: Mapping[int, int]
) -> dict[int, Outlier]:
    """Bits that are flipped more often than the readout error explains, told by the words around them.

    A score test for each bit on its own, its scores bounded so that rare words cannot decide alone.
    """
    p, shots = np.maximum(expected.probabilities, 1e-12), int(counts.sum())
    indices = np.arange(len(p))
    found = {}
    for place, bit in enumerate(expected.bits):
        flipped = p[indices ^ (1 << place)]
        score = np.minimum(flipped / p, _LARGEST_RATIO)
        mean = float(p @ score)
        variance = float(p @ np.square(score)) - mean**2
        slope = float(flipped @ score) - mean
        excess = float(counts @ score) / shots - mean
        if slope > 0 and excess > _limit(len(expected.bits)) * (variance / shots) ** 0.5:
            one = (indices >> place & 1).astype(bool)
            found[bit] = Outlier(
                qubits[bit],
                bit,
                float(counts[one].sum()) / shots,
                float(p[one].sum()),
                min(excess / slope, 1.0),
            )
    return found


def _limit(number: int) -> float:
    """Standard deviations that none of so many bits exceeds by chance, but for one time in a hundred."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - _SIGNIFICANCE / (2 * max(number, 1)))
