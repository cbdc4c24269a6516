"""The input of version 1 of the sampler, for servers that take no other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from qiskit_direct_provider.programs import Program, as_circuits, sampler_program
from qiskit_direct_provider.results_v1 import QUASI

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["sampler_v1_program"]


def sampler_v1_program(circuits: QuantumCircuit | Iterable[QuantumCircuit], *, shots: int) -> Program:
    """The program that samples circuits in the way of version 1, for ``backend.launch``.

    Its results are shares of outcomes, not shots: `results_v1` says what becomes of them.
    """
    modern = sampler_program(as_circuits(circuits), shots=shots)
    pubs = msgspec.json.decode(modern.payload)["pubs"]
    payload = {
        "circuits": [text for text, *_ in pubs],
        "parameter_values": [[] for _ in pubs],
        "run_options": {"shots": shots},
        "skip_transpilation": True,
    }
    records = tuple(
        # The outcome of a circuit is one number: the bits of its registers, one register after the other.
        dataclasses.replace(
            record, fields=((QUASI, tuple(bit for _, places in record.fields for bit in places)),)
        )
        for record in modern.circuits
    )
    return Program(modern.program_id, msgspec.json.encode(payload), records)
