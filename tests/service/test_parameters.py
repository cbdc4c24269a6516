"""Parameter values of pubs, in every form that the API takes; each means the same angles."""

from __future__ import annotations

import base64
import io
import json
import zlib
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit_ibm_runtime import RuntimeEncoder

from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.devices import find_snapshot
from qiskit_direct_provider.service.outcome import JobProblemError
from qiskit_direct_provider.service.pubs import read_estimator_pub, read_sampler_pub

DEVICE = read_calibration(find_snapshot("fake_nairobi"))
HEADER = 'OPENQASM 3.0; include "stdgates.inc"; '
# Read in this order, b before a: their order is that of their names all the same.
TEXT = HEADER + "input float[64] b; input float[64] a; bit[1] c; rz(b) $0; rz(2*a) $1; c[0] = measure $0;"
VALUES = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
"""Rows of a and b."""


def encoded(value: object) -> Any:
    """A value as it travels."""
    return json.loads(json.dumps(value, cls=RuntimeEncoder))


def qpy_object(circuit: QuantumCircuit) -> dict[str, str]:
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    return {
        "__type__": "QuantumCircuit",
        "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode(),
    }


def angles(pub: Any) -> Any:
    """For each set of values the angles of the gates."""
    bound = np.ravel(pub.parameter_values.bind_all(pub.circuit))
    return [
        [each.operation.params[0] for each in circuit.data if each.operation.name == "rz"]
        for circuit in bound
    ]


@pytest.mark.parametrize(
    "values",
    [
        VALUES.tolist(),
        encoded(VALUES),
        encoded(VALUES.astype(np.float32)),
        {"a": VALUES[:, 0].tolist(), "b": VALUES[:, 1].tolist()},
        {"b": encoded(VALUES[:, 1]), "a": encoded(VALUES[:, 0])},
        encoded(BindingsArray({("a", "b"): VALUES})),
        encoded(BindingsArray({"b": VALUES[:, 1], "a": VALUES[:, 0]})),
    ],
    ids=["lists", "array", "single precision", "names", "names of arrays", "bindings", "bindings by name"],
)
def test_forms_of_values(values: Any) -> None:
    """Rows follow the names in order; a list, a dictionary, an array and a BindingsArray say the same."""
    pub = read_sampler_pub([TEXT, values], 10, DEVICE)
    assert pub.shape == (3,)
    assert np.allclose(angles(pub), [[0.2, 0.2], [0.4, 0.6], [0.6, 1.0]])
    estimated = read_estimator_pub([TEXT, {"ZZ": 1.0}, values], 0.1, DEVICE)
    assert np.allclose(angles(estimated), angles(pub))


@pytest.mark.parametrize("values", [[0.1, 0.2], {"a": 0.1, "b": 0.2}, encoded(VALUES[0])])
def test_one_set_of_values_has_no_shape(values: Any) -> None:
    pub = read_sampler_pub([TEXT, values, 5], 10, DEVICE)
    assert (pub.shape, pub.shots) == ((), 5)
    assert np.allclose(angles(pub), [[0.2, 0.2]])


@pytest.mark.parametrize("values", [None, [], {}, encoded(np.zeros((0,))), encoded(BindingsArray())])
def test_forms_of_no_values(values: Any) -> None:
    text = HEADER + "bit[1] c; x $0; c[0] = measure $0;"
    assert read_sampler_pub([text, values], 10, DEVICE).shape == ()
    assert read_estimator_pub([text, "Z", values], 0.1, DEVICE).shape == ()


def test_shapes_of_values_and_observables_are_broadcast() -> None:
    values = VALUES.reshape(3, 1, 2)
    observables = [{"ZZ": 1.0}, {"IX": 0.5}]
    pub = read_estimator_pub([TEXT, observables, encoded(values)], 0.1, DEVICE)
    assert pub.shape == (3, 2)


@pytest.mark.parametrize("send", [qasm3.dumps, qpy_object], ids=["text", "qpy"])
def test_vectors_keep_the_order_of_their_elements(send: Any) -> None:
    """In text they are plain parameters, whose names sort as their elements do up to ten of them."""
    vector = ParameterVector("v", 3)
    circuit = QuantumCircuit(1, 1)
    for index in (2, 0, 1):
        circuit.rz(vector[index], 0)
    pub = read_sampler_pub([send(circuit), [[1.0, 2.0, 3.0]]], 10, DEVICE)
    assert np.allclose(angles(pub), [[3.0, 1.0, 2.0]])


def test_qpy_takes_names_too() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rz(Parameter("theta") * 2, 0)
    pub = read_sampler_pub([qpy_object(circuit), {"theta": [0.5, 1.0]}], 10, DEVICE)
    assert np.allclose(angles(pub), [[1.0], [2.0]])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (None, "fit together"),
        ([], "fit together"),
        ([0.1], "fit together"),
        ([[0.1, 0.2, 0.3]], "fit together"),
        ({"a": 0.1}, "fit together"),
        ({"a": 0.1, "b": 0.2, "d": 0.3}, "'d'"),
        ({"a": [0.1, 0.2], "b": [0.1, 0.2, 0.3]}, "fit together"),
        ([[0.1, "x"]], "cannot be read"),
        ([[0.1, None]], "cannot be read"),
        ([[0.1, 1e999]], "finite"),
        (encoded(np.array([[0.1, 1j]])), "real"),
        ({"__type__": "ndarray", "__value__": "AAAA"}, "cannot be read"),
        ({"__type__": "BindingsArray", "__value__": {"data": {"a": 1}}}, "cannot be read"),
        ({"__type__": "BindingsArray", "__value__": 5}, "cannot be read"),
    ],
)
def test_values_that_do_not_fit(values: Any, words: str) -> None:
    for read, items in ((read_sampler_pub, [TEXT, values]), (read_estimator_pub, [TEXT, "ZZ", values])):
        with pytest.raises(JobProblemError, match=words):
            read(items, 1, DEVICE)
