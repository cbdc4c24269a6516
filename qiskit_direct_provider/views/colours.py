"""Errors as colours that everybody can tell apart (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale"]

# From light to dark, so that they read in grey and with any kind of colour vision.
_ANCHORS = ((255, 222, 120), (249, 160, 63), (222, 83, 78), (145, 33, 109), (43, 10, 77))
_UNKNOWN = "#c3c9d0"
_BROKEN = "#000000"


@dataclass(frozen=True)
class Scale:
    """Colours for error probabilities, on a logarithmic scale between the best and the worst."""

    best: float
    worst: float

    @classmethod
    def of(cls, errors: Iterable[float | None]) -> Scale | None:
        """The scale of some errors; None when nothing is known. An error of 1 does not stretch it."""
        known = [error for error in errors if error is not None and 0 < error < 1]
        return cls(min(known), max(known)) if known else None

    def colour(self, error: float | None) -> str:
        """The colour of an error.

        >>> Scale(1e-3, 1e-1).colour(1e-3), Scale(1e-3, 1e-1).colour(None), Scale(1e-3, 1e-1).colour(1.0)
        ('#ffde78', '#c3c9d0', '#000000')
        """
        if error is None or not math.isfinite(error):
            return _UNKNOWN
        if error >= 1:
            return _BROKEN
        low, high = math.log(self.best), math.log(self.worst)
        share = 0.0 if high <= low or error <= 0 else (math.log(error) - low) / (high - low)
        place = min(max(share, 0.0), 1.0) * (len(_ANCHORS) - 1)
        index = min(int(place), len(_ANCHORS) - 2)
        parts = zip(_ANCHORS[index], _ANCHORS[index + 1], strict=True)
        return "#" + "".join(f"{round(one + (two - one) * (place - index)):02x}" for one, two in parts)

    @property
    def middle(self) -> float:
        """The error in the middle of the scale."""
        return math.sqrt(self.best * self.worst)
