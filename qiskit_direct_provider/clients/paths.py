"""Names as parts of paths."""

from __future__ import annotations

from urllib.parse import quote

from qiskit_direct_provider.errors import InvalidInputError

__all__ = ["path_of"]


def path_of(root: str, name: str, *actions: str) -> str:
    """The path of one thing below a root; a name gives no part of a path a meaning of its own.

    >>> path_of("/jobs", "a/b", "cancel")
    '/jobs/a%2Fb/cancel'

    Raises:
        InvalidInputError: The name cannot be one.
    """
    if not isinstance(name, str) or not name or name in {".", ".."} or not name.isprintable():
        raise InvalidInputError(f"{name!r} cannot be a name in {root}")
    return "/".join((root, quote(name, safe=""), *actions))
