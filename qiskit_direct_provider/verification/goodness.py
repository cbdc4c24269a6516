"""Whether counts can come from a distribution: p-values that are uniform when they do.

Each is the rank of a statistic among simulated repetitions, so it holds for any number of shots and any
number of rare words. Ties are broken at random, which makes it uniform also where few words are possible.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["TRIALS", "features_p_value", "multinomial_p_value", "two_sample_p_value"]

TRIALS = 999
_LEAST_EXPECTED = 5.0

Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


def multinomial_p_value(
    counts: Whole, probabilities: Real, rng: np.random.Generator, trials: int = TRIALS
) -> float:
    """Of counts against a distribution that is known; likelihood ratio, rare words taken together."""
    shots = int(counts.sum())
    bins = _bins(probabilities * shots)
    expected = np.maximum(np.bincount(bins, probabilities * shots), 1e-9)
    shares = expected / expected.sum()
    drawn = rng.multinomial(shots, shares, size=trials)
    seen = np.bincount(bins, counts, minlength=len(expected))
    return _rank(_likelihood(seen, expected), _likelihood(drawn, expected), rng)


def two_sample_p_value(left: Whole, right: Whole, rng: np.random.Generator, trials: int = TRIALS) -> float:
    """Of counts against other counts of the same words: which shot is whose is permuted."""
    pooled = left + right
    bins = _bins(pooled * (min(left.sum(), right.sum()) / pooled.sum()))
    whole = np.bincount(bins, pooled).astype(np.int64)
    shots = int(left.sum())
    drawn = rng.multivariate_hypergeometric(whole, shots, size=trials)
    seen = np.bincount(bins, left, minlength=len(whole))
    shares = whole / whole.sum()
    rest = int(right.sum())

    def statistic(found: Whole) -> Real:
        return _likelihood(found, shares * shots) + _likelihood(whole - found, shares * rest)

    return _rank(statistic(seen), statistic(drawn), rng)


def features_p_value(left: Real, right: Real, rng: np.random.Generator, trials: int = TRIALS) -> float:
    """Of shots against other shots by the means of their features; which shot is whose is permuted.

    Args:
        left: Features of the shots, shape (shots, features).
        right: Likewise; the number of shots may differ.
        rng: Random numbers.
        trials: Number of permutations.
    """
    pooled = np.concatenate([left, right])
    spread = pooled.std(axis=0)
    kept = spread > 0
    scaled = ((pooled - pooled.mean(axis=0))[:, kept] / spread[kept]).astype(np.float32)
    total, number = len(pooled), len(left)
    drawn = np.empty(trials)
    for first in range(0, trials, 100):
        size = min(100, trials - first)
        chosen = np.zeros((size, total), dtype=np.float32)
        for row in chosen:
            row[rng.permutation(total)[:number]] = 1
        drawn[first : first + size] = np.square(chosen @ scaled, dtype=np.float64).sum(axis=1)
    seen = np.square(scaled[:number].sum(axis=0), dtype=np.float64).sum()
    return _rank(seen, drawn, rng)


def _bins(expected: Real) -> npt.NDArray[np.intp]:
    """For each word its bin: one of its own, or that of all rare words together."""
    rare = expected < _LEAST_EXPECTED
    bins = np.zeros(len(expected), dtype=np.intp)
    start = 1 if rare.any() else 0
    bins[~rare] = np.arange(start, start + int((~rare).sum()))
    return bins


def _likelihood(seen: Real | Whole, expected: Real) -> Real:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(seen > 0, seen * np.log(seen / expected), 0.0)
    found: Real = 2 * terms.sum(axis=-1)
    return found


def _rank(seen: float | Real, drawn: Real, rng: np.random.Generator) -> float:
    """Share of repetitions at least as extreme, the observation among them."""
    tolerance = 1e-9 * max(abs(float(seen)), 1.0)
    more = int((drawn > seen + tolerance).sum())
    same = int((np.abs(drawn - seen) <= tolerance).sum())
    return float((more + rng.random() * (same + 1)) / (len(drawn) + 1))
