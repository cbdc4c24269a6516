"""Circuits as OpenQASM 3: the two exporters agree, and the text means the circuit."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import Duration, Gate, Parameter
from qiskit.circuit.classical import expr
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator

from qiskit_direct_provider import errors
from qiskit_direct_provider.programs import openqasm, to_openqasm3

NATIVE_GATES = sorted(openqasm._NATIVE - {"barrier", "delay", "measure", "reset"})


def by_python(circuit: QuantumCircuit, monkeypatch: pytest.MonkeyPatch) -> str:
    """The text from Qiskit's Python exporter."""
    with monkeypatch.context() as patch:
        patch.setattr(openqasm, "_native", lambda *_: None)
        return to_openqasm3(circuit)


def by_native(circuit: QuantumCircuit, monkeypatch: pytest.MonkeyPatch) -> str:
    """The text from Qiskit's native exporter; it fails when another one was needed."""

    def refuse(_: QuantumCircuit) -> str:
        pytest.fail("the native exporter was not used")

    with monkeypatch.context() as patch:
        patch.setattr(openqasm, "_complete", refuse)
        return to_openqasm3(circuit)


@pytest.mark.parametrize("name", NATIVE_GATES)
def test_both_exporters_print_a_gate_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = get_standard_gate_name_mapping()[name]
    circuit = QuantumCircuit(5)
    angles = [0.1 * (place + 1) for place in range(len(gate.params))]
    circuit.append(gate.base_class(*angles), range(1, 1 + gate.num_qubits))
    text = by_native(circuit, monkeypatch)
    assert text == by_python(circuit, monkeypatch)
    assert Operator(qasm3.loads(text, num_qubits=5)).equiv(Operator(circuit))


def random_static_circuit(seed: int) -> QuantumCircuit:
    """Device instructions in any order, over several registers."""
    choose = random.Random(seed)  # noqa: S311 - circuits, not secrets
    circuit = QuantumCircuit(
        QuantumRegister(6, "q"), ClassicalRegister(3, "first"), ClassicalRegister(5, "second")
    )
    for _ in range(60):
        qubits = choose.sample(range(6), 2)
        angle = choose.choice([choose.uniform(-7, 7), math.pi, 1e-9, 0.0, 1.0, -2.5e-13])
        kind = choose.choice(
            ["rz", "rx", "sx", "x", "cz", "ecr", "rzz", "delay", "reset", "barrier", "measure"]
        )
        if kind == "delay":
            circuit.delay(choose.choice([16, 100.5]), qubits[0], choose.choice(["ns", "us", "s"]))
        elif kind == "barrier":
            circuit.barrier(*qubits)
        elif kind == "measure":
            circuit.measure(qubits[0], choose.randrange(8))
        elif kind in {"rz", "rx"}:
            getattr(circuit, kind)(angle, qubits[0])
        elif kind == "rzz":
            circuit.rzz(angle, *qubits)
        else:
            getattr(circuit, kind)(*qubits[: 2 if kind in {"cz", "ecr"} else 1])
    return circuit


@pytest.mark.parametrize("seed", range(40))
def test_both_texts_mean_the_same_circuit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers may be spelt differently, so what Qiskit's reader makes of them is compared."""
    circuit = random_static_circuit(seed)
    native, python = by_native(circuit, monkeypatch), by_python(circuit, monkeypatch)
    assert qasm3.loads(native, num_qubits=6) == qasm3.loads(python, num_qubits=6)


def with_a_parameter(circuit: QuantumCircuit) -> None:
    circuit.rz(Parameter("angle"), 0)


def with_control_flow(circuit: QuantumCircuit) -> None:
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)


def with_a_variable(circuit: QuantumCircuit) -> None:
    circuit.add_var("flag", expr.lift(True))  # noqa: FBT003 - its own signature


def with_an_expression_delay(circuit: QuantumCircuit) -> None:
    circuit.delay(expr.lift(Duration.ns(100)), 0)


def with_a_gate_of_its_own(circuit: QuantumCircuit) -> None:
    block = QuantumCircuit(1, name="mine")
    block.x(0)
    circuit.append(block.to_gate(), [0])


@pytest.mark.parametrize(
    "add",
    [
        with_a_parameter,
        with_control_flow,
        with_a_variable,
        with_an_expression_delay,
        with_a_gate_of_its_own,
    ],
)
def test_what_the_native_exporter_cannot_print_goes_the_other_way(
    add: Callable[[QuantumCircuit], None], capfd: pytest.CaptureFixture[str]
) -> None:
    circuit = QuantumCircuit(2, 1)
    add(circuit)
    circuit.measure(0, 0)
    assert "c[0] = measure $0;" in to_openqasm3(circuit)
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize("angle", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dynamic", [False, True])
def test_an_angle_that_is_no_number_is_refused(angle: float, dynamic: bool) -> None:
    circuit = QuantumCircuit(2, 1, name="odd")
    circuit.rz(angle, 1)
    if dynamic:
        with_control_flow(circuit)
    with pytest.raises(errors.InvalidCircuitError, match="'odd': a gate has the angle"):
        to_openqasm3(circuit)


def test_a_register_called_like_a_number_is_no_angle() -> None:
    circuit = QuantumCircuit(
        QuantumRegister(1, "q"), ClassicalRegister(1, "nan"), ClassicalRegister(1, "inf")
    )
    circuit.measure(0, 1)
    assert "inf[0] = measure $0;" in to_openqasm3(circuit)


def test_the_circuit_itself_gets_no_layout() -> None:
    circuit = QuantumCircuit(2, 1)
    to_openqasm3(circuit)
    assert circuit.layout is None


def test_without_the_native_exporter_the_text_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.rzz(0.5, 0, 1)
    circuit.measure(1, 0)
    text = to_openqasm3(circuit)
    monkeypatch.setitem(sys.modules, "qiskit._accelerate.qasm3", None)
    assert to_openqasm3(circuit) == text


def test_what_openqasm_cannot_say_is_refused() -> None:
    circuit = QuantumCircuit(1, name="opaque")
    circuit.append(Gate("mine", 1, []), [0])
    with pytest.raises(errors.InvalidCircuitError, match="'opaque' cannot be written as OpenQASM 3.*'mine'"):
        to_openqasm3(circuit)
