"""The outcome of comparing a circuit's counts with what its twin expects."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_direct_provider.verification.distances import Distance
    from qiskit_direct_provider.verification.distribution import Counts
    from qiskit_direct_provider.verification.likeness import Likeness
    from qiskit_direct_provider.verification.outliers import Outlier

__all__ = ["Check", "Question", "Verdict", "rows"]


class Verdict(str, enum.Enum):
    """What is to be thought of counts."""

    CONSISTENT = "consistent"
    DEGRADED = "degraded"
    WRONG = "wrong"


@dataclass(frozen=True)
class Question:
    """What is asked of one circuit.

    Attributes:
        name: The circuit's.
        qubits: For each classical bit the physical qubit that is measured into it.
        pairs: Classical bits of qubits that a gate couples.
        significance: Probability to call a healthy device something else.
    """

    name: str
    qubits: Mapping[int, int]
    pairs: frozenset[tuple[int, int]]
    significance: float


@dataclass(frozen=True)
class Check:
    """The outcome for one circuit.

    Attributes:
        verdict: ``consistent``, ``degraded`` (the same signal, weaker) or ``wrong`` (another signal).
        p_value: Probability of counts at least as odd from a device like its calibration; uniform then.
        way: How the twin's answer was found.
        total_variation: Device to twin; None where words never repeat.
        hellinger: Likewise.
        from_ideal: Total variation of the device from the noiseless answer, where that is known.
        likeness: Whether what differs is less of the same signal.
        outliers: Qubits that read otherwise than expected.
        notes: What else there is to say.
        counts: Of the device.
        twin: Shares of the twin's most frequent words; what the plot shows.
    """

    name: str
    verdict: Verdict
    p_value: float
    shots: int
    way: str
    likeness: Likeness
    total_variation: Distance | None
    hellinger: Distance | None
    from_ideal: Distance | None
    outliers: tuple[Outlier, ...]
    notes: tuple[str, ...]
    counts: Counts
    twin: Mapping[str, float]


def rows(check: Check) -> list[tuple[str, Any]]:
    """What there is to say about one circuit, by name."""
    found: list[tuple[str, Any]] = [("twin", check.way)]
    distances = (
        ("total variation from the twin", check.total_variation),
        ("Hellinger distance from the twin", check.hellinger),
        ("total variation from the ideal", check.from_ideal),
    )
    found += [(name, distance) for name, distance in distances if distance is not None]
    alike = f"angle {check.likeness.angle:.3f}, strength {check.likeness.strength:.3f} (1 and 1 for the same)"
    found.append(("signal beside the twin's", alike))
    found += [("odd", outlier) for outlier in check.outliers]
    found += [("note", note) for note in check.notes]
    return found
