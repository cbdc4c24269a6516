"""Wire figures to seconds and hertz, with guards for documents that are in another unit than documented.

Documented are nanoseconds for time steps, microseconds for repetition delays and times, gigahertz for
frequency ranges. A few real documents hold seconds or hertz instead; no physical device is near the
thresholds below, so the magnitude tells. A guard that fires adds a line to ``issues``.
"""

from __future__ import annotations

__all__ = ["delays_s", "frequency_ranges_hz", "repetition_times_s", "si_value", "time_step_s"]

_DIVISORS = {"p": 1e12, "n": 1e9, "u": 1e6, "µ": 1e6, "μ": 1e6, "m": 1e3}
_FACTORS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}

SHORTEST_STEP_NS = 1e-6  # anything below is in seconds: a device cannot step in femtoseconds
SHORTEST_REPETITION_US = 0.1  # anything up to this is in seconds: a circuit takes longer than 100 ns
HIGHEST_GHZ = 1e3  # anything above is in hertz
HIGHEST_HZ = 1e15  # anything above was scaled to hertz twice


def si_value(value: float, unit: str) -> float:
    """A figure in seconds or hertz; a unit without a known prefix changes nothing.

    >>> si_value(68.0, "ns"), si_value(5.0, "GHz"), si_value(0.25, "")
    (6.8e-08, 5000000000.0, 0.25)
    """
    if len(unit) < 2:  # noqa: PLR2004 - a prefix and a unit
        return value
    prefix = unit[0]
    if prefix in _DIVISORS:
        return value / _DIVISORS[prefix]
    return value * _FACTORS.get(prefix, 1.0)


def time_step_s(value: float | None, name: str, issues: list[str]) -> float | None:
    """A time step from nanoseconds; None when there is none.

    >>> issues = []
    >>> time_step_s(4.0, "dt", issues), issues
    (4e-09, [])
    >>> time_step_s(4e-9, "dt", issues), issues
    (4e-09, ['dt: 4e-09 was taken as seconds, not nanoseconds'])
    """
    if value is None:
        return None
    if not 0 < value < float("inf"):
        issues.append(f"{name}: {value!r} is not a time step; left out")
        return None
    if value < SHORTEST_STEP_NS:
        issues.append(f"{name}: {value!r} was taken as seconds, not nanoseconds")
        return value
    return value * 1e-9


def delays_s(pair: list[float | list[float]] | None) -> list[float] | None:
    """Repetition delays from microseconds; some servers nest the pair in another list.

    >>> delays_s([0.0, 500.0]), delays_s([[0.0, 500.0]])
    ([0.0, 0.0005], [0.0, 0.0005])
    """
    if not pair:
        return None
    flat = pair[0] if isinstance(pair[0], list) else [delay for delay in pair if isinstance(delay, float)]
    return [delay * 1e-6 for delay in flat]


def repetition_times_s(times: list[float] | None, issues: list[str]) -> list[float] | None:
    """Repetition times from microseconds.

    >>> repetition_times_s([1000.0], []), repetition_times_s([0.001], [])
    ([0.001], [0.001])
    """
    if not times:
        return None
    if max(times) <= SHORTEST_REPETITION_US:
        issues.append(f"rep_times: {times!r} were taken as seconds, not microseconds")
        return list(times)
    return [time * 1e-6 for time in times]


def frequency_ranges_hz(
    ranges: list[tuple[float, float]] | None, name: str, issues: list[str]
) -> list[tuple[float, float]] | None:
    """Frequency ranges from gigahertz.

    >>> frequency_ranges_hz([(4.5, 5.5)], "qubit_lo_range", [])
    [(4500000000.0, 5500000000.0)]
    >>> frequency_ranges_hz([(4.5e18, 5.5e18)], "qubit_lo_range", [])
    [(4500000000.0, 5500000000.0)]
    """
    if not ranges:
        return None
    highest = max((abs(bound) for pair in ranges for bound in pair), default=0.0)
    factor, unit = 1e9, ""
    if highest > HIGHEST_HZ:
        factor, unit = 1e-9, "hertz that were scaled twice"
    elif highest > HIGHEST_GHZ:
        factor, unit = 1.0, "hertz"
    if unit:
        issues.append(f"{name}: the values were taken as {unit}, not gigahertz")
    return [(low * factor, high * factor) for low, high in ranges]
