"""Faults that a service is told to have: which requests meet which of them (pure)."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

__all__ = ["FaultPlan", "FaultRule", "Faults", "read_fault_plan"]

Kind = Literal[
    "expired_token",
    "lanes_full",
    "reserved",
    "rate_limited",
    "server_error",
    "slow",
    "slow_body",
    "cut_body",
    "drop",
    "restart",
]
_Seconds = Annotated[float, Meta(ge=0, le=3600)]
_Count = Annotated[int, Meta(ge=0)]

_APIS = ("/v1/", "/api/v1/", "/runtime/")
_TOKENS = ("/identity/token", "/v1/token", "/runtime/users/")
_FOR_PEOPLE = frozenset({"/", "/status.json", "/docs", "/openapi.json"})
_SUBMISSION = ("POST", "/v1/jobs")


class FaultRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of fault, and the requests that meet it.

    Attributes:
        kind: ``expired_token`` is 401/1201, ``lanes_full`` 429/1232, ``reserved`` 423/1233, ``rate_limited``
            429/1202, ``server_error`` an error document (500) or a gateway's page. ``slow`` delays the
            answer, ``slow_body`` sends its body in pieces, ``cut_body`` ends the connection in the middle
            of it, ``drop`` ends it without an answer. ``restart`` does so to all connections, and the
            service starts anew over its state.
        method: HTTP method; ``*`` for any.
        path: Beginning of the path. None takes the requests that can meet the kind in earnest: submissions
            for ``lanes_full`` and ``reserved``, calls with a token for ``expired_token``, calls of the API
            for ``rate_limited``, and everything for the others. Pages for people never meet a fault.
        skip: Matching requests that pass first.
        times: Most faults of this rule; None for no end.
        rate: Probability of a fault at each matching request.
        status: HTTP status of ``server_error``.
        retry_after_s: ``Retry-After`` of 429, 423 and 5xx, in seconds; None sends none.
        seconds: Delay of ``slow``, duration of ``slow_body``, silence before ``drop``.
        after: ``server_error``, ``drop`` and ``restart`` strike after the request was carried out.
    """

    kind: Kind
    method: str = "*"
    path: str | None = None
    skip: _Count = 0
    times: _Count | None = None
    rate: Annotated[float, Meta(ge=0, le=1)] = 1.0
    status: Literal[500, 502, 503, 504] = 500
    retry_after_s: _Count | None = 1
    seconds: _Seconds = 1.0
    after: bool = False

    def matches(self, method: str, path: str) -> bool:
        """Whether this rule is about a request.

        >>> rule = FaultRule(kind="reserved")
        >>> rule.matches("POST", "/v1/jobs"), rule.matches("GET", "/v1/jobs")
        (True, False)
        """
        if self.method not in {"*", method} or path in _FOR_PEOPLE:
            return False
        if self.path is not None:
            return path.startswith(self.path)
        if self.kind in {"lanes_full", "reserved"}:
            return (method, path) == _SUBMISSION
        if self.kind == "expired_token":
            return path.startswith(_APIS) and not path.startswith(_TOKENS)
        return self.kind != "rate_limited" or path.startswith(_APIS)


class FaultPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All faults of a service. The same seed and the same requests in the same order meet the same faults."""

    faults: tuple[FaultRule, ...]
    seed: int = 0


class Faults:
    """A plan at work. Rules are asked in order, until one strikes; each counts what it was asked about."""

    def __init__(self, plan: FaultPlan) -> None:
        self._rules = [_Running(rule, f"{plan.seed}:{index}") for index, rule in enumerate(plan.faults)]

    def draw(self, method: str, path: str) -> FaultRule | None:
        """The fault that the next request meets."""
        return next((each.rule for each in self._rules if each.strikes(method, path)), None)


class _Running:
    def __init__(self, rule: FaultRule, seed: str) -> None:
        self.rule = rule
        self._source = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._seen = 0
        self._struck = 0

    def strikes(self, method: str, path: str) -> bool:
        if not self.rule.matches(method, path):
            return False
        self._seen += 1
        drawn = self._source.random() < self.rule.rate
        used_up = self.rule.times is not None and self._struck >= self.rule.times
        if self._seen <= self.rule.skip or used_up or not drawn:
            return False
        self._struck += 1
        return True


def read_fault_plan(given: Any) -> FaultPlan:
    """A plan out of a file (``.toml``, otherwise JSON), a mapping of the same form, or a list of rules.

    Raises:
        InvalidInputError: The file cannot be read, or it is no plan.
    """
    source = f"{given}" if isinstance(given, str | os.PathLike) else "faults"
    try:
        document = _from_file(Path(given)) if isinstance(given, str | os.PathLike) else given
        if not isinstance(document, Mapping):
            document = {"faults": document}
        return msgspec.convert(document, FaultPlan)
    except OSError as error:
        raise _invalid_input(f"{source} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise _invalid_input(f"{source}: {error}") from error


def _from_file(path: Path) -> Any:
    content = path.read_bytes()
    if path.suffix.lower() != ".toml":
        return msgspec.json.decode(content)
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(content.decode())


def _invalid_input(message: str) -> Exception:
    # errors.py imports qiskit, which costs more than the rest of the server together
    from qiskit_direct_provider.errors import InvalidInputError

    return InvalidInputError(message)
