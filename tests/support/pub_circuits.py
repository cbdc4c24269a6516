"""Circuits of pubs, and what was sent of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter, ParameterVector

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend
    from qiskit_direct_provider.primitives import PrimitiveJob

__all__ = ["ansatz", "isa", "sent"]


def ansatz(*, measured: bool = False) -> QuantumCircuit:
    """Three qubits, 13 parameters whose names sort differently as text."""
    vector, last = ParameterVector("p", 12), Parameter("Z")
    circuit = QuantumCircuit(3, name="ansatz", metadata={"series": 4})
    for index, element in enumerate(vector):
        circuit.ry((1 + index / 7) * element, index % 3)
        circuit.cx(index % 3, (index + 1) % 3)
    circuit.rx(last, 1)
    if measured:
        circuit.measure_all()
    return circuit


def isa(circuit: QuantumCircuit, backend: DirectBackend, **options: Any) -> QuantumCircuit:
    return transpile(circuit, backend, seed_transpiler=2, optimization_level=1, **options)


def sent(job: PrimitiveJob) -> dict[str, Any]:
    """The input document of a job, as it is on record."""
    payload = job._workspace.journal.payload(job.tracked[0].journal_id)
    document: dict[str, Any] = json.loads(payload)
    return document
