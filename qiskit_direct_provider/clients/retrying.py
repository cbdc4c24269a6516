"""One retry policy: full jitter, a bounded number of attempts, and never past the deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import DirectError

if TYPE_CHECKING:
    from tenacity import AttemptManager, RetryCallState

    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["ATTEMPTS", "retried"]

ATTEMPTS = 6
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 30.0


def retried(
    repeatable: bool,  # noqa: FBT001 - the one question that matters here
    deadline: Deadline,
    sleep: Callable[[float], None] = time.sleep,
    uniform: Callable[[float, float], float] = random.uniform,
) -> Iterator[AttemptManager]:
    """Attempts at something that raises our errors; those marked ``retryable`` are repeated.

    What is not repeatable gets one attempt: its caller has to find out what became of it.
    """
    from tenacity import Retrying, retry_if_exception

    def wait(state: RetryCallState) -> float:
        backoff = uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**state.attempt_number))
        error = state.outcome.exception() if state.outcome else None
        asked = (error.retry_after_s if isinstance(error, DirectError) else None) or 0.0
        return max(backoff, asked)

    def stop(state: RetryCallState) -> bool:
        too_late = state.upcoming_sleep >= deadline.remaining()
        return not repeatable or state.attempt_number >= ATTEMPTS or too_late

    return iter(
        Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, DirectError) and error.retryable),
            wait=wait,
            stop=stop,
            sleep=sleep,
            reraise=True,
        )
    )
