"""What is sent, with what is to be remembered of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_direct_provider.expectations import CircuitRecord

__all__ = ["Program"]


@dataclass(frozen=True)
class Program:
    """A program's name, its input document as JSON, and what to expect back."""

    program_id: str
    payload: bytes = field(repr=False)
    circuits: tuple[CircuitRecord, ...]
