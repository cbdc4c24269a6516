"""Programs inside a job of Slurm, on the local service: variables as the plugin sets them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from journeys import measured_x

from qiskit_direct_provider import DirectProvider, errors
from qiskit_direct_provider.service.process import LocalService

UNLIMITED = "4294967295"
RESOURCES = ("fake_manila", "fake_nairobi")


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalService]:
    """A service on which jobs of ``fake_nairobi`` wait, since it is paused."""
    service = LocalService.start((*RESOURCES, "fake_torino"), paused=["fake_nairobi"], workers=1, noise=False)
    yield service
    service.close()


@pytest.fixture(scope="module")
def second_cluster() -> Iterator[LocalService]:
    service = LocalService.start(("fake_lagos", "fake_oslo"), workers=1, noise=False)
    yield service
    service.close()


def plugin_variables(service: LocalService, *resources: str, limit: str = UNLIMITED) -> dict[str, str]:
    """What the plugin sets in a job that was given these devices of one system."""
    store = service.storage
    values = {
        "QRMI_IBM_QS_ENDPOINT": service.url,
        "QRMI_IBM_QS_IAM_ENDPOINT": service.iam_url,
        "QRMI_IBM_QS_IAM_APIKEY": service.api_key,
        "QRMI_IBM_QS_SERVICE_CRN": service.crn,
        "QRMI_IBM_QS_AWS_ACCESS_KEY_ID": store["access_key_id"],
        "QRMI_IBM_QS_AWS_SECRET_ACCESS_KEY": store["secret_access_key"],
        "QRMI_IBM_QS_S3_ENDPOINT": store["endpoint"],
        "QRMI_IBM_QS_S3_BUCKET": store["bucket"],
        "QRMI_IBM_QS_S3_REGION": store["region"],
        "QRMI_JOB_TIMEOUT_SECONDS": limit,
        "QRMI_JOB_ACQUISITION_TOKEN": "6f3c",
    }
    return {f"{name}_{key}": value for name in resources for key, value in values.items()}


def job_variables(*resources: str) -> dict[str, str]:
    types = ",".join(["ibm-quantum-system"] * len(resources))
    names = ",".join(resources)
    return {
        "QRMI_JOB_QPU_RESOURCES": names,
        "QRMI_JOB_QPU_TYPES": types,
        "SLURM_JOB_QPU_RESOURCES": names,
        "SLURM_JOB_QPU_TYPES": types,
        "QRMI_JOB_ID": "4711",
        "QRMI_JOB_UID": "1000",
        "SLURM_JOB_ID": "4711",
        "SLURM_PROCID": "0",
        "SLURM_NTASKS": "1",
    }


@pytest.fixture
def in_job(cluster: LocalService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / "data"))
    for name, value in {**plugin_variables(cluster, *RESOURCES), **job_variables(*RESOURCES)}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("in_job")
def test_a_provider_without_arguments_just_works() -> None:
    """Two resources, no time limit."""
    with DirectProvider() as provider:
        assert provider.resources == RESOURCES
        assert [backend.name for backend in provider.backends()] == list(RESOURCES)
        assert provider.least_busy().name == "fake_manila"
        job = provider.backend.fake_manila.run(measured_x(), shots=20, job_tags=["mine"])
        assert job.result(timeout=60).get_counts() == {"1": 20}
        assert job.tags == ["mine", "slurm:4711"]
        assert [found.job_id() for found in provider.jobs(job_tags=["slurm:4711"])] == [job.job_id()]
        assert provider.usage()["slurm:4711"].jobs == 1
        assert job._entry.timeout_s == 86_400
        assert provider.get_backend("fake_torino").num_qubits == 133


def test_the_time_limit_of_a_job_ends_with_the_slurm_job(
    in_job: pytest.MonkeyPatch, cluster: LocalService
) -> None:
    for name, value in plugin_variables(cluster, *RESOURCES, limit="600").items():
        in_job.setenv(name, value)
    with DirectProvider() as provider:
        backend = provider.get_backend("fake_manila")
        clamped = backend.run(measured_x(), shots=1)
        assert 500 < clamped._entry.timeout_s <= 600
        chosen = backend.run(measured_x(), shots=1, timeout_secs="20m")
        assert chosen._entry.timeout_s == 1200
        in_job.setenv("SLURM_JOB_END_TIME", str(int(time.time()) - 5))
        late = DirectProvider().get_backend("fake_manila").run(measured_x(), shots=1)
        assert late._entry.timeout_s == 1
        provider.wait([clamped, chosen, late], timeout=60)
        for job in (clamped, chosen, late):
            job.delete()


def test_only_the_first_task_of_a_step_sends_jobs(in_job: pytest.MonkeyPatch) -> None:
    in_job.setenv("SLURM_PROCID", "2")
    in_job.setenv("SLURM_STEP_NUM_TASKS", "4")
    with DirectProvider() as provider:
        with pytest.raises(errors.UnsupportedError, match="task 2 of 4 of Slurm job 4711"):
            provider.get_backend("fake_manila").run(measured_x(), shots=1)
        assert provider.jobs(limit=None, job_tags=["slurm:4711"]) == []
    in_job.setenv("QISKIT_DIRECT_RANKS", "all")
    with DirectProvider() as provider:
        job = provider.get_backend("fake_manila").run(measured_x(), shots=1)
        assert job.result(timeout=60).get_counts() == {"1": 1}


def test_devices_of_one_job_at_two_systems(in_job: pytest.MonkeyPatch, second_cluster: LocalService) -> None:
    names = ("fake_manila", "fake_lagos")
    for name, value in {**plugin_variables(second_cluster, "fake_lagos"), **job_variables(*names)}.items():
        in_job.setenv(name, value)
    with DirectProvider() as provider:
        assert [backend.name for backend in provider.backends()] == list(names)
        lagos = provider.get_backend("fake_lagos")
        assert lagos.run(measured_x_on(lagos), shots=5).result(timeout=60).get_counts().shots() == 5
    with DirectProvider.from_environment("fake_lagos") as only:
        assert [backend.name for backend in only.backends()] == ["fake_lagos"]


def measured_x_on(backend: object) -> object:
    from qiskit import transpile

    return transpile(measured_x(), backend, seed_transpiler=1)


PROGRAM = """
import sys
from journeys import measured_x
from qiskit_direct_provider import DirectProvider

job = DirectProvider().get_backend("fake_nairobi").run(measured_x(), shots=1)
print(job.job_id(), flush=True)
job.result()
"""


@pytest.mark.parametrize(
    ("policy", "status"), [("cancel", "CANCELLED"), ("detach", "RUNNING"), ("", "RUNNING")]
)
def test_sigterm_cancels_or_detaches_as_it_was_told(
    policy: str, status: str, in_job: pytest.MonkeyPatch
) -> None:
    """The job waits at a paused device when Slurm ends its process; the exit code is that of SIGTERM."""
    support = Path(__file__).parents[1] / "support"
    path = os.pathsep.join([str(support), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "QISKIT_DIRECT_ON_SIGTERM": policy, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    job_id = process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    assert (job_id in said) == bool(policy)
    with DirectProvider() as provider:
        job = provider.retrieve_job(job_id)
        assert job.status().name == status
        if status == "RUNNING":
            assert [each.job_id() for each in provider.cancel_jobs([job_id])] == [job_id]
            job.wait_for_final_state(timeout=60)
        job.delete()
