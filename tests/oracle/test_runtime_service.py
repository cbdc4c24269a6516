"""IBM's own client of the Runtime API, pointed at the local service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

pytestmark = [
    pytest.mark.newest,
    # it warns of its own classes, of its own logging and of the settings below
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def ibm(service: LocalService) -> Iterator[Any]:
    """Two settings that are not in its documentation: where tokens are, and no search for accounts."""
    from qiskit_ibm_runtime import QiskitRuntimeService

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IAM_URL", service.iam_url)
        patch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
        yield QiskitRuntimeService(
            channel="ibm_quantum_platform",
            token=service.api_key,
            url=service.url,
            instance=service.crn,
            url_resolver=lambda *_: service.url + "/api/v1",
        )


@pytest.fixture(scope="module")
def manila(ibm: Any) -> Any:
    return ibm.backend("fake_manila")


def pair() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


@pytest.fixture(scope="module")
def bell(manila: Any) -> QuantumCircuit:
    return transpile(pair(), manila, seed_transpiler=1)


@pytest.fixture(scope="module")
def measured(manila: Any) -> QuantumCircuit:
    circuit = pair()
    circuit.measure_all()
    return transpile(circuit, manila, seed_transpiler=1)


def sampler(mode: Any) -> Any:
    from qiskit_ibm_runtime import SamplerV2

    return SamplerV2(mode)


def test_it_lists_devices(ibm: Any, manila: Any, service: LocalService) -> None:
    assert {backend.name for backend in ibm.backends()} == set(service.devices)
    assert manila.num_qubits == 5
    assert manila.status().operational
    assert manila.properties().t1(0) > 0
    assert ibm.usage()["usage_limit_reached"] is False


def test_it_samples_and_estimates(manila: Any, bell: QuantumCircuit, measured: QuantumCircuit) -> None:
    from qiskit_ibm_runtime import EstimatorV2

    counts = sampler(manila).run([measured], shots=500).result()[0].data.meas.get_counts()
    assert counts["00"] + counts["11"] > 400
    observable = SparsePauliOp(["ZZ"]).apply_layout(bell.layout)
    result = EstimatorV2(manila).run([(bell, observable)]).result()
    assert 0.7 < float(result[0].data.evs) <= 1


def test_it_opens_a_session_and_a_batch(ibm: Any, manila: Any, measured: QuantumCircuit) -> None:
    from qiskit_ibm_runtime import Batch, Session

    for kind in (Session, Batch):
        with kind(backend=manila) as session:
            jobs = [sampler(session).run([measured], shots=10) for _ in range(2)]
            assert [job.result()[0].data.meas.num_shots for job in jobs] == [10, 10]
            assert session.status() == "In progress, accepting new jobs"
            same = kind.from_id(session.session_id, service=ibm)
            assert same.session_id == session.session_id
        assert session.status() == "Closed"
        found = ibm.jobs(session_id=session.session_id)
        assert {job.job_id() for job in found} == {job.job_id() for job in jobs}


def test_it_lists_filters_cancels_and_deletes(ibm: Any, measured: QuantumCircuit, manila: Any) -> None:
    job = sampler(manila).run([measured], shots=10)
    job.result()
    job.update_tags(["of-ibm"])
    assert [found.job_id() for found in ibm.jobs(job_tags=["of-ibm"])] == [job.job_id()]
    assert ibm.job(job.job_id()).tags == ["of-ibm"]
    assert job.usage() > 0
    assert job.metrics()["timestamps"]["finished"]
    torino = ibm.backend("fake_torino")
    slow = QuantumCircuit(15)
    for _ in range(5):
        slow.sx(range(15))
        slow.rz(0.3, range(15))
        for qubit in range(14):
            slow.cz(qubit, qubit + 1)
    slow.measure_all()
    waiting = sampler(torino).run([slow], shots=100_000)
    assert waiting.status() in {"QUEUED", "RUNNING"}
    assert waiting.job_id() in {found.job_id() for found in ibm.jobs(pending=True)}
    waiting.cancel()
    assert waiting.status() == "CANCELLED"
    ibm.delete_job(job.job_id())
    assert ibm.jobs(job_tags=["of-ibm"]) == []


def test_its_newer_program_is_not_offered(manila: Any, measured: QuantumCircuit) -> None:
    """From 0.50 on it has samplers of another program, "executor", which this service does not have."""
    executors = pytest.importorskip("qiskit_ibm_runtime.executor_sampler")
    with pytest.raises(Exception, match="executor not found"):
        executors.SamplerV2(manila).run([measured], shots=10)
