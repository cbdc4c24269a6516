"""QRMI, the client in Rust by which clusters reach these systems, pointed at the local service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectProvider
    from qiskit_direct_provider.service.process import LocalService

qrmi = pytest.importorskip("qrmi")
primitives = pytest.importorskip("qrmi.primitives.ibm")

pytestmark = [pytest.mark.newest, pytest.mark.filterwarnings("ignore")]

NAME = "fake_manila"
SYSTEM, COMPUTE, RUNTIME = "IBMQuantumSystem", "IBMQuantumComputeService", "IBMQiskitRuntimeService"
FLIP = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'


def environment(service: LocalService, kind: str) -> dict[str, str]:
    """What a cluster's plugin sets for one device."""
    prefix = {SYSTEM: "QRMI_IBM_QS_", COMPUTE: "QRMI_IBM_QCS_", RUNTIME: "QRMI_IBM_QRS_"}[kind]
    found = {
        "ENDPOINT": service.url if kind == SYSTEM else service.url + "/api/v1",
        "IAM_ENDPOINT": service.iam_url,
        "IAM_APIKEY": service.api_key,
        "SERVICE_CRN": service.crn,
    }
    store = service.storage
    stored = {
        "AWS_ACCESS_KEY_ID": store["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": store["secret_access_key"],
        "S3_ENDPOINT": store["endpoint"],
        "S3_BUCKET": store["bucket"],
        "S3_REGION": store["region"],
    }
    session = {"SESSION_MODE": "dedicated", "SESSION_MAX_TTL": "600"}
    found |= stored if kind == SYSTEM else session
    named = {prefix + key: value for key, value in found.items()} | {"QRMI_JOB_TIMEOUT_SECONDS": "600"}
    return {f"{NAME}_{key}": value for key, value in named.items()}


@pytest.fixture(params=[SYSTEM, COMPUTE, RUNTIME])
def resource(
    request: pytest.FixtureRequest, service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A device; where there are sessions, its jobs are in one."""
    for key, value in environment(service, request.param).items():
        monkeypatch.setenv(key, value)
    found = qrmi.QuantumResource(NAME, getattr(qrmi.ResourceType, request.param))
    token = found.acquire()
    monkeypatch.setenv(f"{NAME}_QRMI_JOB_ACQUISITION_TOKEN", token)
    yield found
    found.release(token)


def pair() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def test_it_finds_the_device(resource: Any, provider: DirectProvider) -> None:
    backend = primitives.get_backend(resource)
    ours = provider.get_backend(NAME).target
    assert set(ours.operation_names) >= set(backend.target.operation_names) > {"cx", "rz", "sx", "measure"}
    assert backend.target["cx"].keys() == ours["cx"].keys()
    assert backend.target["cx"][0, 1].error == ours["cx"][0, 1].error
    assert backend.properties().t1(0) > 0
    assert backend.status().operational
    assert resource.status().status == qrmi.ResourceStatusCode.Online


def test_it_samples(resource: Any) -> None:
    backend, theta = primitives.get_backend(resource), Parameter("theta")
    bell, turned = pair(), QuantumCircuit(1)
    turned.rx(theta, 0)
    for circuit in (bell, turned):
        circuit.measure_all()
    isa = transpile([bell, turned], backend, seed_transpiler=1)
    job = primitives.SamplerV2(resource).run(
        [(isa[0],), (isa[1], [[0.0], [3.14159]]), (isa[0], None, 50)], shots=200
    )
    first, second, third = job.result()
    counts = first.data.meas.get_counts()
    assert sum(counts.values()) == 200
    assert counts["00"] + counts["11"] > 150
    assert second.data.meas.shape == (2,)
    assert second.data.meas.get_counts(1)["1"] > 150
    assert third.data.meas.num_shots == 50
    assert "pubs" in job.logs()


def test_it_estimates(resource: Any) -> None:
    backend = primitives.get_backend(resource)
    isa = transpile(pair(), backend, seed_transpiler=1)
    observable = SparsePauliOp(["ZZ"]).apply_layout(isa.layout)
    (found,) = primitives.EstimatorV2(resource).run([(isa, observable)], precision=0.05).result()
    assert found.data.evs == pytest.approx(0.9, abs=0.2)


def started(resource: Any, shots: int, program: str = FLIP) -> str:
    document = {"version": 2, "support_qiskit": False, "shots": shots, "pubs": [[program]]}
    payload = qrmi.Payload.QiskitPrimitive(input=json.dumps(document), program_id="sampler")
    task: str = resource.task_start(payload)
    return task


def end_of(resource: Any, task: str) -> Any:
    ends = {qrmi.TaskStatus.Completed, qrmi.TaskStatus.Failed, qrmi.TaskStatus.Cancelled}
    until = time.monotonic() + 60
    while (status := resource.task_status(task)) not in ends:
        assert time.monotonic() < until
        time.sleep(0.05)
    return status


def test_its_tasks(resource: Any) -> None:
    task = started(resource, 10)
    assert end_of(resource, task) == qrmi.TaskStatus.Completed
    (result,) = json.loads(resource.task_result(task).value)["results"]
    assert len(result["data"]["c"]["samples"]) == 10
    resource.task_stop(task)
    failed = started(resource, 10, FLIP.replace("x $0", "h $0"))
    assert end_of(resource, failed) == qrmi.TaskStatus.Failed
    with pytest.raises(Exception, match="1517|Failed"):
        resource.task_result(failed)
    assert "not supported" in resource.task_logs(failed)
    resource.task_stop(failed)


def test_a_device_that_is_not_there(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in environment(service, SYSTEM).items():
        monkeypatch.setenv(key.replace(NAME, "fake_nowhere"), value)
    with pytest.raises(qrmi.ResourceNotFoundError, match="1216"):
        qrmi.QuantumResource("fake_nowhere", qrmi.ResourceType.IBMQuantumSystem).status()


def test_its_task_runner(service: LocalService, tmp_path: Path) -> None:
    """The command that a batch job calls."""
    program, result = tmp_path / "program.json", tmp_path / "result.json"
    parameters = {"version": 2, "support_qiskit": False, "shots": 7, "pubs": [[FLIP]]}
    program.write_text(json.dumps({"program_id": "sampler", "parameters": parameters}))
    told = {"QRMI_JOB_QPU_RESOURCES": NAME, "QRMI_JOB_QPU_TYPES": "ibm-quantum-system"}
    command = [sys.executable, "-m", "qrmi.tools.task_runner.main", NAME, str(program), str(result)]
    ran = subprocess.run(
        command, env={**os.environ, **told, **environment(service, SYSTEM)}, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    (found,) = json.loads(result.read_text())["results"]
    assert len(found["data"]["c"]["samples"]) == 7
