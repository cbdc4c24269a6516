"""What the proxy remembers of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_direct_provider.testing.faults import Fault

__all__ = ["Exchange"]


@dataclass(frozen=True)
class Exchange:
    """One request that arrived at the proxy, noted before the client gets a byte of the answer.

    Attributes:
        number: Its place in the order of arrival, from 1.
        method: Its method.
        path: Its path, without the query, which may hold secrets.
        fault: What was done to it.
        reached_upstream: Whether the server got all of it.
        upstream_status: The status that the server answered with; None when it was not asked, or died.
        headers: Its headers by lower-case name, if the proxy was told to keep them.
    """

    number: int
    method: str
    path: str
    fault: Fault
    reached_upstream: bool
    upstream_status: int | None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
