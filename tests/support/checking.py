"""Circuits beside a bare Target, refused as ``run`` refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_direct_provider.instruction_set import findings
from qiskit_direct_provider.validation import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

__all__ = ["check_circuits"]


def check_circuits(circuits: Sequence[QuantumCircuit], target: Target) -> None:
    """Raise for everything that the target cannot run."""
    found = [
        f"circuit {index} ({circuit.name!r}): {text}"
        for index, circuit in enumerate(circuits)
        for text in findings(circuit, target)
    ]
    Report(tuple(found)).raise_for_errors()
