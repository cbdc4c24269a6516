"""The public surface as a typed program uses it."""

from __future__ import annotations

from datetime import datetime

from qiskit_direct_provider import (
    Batch,
    CloudTranspiler,
    DirectBackend,
    DirectJob,
    DirectProvider,
    S3Storage,
    Session,
    errors,
)


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


def run(provider: DirectProvider) -> dict[str, int]:
    backends: list[DirectBackend] = provider.backends()
    backend: DirectBackend = provider.get_backend(backends[0].name, use_fractional_gates=True)
    job: DirectJob = backend.run([], shots=10, memory=True, name="n", job_tags=["t"], timeout_secs=5)
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
