"""The public surface as a typed program uses it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_direct_provider import (
    Batch,
    CloudTranspiler,
    DirectBackend,
    DirectJob,
    DirectProvider,
    EstimatorV2,
    S3Storage,
    SamplerV2,
    Session,
    errors,
    job_monitor,
    least_busy,
)
from qiskit_direct_provider.doctor import Finding, culprit, examine
from qiskit_direct_provider.primitives import EstimatorOptions, PrimitiveJob, SamplerOptions, Unset

if TYPE_CHECKING:
    from qiskit_direct_provider.dry_run import DryRun
    from qiskit_direct_provider.verification.drift import Drift
    from qiskit_direct_provider.verification.estimate import Estimate
    from qiskit_direct_provider.verification.twin import Twin
    from qiskit_direct_provider.verification.verification import Verification


def connect() -> DirectProvider:
    storage = S3Storage(
        endpoint="https://store.example",
        bucket="jobs",
        access_key_id="a",
        secret_access_key="b",
        region="us-east-1",
        endpoint_for_service="https://store.internal",
        prefix="me/",
    )
    return DirectProvider("key", "https://system.example", instance="crn", storage=storage, timeout=30.0)


def play_back(backend: DirectBackend) -> DirectProvider:
    file: Path = backend.save_snapshot("mine.json", overwrite=True)
    faults = [{"kind": "expired_token", "times": 1}]
    return DirectProvider.local([file, "fake_nairobi"], seed=1, faults=faults)


def run(provider: DirectProvider) -> dict[str, int]:
    backends: list[DirectBackend] = provider.backends()
    backend: DirectBackend = provider.get_backend(backends[0].name, use_fractional_gates=True)
    job: DirectJob = backend.run([], shots=10, memory=True, name="n", job_tags=["t"], timeout_secs=5)
    rehearsed: DryRun = backend.run([], dry_run=True, shots=10, rep_delay=1e-4)
    texts: tuple[str, ...] = rehearsed.circuits + rehearsed.report.errors
    payload: bytes = rehearsed.programs[0].payload
    del texts, payload
    created: datetime | None = job.creation_date()
    seconds: float | None = job.usage()
    log: str | None = job.logs()
    del created, seconds, log
    try:
        counts: dict[str, int] = job.result(timeout=5.0, wait=0.1).get_counts()
    except errors.JobTimeoutError as error:
        status: int | None = error.status
        del status
        return {}
    return counts


def verify(backend: DirectBackend, job: DirectJob) -> str:
    found: Verification = backend.verify(job, circuits=[], significance=0.05)
    estimate: Estimate = backend.estimate([], shots=10, rep_delay=1e-4)
    drift: Drift = backend.drift()
    twin: Twin = backend.twin(method="statevector")
    again: Verification = backend.run([], max_quantum_seconds="10s", verify=True).verification()
    worst: float = drift.worst("cz")[0].worse_by + estimate.quantum_seconds + again.p_value
    companions: Verification = backend.verify(job, method="mirror", shots=10)
    companions.save("report.html")
    del twin, worst
    return found.verdict + found.to_html()


def accounts() -> dict[str, object]:
    DirectProvider.save_account(
        {"keyring": "service/user"}, "https://system.example", name="lab", set_as_default=True, overwrite=True
    )
    listed = DirectProvider.saved_accounts(name="lab", filename="accounts.json")
    gone: bool = DirectProvider.delete_account("lab")
    del gone
    provider = DirectProvider(name="lab", client_application="mine", proxies={"https": "http://proxy"})
    provider = DirectProvider.from_environment("ibm_foo", on_sigterm="cancel")
    return {**listed, **provider.active_account()}


def discover(provider: DirectProvider) -> DirectBackend:
    found: list[DirectBackend] = provider.backends(
        "ibm_.*", min_num_qubits=5, operational=True, filters=lambda backend: backend.name != "x", max_shots=5
    )
    issues: tuple[str, ...] = provider.issues
    del issues
    backend: DirectBackend = provider.least_busy(simulator=False)
    by_attribute: DirectBackend = provider.backend.ibm_foo
    jobs: list[DirectJob] = provider.backend.jobs(limit=5)
    job_monitor(provider.backend.retrieve_job(jobs[0].job_id()), interval=1.0, quiet=True)
    cancelled: list[DirectJob] = provider.cancel_jobs(job_tags=["a"])
    seconds: float = provider.usage(by="tag").total.quantum_seconds
    del by_attribute, cancelled, seconds, backend
    return least_busy(found)


def many(provider: DirectProvider, backend: DirectBackend) -> list[DirectJob]:
    found: list[DirectJob] = provider.jobs(limit=None, status="DONE", job_tags=["t"], descending=False)
    one: DirectJob = provider.retrieve_job(found[0].job_id())
    for job in provider.as_completed(provider.wait([one], timeout=5.0), timeout=5.0):
        job.update_name("n")
        job.update_tags(["u"])
    report = backend.validate([], shots=10)
    report.raise_for_errors()
    texts: tuple[str, ...] = report.errors + report.warnings
    del texts
    return found


def look(backend: DirectBackend, job: DirectJob) -> list[str]:
    drawn = backend.map()
    drawn.save("map.html")
    known: dict[str, object] = job.known()
    guilty: Finding | None = culprit(examine({"name": "lab"}, probe=True))
    return [drawn.html(), drawn.svg(), str(drawn), *known, guilty.advice if guilty else ""]


def primitives(backend: DirectBackend) -> list[DirectJob]:
    sampler = SamplerV2(backend, options={"default_shots": 10})
    sampler.options.dynamical_decoupling.enable = True
    sampler.options.default_shots = Unset
    estimator = EstimatorV2(mode=backend, options=EstimatorOptions(resilience_level=1))
    estimator.options.resilience.zne.noise_factors = [1, 3, 5]
    sampler.options = SamplerOptions()
    job: PrimitiveJob = sampler.run([], shots=5)
    return [job, estimator.run([], precision=0.1)]


def local() -> None:
    with DirectProvider.local(["fake_torino"], seed=1, noise=False) as provider:
        run(provider)


def sessions(provider: DirectProvider, backend: DirectBackend) -> str:
    with Session(backend, max_time="30m") as session:
        job: DirectJob = backend.run([], session=session)
    name: str | None = session.session_id or job.session_id
    batch: Batch = Batch.from_id(name or "", provider)
    batch.cancel()
    place: int | None = job.queue_position()
    del place
    return batch.status()


def transpiled(provider: DirectProvider, backend: DirectBackend) -> None:
    transpiler = CloudTranspiler(provider)
    transpiler.run([], backend=backend, optimization_level=3, use_ai=False, timeout="5m")
    provider.logout()
