"""Counts of one circuit beside what the twin expects: distances, a p-value, a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qiskit_direct_provider.verification import goodness, likeness, parities
from qiskit_direct_provider.verification.distances import (
    Distance,
    distance_between,
    distance_from,
    hellinger,
    total_variation,
)
from qiskit_direct_provider.verification.lightcone import rare_in
from qiskit_direct_provider.verification.outcome import Check, Question, Verdict
from qiskit_direct_provider.verification.outliers import Outlier, flipped_bits, odd_bits

if TYPE_CHECKING:
    import numpy.typing as npt

    from qiskit_direct_provider.verification.distribution import Counts, Exact
    from qiskit_direct_provider.verification.expected import Expected

__all__ = ["check"]

_SAME_SIGNAL = 0.85
_SURELY_THE_SAME = 0.99
_LEAST_STRENGTH = 0.3
_TOLERANCE = 0.02
_RELATIVE_TOLERANCE = 0.3
_MANY_TRIALS = 50_000
_FORESEEN = f"flips were foreseen by a Clifford circuit, within {_TOLERANCE:g} + {_RELATIVE_TOLERANCE:.0%}"
_MOST_REPEATED = 0.5


@dataclass(frozen=True)
class _Comparison:
    """What was found between counts and twin.

    Attributes:
        distances: Total variation and Hellinger distance from the twin, total variation from the ideal.
        twin: Its shares by word.
        better: Whether the device is nearer to the ideal than its twin, and alike beyond doubt.
    """

    p_value: float
    alike: likeness.Likeness
    distances: tuple[Distance | None, Distance | None, Distance | None]
    outliers: tuple[Outlier, ...]
    twin: Mapping[str, float]
    notes: tuple[str, ...] = ()
    better: bool = False


def check(question: Question, counts: Counts, expected: Expected, rng: np.random.Generator) -> Check:
    """Compare the counts of a device with what its twin expects."""
    if expected.exact is not None:
        return _against_exact(question, counts, expected, rng)
    if expected.counts is not None:
        return _against_shots(question, counts, expected, rng)
    return _against_marginals(question, counts, expected)


def _against_exact(question: Question, counts: Counts, expected: Expected, rng: np.random.Generator) -> Check:
    assert expected.exact is not None
    seen, impossible = expected.exact.counted(counts)
    observed = np.append(seen, impossible)
    p = np.append(expected.exact.probabilities, 0.0)

    def p_value(trials: int) -> float:
        return goodness.multinomial_p_value(observed, p, rng, trials)

    ideal = None if expected.ideal is None else np.append(expected.ideal.probabilities, 0.0)
    alike = likeness.of_counts(observed, p)
    outliers = {each.clbit: each for each in _odd(question, counts, _ones_of(expected.exact))}
    if alike.angle >= _SAME_SIGNAL:  # else flips of single bits are not what happened
        outliers.update(flipped_bits(expected.exact, seen, question.qubits))
    from_ideal = None if ideal is None else distance_from(total_variation, observed, ideal, rng)
    nearer = (
        ideal is not None and from_ideal is not None and from_ideal.high < float(total_variation(p, ideal))
    )
    found = _Comparison(
        p_value=_refined(p_value, question.significance),
        alike=alike,
        distances=(
            distance_from(total_variation, observed, p, rng),
            distance_from(hellinger, observed, p, rng),
            from_ideal,
        ),
        outliers=tuple(outliers[bit] for bit in sorted(outliers)),
        twin=_words(expected.exact, counts),
        better=nearer and alike.angle > _SURELY_THE_SAME,
    )
    return _concluded(question, counts, expected, found)


def _against_shots(question: Question, counts: Counts, expected: Expected, rng: np.random.Generator) -> Check:
    assert expected.counts is not None
    words = sorted({*counts, *expected.counts})
    left, right = (np.array([each.get(word, 0) for word in words]) for each in (counts, expected.counts))
    shots, others = int(left.sum()), int(right.sum())
    repeated = float((left + right)[left + right >= 10].sum()) / (shots + others)  # noqa: PLR2004 - ten make a bin
    width = len(words[0])
    bits, twin_bits = parities.as_bits(counts, width), parities.as_bits(expected.counts, width)
    ones, twin_ones = (dict(enumerate(each.mean(axis=0))) for each in (bits, twin_bits))
    measured = {bit: float(twin_ones[bit]) for bit in question.qubits}
    outliers = odd_bits(ones, measured, question.qubits, shots=shots, others=others)
    many = repeated > _MOST_REPEATED and not expected.approximate
    if many:
        alike = likeness.of_counts(left, right / others, others)

        def p_value(trials: int) -> float:
            return goodness.two_sample_p_value(left, right, rng, trials)
    else:
        checks = _checks(expected, width)
        device_features, twin_features = (
            parities.features(each, question.pairs, checks) for each in (bits, twin_bits)
        )
        alike = likeness.of_features(device_features, twin_features)

        def p_value(trials: int) -> float:
            return goodness.features_p_value(device_features, twin_features, rng, min(trials, 9999))

    notes: tuple[str, ...] = ()
    if expected.approximate:
        value, outliers = _tolerant(bits, twin_bits, question)
        notes = (_FORESEEN, "the p-value is an upper bound")
    else:
        value = _refined(p_value, question.significance)
    found = _Comparison(
        p_value=value,
        alike=alike,
        distances=(
            distance_between(total_variation, left, right, rng) if many else None,
            distance_between(hellinger, left, right, rng) if many else None,
            _from_ideal(counts, expected, rng),
        ),
        outliers=tuple(outliers),
        twin={word: number / others for word, number in expected.counts.items()},
        notes=notes,
    )
    return _concluded(question, counts, expected, found)


def _against_marginals(question: Question, counts: Counts, expected: Expected) -> Check:
    assert expected.marginals is not None
    width = len(next(iter(counts)))
    bits = parities.as_bits(counts, width)
    order = sorted(expected.marginals)
    p = np.clip([expected.marginals[bit] for bit in order], 0.0, 1.0)
    ones = bits[:, order].sum(axis=0).astype(np.int64)
    left, right = 1 - 2 * ones / len(bits), 1 - 2 * p
    norms = float(np.linalg.norm(left) * np.linalg.norm(right))
    alike = likeness.Likeness(
        float(left @ right) / norms if norms else 0.0, float(left @ right) / max(float(right @ right), 1e-12)
    )
    shares = dict(zip(order, (ones / len(bits)).tolist(), strict=True))
    found = _Comparison(
        p_value=rare_in(ones, len(bits), p),
        alike=alike,
        distances=(None, None, None),
        outliers=tuple(odd_bits(shares, expected.marginals, question.qubits, shots=len(bits))),
        twin={},
        notes=(
            "each bit was looked at on its own: correlations are not checked",
            "the p-value is an upper bound",
        ),
    )
    return _concluded(question, counts, expected, found)


def _concluded(question: Question, counts: Counts, expected: Expected, found: _Comparison) -> Check:
    verdict = _verdict(found.p_value, found.alike, question.significance)
    said: tuple[str, ...] = ()
    if verdict is Verdict.DEGRADED and found.better:
        verdict, said = Verdict.CONSISTENT, ("the device is better than its calibration says",)
    return Check(
        name=question.name,
        verdict=verdict,
        p_value=found.p_value,
        shots=sum(counts.values()),
        way=expected.way,
        likeness=found.alike,
        total_variation=found.distances[0],
        hellinger=found.distances[1],
        from_ideal=found.distances[2],
        outliers=found.outliers,
        notes=(*said, *found.notes),
        counts=counts,
        twin=found.twin,
    )


def _verdict(p_value: float, alike: likeness.Likeness, significance: float) -> Verdict:
    if p_value >= significance:
        return Verdict.CONSISTENT
    same = alike.angle >= _SAME_SIGNAL and alike.strength >= _LEAST_STRENGTH
    return Verdict.DEGRADED if same else Verdict.WRONG


def _refined(p_value: Callable[[int], float], significance: float) -> float:
    """With more trials where a few cannot tell: many circuits at once ask for rarer events."""
    found = p_value(goodness.TRIALS)
    if found * goodness.TRIALS < 10 and significance * goodness.TRIALS < 10:  # noqa: PLR2004 - ten trials beyond it
        return p_value(_MANY_TRIALS)
    return found


def _tolerant(
    bits: parities.Bits, twin_bits: parities.Bits, question: Question
) -> tuple[float, list[Outlier]]:
    """p-value and odd bits where the twin only resembles: what is within a tolerance does not count."""
    order = sorted(question.qubits)
    ones, twin = bits[:, order].sum(axis=0).astype(np.int64), twin_bits[:, order].mean(axis=0)
    allowed = _TOLERANCE + _RELATIVE_TOLERANCE * np.minimum(twin, 1 - twin)
    shares = ones / len(bits)
    nearest = np.clip(shares, np.clip(twin - allowed, 0, 1), np.clip(twin + allowed, 0, 1))
    found = dict(zip(order, shares.tolist(), strict=True))
    bound = dict(zip(order, nearest.tolist(), strict=True))
    odd = odd_bits(found, bound, question.qubits, shots=len(bits))
    return rare_in(ones, len(bits), nearest), odd


def _checks(expected: Expected, width: int) -> parities.Bits:
    if expected.ideal_counts is None:
        return np.zeros((0, width), dtype=np.uint8)
    return parities.checks_of(parities.as_bits(expected.ideal_counts, width))


def _from_ideal(counts: Counts, expected: Expected, rng: np.random.Generator) -> Distance | None:
    if expected.ideal is None:
        return None
    seen, impossible = expected.ideal.counted(counts)
    probabilities = np.append(expected.ideal.probabilities, 0.0)
    kept = (probabilities > 0) | (np.append(seen, impossible) > 0)
    return distance_from(total_variation, np.append(seen, impossible)[kept], probabilities[kept], rng)


def _odd(question: Question, counts: Counts, twin: Mapping[int, float]) -> list[Outlier]:
    width = len(next(iter(counts)))
    ones = dict(enumerate(parities.as_bits(counts, width).mean(axis=0).tolist()))
    return odd_bits(ones, twin, question.qubits, shots=sum(counts.values()))


def _ones_of(expected: Exact) -> dict[int, float]:
    indices = np.arange(len(expected.probabilities))
    return {
        bit: float(expected.probabilities[(indices >> place & 1).astype(bool)].sum())
        for place, bit in enumerate(expected.bits)
    }


def _words(expected: Exact, counts: Counts) -> dict[str, float]:
    """The twin's shares by word, as counts have them."""
    width = len(next(iter(counts)))
    shares: npt.NDArray[np.float64] = expected.probabilities
    words = (
        sum((index >> place & 1) << bit for place, bit in enumerate(expected.bits))
        for index in range(len(shares))
    )
    return {format(word, f"0{width}b"): float(share) for word, share in zip(words, shares, strict=True)}
