"""Documents that break other readers: a usable backend, or one clear error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from documents import snapshot
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import errors
from qiskit_direct_provider.device import Device, DeviceDocuments, read_device
from qiskit_direct_provider.models import configuration_model, properties_model

CONFIGURATION, PROPERTIES = (json.loads(document) for document in snapshot("manila"))

# Without any of these, qiskit-ibm-runtime drops the device.
NINE = (
    *("online_date", "backend_version", "gates", "local", "conditional"),
    *("open_pulse", "memory", "coupling_map", "simulator"),
)


def device(configuration: dict[str, Any] | None = None, properties: dict[str, Any] | None = None) -> Device:
    documents = (configuration or CONFIGURATION, properties or PROPERTIES)
    return read_device(DeviceDocuments(*(json.dumps(document).encode() for document in documents)))


def usable(found: Device) -> None:
    """A circuit can be transpiled for it, and the classes that users know can be built."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(0, 2)
    circuit.measure_all()
    assert transpile(circuit, target=found.target, seed_transpiler=1).num_qubits <= found.target.num_qubits
    assert configuration_model(found, "name", use_fractional_gates=False).n_qubits == found.target.num_qubits
    properties = properties_model(found, "name")
    if properties is not None:
        assert properties.faulty_qubits() == []


def without(*members: str) -> dict[str, Any]:
    return {member: value for member, value in CONFIGURATION.items() if member not in members}


@pytest.mark.parametrize("missing", NINE)
def test_a_missing_member_does_not_drop_the_device(missing: str) -> None:
    usable(device(without(missing)))


def test_all_nine_at_once() -> None:
    usable(device(without(*NINE)))


def test_nested_repetition_delays() -> None:
    found = device({**CONFIGURATION, "rep_delay_range": [[20, 500]]})
    assert found.configuration.rep_delay_range == pytest.approx([20e-6, 500e-6])
    usable(found)


def test_the_minimal_document() -> None:
    minimal = {"name": "tiny", "n_qubits": 3, "basis_gates": ["rz", "sx", "x", "cz"]}
    found = read_device(DeviceDocuments(json.dumps(minimal).encode()))
    assert found.configuration.backend_name == "tiny"
    assert found.calibration is None
    usable(found)


def test_gates_that_list_only_rz() -> None:
    """Some servers filter the list of gates; the calibration says where the others are."""
    only_rz = [gate for gate in CONFIGURATION["gates"] if gate["name"] == "rz"]
    found = device({**CONFIGURATION, "gates": only_rz})
    assert set(found.target["cx"]) == set(device().target["cx"])
    assert set(found.target["sx"]) == {(qubit,) for qubit in range(5)}
    usable(found)
    uncalibrated = read_device(DeviceDocuments(json.dumps({**CONFIGURATION, "gates": only_rz}).encode()))
    assert set(uncalibrated.target["cx"]) == set(map(tuple, CONFIGURATION["coupling_map"]))
    usable(uncalibrated)


def test_a_coupling_map_of_null_couples_all() -> None:
    only_rz = [gate for gate in CONFIGURATION["gates"] if gate["name"] == "rz"]
    document = {**CONFIGURATION, "gates": only_rz, "coupling_map": None}
    found = read_device(DeviceDocuments(json.dumps(document).encode()))
    assert found.target.build_coupling_map() is None
    usable(found)


@pytest.mark.parametrize(
    "qubits",
    [[], None, PROPERTIES["qubits"][:2], [[], *PROPERTIES["qubits"][1:]], [None, *PROPERTIES["qubits"][1:]]],
    ids=["empty", "null", "short", "an empty entry", "a null entry"],
)
def test_gaps_in_the_qubits(qubits: Any) -> None:
    found = device(properties={**PROPERTIES, "qubits": qubits})
    assert len(found.target.qubit_properties) == 5
    full = qubits is not None and len(qubits) > 1
    expected = device().target.qubit_properties[1].t1 if full else None
    assert found.target.qubit_properties[1].t1 == expected
    usable(found)


@pytest.mark.parametrize(
    ("dt", "seconds"), [(0.2222, 0.2222e-9), (4, 4e-9), (2.2222e-10, 2.2222e-10), (3.5555e-9, 3.5555e-9)]
)
def test_dt_in_either_unit(dt: float, seconds: float) -> None:
    found = device({**CONFIGURATION, "dt": dt})
    assert found.target.dt == pytest.approx(seconds)
    assert configuration_model(found, "name", use_fractional_gates=False).dt == pytest.approx(seconds)


@pytest.mark.parametrize("scale", [1.0, 1e9, 1e18])
def test_frequencies_in_either_unit(scale: float) -> None:
    ranges = [[low * scale, high * scale] for low, high in CONFIGURATION["qubit_lo_range"]]
    found = device({**CONFIGURATION, "qubit_lo_range": ranges}).frequency_ranges[0].qubit_lo_range
    assert found is not None
    assert 4e9 < found[0][0] < found[0][1] < 7e9


def test_the_number_of_registers_is_kept() -> None:
    assert device({**CONFIGURATION, "n_registers": 5}).raw_configuration["n_registers"] == 5


@pytest.mark.parametrize("features", [["qasm3"], ["dynamic_circuits"], ["q", "o", "b", "j"], None])
def test_features_in_any_spelling(features: Any) -> None:
    usable(device({**CONFIGURATION, "supported_features": features}))


def test_an_instruction_that_openqasm_does_not_know() -> None:
    signature = {"name": "measure_2", "num_qubits": 1, "num_clbits": 1, "parameters": [], "return_type": None}
    gate = {"name": "measure_2", "parameters": [], "qasm_def": None, "coupling_map": [[0], [1]]}
    changed = {"instruction_signatures": [signature], "gates": [*CONFIGURATION["gates"], gate]}
    found = device({**CONFIGURATION, **changed})
    assert set(found.target["measure_2"]) == {(0,), (1,)}
    assert found.target.operation_from_name("measure_2").num_clbits == 1
    usable(found)


def test_a_gate_that_nobody_knows() -> None:
    found = device({**CONFIGURATION, "basis_gates": [*CONFIGURATION["basis_gates"], "warp"]})
    assert "warp" not in found.target.operation_names
    assert any("warp" in issue for issue in found.issues)
    known = {"name": "warp", "parameters": ["speed"], "coupling_map": [[0, 1]]}
    changed = {
        "basis_gates": [*CONFIGURATION["basis_gates"], "warp"],
        "gates": [*CONFIGURATION["gates"], known],
    }
    assert set(device({**CONFIGURATION, **changed}).target["warp"]) == {(0, 1)}


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"gate": "cx", "qubits": [0, 99], "parameters": []}, "no qubits for it"),
        ({"gate": "cx", "qubits": [0], "parameters": []}, "no qubits for it"),
        ({"gate": "cx", "qubits": [1, 1], "parameters": []}, "no qubits for it"),
        ({"gate": "cx", "qubits": [-1, 0], "parameters": []}, "no qubits for it"),
        ({"gate": "cx", "qubits": ["0", "1"], "parameters": []}, "gates[0]"),
        (
            {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_error", "value": 7}]},
            "impossible figures",
        ),
        (
            {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_error", "value": 1}]},
            "gate_error is 1",
        ),
        (
            {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_length", "unit": "ns", "value": -5}]},
            "impossible",
        ),
        (
            {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_error", "value": None}]},
            "gates[0].parameters[0]",
        ),
        ("sx", "gates[0]"),
    ],
)
def test_an_entry_that_cannot_be_is_reported_and_the_rest_is_kept(entry: Any, word: str) -> None:
    found = device(properties={**PROPERTIES, "gates": [entry, *PROPERTIES["gates"]]})
    assert any(word in issue for issue in found.issues), found.issues
    assert set(found.target["cx"]) == set(device().target["cx"])
    usable(found)


def test_figures_that_are_not_numbers() -> None:
    """Some servers write NaN, which is not JSON, for a figure that they do not know."""
    text = json.dumps(PROPERTIES).replace(str(PROPERTIES["qubits"][0][0]["value"]), "NaN", 1)
    assert "NaN" in text
    found = read_device(DeviceDocuments(json.dumps(CONFIGURATION).encode(), text.encode()))
    assert found.target.qubit_properties[0].t1 is None
    assert found.target.qubit_properties[1].t1 is not None
    usable(found)


@pytest.mark.parametrize(
    "document",
    [
        {"n_qubits": 3},
        {"basis_gates": ["cx"]},
        {"n_qubits": 0, "basis_gates": ["cx"]},
        {"n_qubits": 10**9, "basis_gates": ["cx"]},
        {"n_qubits": "three", "basis_gates": ["cx"]},
        {"n_qubits": 3, "basis_gates": "cx"},
    ],
)
def test_without_its_size_and_its_gates_there_is_no_device(document: dict[str, Any]) -> None:
    with pytest.raises(errors.ProtocolError, match="do not describe a device"):
        device(document)
