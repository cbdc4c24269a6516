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
        low: Lower end of a confidence interval of the distance itself; at least as wide as its 95 % say.
        high: Its upper end.
        by_chance: What two equal distributions would show with as many shots, on average.
    """

    value: float
    low: float
    high: float
    by_chance: float

    def __str__(self) -> str:
        return (
            f"{self.value:.4f} (95 %: {self.low:.4f} to {self.high:.4f}; chance alone: {self.by_chance:.4f})"
        )


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
    chance = measure(_drawn(probabilities, shots, rng), probabilities)
    drawn = _drawn(shares, shots, rng)
    added = max(float(chance.mean()), float(measure(drawn, shares).mean()))
    return _interval(float(measure(shares, probabilities)), measure(drawn, probabilities), chance, added)


def distance_between(
    measure: Measure,
    counts: npt.NDArray[np.int64],
    others: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> Distance:
    """Distance of counts from other counts of the same words."""
    shots, number = int(counts.sum()), int(others.sum())
    shares, other_shares = counts / shots, others / number
    # Exchanging shots, not drawing new ones: words that neither side has seen would not be drawn.
    dealt = rng.multivariate_hypergeometric(counts + others, shots, size=_RESAMPLES, method="marginals")
    chance = measure(dealt / shots, (counts + others - dealt) / number)
    again = measure(_drawn(shares, shots, rng), _drawn(other_shares, number, rng))
    return _interval(float(measure(shares, other_shares)), again, chance, float(chance.mean()))


def _drawn(shares: Shares, shots: int, rng: np.random.Generator) -> Shares:
    drawn: Shares = rng.multinomial(shots, shares, size=_RESAMPLES) / shots
    return drawn


def _interval(value: float, again: Shares, chance: Shares, added: float) -> Distance:
    """What was counted, give or take what repetitions stray; and, downwards, what chance can have added.

    A distance of counts is too large on average: by nothing where the distributions differ much, by all that
    chance alone shows where they are equal. Which it is cannot be known, so the interval spans both.
    """
    tail = (1 - _CONFIDENCE) / 2
    below, above = np.quantile(again, [tail, 1 - tail]) - again.mean()
    low = 0.0 if value <= np.quantile(chance, 1 - tail) else value - added - float(above)
    return Distance(value, max(low, 0.0), min(value - float(below), 1.0), float(chance.mean()))
