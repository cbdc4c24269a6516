"""What a job will cost, before it is sent."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from offline import documents_of, offline_backend
from qiskit import ClassicalRegister, QuantumCircuit, transpile
from qiskit.circuit.random import random_circuit
from wide import wide

from qiskit_direct_provider import errors
from qiskit_direct_provider.device import DeviceDocuments
from qiskit_direct_provider.verification.schedule import scheduled

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend


@pytest.fixture(scope="module")
def alone() -> DirectBackend:
    return offline_backend(documents_of("torino"), "fake_torino")


def some_circuits(backend: DirectBackend, number: int, *, branching: bool = False) -> list[QuantumCircuit]:
    found = []
    for seed in range(number):
        width = 1 + seed % 5
        circuit = random_circuit(width, 2 + seed % 9, max_operands=2, reset=seed % 4 == 2, seed=seed)
        if seed % 3 == 0:
            circuit.delay(160 * (1 + seed), 0, unit="dt")
        if branching and seed % 2:
            branch(circuit, turns=1 + seed % 5)
        circuit.measure_all()
        found.append(circuit)
    return transpile(found, backend, seed_transpiler=4, optimization_level=1)


def branch(circuit: QuantumCircuit, turns: int) -> None:
    """A measurement, gates that depend on it, and a loop."""
    middle = ClassicalRegister(1, "middle")
    circuit.add_register(middle)
    circuit.measure(0, middle[0])
    with circuit.if_test((middle, 1)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.h(circuit.num_qubits - 1)
    with circuit.for_loop(range(turns)):
        circuit.h(0)
        circuit.x(0)


@pytest.mark.parametrize("name", ["nairobi", "torino"])
def test_agrees_with_the_clock_of_the_local_service(name: str, request: pytest.FixtureRequest) -> None:
    """Fifty random circuits, of 1 to 100 shots and any repetition delay, branches and loops among them."""
    backend: DirectBackend = request.getfixturevalue(name)
    chosen = random.Random(5)  # noqa: S311 - reproducible, not secret
    low, high = backend.rep_delay_range
    for number, circuit in enumerate(some_circuits(backend, 25, branching=name == "torino")):
        options: dict[str, Any] = {"shots": chosen.choice([1, 10, 100])}
        if number % 2:
            options["rep_delay"] = chosen.choice([low, chosen.uniform(low, high)])
        estimate = backend.estimate(circuit, **options)
        job = backend.run(circuit, **options)
        job.result(timeout=60)
        assert estimate.quantum_seconds == pytest.approx(job.usage(), rel=0.001)  # 0.05 would do
        assert estimate.shortest_quantum_seconds <= estimate.quantum_seconds


def test_schedule_is_that_of_qiskit(alone: DirectBackend) -> None:
    for circuit in some_circuits(alone, 12):
        ours = scheduled(circuit, alone.target).duration_s
        assert ours == pytest.approx(circuit.estimate_duration(alone.target), rel=1e-9)


def test_branches_bound_the_duration(alone: DirectBackend) -> None:
    target = alone.target
    x, measure = target["x"][0,].duration, target["measure"][0,].duration
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(0)
        circuit.x(0)
    with otherwise:
        circuit.x(0)
    with circuit.for_loop(range(5)):
        circuit.x(0)
    found = scheduled(circuit, target)
    assert found.duration_s == pytest.approx(measure + 7 * x)
    assert found.shortest == pytest.approx(measure + 6 * x)
    assert not found.open_ended


def test_success_probability_is_the_product_of_what_can_go_wrong(alone: DirectBackend) -> None:
    target = alone.target
    circuit = QuantumCircuit(2, 1)
    circuit.x(0)
    circuit.cz(0, 1)
    circuit.measure(0, 0)
    (found,) = alone.estimate(circuit, shots=10).circuits
    gates = (1 - target["x"][0,].error) * (1 - target["cz"][0, 1].error)
    assert found.gate_fidelity == pytest.approx(gates)
    assert found.readout_fidelity == pytest.approx(1 - target["measure"][0,].error)
    assert found.idle_fidelity == pytest.approx(1.0)
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.delay(100, 0, unit="us")
    circuit.measure(0, 0)
    (waiting,) = alone.estimate(circuit, shots=10).circuits
    assert 0.2 < waiting.idle_fidelity < 0.9
    assert waiting.success_probability < found.success_probability


def test_cost_of_the_twin(alone: DirectBackend) -> None:
    small, large = QuantumCircuit(1, 1), QuantumCircuit(133, 133)
    small.sx(0)
    large.sx(range(133))
    for circuit in (small, large):
        circuit.measure(0, 0)
    cheap, dear = (alone.estimate(circuit, shots=1000) for circuit in (small, large))
    assert cheap.circuits[0].twin.method == "density_matrix"
    assert dear.circuits[0].twin.method in ("stabilizer", "matrix_product_state")
    assert 0 < cheap.twin_seconds < dear.twin_seconds
    assert cheap.twin_memory_bytes > 0
    assert "of the device" in str(cheap)


def test_budget_is_kept_before_anything_is_sent(nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidInputError, match="max_quantum_seconds is 0.01"):
        nairobi.run(circuit, shots=1000, max_quantum_seconds=0.01, job_id="never-sent")
    assert nairobi.workspace.journal.entry("never-sent") is None
    job = nairobi.run(circuit, shots=100, max_quantum_seconds="2s")
    assert nairobi.workspace.journal.entry(job.job_id()).timeout_s == 2
    other = nairobi.run(circuit, shots=100, max_quantum_seconds="2s", timeout_secs=60)
    assert nairobi.workspace.journal.entry(other.job_id()).timeout_s == 60
    for each in (job, other):
        each.result(timeout=60)
    with pytest.raises(errors.InvalidInputError, match="max_quantum_seconds"):
        nairobi.run(circuit, max_quantum_seconds="soon")


def test_wrong_input_is_refused(alone: DirectBackend) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match="'h' is not"):
        alone.estimate(circuit)
    with pytest.raises(errors.InvalidInputError, match="shots"):
        alone.estimate(circuit, shots=0)


def configured(name: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(documents_of(name).configuration)
    return {**found, **changes}


def test_what_is_assumed_is_said() -> None:
    """Of a device that was never calibrated and states no repetition delay."""
    document = json.dumps(configured("manila", default_rep_delay=None)).encode()
    silent = offline_backend(DeviceDocuments(document), "fake_manila")
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    found = silent.estimate(circuit, shots=1000)
    assert found.quantum_seconds == pytest.approx(1000 * 250e-6)
    assert found.success_probability == 1
    assert str(found).splitlines()[1:] == [
        "  assumed: the device states no repetition delay: 250 us",
        "  assumed: the device was never calibrated: no durations, no errors",
    ]


def test_a_while_loop_counts_one_turn_at_most(alone: DirectBackend) -> None:
    instructions = [*configured("torino")["supported_instructions"], "while_loop"]
    document = json.dumps(configured("torino", supported_instructions=instructions)).encode()
    looping = offline_backend(DeviceDocuments(document, documents_of("torino").properties), "fake_torino")
    circuit = QuantumCircuit(1, 1, name="looping")
    circuit.measure(0, 0)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(0)
        circuit.measure(0, 0)
    found = looping.estimate(circuit, shots=100)
    x, measure = (alone.target[name][0,].duration for name in ("x", "measure"))
    assert found.quantum_seconds - found.shortest_quantum_seconds == pytest.approx(100 * (x + measure))
    assert found.assumptions == ("circuit 'looping': one turn of each while loop",)


def test_what_no_twin_can_simulate(alone: DirectBackend) -> None:
    found = alone.estimate(wide(alone.target, 133, 12), shots=100)
    assert (found.twin_seconds, found.twin_memory_bytes) == (None, None)
    assert str(found).endswith("the twin cannot simulate all of it")
