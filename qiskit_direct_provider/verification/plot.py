"""Counts beside what was expected, drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import UnsupportedError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from qiskit_direct_provider.verification.outcome import Check

__all__ = ["drawn"]

_LONGEST_WORD = 12


def drawn(check: Check, backend_name: str, words: int) -> Figure:
    """Bars of the most frequent words; of words that never repeat, the share of ones of each bit.

    Raises:
        UnsupportedError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnsupportedError("a plot needs matplotlib: python -m pip install matplotlib") from error

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    if check.total_variation is not None:
        _by_word(axes, check, words)
    else:
        _by_bit(axes, check)
    axes.set_title(f"{backend_name}, {check.name}: {check.verdict.value} (p = {check.p_value:.3g})")
    axes.legend()
    return figure


def _by_word(axes: Axes, check: Check, words: int) -> None:
    shares = {word: number / check.shots for word, number in check.counts.items()}
    every = {*shares, *check.twin}
    largest = sorted(every, key=lambda word: -max(shares.get(word, 0), check.twin.get(word, 0)))
    shown = sorted(largest[:words])
    places = range(len(shown))
    errors = [(shares.get(word, 0) * (1 - shares.get(word, 0)) / check.shots) ** 0.5 for word in shown]
    axes.bar(
        [place - 0.2 for place in places],
        [shares.get(word, 0) for word in shown],
        0.4,
        yerr=errors,
        label="device",
    )
    axes.bar(
        [place + 0.2 for place in places], [check.twin.get(word, 0) for word in shown], 0.4, label="twin"
    )
    axes.set_xticks(list(places), [_short(word) for word in shown], rotation=60, ha="right")
    axes.set_ylabel("share of shots")


def _by_bit(axes: Axes, check: Check) -> None:
    width = len(next(iter(check.counts)))
    device = _ones(check.counts, width)
    axes.plot(device, ".", label="device")
    if check.twin:
        axes.plot(_ones(check.twin, width), "x", label="twin")
    for outlier in check.outliers:
        axes.annotate(f"qubit {outlier.qubit}", (outlier.clbit, outlier.device))
    axes.set_xlabel("classical bit")
    axes.set_ylabel("share of ones")


def _ones(shares: Mapping[str, float], width: int) -> list[float]:
    total = sum(shares.values())
    return [
        sum(number for word, number in shares.items() if word[-1 - bit] == "1") / total
        for bit in range(width)
    ]


def _short(word: str) -> str:
    return word if len(word) <= _LONGEST_WORD else f"{word[:4]}…{word[-4:]}"
