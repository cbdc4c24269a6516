"""Mutants that do what the code does, each with the reason: no test can tell them apart."""

from __future__ import annotations

__all__ = ["EQUIVALENT"]

EQUIVALENT: dict[str, str] = {}
