"""Every fault is found, all in one report, and nothing is sent for it."""

from __future__ import annotations

import contextlib
import math
import random
from typing import TYPE_CHECKING, Any

import pytest
from offline import changed, documents_of, offline_backend
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Clbit, Duration, Parameter
from qiskit.circuit.classical import expr

from qiskit_direct_provider import errors

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend

Chosen = random.Random
Fault = tuple[QuantumCircuit, Any, str]
"""A circuit, its parameter values, and what the line about it says."""

ONE_WAY = [(0, 1), (2, 3), (7, 8), (40, 41), (60, 61), (100, 101)]
DEAD = [(4, 5), (22, 23), (45, 46), (80, 81), (120, 121)]
DEAD_QUBIT = 90
BAD = (50, 51)


def worn(properties: dict[str, Any]) -> None:
    """Couplings that work in one direction, some that do not work, and a qubit that is out of order."""
    broken = {*(pair[::-1] for pair in ONE_WAY), *DEAD, *(pair[::-1] for pair in DEAD)}
    for gate in properties["gates"]:
        if gate["gate"] == "rzz":  # all of them have a reported error of 1 in the snapshot
            gate["parameters"] = [{"date": "", "name": "gate_error", "unit": "", "value": 0.005}]
        if tuple(gate["qubits"]) == BAD and gate["gate"] == "cz":
            gate["parameters"] = [{"date": "", "name": "gate_error", "unit": "", "value": 1}]
        if tuple(gate["qubits"]) in broken:
            gate["parameters"].append({"date": "", "name": "operational", "unit": "", "value": 0})
    properties["qubits"][DEAD_QUBIT].append({"date": "", "name": "operational", "unit": "", "value": 0})


@pytest.fixture(scope="module")
def device() -> DirectBackend:
    """Without a connection, so that a request would be an error."""
    return offline_backend(changed(documents_of("torino"), worn), "fake_torino", fractional=True)


def empty(name: str, size: int = 133) -> QuantumCircuit:
    circuit = QuantumCircuit(size, 2, name=name)
    circuit.measure(0, 0)
    return circuit


def within_branch(circuit: QuantumCircuit, chosen: Chosen) -> Any:
    """Where the next gates go: the circuit, or now and then a block of its control flow."""
    return circuit.if_test((circuit.clbits[0], 1)) if chosen.random() < 0.3 else contextlib.nullcontext()


def direction(name: str, chosen: Chosen) -> Fault:
    left, right = chosen.choice(ONE_WAY)
    circuit = empty(name)
    with within_branch(circuit, chosen):
        circuit.cz(right, left)
    return circuit, None, f"'cz' on qubits [{right}, {left}] is only in the other direction"


def out_of_order(name: str, chosen: Chosen) -> Fault:
    circuit = empty(name)
    with within_branch(circuit, chosen):
        if chosen.random() < 0.2:
            circuit.sx(DEAD_QUBIT)
            return circuit, None, f"'sx' on qubits [{DEAD_QUBIT}] is not available there"
        pair = chosen.sample(chosen.choice(DEAD), 2)
        circuit.cz(*pair)
    return circuit, None, f"'cz' on qubits {pair} is not available there"


def angle(name: str, chosen: Chosen) -> Fault:
    """Out of bounds as it stands, or in one of several sets of parameter values."""
    circuit = empty(name)
    wrong = chosen.choice([chosen.uniform(-3, -0.01), chosen.uniform(math.pi / 2 + 0.01, 3)])
    says = "'rzz' on qubits [30, 31]: angle out of bounds"
    if chosen.random() < 0.5:
        circuit.rzz(wrong, 30, 31)
        return circuit, None, says
    turn = Parameter("turn")
    circuit.rzz(turn, 30, 31)
    sets = [[0.1], [wrong], [0.2]]
    chosen.shuffle(sets)
    return circuit, sets, says


def width(name: str, chosen: Chosen) -> Fault:
    size = chosen.randint(134, 400)
    return empty(name, size), None, f"{size} qubits, on a device of 133"


def registers(name: str, chosen: Chosen) -> Fault:
    """Two registers share a bit, and a condition needs one of them as a whole."""
    bits = [Clbit() for _ in range(chosen.randint(3, 6))]
    one, other = ClassicalRegister(bits=bits[:-1], name="one"), ClassicalRegister(bits=bits[1:], name="other")
    circuit = QuantumCircuit(133, name=name)
    circuit.add_bits(bits)
    circuit.add_register(one, other)
    circuit.measure(0, bits[0])
    with circuit.if_test((other, 1)):
        circuit.x(0)
    return circuit, None, "depends on a register that shares bits with another one"


def duration(name: str, chosen: Chosen) -> Fault:
    """So long that the job's time limit is over before the shots are."""
    circuit = empty(name)
    circuit.delay(chosen.randint(1, 9), chosen.randint(1, 80), unit="s")
    return circuit, None, "is stopped after timeout_secs, 86400 s"


def unmeasured(name: str, chosen: Chosen) -> Fault:
    circuit = QuantumCircuit(chosen.randint(1, 133), 1, name=name)
    circuit.x(0)
    return circuit, None, "nothing is measured"


def stretched(name: str, chosen: Chosen) -> Fault:
    """A delay that is as long as there is room, on its own, in a condition, or not used at all."""
    circuit = empty(name)
    stretch = circuit.add_stretch("gap")
    where = chosen.randrange(3)
    if where == 1:
        circuit.delay(expr.add(Duration.ns(10), stretch), 1)
    elif where:
        with circuit.if_test((0, 1)):
            circuit.delay(stretch, 1)
    return circuit, None, "stretches (gap) have no length"


def delay_in_loop(name: str, chosen: Chosen) -> Fault:
    circuit = empty(name)
    with circuit.for_loop(range(1, chosen.randint(2, 9))) as turn:
        circuit.delay(16 * turn, 1)
    return circuit, None, "a delay depends on the variable of a loop"


KINDS = (
    *(direction, out_of_order, angle, width, registers, duration, unmeasured),
    *(stretched, delay_in_loop),
)
OF_OPTIONS: dict[str, tuple[Any, str]] = {
    "shots": (100_001, "max_shots of 100000"),
    "rep_delay": (-1, "rep_delay must be"),
    "colour": ("red", "no option 'colour'"),
    "max_quantum_seconds": ("soon", "max_quantum_seconds must be"),
}


def test_two_hundred_faults_in_one_report(device: DirectBackend) -> None:
    """Each has a line of its own that says what it is; no line is about anything else."""
    chosen = random.Random(9)  # noqa: S311 - reproducible, not secret
    faults = [KINDS[number % len(KINDS)](f"fault-{number}", chosen) for number in range(196)]
    sound = [(empty(f"sound-{number}"), None, "") for number in range(20)]
    mixed = chosen.sample([*faults, *sound], len(faults) + len(sound))
    report = device.validate(
        [circuit for circuit, _, _ in mixed],
        parameter_values=[values for _, values, _ in mixed],
        **{name: value for name, (value, _) in OF_OPTIONS.items()},
    )
    assert len(report.errors) == 200
    for circuit, _, text in faults:
        (line,) = [line for line in report.errors if f"('{circuit.name}')" in line]
        assert text in line
    for _, text in OF_OPTIONS.values():
        assert sum(text in line for line in report.errors) == 1
    assert not report.warnings
    assert len(report.explain().splitlines()) == 200


def test_many_faults_of_one_circuit(device: DirectBackend) -> None:
    """None hides another one, and none is told twice."""
    turn = Parameter("turn")
    circuit = QuantumCircuit(134, 1, name="all wrong")
    circuit.h(0)
    circuit.h(1)
    circuit.cz(*ONE_WAY[0][::-1])
    circuit.cz(*DEAD[0])
    circuit.rzz(3.0, 30, 31)
    circuit.rz(turn, 0)
    circuit.sx(133)
    report = device.validate(circuit, shots=0)
    for text in (
        *("134 qubits", "unbound parameters (turn)", "'h' is not one", "only in the other direction"),
        *("not available there", "angle out of bounds", "nothing is measured", "shots must be at least 1"),
    ):
        assert sum(text in line for line in report.errors) == 1, text
    assert len(report.errors) == 8
    assert not report.warnings


def test_warnings(device: DirectBackend) -> None:
    """What runs, but not as it is meant; also within control flow."""
    brisbane = offline_backend(documents_of("brisbane"), "fake_brisbane")
    delayed, broken = empty("delayed", 127), empty("broken")
    with delayed.if_test((delayed.clbits[0], 1)):
        delayed.delay(15, 3, unit="dt")
        delayed.delay(16, 3, unit="dt")
    with broken.if_test((broken.clbits[0], 1)):
        broken.cz(*BAD)
    for backend, circuit, text in (
        (brisbane, delayed, "a delay of 15 dt on qubit 3 is no multiple of 8 dt"),
        (device, broken, f"'cz' on qubits {list(BAD)} has a reported error of 1: expect nothing but noise"),
    ):
        report = backend.validate(circuit)
        assert report.warnings == (f"circuit 0 ({circuit.name!r}): {text}",)
        assert not report.errors


def test_what_is_wrong_with_options(device: DirectBackend) -> None:
    """Each on its own, and what they are together."""
    circuit = empty("good")
    for shots in (0, -1, 1.5, True, "many"):
        assert any("shots" in line for line in device.validate(circuit, shots=shots).errors)
    found = device.validate(circuit, shots=100, verify=True, meas_level=1, session="mine").errors
    assert len(found) == 2
    assert any("meas_level=2" in line for line in found)
    assert any("Session or a Batch" in line for line in found)
    turn = Parameter("turn")
    circuit.rz(turn, 0)
    (line,) = device.validate(circuit, parameter_values=[[math.nan]], shots=100).errors
    assert "parameter values" in line
    (line,) = device.validate([circuit], parameter_values=[1, 2], shots=100).errors
    assert "one entry for each" in line


def test_time_limits(device: DirectBackend) -> None:
    """Of a circuit, of the circuits of a job together, and the user's own."""
    long = empty("long")
    long.delay(1, 0, unit="s")
    assert device.validate([long] * 3, shots=100, timeout_secs="10m")
    (line,) = device.validate([long] * 3, shots=100, timeout_secs=250).errors
    assert "about 300 s" in line
    found = device.validate([long, empty("short")], shots=100, timeout_secs=10, max_quantum_seconds="20s")
    assert len(found.errors) == 2
    assert "circuit 0 ('long')" in found.errors[0]
    assert "max_quantum_seconds is 20" in found.errors[1]
    assert device.validate([empty("short")] * 301, shots=100, timeout_secs=1, rep_delay=3e-5)  # two jobs


def test_what_can_run_is_not_blamed(device: DirectBackend) -> None:
    report = device.validate(
        empty("good"), shots=10, timeout_secs="10m", name="n", job_tags=["t"], verify=True, rep_delay=0
    )
    assert report
    assert not report.warnings
    assert device.validate(iter([empty("one"), empty("two")]))


@pytest.mark.parametrize("angle", [-0.5, 1.6])
def test_bounds_hold_beside_places_that_are_out_of_order(angle: float) -> None:
    """A run looks more quickly than a validation, and must not overlook what that finds."""
    backend = offline_backend(documents_of("fez"), "fake_fez", fractional=True)
    errors_of = {pair: known.error for pair, known in backend.target["rzz"].items()}
    assert 1 in errors_of.values()
    circuit = empty("turned", backend.num_qubits)
    circuit.rzz(angle, *min(errors_of, key=lambda pair: errors_of[pair]))
    (line,) = backend.validate(circuit).errors
    assert "angle out of bounds" in line
    with pytest.raises(errors.InvalidCircuitError, match="angle out of bounds"):
        backend.run(circuit, shots=10)
