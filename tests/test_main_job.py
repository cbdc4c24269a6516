"""The main job, over HTTP, on the local service."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.providers.jobstatus import JobStatus
from qiskit.quantum_info import hellinger_fidelity

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectProvider


def ghz(num_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def ideal_ghz(num_qubits: int) -> dict[str, float]:
    return {"0" * num_qubits: 0.5, "1" * num_qubits: 0.5}


def line(backend: DirectBackend, length: int) -> list[int]:
    """A path of coupled qubits, without a gate that is marked as broken."""
    good = {
        frozenset(pair)
        for pair, properties in backend.target["cz"].items()
        if properties.error is not None and properties.error < 0.02
    }
    neighbours: dict[int, set[int]] = {}
    for first, second in map(tuple, good):
        neighbours.setdefault(first, set()).add(second)
        neighbours.setdefault(second, set()).add(first)

    def grow(path: list[int]) -> list[int] | None:
        if len(path) == length:
            return path
        for following in sorted(neighbours[path[-1]] - set(path)):
            found = grow([*path, following])
            if found:
                return found
        return None

    return next(path for start in sorted(neighbours) if (path := grow([start])))


def test_ghz_5_shows_the_noise_of_the_device(torino: DirectBackend) -> None:
    """Fidelity with the ideal above 0.80 and below 0.999, and every shot counted.

    The service is seeded, so this does not depend on chance.
    """
    isa = transpile(ghz(5), torino, seed_transpiler=3)
    counts = torino.run(isa, shots=4096).result(timeout=60).get_counts()
    assert sum(counts.values()) == 4096
    assert 0.80 < hellinger_fidelity(counts, ideal_ghz(5)) < 0.999


def test_ghz_over_a_line_of_20_qubits(torino: DirectBackend) -> None:
    isa = transpile(ghz(20), torino, initial_layout=line(torino, 20), seed_transpiler=3, optimization_level=1)
    counts = torino.run(isa, shots=1000).result(timeout=120).get_counts()
    assert sum(counts.values()) == 1000
    assert all(len(bits) == 20 for bits in counts)
    likeliest = sorted(counts, key=lambda bits: -counts[bits])[:2]
    assert set(likeliest) == {"0" * 20, "1" * 20}


def test_bits_are_in_qiskits_order(any_provider: DirectProvider) -> None:
    """Two registers of 3 and 2 bits: the first register is on the right, bit 0 rightmost.

    The chance of an unlucky majority is below 1e-100: readout errors here are a few per cent.
    """
    backend = any_provider.get_backend("fake_nairobi")
    circuit = QuantumCircuit(
        QuantumRegister(5, "q"), ClassicalRegister(3, "low"), ClassicalRegister(2, "high")
    )
    circuit.x([0, 3])
    circuit.measure([0, 1, 2], [0, 1, 2])
    circuit.measure([3, 4], [3, 4])
    result = backend.run(transpile(circuit, backend, seed_transpiler=1), shots=2000, memory=True).result(
        timeout=60
    )
    counts = result.get_counts()
    assert max(counts, key=lambda bits: counts[bits]) == "01 001"
    memory = result.get_memory()
    assert len(memory) == 2000
    assert {bits: memory.count(bits) for bits in set(memory)} == dict(counts)
    assert result.results[0].header["creg_sizes"] == [["low", 3], ["high", 2]]


def test_a_list_of_circuits_comes_back_in_order(channel_nairobi: DirectBackend) -> None:
    """Circuit k prepares the number k; names and metadata are those of the circuits."""
    circuits = []
    for number in range(8):
        circuit = QuantumCircuit(3, name="same name", metadata={"number": number})
        for qubit in range(3):
            if number >> qubit & 1:
                circuit.x(qubit)
        circuit.measure_all()
        circuits.append(circuit)
    isa = transpile(circuits, channel_nairobi, seed_transpiler=1)
    result = channel_nairobi.run(isa, shots=500).result(timeout=60)
    assert len(result.results) == 8
    for number in range(8):
        counts = result.get_counts(number)
        assert max(counts, key=lambda bits: counts[bits]) == f"{number:03b}"
        assert result.results[number].header["metadata"] == {"number": number}


def test_the_job_says_what_it_is(channel_nairobi: DirectBackend) -> None:
    isa = transpile(ghz(2), channel_nairobi, seed_transpiler=1)
    job = channel_nairobi.run(
        isa, shots=100, name="my job", job_tags=["a", "b"], timeout_secs=60, log_level="info"
    )
    seen: list[tuple[str, JobStatus]] = []
    job.wait_for_final_state(timeout=60, callback=lambda job_id, status, _: seen.append((job_id, status)))
    assert seen[-1] == (job.job_id(), JobStatus.DONE)
    assert job.name() == "my job"
    assert job.tags == ["a", "b"]
    assert job.status() is JobStatus.DONE
    assert job.done()
    assert job.backend() is channel_nairobi
    assert job.creation_date() is not None
    assert job.error_message() is None
    assert (job.usage() or 0) > 0
    assert job.metrics()["timestamps"]["running"]
    assert job.result(timeout=60).job_id == job.job_id()
    assert job.primitive_result()[0].data.meas.num_shots == 100
    assert isinstance(job.logs(), str)
    assert job.queue_position() is None


def test_a_result_says_when_its_job_ended(
    channel_nairobi: DirectBackend, channel_provider: DirectProvider
) -> None:
    """In every dialect, and again from the disk, without asking anybody."""
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    job = channel_nairobi.run(circuit, shots=10)
    date = job.result(timeout=60).date
    ended = datetime.fromisoformat(date)
    assert job.creation_date() <= ended <= datetime.now(timezone.utc) + timedelta(seconds=5)
    assert job.time_per_step()["COMPLETED"] == ended
    assert channel_provider.retrieve_job(job.job_id()).known()["ended"] == ended
    assert channel_provider.retrieve_job(job.job_id()).result().date == date


def test_loose_and_oddly_named_bits(channel_nairobi: DirectBackend) -> None:
    """Bits outside a register count as well, and a register's name may be no OpenQASM identifier."""
    circuit = QuantumCircuit(3)
    circuit.add_register(ClassicalRegister(2, "measure"))
    circuit.add_bits([__import__("qiskit").circuit.Clbit()])
    circuit.x([0, 2])
    circuit.measure([0, 1, 2], [0, 1, 2])
    counts = (
        channel_nairobi.run(transpile(circuit, channel_nairobi, seed_transpiler=1), shots=500)
        .result(timeout=60)
        .get_counts()
    )
    assert max(counts, key=lambda bits: counts[bits]).replace(" ", "") == "101"


def test_a_circuit_that_was_never_transpiled_runs_on_the_qubits_it_names(
    channel_nairobi: DirectBackend,
) -> None:
    """Qubit k of a hand-written circuit is qubit k of the device."""
    circuit = QuantumCircuit(7, 2)
    circuit.x(5)
    circuit.measure([5, 6], [0, 1])
    counts = channel_nairobi.run(circuit, shots=500).result(timeout=60).get_counts()
    assert max(counts, key=lambda bits: counts[bits]) == "01"


@pytest.mark.parametrize("noise", [False])
def test_without_noise_a_rotation_gives_its_probability(noise: bool) -> None:
    """Share of ones after ry(1.0): sin^2(0.5), within 6 standard errors (chance 2e-9)."""
    from qiskit_direct_provider import DirectProvider

    with DirectProvider.local(["fake_nairobi"], noise=noise, seed=5) as provider:
        backend = provider.get_backend("fake_nairobi")
        circuit = QuantumCircuit(1)
        circuit.ry(1.0, 0)
        circuit.measure_all()
        counts = backend.run(transpile(circuit, backend), shots=10_000).result(timeout=60).get_counts()
    expected = math.sin(0.5) ** 2
    assert abs(counts["1"] / 10_000 - expected) < 6 * math.sqrt(expected * (1 - expected) / 10_000)
