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
        registers: Names and sizes of the classical registers, in order, as the user named them; none when
            counts cannot be spaced by them.
        fields: What was sent: for each register its name and the indices of its bits, in order.
        shape: Shape of the sets of parameter values; ``()`` for a circuit without, which runs once.
        meas_level: 2 for bits, 1 for complex IQ values.
        meas_return: With level 1, ``"single"`` for each shot or ``"avg"`` for their mean.
        metadata: The circuit's own metadata; it stays on this side.
        own_registers: Each classical register as the user made it: its name, and the indices of its bits.
    """

    name: str
    num_qubits: int
    num_clbits: int
    qubit_registers: tuple[tuple[str, int], ...]
    registers: tuple[tuple[str, int], ...]
    fields: tuple[tuple[str, tuple[int, ...]], ...]
    shots: int
    shape: tuple[int, ...] = ()
    meas_level: int = 2
    meas_return: str = "single"
    global_phase: float = 0.0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    own_registers: tuple[tuple[str, tuple[int, ...]], ...] = ()
