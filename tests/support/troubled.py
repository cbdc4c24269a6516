"""Functions that fail in a worker process."""

from __future__ import annotations

__all__ = ["fail", "fail_unreadably"]


class UnreadableError(Exception):
    """Cannot be rebuilt out of its arguments, as pickle does."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} at {where}")


def fail(what: str) -> None:
    raise ValueError(what)


def fail_unreadably(what: str) -> None:
    raise UnreadableError(what, "here")
