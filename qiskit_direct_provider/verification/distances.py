"""How far counts are from a distribution, or from other counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Distance", "distance_between", "distance_from", "hellinger", "total_variation"]

Shares = npt.NDArray[np.float64]
Measure = Callable[[Shares, Shares], Shares]

_RESAMPLES = 400
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Distance:
    """A distance between two distributions, 0 (the same) to 1 (nothing in common).

    Attributes:
        value: Between the shares as they were counted. Chance alone makes it larger than 0.
        low: Lower end of a confidence interval of the distance itself, without what chance adds.
        high: Its upper end.
        by_chance: What two equal distributions would show with as many shots, on average.
    """

    value: float
    low: float
    high: float
    by_chance: float

    def __str__(self) -> str:
        return f"{self.value:.4f} (95 %: {self.low:.4f} to {self.high:.4f}; {self.by_chance:.4f} by chance)"


def total_variation(left: Shares, right: Shares) -> Shares:
    """Half of the sum of differences, along the last axis."""
    found: Shares = np.abs(left - right).sum(axis=-1) / 2
    return found


def hellinger(left: Shares, right: Shares) -> Shares:
    """Square root of one minus the overlap of square roots, along the last axis."""
    overlap = np.sqrt(left * right).sum(axis=-1)
    found: Shares = np.sqrt(np.clip(1 - overlap, 0, None))
    return found


def distance_from(
    measure: Measure, counts: npt.NDArray[np.int64], probabilities: Shares, rng: np.random.Generator
) -> Distance:
    """Distance of counts from a distribution that is known."""
    shots = int(counts.sum())
    shares = counts / shots
    value = float(measure(shares, probabilities))
    chance = measure(_drawn(probabilities, shots, rng), probabilities)
    middle = _shrunk(shares, probabilities, value, chance)
    again = measure(_drawn(middle, shots, rng), probabilities)
    return _interval(value, again, float(measure(middle, probabilities)), chance)


def distance_between(
    measure: Measure,
    counts: npt.NDArray[np.int64],
    others: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> Distance:
    """Distance of counts from other counts of the same words."""
    shots, number = int(counts.sum()), int(others.sum())
    shares, other_shares = counts / shots, others / number
    pooled = (counts + others) / (shots + number)
    value = float(measure(shares, other_shares))
    chance = measure(_drawn(pooled, shots, rng), _drawn(pooled, number, rng))
    left, right = (_shrunk(each, pooled, value, chance) for each in (shares, other_shares))
    again = measure(_drawn(left, shots, rng), _drawn(right, number, rng))
    return _interval(value, again, float(measure(left, right)), chance)


def _drawn(shares: Shares, shots: int, rng: np.random.Generator) -> Shares:
    drawn: Shares = rng.multinomial(shots, shares, size=_RESAMPLES) / shots
    return drawn


def _shrunk(shares: Shares, towards: Shares, value: float, chance: Shares) -> Shares:
    """What to resample from: the shares without the part of their distance that chance explains.

    Shares alone would never give a word that was not seen, and so add the same bias once more.
    """
    weight = max(0.0, 1.0 - float(np.square(chance).mean()) / value**2) if value else 0.0
    mixed: Shares = weight * shares + (1 - weight) * towards
    mixed /= mixed.sum()
    return mixed


def _interval(value: float, again: Shares, middle: float, chance: Shares) -> Distance:
    """A basic bootstrap interval: how far repetitions stray from the middle, seen from the value."""
    tail = (1 - _CONFIDENCE) / 2
    low, high = np.quantile(again, [tail, 1 - tail]) - middle
    bounds = np.clip([value - high, value - low], 0, 1)
    if value <= np.quantile(chance, 1 - tail):
        bounds[0] = 0.0
    return Distance(value, float(bounds[0]), float(max(bounds)), float(chance.mean()))
