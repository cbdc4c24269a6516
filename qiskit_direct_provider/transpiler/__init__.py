"""What transpilation for these devices needs beyond Qiskit."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

__all__ = ["CALIBRATED", "PLUGIN", "calibration_of", "described", "translation_plugin", "without_stamp"]

CALIBRATED = "qiskit_direct_calibrated"
"""In a transpiled circuit's metadata: when the device was calibrated that it was transpiled for."""

_BEFORE_MOMENT = ", calibrated "

PLUGIN = "qiskit_direct"


@functools.cache
def translation_plugin() -> str:
    """Name of the translation stage; Qiskit's own where this package runs without being installed."""
    installed = entry_points(group="qiskit.transpiler.translation", name=PLUGIN)
    return PLUGIN if installed else "translator"


def described(name: str, calibrated: str | None) -> str:
    """A Target's description: Targets have no other place for the moment of a calibration."""
    return f"{name}{_BEFORE_MOMENT}{calibrated}" if calibrated else name


def calibration_of(description: str | None) -> str | None:
    """The moment in a Target's description; None when there is none."""
    _, found, moment = (description or "").rpartition(_BEFORE_MOMENT)
    return moment if found else None


def without_stamp(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """A circuit's metadata as its author wrote them; results carry these."""
    return {key: value for key, value in (metadata or {}).items() if key != CALIBRATED}
