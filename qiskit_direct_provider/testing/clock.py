"""A clock that stands still unless somebody sleeps."""

from __future__ import annotations

import threading

__all__ = ["VirtualClock"]


class VirtualClock:
    """Takes the place of ``time.monotonic``, ``time.time`` and ``time.sleep``: hours pass at once.

    Safe to share between threads; the sleeps of several threads add up.

    >>> clock = VirtualClock()
    >>> clock.sleep(3600)
    >>> clock.monotonic(), clock.sleeps
    (3600.0, (3600.0,))
    """

    def __init__(self, time: float = 1_800_000_000.0, monotonic: float = 0.0) -> None:
        self._lock = threading.Lock()
        self._time = float(time)
        self._monotonic = float(monotonic)
        self._sleeps: list[float] = []

    def monotonic(self) -> float:
        """Seconds since some moment; unlike `time`, not moved by `set_time`."""
        with self._lock:
            return self._monotonic

    def time(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            return self._time

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass, and note it."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.advance(seconds)
        with self._lock:
            self._sleeps.append(float(seconds))

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass while nobody sleeps."""
        with self._lock:
            self._monotonic += seconds
            self._time += seconds

    def set_time(self, time: float) -> None:
        """Set the wall clock, as an administrator does; the monotonic one goes on."""
        with self._lock:
            self._time = float(time)

    @property
    def sleeps(self) -> tuple[float, ...]:
        """The lengths of all sleeps so far."""
        with self._lock:
            return tuple(self._sleeps)
