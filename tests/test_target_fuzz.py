"""Mutated device documents: a Target or our own error, never anything else."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

from documents import snapshot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit.transpiler import Target

from qiskit_direct_provider import attributes, errors
from qiskit_direct_provider.device import DeviceDocuments, read_device
from qiskit_direct_provider.models import configuration_model, properties_model

BASES = [
    [json.loads(document) for document in snapshot(name)]
    for name in ("manila", "armonk", "fractional", "prague")
]

ODD_VALUES: list[Any] = [
    *(None, True, False, "", "x", "cz", "measure", "if_else", "rzz", "\u0000", "é" * 3),
    *(0, 1, -1, 2, 3.5, 1e-9, 1e18, -1e300, 10**6, 2**31, 2**63, 10**30),
    *([], {}, [[]], [[0, 1]], [[0, 0]], [[-1, 0]], [[0, 99]], [0, 1], ["a"], [None], {"name": "x"}),
    *(
        {"name": "T1", "value": 1, "unit": "us"},
        [{"name": "gate_error", "value": 2, "unit": ""}],
        [[{"name": "T1"}]],
    ),
    float("nan"),
    float("inf"),
]

EXAMPLES = int(os.environ.get("TARGET_EXAMPLES", "4000"))


def nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a document that can be changed: its container, and its key or index."""
    found: list[tuple[Any, Any]] = []
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, entry in entries:
        found.append((value, key))
        found += nodes(entry)
    return found


def thinned(document: Any) -> Any:
    """A document with short lists: a mutation is then likelier to hit something that matters."""
    if isinstance(document, dict):
        return {key: thinned(entry) for key, entry in document.items()}
    if isinstance(document, list):
        return [thinned(entry) for entry in document[:6]]
    return document


THIN = [[thinned(document) for document in base] for base in BASES]


@st.composite
def mutated_documents(draw: st.DrawFn) -> tuple[bytes, bytes]:
    documents = copy.deepcopy(draw(st.sampled_from(THIN)))
    for _ in range(draw(st.integers(1, 4))):
        document = draw(st.sampled_from(documents))
        places = nodes(document)
        container, key = places[draw(st.integers(0, len(places) - 1))]
        action = draw(st.sampled_from(["replace", "remove", "repeat"]))
        if action == "replace":
            container[key] = copy.deepcopy(draw(st.sampled_from(ODD_VALUES)))
        elif action == "remove":
            del container[key]
        elif isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
    configuration, properties = (json.dumps(document).encode() for document in documents)
    cut = draw(st.integers(0, 400))
    return configuration, properties[: -cut or None] if cut < 10 else properties


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated_documents(), st.booleans())
def test_a_target_or_our_own_error(documents: tuple[bytes, bytes], fractional: bool) -> None:
    try:
        device = read_device(DeviceDocuments(*documents), use_fractional_gates=fractional)
    except errors.DirectError:
        return
    assert isinstance(device.target, Target)
    assert device.target.num_qubits == device.configuration.n_qubits
    assert len(device.target.qubit_properties or device.target.qubit_properties or []) in {
        0,
        device.target.num_qubits,
    }
    assert all(isinstance(issue, str) for issue in device.issues)


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated_documents())
def test_a_device_that_can_be_read_can_be_looked_at(documents: tuple[bytes, bytes]) -> None:
    """No attribute and no model class of a readable device raises, whatever else is wrong with it."""
    try:
        device = read_device(DeviceDocuments(*documents))
    except errors.DirectError:
        return
    for name in attributes.NAMES:
        attributes.attribute(device, name)
    configuration = configuration_model(device, "name", use_fractional_gates=False)
    assert "basis_gates" in configuration.to_dict()
    properties = properties_model(device, "name")
    if properties is not None:
        properties.faulty_qubits()
        properties.faulty_gates()
        properties.to_dict()
