"""Programs with control flow, typed variables and gates of their own, run by the service."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter
from service_client import HEADER

from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.circuits import read_circuit
from qiskit_direct_provider.service.devices import find_snapshot
from qiskit_direct_provider.service.isa import check_circuit, circuit_duration_s
from qiskit_direct_provider.service.openqasm.gates import is_standard_or_custom
from qiskit_direct_provider.service.outcome import JobProblemError

if TYPE_CHECKING:
    from service_client import Client

SHOTS = 400


def most_frequent(client: Client, program: str, register: str = "m") -> str:
    """The value that nearly all shots have."""
    (result,) = client.sample([HEADER + program, None, SHOTS])
    ((value, count),) = Counter(result["data"][register]["samples"]).most_common(1)
    assert count > 0.75 * SHOTS
    return str(value)


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("x $0; c[0] = measure $0; int t; t = c; switch (t) { case 1: { x $1; } break; }", "0x2"),
        ("bool f; f = true; uint[3] u; u = 5; u = u ^ 4; if (f && u == 1) { x $1; }", "0x2"),
        ("x $0; c[0] = measure $0; if (!c[1] && c < 2) { x $1; } else { x $2; }", "0x2"),
        ("for int i in [0:2] { x $1; } box { x $2; }", "0x6"),
        ("while (c == 0) { x $0; c[0] = measure $0; } x $2;", "0x4"),
    ],
)
def test_dynamic_programs(client: Client, program: str, value: str) -> None:
    """Branches, loops and switches act on bits, registers and variables; only registers are in the result."""
    measured = " m[1] = measure $1; m[2] = measure $2;"
    assert most_frequent(client, "bit[2] c; bit[3] m; " + program + measured) == value


def test_variables_are_not_in_the_result(client: Client) -> None:
    program = HEADER + "bit[1] m; uint[3] u; bool f; u = 5; f = true; x $0; m[0] = measure $0;"
    (result,) = client.sample([program, None, 10])
    assert list(result["data"]) == ["m"]
    assert result["data"]["m"]["num_bits"] == 1


ECHOED = "gate ecr a, b { s a; sx b; cx a, b; x a; } "
REVERSED = "gate ecr a, b { cx b, a; } "


def test_a_gate_is_what_the_device_has() -> None:
    """Its definition has to say so: a device does not look into it."""
    device = read_calibration(find_snapshot("fake_brisbane"))
    pair = next(qubits for name, qubits in device.gates if name == "ecr")
    call = f"ecr ${pair[0]}, ${pair[1]};"
    check_circuit(read_circuit(HEADER + ECHOED + call, device.num_qubits), device)
    with pytest.raises(JobProblemError, match="differently"):
        check_circuit(read_circuit(HEADER + REVERSED + call, device.num_qubits), device)


def test_an_opaque_gate_in_qpy_is_taken_by_its_name() -> None:
    device = read_calibration(find_snapshot("fake_brisbane"))
    pair = next(qubits for name, qubits in device.gates if name == "ecr")
    circuit = QuantumCircuit(device.num_qubits)
    circuit.append(Gate("ecr", 2, []), pair)
    check_circuit(circuit, device)
    other = Gate("ecr", 2, [])
    other.definition = QuantumCircuit(2)
    circuit.append(other, pair)
    with pytest.raises(JobProblemError, match="differently"):
        check_circuit(circuit, device)


THETA = Parameter("theta")


@pytest.mark.parametrize(
    ("name", "params", "definition", "same"),
    [
        ("rx", [THETA], ("rx", [THETA]), True),
        ("rx", [2 * THETA], ("rx", [2 * THETA]), True),
        ("rx", [THETA], ("ry", [THETA]), False),
        ("u", [0.1, THETA, 0.2], ("u", [0.1, THETA, 0.2]), True),
        ("u", [0.1, THETA, 0.2], ("u", [0.2, THETA, 0.1]), False),
        ("rx", [], ("x", []), False),
        ("mine", [THETA], ("ry", [THETA]), True),
    ],
)
def test_a_gate_with_free_angles_is_compared_too(
    name: str, params: list[Any], definition: tuple[str, list[Any]], same: bool
) -> None:
    """At some angles; a name that Qiskit does not know promises nothing."""
    gate = Gate(name, 1, params)
    gate.definition = QuantumCircuit(1)
    getattr(gate.definition, definition[0])(*definition[1], 0)
    assert is_standard_or_custom(gate) is same


def test_a_delay_that_is_not_known_takes_no_time() -> None:
    device = read_calibration(find_snapshot("fake_nairobi"))
    circuit = QuantumCircuit(1)
    circuit.delay(Parameter("t"), 0, unit="us")
    assert circuit_duration_s(circuit, device, (0,)) == 0
    assert circuit_duration_s(circuit.assign_parameters([3]), device, (0,)) == pytest.approx(3e-6)
