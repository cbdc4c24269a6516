"""Circuits as pubs carry them."""

from __future__ import annotations

import base64
import importlib.util
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


OF_QISKIT_1 = (
    "eJwL9Az29gzhZmRiYYAAxtRCBsY0Bg4QkwEBmJD4jAUw0eraQkawBCNjIQM6YINqYcSQgYCgKPfEklSwvlSoUBnMBijtCWTwgngN/BA3"
    "NCDLGsEYzEAJXmSZEhY0pYYFcDczMGpxf+Pj4XJYt3Kf6aSn3RKfSoCC/5EATCEAeT4giQ=="
)
"""One gate with twice a parameter, which Qiskit 1.2 writes by way of symengine."""


def test_parameters_of_qiskit_1_need_a_library() -> None:
    """The job tells which, and where; with it, they are read."""
    value = {"__type__": "QuantumCircuit", "__value__": OF_QISKIT_1}
    if importlib.util.find_spec("symengine"):
        assert read_circuit(value, 1).num_parameters == 1
        return
    with pytest.raises(JobProblemError, match=r"Qiskit 1.*symengine") as caught:
        read_circuit(value, 1)
    assert "where the service runs" in str(caught.value.end().reason_solution)


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
