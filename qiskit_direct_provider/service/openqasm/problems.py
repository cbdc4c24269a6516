"""Why a program is not read here."""

from __future__ import annotations

__all__ = ["NotReadError", "UnknownError"]


class NotReadError(Exception):
    """A statement that is wrong, or too much; the text is for the program's author."""


class UnknownError(NotReadError):
    """A statement of a kind that another reader may know."""
