"""Random circuits in a device's instruction set: gates, registers, control flow and parameters."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

__all__ = ["RandomProgram", "random_program"]

EDGES = ((0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 3))  # fake_manila
QUBITS = 5


@dataclass(frozen=True)
class RandomProgram:
    """A circuit, and values for its parameters (None where it has none)."""

    circuit: QuantumCircuit
    values: list[float] | None

    @property
    def bound(self) -> QuantumCircuit:
        """The circuit without parameters."""
        return self.circuit if self.values is None else self.circuit.assign_parameters(self.values)


def random_program(seed: int) -> RandomProgram:
    """A circuit for a device of five qubits in a row; every seed gives another one."""
    choose = random.Random(seed)  # noqa: S311 - circuits, not secrets
    sizes = choose.choice([[2], [1, 2], [3, 1], [2, 1, 1]])
    names = choose.sample(["c", "meas", "alpha", "out_1", "Z", "theta", "bit", "input", "p00001"], len(sizes))
    registers = [ClassicalRegister(size, name) for size, name in zip(sizes, names, strict=True)]
    circuit = QuantumCircuit(QUBITS, name=f"random {seed}")
    for register in registers:
        circuit.add_register(register)
    free = _parameters(choose)
    _block(circuit, choose, free, depth=0, length=choose.randrange(4, 14))
    for bit in circuit.clbits:
        if choose.random() < 0.7:
            circuit.measure(choose.randrange(QUBITS), bit)
    if not circuit.count_ops().get("measure"):
        circuit.measure(0, 0)
    values = [choose.uniform(-math.pi, math.pi) for _ in circuit.parameters]
    return RandomProgram(circuit, values or None)


def _parameters(choose: random.Random) -> list[Any]:
    """Names whose order as text is not their order."""
    if choose.random() < 0.5:
        return []
    vector = ParameterVector("v", 11)
    return [vector[2], vector[10], Parameter("b"), Parameter("a"), Parameter("ϕ")]


def _angle(choose: random.Random, free: list[Any]) -> Any:
    if free and choose.random() < 0.5:
        parameter = choose.choice(free)
        return choose.choice([parameter, 2 * parameter, parameter + math.pi / 3, -parameter / 2])
    return choose.choice([choose.uniform(-math.pi, math.pi), math.pi / 2, math.pi, 0.3])


def _block(circuit: QuantumCircuit, choose: random.Random, free: list[Any], depth: int, length: int) -> None:
    for _ in range(length):
        kind = choose.choices(
            ["rz", "sx", "x", "cx", "measure", "reset", "delay", "barrier", "if", "for", "switch"],
            [6, 6, 2, 5, 2, 0.7, 0.5, 0.5, *((1.2, 0.6, 0.6) if depth < 2 else (0, 0, 0))],
        )[0]
        qubit = choose.randrange(QUBITS)
        if kind == "rz":
            circuit.rz(_angle(choose, free), qubit)
        elif kind == "cx":
            circuit.cx(*choose.choice(EDGES))
        elif kind == "measure":
            circuit.measure(qubit, choose.choice(circuit.clbits))
        elif kind == "delay":
            circuit.delay(choose.choice([160, 320]), qubit, "dt")
        elif kind == "barrier":
            circuit.barrier(*choose.sample(range(QUBITS), choose.randrange(1, QUBITS + 1)))
        elif kind in {"sx", "x", "reset"}:
            getattr(circuit, kind)(qubit)
        else:
            _flow(circuit, choose, free, depth, kind)


def _flow(circuit: QuantumCircuit, choose: random.Random, free: list[Any], depth: int, kind: str) -> None:
    def inner() -> None:
        _block(circuit, choose, free, depth + 1, choose.randrange(1, 4))

    register = choose.choice(circuit.cregs)
    if kind == "for":
        with circuit.for_loop(range(choose.randrange(1, 4))):
            inner()
        return
    if kind == "switch":
        with circuit.switch(register) as case:
            with case(0):
                inner()
            if register.size > 1:
                with case(1, 2):
                    inner()
            if choose.random() < 0.5:
                with case(case.DEFAULT):
                    inner()
        return
    by_register = choose.random() < 0.4
    condition = (
        (register, choose.randrange(2**register.size))
        if by_register
        else (choose.choice(circuit.clbits), choose.randrange(2))
    )
    with circuit.if_test(condition) as otherwise:
        inner()
    if choose.random() < 0.5:
        with otherwise:
            inner()
