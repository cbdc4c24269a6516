"""Circuits as pubs carry them."""

from __future__ import annotations

import base64
import io
import zlib
from typing import Any

import pytest
from qiskit import QuantumCircuit, qpy

from qiskit_direct_provider.service.circuits import read_circuit
from qiskit_direct_provider.service.outcome import CIRCUIT_UNREADABLE, JobProblemError


def qpy_object(*circuits: QuantumCircuit) -> dict[str, str]:
    buffer = io.BytesIO()
    qpy.dump(circuits, buffer)
    text = base64.b64encode(zlib.compress(buffer.getvalue())).decode()
    return {"__type__": "QuantumCircuit", "__value__": text}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "neither OpenQASM 3 text nor a QuantumCircuit object"),
        ({"__type__": "ndarray", "__value__": "AAAA"}, "neither OpenQASM 3 text nor"),
        ({"__type__": "QuantumCircuit", "__value__": 5}, "is not text"),
        ({"__type__": "QuantumCircuit"}, "is not text"),
        (qpy_object(QuantumCircuit(1), QuantumCircuit(2)), "exactly one circuit"),
    ],
)
def test_what_is_no_circuit_is_refused(value: Any, words: str) -> None:
    with pytest.raises(JobProblemError, match=words) as caught:
        read_circuit(value, 7)
    assert caught.value.args[0] == CIRCUIT_UNREADABLE
