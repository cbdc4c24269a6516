"""What was checked, and what came out."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Finding", "State", "culprit", "failed", "note", "ok", "skipped"]


class State(str, enum.Enum):
    """How a check came out."""

    OK = "ok"
    NOTE = "note"  # works, but look at it
    FAILED = "failed"
    SKIPPED = "skipped"  # what it needs has failed


@dataclass(frozen=True)
class Finding:
    """One check. No secret is in it.

    Attributes:
        advice: What to do; empty when there is nothing to do.
    """

    check: str
    state: State
    text: str
    advice: str = ""


def culprit(findings: Iterable[Finding]) -> Finding | None:
    """The first check that failed: those after it may only follow from it. None when all went well."""
    return next((finding for finding in findings if finding.state is State.FAILED), None)


def ok(check: str, text: str) -> Finding:
    """It works."""
    return Finding(check, State.OK, text)


def note(check: str, text: str, advice: str = "") -> Finding:
    """It works, but somebody should look at it."""
    return Finding(check, State.NOTE, text, advice)


def failed(check: str, text: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(check, State.FAILED, text, advice)


def skipped(check: str, because: str) -> Finding:
    """It cannot be checked."""
    return Finding(check, State.SKIPPED, f"not checked, because of: {because}")
