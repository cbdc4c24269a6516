"""Warnings that point at the line of the user's program, however deep in this package they arise."""

from __future__ import annotations

import inspect
import os
import warnings
from pathlib import Path

__all__ = [
    "CalibrationChangedWarning",
    "DegradedWarning",
    "NotConsistentWarning",
    "OutageWarning",
    "warn",
]

_OWN = f"{Path(__file__).parent}{os.sep}"


class CalibrationChangedWarning(UserWarning):
    """The device was calibrated after the circuits were transpiled for it."""


class DegradedWarning(UserWarning):
    """A coupling that a circuit uses has degraded since the circuit was transpiled."""


class NotConsistentWarning(UserWarning):
    """The counts of a job are not what the device's calibration promises, or it could not be found out."""


class OutageWarning(UserWarning):
    """The service does not answer while a job is waited for; the wait goes on."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, as from the nearest caller outside of this package."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_OWN):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
