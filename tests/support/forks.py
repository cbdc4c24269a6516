"""Children that are forked in the middle of something, and what they find."""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable

__all__ = ["fork", "found_by_child"]


def fork(work: Callable[[], object]) -> int:
    """Run ``work`` in a child, which says nothing and cleans up nothing; its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks while threads run, which is the point
        child = os.fork()
    if child:
        return child
    try:
        signal.alarm(60)
        work()
    except BaseException:  # noqa: BLE001 - a child must not go on with the tests
        traceback.print_exc(file=sys.stderr)
        os._exit(1)
    os._exit(0)


def found_by_child(look: Callable[[], object]) -> bool:
    """Whether ``look`` gives something true in a child."""

    def work() -> None:
        assert look()

    return os.waitpid(fork(work), 0)[1] == 0
