"""Control flow and typed variables: what Qiskit writes is read back, and means the same."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import IfElseOp, Parameter, SwitchCaseOp
from qiskit.circuit.classical import expr, types
from qiskit_aer import AerSimulator

from qiskit_direct_provider.service.openqasm.limits import without_comments
from qiskit_direct_provider.service.openqasm.problems import NotReadError
from qiskit_direct_provider.service.openqasm.reader import read_program
from qiskit_direct_provider.service.outcome import JobProblemError
from qiskit_direct_provider.service.variables import with_bits_for_variables

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
V1 = qasm3.ExperimentalFeatures.SWITCH_CASE_V1
STABLE = qasm3.ExperimentalFeatures(0)


def read(text: str) -> QuantumCircuit:
    return read_program(without_comments(text, 200))


def written(circuit: QuantumCircuit, syntax: qasm3.ExperimentalFeatures = V1) -> str:
    text: str = qasm3.dumps(circuit, disable_constants=True, experimental=syntax)
    return text


class Builder:
    """Builds random dynamic circuits out of everything that circuits have for control flow."""

    def __init__(self, seed: int, *, simple: bool = False) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, and nothing secret
        self.simple = simple
        self.circuit = QuantumCircuit(
            QuantumRegister(3, "q"), ClassicalRegister(3, "c"), ClassicalRegister(2, "d")
        )
        self.variables: list[expr.Var] = []
        if not simple:
            self.flag = self.circuit.add_var("flag", expr.lift(False))  # noqa: FBT003 - a literal
            self.number = self.circuit.add_var("number", expr.lift(5, types.Uint(3)))

    def build(self) -> QuantumCircuit:
        self._block(depth=0, in_loop=False)
        self.circuit.measure(0, 0)
        return self.circuit

    def _block(self, depth: int, *, in_loop: bool) -> None:
        for _ in range(self.random.randrange(1, 4)):
            kinds = [self._gate, self._gate, self._measure]
            if not self.simple:
                kinds.append(self._store)
            self.random.choice(kinds)()
            if depth < 3 and self.random.random() < 0.6:
                kind = self.random.choice([self._if, self._for, self._while, self._if])
                kind = self.random.choice([kind, self._switch]) if not self.simple else kind
                kind(depth + 1)
        if in_loop and self.random.random() < 0.3:
            with self.circuit.if_test(self._condition()):
                self.random.choice([self.circuit.break_loop, self.circuit.continue_loop])()

    def _gate(self) -> None:
        name, arguments = self.random.choice([("x", ()), ("h", ()), ("sx", ()), ("rz", (0.3,))])
        getattr(self.circuit, name)(*arguments, self.random.randrange(3))
        self.circuit.cz(*self.random.sample(range(3), 2))

    def _measure(self) -> None:
        self.circuit.measure(self.random.randrange(3), self.random.randrange(5))

    def _store(self) -> None:
        choices: list[Callable[[], Any]] = [
            lambda: self.circuit.store(self.flag, self._condition(lifted=True)),
            lambda: self.circuit.store(self.number, self._integer()),
            lambda: self.circuit.store(self.circuit.clbits[4], expr.lift(self.random.random() < 0.5)),
        ]
        self.random.choice(choices)()

    def _condition(self, *, lifted: bool = False) -> Any:
        registers, bits = self.circuit.cregs, self.circuit.clbits
        value = self.random.randrange(4)
        pairs: list[Any] = [
            (registers[0], value),
            (bits[value], True),
            (bits[value], False),
            (registers[1], value),
        ]
        if self.simple:
            return self.random.choice(pairs)
        choices = [
            expr.lift_legacy_condition(self.random.choice(pairs)),
            self.flag,
            expr.logic_not(self.flag),
            expr.less(self.number, value),
            expr.greater_equal(registers[0], self.number),
            expr.not_equal(registers[1], value),
            expr.index(self.number, 1),
            expr.cast(self.number, types.Bool()),
        ]
        left, right = self.random.choices(choices, k=2)
        combine = self.random.choice([expr.logic_and, expr.logic_or, expr.bit_xor, expr.equal])
        found = self.random.choice([left, combine(left, right), expr.logic_not(combine(left, right))])
        return found if lifted else self.random.choice([found, *pairs])

    def _integer(self) -> Any:
        combine = self.random.choice([expr.bit_and, expr.bit_or, expr.bit_xor])
        shift = self.random.choice([expr.shift_left, expr.shift_right])
        return self.random.choice(
            [
                expr.lift(self.random.randrange(8), types.Uint(3)),
                combine(self.number, self.circuit.cregs[0]),
                expr.bit_not(combine(shift(self.number, 1), 3)),
                expr.cast(self.circuit.cregs[1], types.Uint(3)),
            ]
        )

    def _if(self, depth: int) -> None:
        with self.circuit.if_test(self._condition()) as otherwise:
            self._block(depth, in_loop=False)
        if self.random.random() < 0.5:
            with otherwise:
                self._block(depth, in_loop=False)

    def _for(self, depth: int) -> None:
        turns = self.random.choice([range(2), range(1, 6, 2), (3, 1), (0,)])
        with self.circuit.for_loop(turns) as turn:
            if self.random.random() < 0.5:
                self.circuit.rx(turn * 0.5, 0)
            self._block(depth, in_loop=True)

    def _while(self, depth: int) -> None:
        with self.circuit.while_loop(self._condition()):
            self._block(depth, in_loop=True)
            self.circuit.break_loop()

    def _switch(self, depth: int) -> None:
        target = self.random.choice([self.circuit.cregs[1], self.circuit.clbits[0], self.number])
        with self.circuit.switch(target) as case:
            with case(0):
                self._block(depth, in_loop=False)
            with case(1):
                self._block(depth, in_loop=False)
            if self.random.random() < 0.5:
                with case(case.DEFAULT):
                    self._block(depth, in_loop=False)


def renamed(text: str) -> str:
    """Qiskit numbers loop variables on and on; here they count from 0 in each text."""
    import re

    names: dict[str, str] = {}
    return re.sub(r"_loop_i_\d+(?:_\d+)*", lambda found: names.setdefault(found[0], f"i{len(names)}"), text)


@pytest.mark.parametrize("syntax", [V1, STABLE], ids=["proposed", "stable"])
@pytest.mark.parametrize("first", [0, 60])
def test_random_dynamic_circuits_are_read_back(first: int, syntax: qasm3.ExperimentalFeatures) -> None:
    """Written again, the circuit that was read is the same text, in both syntaxes of switch."""
    for seed in range(first, first + 60):
        text = written(Builder(seed).build(), syntax)
        assert renamed(written(read(text), syntax)) == renamed(text), seed


def test_branches_and_loops_on_bits_equal_what_was_written() -> None:
    """Qiskit's own reader gives every loop a variable, and so reads some of these as different circuits."""
    for seed in range(60):
        circuit = Builder(seed, simple=True).build()
        assert read(written(circuit)) == circuit, seed


@pytest.mark.parametrize("seed", range(12))
def test_what_is_read_back_gives_the_same_outcomes(seed: int) -> None:
    """Aer takes the same shots, with the same seed."""
    circuit = Builder(seed + 1000, simple=True).build()
    simulator = AerSimulator(method="statevector", seed_simulator=5, max_parallel_threads=1)
    found, wanted = (
        simulator.run(each, shots=200).result().get_counts() for each in (read(written(circuit)), circuit)
    )
    assert found == wanted


def outcome(circuit: QuantumCircuit) -> int:
    """The register m after one noiseless run."""
    circuit = with_bits_for_variables(circuit)
    memory = AerSimulator(method="statevector").run(circuit, shots=1, memory=True).result().get_memory()
    words = dict(zip((register.name for register in circuit.cregs), memory[0].split()[::-1], strict=True))
    return int(words["m"], 2)


@pytest.mark.parametrize(
    ("chain", "outcomes"),
    [
        ("if (c == 0) { x $0; } else if (c == 1) { x $1; } else { x $2; }", {0: 0, 1: 1, 2: 2}),
        ("if (c == 0) { x $0; } else { if (c == 1) { x $1; } else { x $2; } }", {0: 0, 1: 1, 2: 2}),
        ("if (c == 0) { x $0; } else if (c == 1) { x $1; } else if (c == 2) { x $2; }",
         {0: 0, 1: 1, 2: 2, 3: None}),
        ("if (c == 0) { x $0; } else if (c == 1) { if (c[0]) { x $1; } } else { x $2; }", {0: 0, 1: 1, 3: 2}),
        ("switch (c) { case 0 { x $0; } case 1, 3 { x $1; } default { x $2; } }", {0: 0, 1: 1, 2: 2, 3: 1}),
        ("int t; t = c; switch (t) { case 0: { x $0; } break; case 1: case 3: { x $1; } break; }", {3: 1}),
        ("uint[2] u; u = c ^ 1; if (u == 0) { x $1; } else { x $0; }", {0: 0, 1: 1, 2: 0}),
        ("bool a = c[0]; if (!a && c < 2 || c == 3) { x $0; } else { x $1; }", {0: 0, 1: 1, 2: 1, 3: 0}),
        ("uint[4] u; bool f; u = uint[4](c); f = bool(u); if (f ^ u[1]) { x $0; } else { x $1; }",
         {0: 1, 1: 0, 2: 1, 3: 1}),
        ("if (c == 3) { uint[2] u; u = ~c; if (u == 0) { bool b; b = true; if (b) { x $0; } } }", {3: 0}),
        ("bool go; go = true; while (go) { x $0; go = false; } box { x $1; x $1; }", {0: 0}),
        ("uint[2] u; u = c | 2; switch (u) { case 2 { x $0; } case 3 { x $1; } }", {0: 0, 1: 1}),
        ('c = "10"; if (c == 2) { x $0; }', {0: 0}),
        ("int t = c; switch (t) { case 1 { x $0; } }", {0: None, 1: 0}),
        ("c = 2; if (c == 2) { x $0; } c[1] = false; if (c == 0) { x $1; x $0; }", {0: 1, 3: 1}),
        ("for int i in {0, 2} { if (c == 0) { x $0; } } x $1;", {0: 1}),
        ("for uint i in [3:-1:1] { x $0; }", {0: 0}),
        ("while (c == 1) { c[0] = measure $2; x $1; }", {0: None, 1: 1}),
        ("while (true) { x $2; if (c == c) { break; } x $0; continue; }", {0: 2}),
    ],
)  # fmt: skip
def test_blocks_do_what_they_say(chain: str, outcomes: dict[int, int | None]) -> None:
    """For each value of c, the qubit that ends in 1."""
    for value, qubit in outcomes.items():
        preparation = " ".join(
            f"x ${3 + bit}; c[{bit}] = measure ${3 + bit};" for bit in range(2) if value >> bit & 1
        )
        finish = " ".join(f"m[{index}] = measure ${index};" for index in range(3))
        circuit = read(f"{HEADER}bit[2] c; bit[3] m; {preparation} {chain} {finish}")
        assert outcome(circuit) == (0 if qubit is None else 1 << qubit), (chain, value)


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        ("uint[2] u; u = c << 1;", "SHIFT_LEFT"),
        ("float[64] f; f = 0.5;", "Float"),
        ("if ((c ^ 1)[0]) { x $0; }", "computed"),
    ],
)
def test_what_aer_does_not_evaluate_is_refused(chain: str, words: str) -> None:
    """Instead of ending the process, as Aer does for some of it."""
    with pytest.raises(JobProblemError, match=words):
        with_bits_for_variables(read(f"{HEADER}bit[2] c; bit[3] m; {chain} m[0] = measure $0;"))


def test_a_condition_on_times_is_refused() -> None:
    """Nothing that is written in OpenQASM leads there, but QPY can hold it."""
    circuit = QuantumCircuit(1, 1)
    times = [circuit.add_stretch(name) for name in "ab"]
    with circuit.if_test(expr.less(*times)):
        circuit.x(0)
    with pytest.raises(JobProblemError, match="expressions of kind Stretch"):
        with_bits_for_variables(circuit)


def test_a_variable_of_a_loop_turns_gates() -> None:
    found = read(HEADER + "for int i in [1:3] { rz(i*0.5) $0; for int j in {5} { rx(j + i) $0; } }")
    body = found.data[0].operation.blocks[0]
    assert body.parameters[0].name == "i"
    assert found.data[0].operation.params[0] == range(1, 4)


def test_parameters_reach_into_blocks() -> None:
    found = read(HEADER + "input float[64] th; bit c; c = measure $0; if (c) { rz(th) $0; }")
    assert found.parameters[0].name == "th"
    bound = found.assign_parameters({"th": 0.5})
    assert bound.data[1].operation.blocks[0].data[0].operation.params == [0.5]


def test_a_name_in_a_block_may_be_that_of_a_parameter_of_another_loop() -> None:
    found = read(HEADER + "for int i in [0:1] { rz(i) $0; } for int i in [0:1] { rz(i) $0; }")
    assert len(found.data) == 2
    with pytest.raises(NotReadError, match="'i' is not a parameter"):
        read(HEADER + "for int i in [0:1] { rz(i) $0; } rz(i) $0;")


def test_operations_have_the_types_of_qiskit() -> None:
    found = read(HEADER + "bit[2] c; switch (c) { case 0 { x $0; } default { } } if (c == 1) { x $0; }")
    assert [type(each.operation) for each in found.data] == [SwitchCaseOp, IfElseOp]
    assert found.data[1].operation.condition == (found.cregs[0], 1)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ("bit c; if (c) { qubit q; }", "outside of blocks"),
        ("bit c; if (d) { x $0; }", "'d' is not declared"),
        ("bit[2] c; if (c) { x $0; }", "neither true nor false"),
        ("bit[2] c; if (c[5]) { x $0; }", "no bit 5"),
        ("bit[2] c; if (c == 9) { x $0; }", "9"),
        ("bit c; if (c) x $0;", "braces"),
        ("bit c; if (c && ) { x $0; }", "expected"),
        ("bit c; if c { x $0; }", "brackets"),
        ("uint[2] c; c[0] = measure $0;", "'c' is no register"),
        ("bit[2] c; switch (c) { case 0: { x $0; } } else { x $1; }", "else without if"),
        ("bit c; if ((((((((((c)))))))))) { x $0; } else { x $0; } else { x $1; }", "else without if"),
        ("bit c; if (c) { x $0; } x $1; else { x $0; }", "else"),
        ("bit[2] c; switch (c) { x $0; }", "not understood"),
        ("bit[2] c; switch (c) { case 1 { x $0; } case 1 { x $0; } }", "1"),
        ("bit[2] c; switch (c) { }", "at least one case"),
        ("bit c; uint[2] u; if (c) { u = 1; bool u; }", "'u' cannot be declared where"),
        ("bit[2] c; switch (5) { case 1 { x $0; } }", "target"),
        ("for int i in [0:0:4] { x $0; }", "range"),
        ("for int i in [0:999999999] { x $0; }", "longer"),
        ("for float i in [0:4] { x $0; }", "loop"),
        ("uint[4] u; u = 99;", "99"),
        ("uint[4] u; u = u ** 2;", "operator"),
        ("bit c; if (c) { x $0; } else while (c) { x $0; }", "else while"),
        ("bit c; for int i in [0:2] { box { break; } }", "break"),
        ("uint[4] u; bool u;", "already"),
        ("complex u;", "not"),
        ("bit c; if (c) { uint[4] u; } u = 3;", "'u' is not declared"),
        ("def f() { x $0; }", "not understood"),
    ],
)  # fmt: skip
def test_faults_are_told(statements: str, words: str) -> None:
    with pytest.raises(NotReadError) as caught:
        read(HEADER + statements)
    assert words in str(caught.value)
    assert str(caught.value).startswith("line 3: ") or "last statement" in str(caught.value)


def test_blocks_are_not_nested_without_end() -> None:
    """33 levels are one too many, however they are written."""
    for block in ("if (c) {", "while (c) {", "if (c) { } else if (c) {"):
        with pytest.raises(NotReadError, match="deeper than 32"):
            read(HEADER + "bit c;" + block * 33 + "}" * 33)


def test_a_parameter_is_not_mixed_up_with_a_variable() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rz(Parameter("a"), 0)
    circuit.add_var("b", expr.lift(True))  # noqa: FBT003 - a literal
    assert written(read(written(circuit))) == written(circuit)
