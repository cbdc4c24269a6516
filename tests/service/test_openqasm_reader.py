"""The service's reader of OpenQASM 3: the same circuits as Qiskit's, and some that Qiskit's cannot read."""

from __future__ import annotations

import math
from typing import Any

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, qasm3
from qiskit.circuit import Gate, ParameterVector, Qubit
from qiskit.circuit.library import CXGate, ECRGate, RXXGate, RZXGate, RZZGate, SXdgGate
from qiskit.quantum_info import Operator
from qiskit.transpiler import Layout, TranspileLayout
from written_programs import Writer

from qiskit_direct_provider.service.openqasm.limits import without_comments
from qiskit_direct_provider.service.openqasm.problems import NotReadError
from qiskit_direct_provider.service.openqasm.reader import read_program

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def read(text: str, num_qubits: int = 200) -> QuantumCircuit:
    return read_program(without_comments(text, num_qubits))


def same(found: QuantumCircuit, wanted: QuantumCircuit) -> None:
    """Equal in all that a circuit has; parameters get values, since names alone do not make them equal."""
    values = [0.1 * index + 0.7 for index in range(wanted.num_parameters)]
    assert found.assign_parameters(values) == wanted.assign_parameters(values)
    assert [(register.name, register.size) for register in found.qregs] == [
        (register.name, register.size) for register in wanted.qregs
    ]
    assert [(register.name, register.size) for register in found.cregs] == [
        (register.name, register.size) for register in wanted.cregs
    ]
    assert (found.num_qubits, found.num_clbits) == (wanted.num_qubits, wanted.num_clbits)
    assert (found.layout is None) == (wanted.layout is None)
    assert [parameter.name for parameter in found.parameters] == [each.name for each in wanted.parameters]
    assert placed(found) == placed(wanted)


def placed(circuit: QuantumCircuit) -> list[tuple[str, list[int], list[int]]]:
    """Instructions in their order, with the indices of their bits."""
    return [
        (
            each.operation.name,
            [circuit.find_bit(bit).index for bit in each.qubits],
            [circuit.find_bit(bit).index for bit in each.clbits],
        )
        for each in circuit.data
    ]


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_random_programs_are_read_as_qiskit_reads_them(first: int) -> None:
    """Circuits, registers, order of instructions, parameters and layout are the same."""
    for seed in range(first, first + 50):
        text = Writer(seed).text()
        same(read(text), qasm3.loads(text))


@pytest.mark.parametrize(
    "statements",
    [
        "qubit[3] q; bit[3] c; c = measure q;",
        "qubit[3] q; bit[3] c; measure q -> c;",
        "qubit[3] q; qubit[3] r; cx q, r; x q; rz(0.1) r; cx q[0], r;",
        "qubit[3] q; reset q; barrier q; delay[10ns] q;",
        "qubit[2] q; qubit r; h q; barrier; delay[4dt];",
        "bit c = measure $4;",
        "bit[2] c; x $3; c[1] = measure $0;",
        "input float[64] b; input float[64] a; rz(b) $0; rz(a) $0;",
        "input float x_0; x $0;",
        "gphase(0.25); x $0;",
        "gate foo(a, b) p, q { rz(a + b) p; cx p, q; } foo(0.1, 0.2) $1, $0; foo(1, pi) $0, $1;",
        "gate inner a { h a; t a; } gate outer(u) a, b { inner a; rz(u) b; inner b; } outer(0.5) $1, $0;",
        "gate unused(t) a { x a; } unused(2) $0;",
    ],
)
def test_programs_are_read_as_qiskit_reads_them(statements: str) -> None:
    """Whole registers, old words, inputs that are used nowhere, and gates of one's own."""
    text = HEADER + statements
    same(read(text), qasm3.loads(text))


@pytest.mark.parametrize("gate", [RZZGate(0.3), ECRGate(), RZXGate(0.2), RXXGate(1.5), SXdgGate()])
def test_a_gate_defined_as_in_qiskit_is_qiskits(gate: Gate) -> None:
    circuit = QuantumCircuit(2)
    circuit.append(gate, range(gate.num_qubits))
    assert read(qasm3.dumps(circuit)) == circuit


def test_a_gate_defined_in_another_way_is_qiskits_when_it_does_the_same() -> None:
    """As the cloud's transpiler writes ecr, and an older Qiskit rzz."""
    text = (
        HEADER + "gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; }"
        "gate ecr a, b { rzx(pi/4) a, b; x a; rzx(-pi/4) a, b; }"
        "gate rzz(t) a, b { cx a, b; p(t) b; cx a, b; }"
        "qubit[2] q; ecr q[0], q[1]; rzz(0.5) q[0], q[1];"
    )
    assert [each.operation.base_class for each in read(text).data] == [ECRGate, RZZGate]


def test_a_gate_that_only_shares_its_name_with_qiskits_stays_what_it_is() -> None:
    text = HEADER + "gate ecr a, b { cx b, a; } qubit[2] q; ecr q[0], q[1];"
    circuit = read(text)
    assert type(circuit.data[0].operation) is Gate
    assert Operator(circuit) == Operator(CXGate()).reverse_qargs()


@pytest.mark.parametrize(
    ("definition", "call"),
    [
        ("gate ecr a { x a; }", "ecr $0;"),
        ("gate rzz a, b { cx a, b; }", "rzz $0, $1;"),
        ("gate rcccx a, b, c, d { x a; }", "rcccx $0, $1, $2, $3;"),
    ],
)
def test_a_gate_of_another_size_than_qiskits_stays_what_it_is(definition: str, call: str) -> None:
    """So does one on so many qubits that nobody compares."""
    (instruction,) = read(f"{HEADER} {definition} {call}").data
    assert type(instruction.operation) is Gate
    assert instruction.operation.name == call.split(maxsplit=1)[0]


def test_names_of_registers_stay_as_they_are() -> None:
    circuit = read(HEADER + "bit[2] Meas; bit[1] C_1; Meas[0] = measure $0;")
    assert [register.name for register in circuit.cregs] == ["Meas", "C_1"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sin(th)", math.sin(0.3)),
        ("th**2", 0.09),
        ("-th**2", -0.09),
        ("2**-1", 0.5),
        ("sqrt(th)", math.sqrt(0.3)),
        ("atan(th) + arcsin(th)", math.atan(0.3) + math.asin(0.3)),
        ("exp(-th)*cos(pi/3)", math.exp(-0.3) / 2),
        ("float[64](th)", 0.3),
        ("abs(-th)", 0.3),
    ],
)
def test_formulas_of_parameters(text: str, value: float) -> None:
    """What Qiskit prints for a ParameterExpression, some of which its own reader refuses."""
    circuit = read(f"{HEADER}input float[64] th; rz({text}) $0;")
    bound = circuit.assign_parameters([0.3])
    assert bound.data[0].operation.params[0] == pytest.approx(value)


def test_elements_of_parameter_vectors_keep_their_names() -> None:
    vector = ParameterVector("v", 3)
    circuit = QuantumCircuit(1)
    for element in vector:
        circuit.rz(element * 2 + 1, 0)
    found = read(qasm3.dumps(circuit))
    assert [parameter.name for parameter in found.parameters] == ["_v_0_", "_v_1_", "_v_2_"]


def test_aliases_as_qiskit_writes_them() -> None:
    """Registers that share bits, which Qiskit's own reader refuses."""
    circuit = QuantumCircuit(2, 3)
    register = circuit.cregs[0]
    circuit.add_register(ClassicalRegister(name="shared", bits=[register[2], register[0]]))
    circuit.measure([0, 1], [2, 0])
    found = read(qasm3.dumps(circuit, allow_aliasing=True))
    assert found == circuit
    assert [found.find_bit(bit).index for bit in found.cregs[1]] == [2, 0]


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ("x $0;\nnonsense;\n", "line 4"),
        ("foo $0;", "'foo' is not defined"),
        ("x $0, $1;", "takes 0 angles and 1 qubits"),
        ("rz $0;", "takes 1 angles"),
        ("cx $0, $0;", "same qubit"),
        ("rz(inf) $0;", "'inf'"),
        ("rz(nan) $0;", "'nan'"),
        ("rz(1e999) $0;", "finite"),
        ("rz(1/0) $0;", "no value"),
        ("rz(2**99999999) $0;", "no value"),
        ("rz(0.5", "not ended"),
        ("rz(__import__) $0;", "not a parameter"),
        ("rz(__import__('os')) $0;", "not understood"),
        ("rz(~1) $0;", "operator ~ does not apply"),
        ("rz(1 << 2) $0;", "operator << does not apply"),
        ("rz(foo(1)) $0;", "'foo' does not apply"),
        ("rz(sin(1, 2)) $0;", "'sin' does not apply"),
        ("rz(pi[0]) $0;", "cannot be indexed"),
        ("rz(uint[8](1)) $0;", "uint[8] is no angle"),
        ("x $0; qubit[2] q;", "physical"),
        ("bit[2] c; c[2] = measure $0;", "no c[2]"),
        ("bit[2] c; c = measure $0;", "as many bits"),
        ("uint[2] u; u = measure $0;", "'u' is no classical bit"),
        ("qubit[2] q; qubit[3] r; cx q, r;", "sizes"),
        ("measure $0;", "stored in a bit"),
        ("bit[2] c; bit[3] c;", "already"),
        ("delay[1.5dt] $0;", "whole"),
        ("delay[1.2.3ns] $0;", "'1.2.3' is not a number"),
        ("x $0; }", "not opened"),
        ("bit c; if (c) { x $0;", "not closed"),
        ("break;", "outside"),
        ("else { x $0; }", "without if"),
        ("gate x a { y a; }", "already"),
        ("gate foo a { foo a; } foo $0;", "does not fit"),
        ("gate foo a { x b; } foo $0;", "not one of its own"),
        ("gate foo(t) a { rz(u) a; } foo(1) $0;", "not a parameter"),
        (f"gate g a {{ {'x a; ' * 101} }} gate h2 a {{ {'g a; ' * 101} }} h2 $0;", "too many gates"),
        ("input int[32] n; x $0;", "only float"),
        ("OPENQASM 2.0; x $0;", "version"),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_line(statements: str, words: str) -> None:
    with pytest.raises(NotReadError) as caught:
        read(HEADER + statements)
    assert words in str(caught.value)


def test_gates_need_the_include() -> None:
    with pytest.raises(NotReadError, match="'x' is not defined"):
        read("OPENQASM 3.0; x $0;")
    assert read("OPENQASM 3.0; U(1, 2, 3) $0;").count_ops() == {"u": 1}


def on_physical_qubits(circuit: QuantumCircuit) -> QuantumCircuit:
    indices: dict[Any, int] = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    circuit._layout = TranspileLayout(Layout(indices), indices)
    return circuit


def test_a_transpiled_circuit_is_read_back() -> None:
    """Qubit k of the circuit is $k of the text."""
    circuit = QuantumCircuit([Qubit() for _ in range(5)], ClassicalRegister(2, "c"))
    circuit.rz(0.1, 4)
    circuit.ecr(4, 2)
    circuit.measure([4, 2], [1, 0])
    found = read(qasm3.dumps(on_physical_qubits(circuit), disable_constants=True))
    assert found == circuit
    assert found.layout is not None
