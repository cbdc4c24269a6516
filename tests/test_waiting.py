"""Many waits, few questions.

How long is waited, and what is said meanwhile, is decided above the dialects; some tests run over all.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from apis import APIS
from connecting import provider_for
from qiskit import QuantumCircuit, transpile
from qiskit.providers.jobstatus import JobStatus
from recorder import Recorder

from qiskit_direct_provider import (
    DirectBackend,
    DirectJob,
    DirectProvider,
    S3Storage,
    errors,
    job_waiting,
)
from qiskit_direct_provider.notices import OutageWarning
from qiskit_direct_provider.service.process import LocalService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qiskit.result import Result


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    return circuit


def no_poller() -> bool:
    """Whether the polling threads end once nobody waits."""
    for _ in range(100):
        if not [thread for thread in threading.enumerate() if thread.name == "qiskit-direct-poller"]:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def wide() -> Iterator[LocalService]:
    """A service with room for many jobs at once."""
    service = LocalService.start(("fake_manila",), seed=1, workers=1, max_lanes=1000, noise=False)
    yield service
    service.close()


@pytest.mark.heavy
def test_a_thousand_live_jobs_cost_fewer_than_two_questions_each(wide: LocalService) -> None:
    from qiskit_direct_provider import S3Storage

    recorder = Recorder(wide.url)
    storage = S3Storage(**wide.storage)
    try:
        with provider_for(wide, storage, url=recorder.url, iam_url=wide.url) as provider:
            backend = provider.get_backend("fake_manila")
            isa = transpile(measured_x(), backend)
            jobs = [backend.run(isa, shots=1) for _ in range(1000)]
            ended = provider.wait(jobs, timeout=300)
            assert ended == jobs
            questions = recorder.count("GET", "/v1/jobs")
            assert questions < 2 * len(jobs)
            assert all(job.result().get_counts() == {"1": 1} for job in jobs)
    finally:
        recorder.close()
    assert no_poller()


def test_as_completed_hands_out_each_job_once(
    channel_nairobi: DirectBackend, channel_provider: DirectProvider
) -> None:
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    jobs = [channel_nairobi.run(isa, shots=shots) for shots in (10, 20, 30)]
    found = list(channel_provider.as_completed(jobs, timeout=60))
    assert sorted(map(id, found)) == sorted(map(id, jobs))
    assert [sum(job.result().get_counts().values()) for job in jobs] == [10, 20, 30]
    assert list(channel_provider.as_completed(jobs, timeout=0)) == jobs
    assert no_poller()


@pytest.mark.parametrize("timeout", [math.nan, "soon", True, b"1"])
def test_what_is_no_time_is_refused(nairobi: DirectBackend, provider: DirectProvider, timeout: Any) -> None:
    job = nairobi.run(measured_x(), shots=10)
    with pytest.raises(errors.InvalidInputError, match="timeout"):
        provider.wait([job], timeout=timeout)
    with pytest.raises(errors.InvalidInputError, match="timeout"):
        job.wait_for_final_state(timeout=timeout)
    assert provider.wait(job, timeout="1m") == [job]
    assert job.result(timeout=math.inf).get_counts().shots() == 10


@pytest.mark.parametrize("wait", [math.nan, math.inf, "soon", True, -1.0])
def test_an_interval_that_is_none_is_refused(nairobi: DirectBackend, wait: Any) -> None:
    """It would end the one thread that asks for all."""
    job = nairobi.run(measured_x(), shots=10)
    with pytest.raises(errors.InvalidInputError, match="wait"):
        job.result(wait=wait)
    with pytest.raises(errors.InvalidInputError, match="wait"):
        job.wait_for_final_state(wait=wait)
    assert job.result(timeout=60, wait="0.1s").get_counts().shots() == 10


def test_the_steps_of_a_job_have_times(channel_nairobi: DirectBackend) -> None:
    job = channel_nairobi.run(measured_x(), shots=10)
    job.result(timeout=60)
    steps = job.time_per_step()
    times = list(steps.values())
    assert [step for step in steps if step != "RUNNING"] == ["CREATING", "COMPLETED"]
    assert times == sorted(times)


def test_only_jobs_can_be_waited_for(provider: DirectProvider) -> None:
    with pytest.raises(errors.InvalidInputError, match="only jobs"):
        provider.wait(["an-id"])  # type: ignore[list-item]


def test_waiting_ends_in_time(channel_nairobi: DirectBackend, channel_provider: DirectProvider) -> None:
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    job = channel_nairobi.run([isa] * 200, shots=50_000)
    started = time.monotonic()
    with pytest.raises(errors.JobTimeoutError, match="it goes on"):
        channel_provider.wait([job], timeout=0.3)
    with pytest.raises(errors.JobTimeoutError):
        job.wait_for_final_state(timeout=0.3)
    assert time.monotonic() - started < 5
    job.cancel()
    job.wait_for_final_state(timeout=60)
    job.delete()


async def awaited_for(job: DirectJob, seconds: float) -> None:
    async def result() -> None:
        await job

    await asyncio.wait_for(result(), seconds)


@pytest.mark.parametrize(
    ("wait", "how_long"),
    [
        (lambda job, _: job.result(timeout=2), "[12] s"),
        (lambda job, provider: provider.wait([job, job], timeout=2), "[12] s"),
        (lambda job, _: asyncio.run(awaited_for(job, 3)), "60 minutes"),
    ],
    ids=["result", "wait", "await"],
)
def test_a_service_that_died_is_named_soon(
    service: LocalService,
    own_storage: S3Storage,
    monkeypatch: pytest.MonkeyPatch,
    wait: Callable[[DirectJob, DirectProvider], object],
    how_long: str,
) -> None:
    """At the line that waits, and once; the wait goes on until its own end."""
    monkeypatch.setattr(job_waiting, "SILENCE_S", 0.2)
    recorder = Recorder(service.url)
    with (
        contextlib.closing(recorder),
        provider_for(service, own_storage, url=recorder.url, iam_url=service.url) as provider,
    ):
        job = provider.get_backend("fake_manila").run(measured_x(), shots=1)
        recorder.script("GET", "/v1/jobs", *["reset before"] * 1000)
        with (
            pytest.warns(
                OutageWarning, match=f"{recorder.url} has not answered for .* for up to {how_long};"
            ) as told,
            pytest.raises((errors.JobTimeoutError, asyncio.TimeoutError)),
        ):
            wait(job, provider)
    assert [each.filename for each in told] == [__file__]


def test_a_service_that_answers_again_is_waited_for(
    channel: str, service: LocalService, own_storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_waiting, "SILENCE_S", 0.01)
    recorder = Recorder(service.url)
    instance = None if channel == "legacy" else service.crn
    known = {"channel": channel, "instance": instance, "url": recorder.url, "iam_url": service.url}
    with contextlib.closing(recorder), provider_for(service, own_storage, **known) as provider:
        job = provider.get_backend("fake_manila").run(measured_x(), shots=1)
        recorder.script("GET", APIS[channel].jobs, *["503"] * 3)
        with pytest.warns(OutageWarning, match=job.job_id()):
            assert sum(job.result(timeout=60).get_counts().values()) == 1


def test_a_long_wait_tells_of_a_device_that_rests(channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, at the line that waits; the job goes on."""
    monkeypatch.setattr(job_waiting, "LONG_WAIT_S", 0.0)
    devices = ("fake_manila", "fake_lima")
    service = LocalService.start(devices, paused=["fake_lima"], workers=1, noise=False)
    instance = None if channel == "legacy" else service.crn
    storage = S3Storage(**service.storage) if channel == "direct_access" else None
    with (
        contextlib.closing(service),
        provider_for(service, storage, channel=channel, instance=instance) as provider,
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert provider.get_backend("fake_manila").run(measured_x(), shots=1).result(timeout=60)
            job = provider.get_backend("fake_lima").run(measured_x(), shots=1)
        text = f"fake_lima is paused.*: job {job.job_id()} waits"
        with pytest.warns(UserWarning, match=text) as told, pytest.raises(errors.JobTimeoutError):
            job.result(timeout=2, wait=0.1)
    assert [each.filename for each in told] == [__file__]


def test_a_long_wait_outlives_a_status_that_cannot_be_had(
    service: LocalService, own_storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_waiting, "LONG_WAIT_S", 0.0)
    monkeypatch.setattr(job_waiting, "LOOK_LIMIT_S", 0.3)
    recorder = Recorder(service.url)
    with (
        contextlib.closing(recorder),
        provider_for(service, own_storage, url=recorder.url, iam_url=service.url) as provider,
    ):
        backend = provider.get_backend("fake_manila")
        recorder.script("GET", "/v1/backends/fake_manila", *["503"] * 100)
        job = backend.run([measured_x()] * 20, shots=20_000)
        assert sum(job.result(timeout=60, wait=0.01).get_counts(0).values()) == 20_000


def test_a_result_that_does_not_come_in_time_comes_later(channel_nairobi: DirectBackend) -> None:
    job = channel_nairobi.run(transpile(measured_x(), channel_nairobi, seed_transpiler=1), shots=3)
    job.wait_for_final_state(timeout=60)
    with pytest.raises(errors.JobTimeoutError, match=f"job {job.job_id()} has ended, but its result"):
        job.result(timeout=0)
    assert sum(job.result(timeout=60).get_counts().values()) == 3


def test_jobs_can_be_awaited(channel_nairobi: DirectBackend) -> None:
    """Several at once, and the event loop goes on meanwhile."""
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    jobs = [channel_nairobi.run([isa] * 5, shots=2000) for _ in range(3)]

    async def gather() -> tuple[list[int], int]:
        ticks = 0
        done = asyncio.Event()

        async def tick() -> None:
            nonlocal ticks
            while not done.is_set():
                ticks += 1
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        results = await asyncio.gather(*jobs)
        done.set()
        await ticking
        return [len(result.results) for result in results], ticks

    lengths, ticks = asyncio.run(gather())
    assert lengths == [5, 5, 5]
    assert ticks > 1
    assert asyncio.run(asyncio.wait_for(_again(jobs[0]), 10)) == 5
    assert no_poller()


async def _again(job: object) -> int:
    result = await job  # type: ignore[misc]
    return len(result.results)


def test_every_method_of_a_job(
    channel: str, service: LocalService, channel_nairobi: DirectBackend, own_storage: S3Storage
) -> None:
    """On a live job, and on the same job as another process finds it."""
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    isa.metadata = {"k": 1}
    instance = None if channel == "legacy" else service.crn
    live = channel_nairobi.run(isa, shots=50, memory=True, name="n", job_tags=["t"], log_level="info")
    live.wait_for_final_state(timeout=60)
    with provider_for(service, own_storage, channel=channel, instance=instance) as other:
        jobs = (live, other.retrieve_job(live.job_id()), other.job(live.job_id()))
        for job in jobs:
            assert job.job_id() == live.job_id()
            assert job.backend() == channel_nairobi
            assert job.status() is JobStatus.DONE
            assert (job.done(), job.running(), job.cancelled(), job.in_final_state()) == (
                True,
                False,
                False,
                True,
            )
            result = job.result(timeout=60)
            assert len(result.get_memory()) == 50
            assert result.results[0].header["metadata"] == {"k": 1}
            assert job.primitive_result()[0].data.c.num_shots == 50
            assert job.name() == "n"
            assert job.tags == ["t"]
            assert job.creation_date() is not None
            assert job.error_message() is None
            assert (job.usage() or 0) > 0
            assert set(job.time_per_step()) - {"RUNNING"} == {"CREATING", "COMPLETED"}
            assert job.metrics()["timestamps"]["running"]
            assert job.properties().last_update_date is not None
            assert job.queue_position() is None
            assert job.queue_info() is None
            assert job.cancel() is False
            assert isinstance(job.logs(), str)
            with pytest.raises(errors.JobInvalidStateError):
                job.submit()
        found = other.retrieve_job(live.job_id())
        found.update_name("new")
        found.update_tags(["u", "v"])
        again = other.retrieve_job(live.job_id())
        assert (again.name(), again.tags) == ("new", ["u", "v"])
        for job in jobs:
            job.delete()
            assert set(job.time_per_step()) - {"RUNNING"} == {"CREATING", "COMPLETED"}
            assert job.metrics()["timestamps"]["finished"]
            assert job.queue_position() is None
            assert job.logs() is None or channel == "direct_access"


def test_a_loop_that_was_closed_stops_no_other_wait(nairobi: DirectBackend) -> None:
    """Its task still waits for a job when nobody runs the loop any more."""
    job = nairobi.run(measured_x(), shots=20)
    loop = asyncio.new_event_loop()

    async def result() -> Result:
        return await job

    async def begun() -> asyncio.Task[Result]:
        task = asyncio.ensure_future(result())
        await asyncio.sleep(0.01)
        return task

    left = loop.run_until_complete(begun())
    loop.close()
    job.wait_for_final_state(timeout=60)
    another = nairobi.run(measured_x(), shots=20)
    assert sum(another.result(timeout=60).get_counts().values()) == 20
    assert not left.done()
    left.get_coro().close()
    left._log_destroy_pending = False
