"""A plugin of coverage.py: what the local service's workers reach is written down before they are killed.

Neither they nor the process that they are forked from ends on its own, so nothing would be left of what they
measured.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from coverage import Coverage
from coverage.exceptions import CoverageException

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins

EVERY_S = 0.5

_registered = threading.Event()


def coverage_init(_registry: Plugins, _options: dict[str, Any]) -> None:
    """Called in each process that is measured, before it forks workers."""
    if not _registered.is_set():
        _registered.set()
        os.register_at_fork(before=_save, after_in_child=_start)


def _save() -> None:
    measured = Coverage.current()
    if measured is not None:
        with contextlib.suppress(CoverageException):  # it is written by another thread now
            measured.save()


def _start() -> None:
    threading.Thread(target=_keep, args=(Coverage.current(),), daemon=True).start()


def _keep(inherited: Coverage | None) -> None:
    while True:
        time.sleep(EVERY_S)
        if Coverage.current() is not inherited:
            _save()
