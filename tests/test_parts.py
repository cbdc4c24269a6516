"""Calls of run() with more circuits than one job of the server may hold, over each dialect."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from connecting import provider_for
from journeys import measured_x, slow_circuit
from limited import with_limit
from qiskit import QuantumCircuit
from qiskit.providers.jobstatus import JobStatus

from qiskit_direct_provider import DirectProvider, errors
from qiskit_direct_provider.journal import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService

WAIT_S = 120


@pytest.fixture(scope="module")
def connect(channel: str, service: LocalService, own_storage: S3Storage) -> Callable[[], DirectProvider]:
    """Makes providers over one dialect."""
    storage = own_storage if channel == "direct_access" else None
    instance = None if channel == "legacy" else service.crn
    return lambda: provider_for(service, storage, channel=channel, instance=instance)


@pytest.fixture(scope="module")
def provider(connect: Callable[[], DirectProvider]) -> Iterator[DirectProvider]:
    with connect() as provider:
        yield provider


def numbered(count: int) -> list[QuantumCircuit]:
    """Circuits whose outcomes tell them apart: the number of each in binary."""
    found = []
    for number in range(count):
        circuit = QuantumCircuit(5, 5, name=f"number {number}", metadata={"number": number})
        for bit in range(5):
            if number >> bit & 1:
                circuit.x(bit)
        circuit.measure(range(5), range(5))
        found.append(circuit)
    return found


def most_frequent(result: Any, index: int) -> int:
    counts = result.get_counts(index)
    return int(max(counts, key=counts.get), 2)


def held(provider: DirectProvider) -> set[str]:
    client = provider._client
    return {record.job_id for record in client.jobs(client.deadline())}


def test_many_circuits_give_one_result_in_their_order(provider: DirectProvider, channel: str) -> None:
    """Seventeen circuits in jobs of two: nine jobs, over five lanes where there are lanes."""
    backend = with_limit(provider, 2)
    job = backend.run(numbered(17), shots=100, memory=True, name="all", job_tags=["parted"])
    result = job.result(timeout=WAIT_S)
    assert [most_frequent(result, index) for index in range(17)] == list(range(17))
    assert [each.header["metadata"]["number"] for each in result.results] == list(range(17))
    assert all(len(result.get_memory(index)) == 100 for index in range(17))
    assert result.job_id == job.job_id()
    assert len(job.primitive_result()) == 17
    assert job.status() is JobStatus.DONE
    assert job.usage() is not None
    assert set(job.time_per_step()) == {"CREATING", "COMPLETED"}
    assert job.metrics()["timestamps"]["finished"] is not None
    if channel == "direct_access":
        assert not any(job_id.startswith(job.job_id()) for job_id in held(provider)), "a lane is still held"


def test_it_is_one_job_in_the_list_and_when_retrieved(provider: DirectProvider) -> None:
    job = with_limit(provider, 3).run(numbered(7), shots=10, job_tags=["one of many"])
    job.result(timeout=WAIT_S)
    listed = provider.jobs(limit=None, job_tags=["one of many"])
    assert [each.job_id() for each in listed] == [job.job_id()]
    assert provider.jobs(limit=None, job_tags=["one of many"], status="DONE")
    assert not provider.jobs(limit=None, job_tags=["one of many"], status="RUNNING")
    again = provider.retrieve_job(job.job_id()).result(timeout=WAIT_S)
    assert [most_frequent(again, index) for index in range(7)] == list(range(7))


def test_what_a_dead_process_did_not_send_is_sent_by_who_asks(
    connect: Callable[[], DirectProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process gets no further than the first part."""
    with connect() as first, monkeypatch.context() as patch:
        patch.setattr("qiskit_direct_provider.backend.send_the_rest", lambda _: None)
        job = with_limit(first, 2).run(numbered(6), shots=100)
        stages = [part.entry.stage for part in job.tracked]
        assert stages == [Stage.ACCEPTED, Stage.INTENDED, Stage.INTENDED]
    with connect() as second:
        result = second.retrieve_job(job.job_id()).result(timeout=WAIT_S)
        assert [most_frequent(result, index) for index in range(6)] == list(range(6))


def test_the_state_before_all_parts_are_sent(
    provider: DirectProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for module in ("backend", "job_service"):
            patch.setattr(f"qiskit_direct_provider.{module}.send_the_rest", lambda _: None)
        job = with_limit(provider, 2).run(numbered(4), shots=10)
        assert job.status() in {JobStatus.RUNNING, JobStatus.QUEUED}
        assert not job.in_final_state()
        assert job.usage() is None
        assert job.job_id() in {each.job_id() for each in provider.jobs(limit=None, status="RUNNING")}
        with pytest.raises(errors.JobNotFoundError):
            job.result(timeout=5)
    assert provider.retrieve_job(job.job_id()).result(timeout=WAIT_S).success


def test_waiting_together_with_other_jobs(provider: DirectProvider) -> None:
    backend = with_limit(provider, 2)
    jobs = [backend.run(numbered(5), shots=10), backend.run(measured_x(), shots=10, wait_for_lane=60)]
    assert {job.job_id() for job in provider.as_completed(jobs, timeout=WAIT_S)} == {
        job.job_id() for job in jobs
    }
    assert all(job.done() for job in jobs)


def test_await(provider: DirectProvider) -> None:
    job = with_limit(provider, 2).run(numbered(5), shots=10)

    async def awaited() -> Any:
        return await job

    assert len(asyncio.run(awaited()).results) == 5


def test_cancelling_it_cancels_what_was_not_sent_as_well(provider: DirectProvider, channel: str) -> None:
    """Five parts hold the lanes, so nothing else of this device can be sent either, and leaves no trace.

    Where there is a queue, all seven are in it.
    """
    backend = with_limit(provider, 1, "fake_torino")
    job = backend.run([slow_circuit()] * 7, shots=100_000)
    has_lanes = channel == "direct_access"
    try:
        _until(lambda: len([part for part in job.tracked if part.sent]) == (5 if has_lanes else 7))
        if has_lanes:
            with pytest.raises(errors.LanesFullError):
                backend.run([measured_x()] * 2, shots=10, job_id="no-room", wait_for_lane=0)
            journal = provider._workspace.journal
            assert [journal.entry(job_id) for job_id in ("no-room", "no-room.0", "no-room.1")] == [None] * 3
        assert job.status() is JobStatus.RUNNING
    finally:
        assert job.cancel()
    job.wait_for_final_state(timeout=WAIT_S)
    assert job.status() is JobStatus.CANCELLED
    with pytest.raises(errors.JobCancelledError):
        job.result(timeout=WAIT_S)


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to pass")


def test_a_part_that_failed_fails_the_job_and_says_why(provider: DirectProvider) -> None:
    job = with_limit(provider, 1).run(numbered(2), shots=10)
    job.result(timeout=WAIT_S)
    job.delete()
    provider._workspace.journal.advance(
        job.tracked[1].journal_id, status=JobStatus.ERROR.name, reason_message="it broke"
    )
    again = provider.retrieve_job(job.job_id())
    assert again.status() is JobStatus.ERROR
    assert "it broke" in str(again.error_message())
    assert [each.job_id() for each in provider.jobs(limit=None, status="ERROR")] == [job.job_id()]


def test_the_same_id_and_circuits_are_the_same_job(provider: DirectProvider, channel: str) -> None:
    name = f"again-and-again-{channel}"
    backend = with_limit(provider, 2)
    first = backend.run(numbered(3), shots=10, job_id=name)
    second = backend.run(numbered(3), shots=10, job_id=name)
    assert first.result(timeout=WAIT_S).get_counts(0) == second.result(timeout=WAIT_S).get_counts(0)
    with pytest.raises(errors.DuplicateJobError):
        backend.run(numbered(5), shots=10, job_id=name)
    assert first.result(timeout=WAIT_S).success, "the job that was there before is gone"
    assert provider.retrieve_job(name).result(timeout=WAIT_S).success
