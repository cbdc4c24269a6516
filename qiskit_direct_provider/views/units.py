"""Quantities as people read them (pure)."""

from __future__ import annotations

import math
from datetime import datetime

__all__ = ["UNKNOWN", "error_text", "frequency_text", "moment_text", "seconds_text"]

UNKNOWN = "-"
_PREFIXES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_LONG_S = 120.0


def seconds_text(seconds: float | None) -> str:
    """A time with three digits and a unit.

    >>> seconds_text(1.234e-4), seconds_text(68e-9), seconds_text(3.0), seconds_text(None)
    ('123 µs', '68 ns', '3 s', '-')
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds >= _LONG_S:
        return f"{seconds:.0f} s"
    size, unit = next((each for each in _PREFIXES if abs(seconds) >= each[0] * 0.9995), _PREFIXES[-1])
    return f"{seconds / size:.3g} {unit}"


def error_text(error: float | None) -> str:
    """An error probability.

    >>> error_text(0.00312), error_text(1.0), error_text(None)
    ('3.12e-03', 'out of order', '-')
    """
    if error is None or not math.isfinite(error):
        return UNKNOWN
    return "out of order" if error >= 1 else f"{error:.2e}"


def frequency_text(hertz: float | None) -> str:
    """A frequency in gigahertz.

    >>> frequency_text(4.8214e9)
    '4.821 GHz'
    """
    return UNKNOWN if hertz is None or not math.isfinite(hertz) else f"{hertz * 1e-9:.3f} GHz"


def moment_text(moment: datetime | None) -> str:
    """A local time to the second."""
    return UNKNOWN if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
