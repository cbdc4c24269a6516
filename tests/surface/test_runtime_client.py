"""Primitives of qiskit-ibm-runtime over our backend: which of them reach the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from preparing import most_frequent, number
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recorder import Recorder

    from qiskit_direct_provider import DirectBackend, S3Storage
    from qiskit_direct_provider.service.process import LocalService

pytestmark = pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class is deprecated")


@pytest.fixture
def watched(service: LocalService, own_storage: S3Storage, recorder: Recorder) -> Iterator[DirectBackend]:
    """A backend of which every request is seen."""
    with provider_for(service, own_storage, url=recorder.url, iam_url=recorder.url) as provider:
        yield provider.get_backend("fake_nairobi")


def jobs(recorder: Recorder) -> int:
    return recorder.count("POST", "/v1/jobs")


@pytest.mark.parametrize("mode", ["backend", "session", "batch"])
def test_the_sampler_reaches_the_device(watched: DirectBackend, recorder: Recorder, mode: str) -> None:
    from qiskit_ibm_runtime import Batch, SamplerV2, Session

    opened = {
        "backend": lambda: watched,
        "session": lambda: Session(watched),
        "batch": lambda: Batch(watched),
    }
    sampler = SamplerV2(mode=opened[mode]())
    result = sampler.run([number(3, 0b110), number(3, 0b001)], shots=200).result()
    assert [most_frequent(pub.data.c.get_counts()) for pub in result] == ["110", "001"]
    assert result[0].data.c.num_shots == 200
    assert jobs(recorder) == 1


def test_the_estimator_reaches_the_device(watched: DirectBackend, recorder: Recorder) -> None:
    from qiskit_ibm_runtime import EstimatorV2

    circuit = QuantumCircuit(watched.num_qubits)
    circuit.x(0)
    idle = "I" * (watched.num_qubits - 2)
    observables = [SparsePauliOp(idle + label) for label in ("IZ", "ZI", "ZZ")]
    result = EstimatorV2(mode=watched).run([(circuit, observables)], precision=0.05).result()
    assert [round(value) for value in result[0].data.evs] == [-1, 1, -1]
    assert jobs(recorder) == 1


@pytest.mark.newest
def test_the_executor_does_not_reach_the_device(watched: DirectBackend, recorder: Recorder) -> None:
    """It simulates the device in this process, and says nothing about it.

    The docs warn of that; when this test fails, they can stop.
    """
    from qiskit_ibm_runtime import Executor
    from qiskit_ibm_runtime.executor_sampler import Sampler
    from qiskit_ibm_runtime.quantum_program import QuantumProgram

    program = QuantumProgram(shots=100)
    program.append_circuit_item(number(2, 0b10))
    assert Executor(mode=watched).run(program).result() is not None
    result = Sampler(mode=watched).run([number(2, 0b10)], shots=100).result()
    assert most_frequent(result[0].data.c.get_counts()) == "10", "plausible, but not from the device"
    assert jobs(recorder) == 0
