"""What has to be known of what was sent, in order to read what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CircuitRecord"]


@dataclass(frozen=True)
class CircuitRecord:
    """One circuit of a job.

    Attributes:
        registers: Names and sizes of the classical registers, in order, as the user named them.
        fields: What was sent: for each register its name and the indices of its bits, in order.
        metadata: The circuit's own metadata; it stays on this side.
    """

    name: str
    num_qubits: int
    num_clbits: int
    qubit_registers: tuple[tuple[str, int], ...]
    registers: tuple[tuple[str, int], ...]
    fields: tuple[tuple[str, tuple[int, ...]], ...]
    shots: int
    global_phase: float = 0.0
    metadata: Mapping[str, Any] = field(default_factory=dict)
