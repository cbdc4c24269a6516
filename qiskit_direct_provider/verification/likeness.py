"""Whether what differs is less of the same signal, or another signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Likeness", "of_counts", "of_features"]

Real = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """A device's distribution beside the twin's, each without its uniform part.

    Attributes:
        angle: Cosine between them: 1 for the same signal whatever its strength, 0 for another one.
        strength: How much of the twin's signal there is in the device's: 1 for all of it, 0 for nothing.
    """

    angle: float
    strength: float


def of_counts(
    counts: npt.NDArray[np.int64], probabilities: Real, shots_of_twin: int | None = None
) -> Likeness:
    """From counts of all words and the twin's probabilities, or its shares of so many shots."""
    shots = int(counts.sum())
    shares = counts / shots
    uniform = 1 / len(counts)
    device = _power(shares, shots) - uniform
    twin = float(np.square(probabilities).sum()) - uniform
    if shots_of_twin is not None:
        twin = _power(probabilities, shots_of_twin) - uniform
    return _likeness(float(shares @ probabilities) - uniform, device, twin)


def of_features(device: Real, twin: Real) -> Likeness:
    """From features of shots, each +1 or -1, shape (shots, features)."""
    left, right = device.mean(axis=0), twin.mean(axis=0)
    return _likeness(
        float(left @ right),
        float((np.square(left) - (1 - np.square(left)) / len(device)).sum()),
        float((np.square(right) - (1 - np.square(right)) / len(twin)).sum()),
    )


def _power(shares: Real, shots: int) -> float:
    """Sum of squared probabilities, without what chance adds."""
    return float((np.square(shares).sum() * shots - 1) / (shots - 1)) if shots > 1 else 1.0


def _likeness(product: float, device: float, twin: float) -> Likeness:
    if twin <= 0 or device <= 0:
        return Likeness(0.0, 0.0)
    return Likeness(min(product / (device * twin) ** 0.5, 1.0), product / twin)
