"""Verdicts on circuits as wide as the device, from the local service."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from wide import wide

from qiskit_direct_provider.verification.clifford import cliffordised

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider import DirectBackend

SHOTS = 1000


def with_dead_qubit(circuit: QuantumCircuit, qubit: int) -> QuantumCircuit:
    made = circuit.copy_empty_like()
    for each in circuit.data:
        if each.name == "measure" and circuit.find_bit(each.qubits[0]).index == qubit:
            made.reset(qubit)
        made.append(each)
    return made


@pytest.mark.campaign
def test_a_clifford_circuit_as_wide_as_the_device(torino: DirectBackend) -> None:
    """All 133 qubits; also with a dead one."""
    circuit = cliffordised(wide(torino.target, 133, 1))
    job = torino.run(circuit, shots=SHOTS)
    job.result(timeout=600)
    started = time.perf_counter()
    healthy = torino.verify(job, circuits=circuit)
    print(f"133 qubits: {time.perf_counter() - started:.1f} s\n{healthy}")  # noqa: T201 - figures for whoever runs it
    assert "stabilizers" in healthy.checks[0].way
    assert healthy.p_value > 1e-4
    counts = healthy.checks[0].counts
    ones = [sum(counts[word] for word in counts if word[-1 - qubit] == "1") for qubit in range(133)]
    broken = with_dead_qubit(circuit, ones.index(max(ones)))  # a qubit that stays 0 anyway would not tell
    dead = torino.verify(torino.run(broken, shots=SHOTS), circuits=circuit)
    print(dead)  # noqa: T201 - figures for whoever runs it
    assert dead.verdict != "consistent"


@pytest.mark.campaign
def test_a_hundred_qubits_by_their_mirror(torino: DirectBackend) -> None:
    started = time.perf_counter()
    found = torino.verify(wide(torino.target, 100, 1), method="mirror", shots=500, seed=3)
    print(f"mirror of 100 qubits: {time.perf_counter() - started:.1f} s, run included\n{found}")  # noqa: T201 - figures for whoever runs it
    assert found.p_value > 1e-4
