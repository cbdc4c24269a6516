"""Processor time and memory of a process and of all that come from it; Linux only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["cpu_times_s", "descriptors", "resident_mb"]

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_times_s(root: int) -> dict[int, float]:
    """Seconds of processor time of each process of the tree so far."""
    return {process: _cpu_s(process) for process in _tree(root)}


def resident_mb(process: int) -> float:
    """Memory of one process in megabytes."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


def descriptors(process: int) -> int:
    """Number of open files of one process."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def _tree(root: int) -> Iterator[int]:
    yield root
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = _fields(int(entry.name))
            except OSError:
                continue
            if int(fields[1]) == root:
                yield from _tree(int(entry.name))


def _cpu_s(process: int) -> float:
    fields = _fields(process)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _fields(process: int) -> list[str]:
    """What stands after the name in ``/proc/PID/stat``."""
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
