"""How to wait for a job: how often to ask, and until when."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["Deadline", "pause_s", "poll"]

T = TypeVar("T")

SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
FIRST_PAUSE_S = 0.05
SHARE_OF_AGE = 0.1


def pause_s(age_s: float, wait: float | None = None) -> float:
    """Seconds until the next question about a job of that age: a tenth of it, within 0.2 to 30 s.

    ``wait`` is the caller's own fixed interval. A job that was just sent is asked about after 50 ms.

    >>> pause_s(0.0), pause_s(60.0), pause_s(3600.0), pause_s(60.0, wait=1.0)
    (0.05, 6.0, 30.0, 1.0)
    """
    if wait is not None:
        return max(0.0, wait)
    if age_s < FIRST_PAUSE_S:
        return FIRST_PAUSE_S
    return min(max(SHARE_OF_AGE * age_s, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


def poll(
    ask: Callable[[], T],
    final: Callable[[T], bool],
    deadline: Deadline,
    started: float,
    wait: float | None = None,
) -> T | None:
    """Ask until the answer is final; None when the deadline came first.

    Args:
        ask: Called at least once, also when no time is left.
        final: Whether an answer ends the waiting.
        deadline: When to give up.
        started: When the job was sent, on the monotonic clock.
        wait: A fixed interval in seconds, in place of `pause_s`.
    """
    while True:
        answer = ask()
        if final(answer):
            return answer
        if deadline.expired():
            return None
        jitter = 1.0 if wait is not None else random.uniform(0.9, 1.1)  # noqa: S311 - not for secrets
        time.sleep(min(pause_s(time.monotonic() - started, wait) * jitter, deadline.remaining()))
