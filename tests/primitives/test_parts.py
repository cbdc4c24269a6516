"""More pubs than one job of the server may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from limited import with_limit
from qiskit import QuantumCircuit

from qiskit_direct_provider import EstimatorV2, SamplerV2

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectProvider


@pytest.fixture(scope="module")
def narrow(quiet: DirectProvider) -> DirectBackend:
    """Two pubs at most."""
    return with_limit(quiet, 2, "fake_nairobi")


def numbered(number: int, *, measured: bool) -> QuantumCircuit:
    circuit = QuantumCircuit(3, metadata={"number": number})
    for bit in range(3):
        if number >> bit & 1:
            circuit.x(bit)
    if measured:
        circuit.measure_all()
    return circuit


def test_the_sampler_gives_one_result_in_order(quiet: DirectProvider, narrow: DirectBackend) -> None:
    job = SamplerV2(narrow).run([numbered(number, measured=True) for number in range(5)], shots=10)
    result = job.result(timeout=120)
    assert [pub.data.meas.get_int_counts() for pub in result] == [{number: 10} for number in range(5)]
    assert [pub.metadata["circuit_metadata"]["number"] for pub in result] == list(range(5))
    again = quiet.retrieve_job(job.job_id()).primitive_result(timeout=120)
    assert [pub.data.meas for pub in again] == [pub.data.meas for pub in result]


def test_the_estimator_gives_one_result_in_order(narrow: DirectBackend) -> None:
    pubs = [(numbered(number, measured=False), ["IIZ", "IZI", "ZII"]) for number in range(5)]
    result = EstimatorV2(narrow).run(pubs, precision=0.2).result(timeout=120)
    for number, pub in enumerate(result):
        assert pub.data.evs.tolist() == [1 - 2 * (number >> bit & 1) for bit in range(3)]
