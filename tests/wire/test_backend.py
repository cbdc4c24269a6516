"""Device documents, whole and damaged."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from qiskit_direct_provider import errors
from qiskit_direct_provider.device import DeviceDocuments, read_device
from qiskit_direct_provider.models import complex_scale
from qiskit_direct_provider.target import target_from_json
from qiskit_direct_provider.wire.backend import read_calibration, read_configuration
from qiskit_direct_provider.wire.dates import moment
from qiskit_direct_provider.wire.direct_access import S3Option
from qiskit_direct_provider.wire.legacy import LoginAnswer, LoginBody

MINIMAL = {"name": "tiny", "n_qubits": 2, "basis_gates": ["rz", "sx", "cz"]}


def configuration(**changes: Any) -> bytes:
    return json.dumps({**MINIMAL, **changes}).encode()


def test_three_members_are_enough() -> None:
    target = target_from_json(configuration())
    assert target.num_qubits == 2
    assert {"rz", "sx", "cz", "measure", "reset", "delay"} <= set(target.operation_names)


@pytest.mark.parametrize("missing", sorted(MINIMAL.keys() - {"name"}))
def test_without_these_there_is_no_device(missing: str) -> None:
    document = json.dumps({key: value for key, value in MINIMAL.items() if key != missing}).encode()
    with pytest.raises(errors.ProtocolError, match=missing):
        target_from_json(document)


@pytest.mark.parametrize("document", [b"", b"[]", b"null", b"<html>", b"[" * 100_000, b'{"n_qubits": -1}'])
def test_what_is_no_document(document: bytes) -> None:
    with pytest.raises(errors.ProtocolError):
        target_from_json(document)


@pytest.mark.parametrize(
    ("wire", "seconds", "reported"),
    [(0.5, 5e-10, False), (4.0, 4e-9, False), (3.5e-9, 3.5e-9, True), (0, None, True), (-4, None, True)],
)
def test_dt(wire: float, seconds: float | None, reported: bool) -> None:
    issues: list[str] = []
    found = read_configuration(configuration(dt=wire), issues).dt
    assert found == (pytest.approx(seconds) if seconds else None)
    assert bool(issues) is reported


@pytest.mark.parametrize("wire", [[20, 500], [[20, 500]], [20.0, 500.0]])
def test_repetition_delays_flat_or_nested(wire: Any) -> None:
    found = read_configuration(configuration(rep_delay_range=wire), []).rep_delay_range
    assert found == pytest.approx([20e-6, 500e-6])


@pytest.mark.parametrize(
    ("wire", "scale"),
    [([1, 0.5], 1 + 0.5j), ([2], 2), (2, 2), ({"number": [0, 1]}, 1j), ({"re": 1}, 1), (["a"], 1), (None, 1)],
)
def test_scales_of_control_channels(wire: Any, scale: complex) -> None:
    """What cannot be read leaves a channel as it is."""
    assert complex_scale(wire) == scale


def test_one_damaged_part_does_not_hide_the_rest() -> None:
    issues: list[str] = []
    found = read_configuration(
        configuration(
            dt="fast",
            max_shots=100,
            gates=[
                {"name": "sx", "coupling_map": [[0]]},
                {"nameless": 1},
                {"name": "cz", "coupling_map": [[0, "x"]]},
            ],
        ),
        issues,
    )
    assert found.dt is None
    assert found.max_shots == 100
    assert [gate.name for gate in found.gates] == ["sx", "cz"]
    assert any(issue.startswith("dt:") for issue in issues)
    assert any(issue.startswith("gates[1]") for issue in issues)


def test_numbers_that_are_written_as_text() -> None:
    issues: list[str] = []
    found = read_configuration(configuration(dt="4.0", n_qubits="2", simulator="false"), issues)
    assert (found.dt, found.n_qubits, found.simulator) == (pytest.approx(4e-9), 2, False)
    assert issues[0] == "n_qubits: '2' was taken as 2"
    document = {"gates": [{"gate": "cz", "qubits": ["0", "1"], "parameters": []}], "qubits": []}
    calibration = read_calibration(json.dumps(document).encode(), issues)
    assert calibration is not None
    assert calibration.gates[0].qubits == (0, 1)
    for word in ("nan", "inf", "fast"):
        assert read_configuration(configuration(dt=word), issues).dt is None


def test_qubits_keep_their_place_when_an_entry_is_damaged() -> None:
    """The list of qubits is read by position, so a damaged entry must leave a gap, not close up."""
    figure = {"name": "T1", "unit": "us", "value": 100.0}
    calibration = {"qubits": [[figure], None, [{**figure, "value": 50.0}]], "gates": None}
    issues: list[str] = []
    found = read_calibration(json.dumps(calibration).encode(), issues)
    assert found is not None
    assert [len(items) for items in found.qubits] == [1, 0, 1]
    assert issues
    target = target_from_json(configuration(n_qubits=3), json.dumps(calibration).encode())
    assert [qubit.t1 for qubit in target.qubit_properties] == [
        pytest.approx(100e-6),
        None,
        pytest.approx(50e-6),
    ]


def test_hardware_that_is_out_of_order_is_left_out() -> None:
    off = {"name": "operational", "unit": "", "value": 0}
    error = {"name": "gate_error", "unit": "", "value": 0.01}
    calibration = {
        "qubits": [[], [off], []],
        "gates": [
            {"gate": "cz", "qubits": [0, 1], "parameters": [error]},
            {"gate": "cz", "qubits": [0, 2], "parameters": [error]},
            {"gate": "sx", "qubits": [0], "parameters": [error, off]},
            {"gate": "sx", "qubits": [2], "parameters": [error]},
        ],
    }
    target = target_from_json(configuration(n_qubits=3), json.dumps(calibration).encode())
    assert list(target["cz"]) == [(0, 2)]
    assert list(target["sx"]) == [(2,)]
    assert (1,) not in target["measure"]


def test_no_calibration() -> None:
    assert read_calibration(None, []) is None
    assert read_calibration(b"null", []) is None
    with pytest.raises(msgspec.DecodeError):
        read_calibration(b"[1]", [])


def test_a_gate_that_has_no_place_left_is_left_out() -> None:
    off = {"name": "operational", "unit": "", "value": 0}
    calibration = {"qubits": [], "gates": [{"gate": "cz", "qubits": [0, 1], "parameters": [off]}]}
    device = read_device(DeviceDocuments(configuration(), json.dumps(calibration).encode()))
    assert "cz" not in device.target.operation_names
    assert "cz: there is no place left for it; left out" in device.issues


def test_a_signature_does_not_replace_a_known_gate() -> None:
    signatures = [{"name": name, "num_qubits": 3, "num_clbits": 0} for name in ("sx", "mine")]
    target = target_from_json(configuration(n_qubits=3, instruction_signatures=signatures))
    assert target.operation_from_name("sx").num_qubits == 1
    assert target.operation_from_name("mine").num_qubits == 3


def test_what_is_wrong_is_told_a_hundred_times_at_most() -> None:
    issues: list[str] = []
    found = read_configuration(configuration(gates=[{"nameless": 1}] * 150, dt="fast"), issues)
    assert len(issues) == 100
    assert found.gates == []


@pytest.mark.parametrize(
    "text", ["0001-01-01", "1900-12-31T23:59:59Z", "9000-01-01", "9999-12-31T23:59:59+14:00"]
)
def test_a_year_that_no_time_zone_can_move_is_none(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    "body",
    [
        S3Option(presigned_url="https://store/b/x?X-Amz-Signature=canary"),
        LoginBody(apiToken="canary"),
        LoginAnswer(id="canary"),
    ],
)
def test_secrets_of_bodies_are_not_in_their_text(body: msgspec.Struct) -> None:
    assert "canary" not in f"{body} {body!r}"
    assert b"canary" in msgspec.json.encode(body)
