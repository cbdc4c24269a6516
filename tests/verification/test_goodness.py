"""Distances and p-values, as far as they can be shown without a device."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from qiskit_direct_provider.verification.distances import (
    distance_between,
    distance_from,
    hellinger,
    total_variation,
)
from qiskit_direct_provider.verification.goodness import (
    features_p_value,
    multinomial_p_value,
    two_sample_p_value,
)
from qiskit_direct_provider.verification.likeness import of_counts
from qiskit_direct_provider.verification.parities import as_bits, checks_of

# With 300 p-values, a Kolmogorov-Smirnov distance above this happens once in a million.
LIMIT = 0.155
ROUNDS = 300


def distributions() -> list[np.ndarray]:
    """Even, steep with many rare words, and hardly anything but one word."""
    steep = 0.7 ** np.arange(64)
    return [np.full(8, 1 / 8), steep / steep.sum(), np.array([0.997, 0.002, 0.001])]


@pytest.mark.parametrize("index", range(3))
def test_p_values_are_uniform_against_a_distribution(index: int) -> None:
    rng = np.random.default_rng(index)
    p = distributions()[index]
    found = [multinomial_p_value(rng.multinomial(500, p), p, rng, 199) for _ in range(ROUNDS)]
    assert kstest(found, "uniform").statistic < LIMIT


@pytest.mark.parametrize("index", range(3))
def test_p_values_are_uniform_between_samples(index: int) -> None:
    rng = np.random.default_rng(index)
    p = distributions()[index]
    found = [
        two_sample_p_value(rng.multinomial(500, p), rng.multinomial(900, p), rng, 199) for _ in range(ROUNDS)
    ]
    assert kstest(found, "uniform").statistic < LIMIT


def test_p_values_are_uniform_between_features() -> None:
    rng = np.random.default_rng(1)
    rates = rng.random(20)
    found = []
    for _ in range(ROUNDS):
        left, right = (1.0 - 2 * (rng.random((shots, 20)) < rates) for shots in (100, 150))
        found.append(features_p_value(left, right, rng, 199))
    assert kstest(found, "uniform").statistic < LIMIT


def test_another_distribution_is_noticed() -> None:
    rng = np.random.default_rng(2)
    for p in distributions():
        q = 0.5 * p + 0.5 * np.roll(p, 1)
        if not np.allclose(p, q):
            assert multinomial_p_value(rng.multinomial(2000, q), p, rng) < 0.002
            drawn = rng.multinomial(2000, q), rng.multinomial(2000, p)
            assert two_sample_p_value(*drawn, rng) < 0.002


@pytest.mark.parametrize("measure", [total_variation, hellinger])
@pytest.mark.parametrize("mixed", [0.0, 0.03, 0.1, 0.5])
def test_intervals_hold_the_distance(measure: object, mixed: float) -> None:
    """In most of forty cases (38 is what they are made for), be it nothing, hidden by chance, or large."""
    assert callable(measure)
    rng = np.random.default_rng(3)
    slope = np.linspace(0.2, 1.8, 16) / 16
    for p in (distributions()[1], slope):
        q = (1 - mixed) * p + mixed * p[::-1]
        true = float(measure(p, q))
        inside = [0, 0]
        for _ in range(40):
            counts = rng.multinomial(1000, q)
            found = (
                distance_from(measure, counts, p, rng),
                distance_between(measure, counts, rng.multinomial(1000, p), rng),
            )
            for index, each in enumerate(found):
                assert each.low <= each.value <= each.high
                inside[index] += each.low <= true <= each.high
        assert min(inside) >= 36


def test_likeness_tells_weaker_from_other() -> None:
    rng = np.random.default_rng(4)
    p = np.zeros(32)
    p[[0, 31]] = 0.5
    weaker = of_counts(rng.multinomial(4000, 0.6 * p + 0.4 / 32), p)
    assert weaker.angle > 0.98
    assert weaker.strength == pytest.approx(0.6, abs=0.05)
    assert of_counts(rng.multinomial(4000, np.roll(p, 5)), p).angle < 0.1


def test_parity_checks_of_words() -> None:
    """All words of three bits with an even number of ones, and a fourth bit that is 1."""
    words = as_bits({"1000": 3, "1011": 1, "1101": 2, "1110": 1}, 4)
    assert words.shape == (7, 4)
    checks = checks_of(words)
    assert len(checks) == 2
    assert {int(word @ check) % 2 for check in checks for word in words} <= {0, 1}
    for check in checks:
        assert len({int(word @ check) % 2 for word in words}) == 1
