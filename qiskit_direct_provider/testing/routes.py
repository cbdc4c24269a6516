"""Which requests a rule is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Match", "Predicate", "api", "as_predicate", "iam", "objects"]

Predicate: TypeAlias = Callable[[str, str], bool]
Match: TypeAlias = Predicate | tuple[str, str] | None
"""A function of method and path, or a pair of a method (``"*"`` for any) and the beginning of a path.

None stands for every request.
"""

_APIS = ("/v1/", "/api/v1/", "/runtime/")
_TOKEN = "/identity/token"  # noqa: S105 - a path


def as_predicate(match: Match) -> Predicate:
    """The same as a function.

    >>> as_predicate(("POST", "/v1/jobs"))("POST", "/v1/jobs/1/cancel")
    True
    """
    if match is None:
        return lambda _method, _path: True
    if callable(match):
        return match
    wanted, beginning = match
    return lambda method, path: wanted in {"*", method} and path.startswith(beginning)


def api(method: str = "*") -> Predicate:
    """Requests to the API, whichever is spoken, of one method or of all."""
    return lambda asked, path: method in {"*", asked} and path.startswith(_APIS)


def iam() -> Predicate:
    """Requests for a token."""
    return as_predicate(("*", _TOKEN))


def objects(bucket: str | None = None) -> Predicate:
    """Requests to a bucket; without one, to all that is neither the API nor the token endpoint."""
    if bucket is not None:
        return lambda _method, path: path == f"/{bucket}" or path.startswith(f"/{bucket}/")
    return lambda _method, path: not path.startswith((*_APIS, _TOKEN))
