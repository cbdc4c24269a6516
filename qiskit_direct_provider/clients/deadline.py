"""One point in time that every layer below a call respects."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

__all__ = ["NEVER", "Deadline"]


@dataclass(frozen=True)
class Deadline:
    """A point on the monotonic clock, in seconds; infinite means none.

    >>> Deadline.after(None).remaining()
    inf
    >>> Deadline.after(0).expired()
    True
    """

    at: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """The deadline that many seconds from now; None for none."""
        return cls() if seconds is None else cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0

    def sooner(self, seconds: float) -> Deadline:
        """This deadline, or the one in ``seconds``, whichever comes first."""
        return Deadline(min(self.at, time.monotonic() + seconds))


NEVER = Deadline()
