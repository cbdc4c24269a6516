"""The input of version 1 of the sampler, for servers that take no other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from qiskit_direct_provider.programs.arguments import as_pubs, check_shots
from qiskit_direct_provider.programs.program import Program
from qiskit_direct_provider.programs.sampler import sampler_programs

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["sampler_v1_program"]


def sampler_v1_program(circuits: QuantumCircuit | Iterable[QuantumCircuit], *, shots: int) -> Program:
    """The program that samples circuits in the way of version 1, for ``backend.launch``.

    Its results are shares of outcomes, not shots; Qiskit's Result gets counts that are rounded from them.
    """
    (modern,) = sampler_programs(as_pubs(circuits, check_shots(shots)))
    pubs = msgspec.json.decode(modern.payload)["pubs"]
    payload = {
        "circuits": [text for text, *_ in pubs],
        "parameter_values": [[] for _ in pubs],
        "run_options": {"shots": shots},
        "skip_transpilation": True,
    }
    return Program(modern.program_id, msgspec.json.encode(payload), modern.circuits)
