"""Result documents to Qiskit's PrimitiveResult and Result."""

from __future__ import annotations

from qiskit_direct_provider.results.checking import check
from qiskit_direct_provider.results.experiments import ResultOrigin, merged, qiskit_result, records_from
from qiskit_direct_provider.results.reading import most_bytes, primitive_result_from_json, result_of

__all__ = [
    "ResultOrigin",
    "check",
    "merged",
    "most_bytes",
    "primitive_result_from_json",
    "qiskit_result",
    "records_from",
    "result_of",
]
