"""How much one job may hold, and how more than that is parted into several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_direct_provider.expectations import CircuitRecord

__all__ = ["Limits", "PreparedPub", "parted"]

LARGEST_PAYLOAD = 50_000_000


@dataclass(frozen=True)
class Limits:
    """How much one job may hold.

    Attributes:
        circuits: Most circuits; None for any number.
        payload_bytes: Largest input document, in bytes.
        executions: Most shots of all circuits and parameter sets together; None for any number.
    """

    circuits: int | None = None
    payload_bytes: int = LARGEST_PAYLOAD
    executions: int | None = None


@dataclass(frozen=True)
class PreparedPub:
    """A pub as it travels, and its record."""

    encoded: bytes
    record: CircuitRecord

    @property
    def executions(self) -> int:
        """Shots of all sets of parameter values together."""
        return math.prod(self.record.shape) * self.record.shots


def parted(prepared: Sequence[PreparedPub], limits: Limits) -> list[list[PreparedPub]]:
    """Groups, in order, that each fit into one job; what fits into none is a group of its own."""
    groups: list[list[PreparedPub]] = []
    size = executions = 0
    for each in prepared:
        full = (
            not groups
            or len(groups[-1]) == limits.circuits
            or size + len(each.encoded) > limits.payload_bytes
            or (limits.executions is not None and executions + each.executions > limits.executions)
        )
        if full:
            groups.append([])
            size = executions = 0
        groups[-1].append(each)
        size += len(each.encoded) + 1
        executions += each.executions
    return groups
