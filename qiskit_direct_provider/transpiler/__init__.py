"""What transpilation for these devices needs beyond Qiskit."""

from __future__ import annotations

import functools
from importlib.metadata import entry_points

__all__ = ["PLUGIN", "translation_plugin"]

PLUGIN = "qiskit_direct"


@functools.cache
def translation_plugin() -> str:
    """Name of the translation stage; Qiskit's own where this package runs without being installed."""
    installed = entry_points(group="qiskit.transpiler.translation", name=PLUGIN)
    return PLUGIN if installed else "translator"
