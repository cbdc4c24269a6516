"""Every fault is found, all in one report, and nothing is sent for it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from offline import changed, documents_of, offline_backend
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Clbit, Duration
from qiskit.circuit.classical import expr

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend

Chosen = random.Random
DEAD = (3, 4)


@pytest.fixture(scope="module")
def ecr() -> DirectBackend:
    """A device whose gates have a direction, and one of whose couplings is out of order."""

    def break_edge(properties: dict[str, Any]) -> None:
        for gate in properties["gates"]:
            if gate["gate"] == "ecr" and set(gate["qubits"]) == set(DEAD):
                gate["parameters"].append({"date": "", "name": "operational", "unit": "", "value": 0})

    return offline_backend(changed(documents_of("brisbane"), break_edge), "fake_brisbane")


@pytest.fixture(scope="module")
def fractional() -> DirectBackend:
    return offline_backend(documents_of("torino"), "fake_torino", fractional=True)


def empty(name: str) -> QuantumCircuit:
    circuit = QuantumCircuit(127, 2, name=name)
    circuit.measure(0, 0)
    return circuit


def direction(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    left, right = chosen.choice(sorted(set(backend.target["ecr"])))
    circuit = empty(name)
    circuit.ecr(right, left)
    return circuit, f"[{right}, {left}] is only in the other direction"


def faulty_edge(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    circuit = empty(name)
    circuit.ecr(*chosen.sample(DEAD, 2))
    return circuit, "is not available there"


def width(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    size = chosen.randint(128, 400)
    circuit = QuantumCircuit(size, 1, name=name)
    circuit.measure(0, 0)
    return circuit, f"{size} qubits, on a device of 127"


def registers(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    """Two registers share a bit, and a condition needs one of them as a whole."""
    bits = [Clbit() for _ in range(chosen.randint(3, 6))]
    one, other = ClassicalRegister(bits=bits[:-1], name="one"), ClassicalRegister(bits=bits[1:], name="other")
    circuit = QuantumCircuit(127, name=name)
    circuit.add_bits(bits)
    circuit.add_register(one, other)
    circuit.measure(0, bits[0])
    with circuit.if_test((other, 1)):
        circuit.x(0)
    return circuit, "register"


def unmeasured(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    circuit = QuantumCircuit(chosen.randint(1, 127), 1, name=name)
    circuit.x(0)
    return circuit, "nothing is measured"


def unaligned(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    circuit = empty(name)
    length = 16 * chosen.randint(1, 1000) + chosen.randint(1, 7)
    circuit.delay(length, 1, unit="dt")
    return circuit, f"a delay of {length} dt on qubit 1"


def stretched(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    """A delay that is as long as there is room, on its own, in a condition, or not used at all."""
    circuit = empty(name)
    stretch = circuit.add_stretch("gap")
    where = chosen.randrange(3)
    if where == 1:
        circuit.delay(expr.add(Duration.ns(10), stretch), 1)
    elif where:
        with circuit.if_test((0, 1)):
            circuit.delay(stretch, 1)
    return circuit, "stretches (gap) have no length"


def delay_in_loop(name: str, backend: DirectBackend, chosen: Chosen) -> tuple[QuantumCircuit, str]:
    circuit = empty(name)
    with circuit.for_loop(range(1, chosen.randint(2, 9))) as turn:
        circuit.delay(16 * turn, 1)
    return circuit, "a delay depends on the variable of a loop"


CIRCUIT_FAULTS: tuple[Callable[[str, Any, Chosen], tuple[QuantumCircuit, str]], ...] = (
    *(direction, faulty_edge, width, registers, unmeasured, unaligned, stretched, delay_in_loop),
)


def test_every_one_of_many_faults(ecr: DirectBackend, fractional: DirectBackend) -> None:
    """Two hundred faults in three reports; each is named, with its circuit, by a line of its own."""
    chosen = random.Random(9)  # noqa: S311 - reproducible, not secret
    kinds = len(CIRCUIT_FAULTS)
    faults = [CIRCUIT_FAULTS[number % kinds](f"fault-{number}", ecr, chosen) for number in range(168)]
    report = ecr.validate(
        [circuit for circuit, _ in faults], shots=ecr.max_shots + 1, colour="red", rep_delay=-1
    )
    lines = [*report.errors, *report.warnings]
    for circuit, text in faults:
        named = [line for line in lines if f"('{circuit.name}')" in line]
        assert any(text in line for line in named), (circuit.name, text, named)
    for text in ("max_shots", "'colour'", "rep_delay"):
        assert any(text in line for line in report.errors)

    angles = []
    for number in range(25):
        circuit = QuantumCircuit(133, 1, name=f"angle-{number}")
        circuit.rzz(chosen.choice([-1, 1]) * chosen.uniform(math.pi / 2 + 0.01, 3), 0, 1)
        circuit.measure(0, 0)
        angles.append(circuit)
    found = fractional.validate(angles).errors
    assert all(
        any(circuit.name in line and "angle out of bounds" in line for line in found) for circuit in angles
    )

    long = empty("long")
    long.delay(1, 0, unit="s")
    slow = ecr.validate(long, shots=100, timeout_secs=10, max_quantum_seconds="20s")
    assert any("timeout_secs" in line for line in slow.errors)
    assert any("max_quantum_seconds is 20" in line for line in slow.errors)
    for shots in (0, -1, 1.5, True, "many"):
        assert any("shots" in line for line in ecr.validate(empty("shots"), shots=shots).errors)


def test_what_can_run_is_not_blamed(ecr: DirectBackend) -> None:
    report = ecr.validate(empty("good"), shots=10, timeout_secs="10m", name="n", job_tags=["t"], verify=True)
    assert report
    assert not report.warnings
