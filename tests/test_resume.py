"""Jobs found again: by another process, after the server forgot them, after the object store lost them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from clearing import clear
from connecting import provider_for
from journeys import measured_x, slow_circuit
from nursery import Nursery
from qiskit.providers.jobstatus import JobStatus
from recorder import Recorder

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.journal import Stage
from qiskit_direct_provider.submission import free_own_lanes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qiskit_direct_provider.service.process import LocalService

    Kernel = Callable[..., DirectProvider]

WAIT_S = 60


@pytest.fixture
def proxy(service: LocalService) -> Iterator[Recorder]:
    proxy = Recorder(service.url)
    yield proxy
    proxy.close()


over_both_apis = pytest.mark.parametrize("kernel", ["direct_access", "runtime"], indirect=True)
over_all_channels = pytest.mark.parametrize("kernel", ["direct_access", "runtime", "legacy"], indirect=True)


@pytest.fixture
def kernel(
    request: pytest.FixtureRequest,
    service: LocalService,
    proxy: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Kernel]:
    """Makes providers that share one journal, each as a new Python process has it.

    All requests pass the proxy; the service itself sees its store directly.
    """
    storage = S3Storage(
        **{**service.storage, "endpoint": proxy.url}, endpoint_for_service=service.storage["endpoint"]
    )
    made: list[DirectProvider] = []
    channel = getattr(request, "param", "direct_access")
    # Jobs stay at the server where there are no lanes: each test is a tenant of its own there.
    instances = {"direct_access": service.crn, "runtime": f"crn:{tmp_path.name}", "legacy": None}
    dialect = {"channel": channel, "instance": instances[channel]}

    def start(home: str = "home", **arguments: Any) -> DirectProvider:
        monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / home))
        settings = {"url": proxy.url, "iam_url": proxy.url, **dialect, **arguments}
        made.append(provider_for(service, storage, **settings))
        return made[-1]

    yield start
    for provider in made:
        provider.close()
    clear(service)


def run(provider: DirectProvider, device: str = "fake_manila", **options: Any) -> Any:
    return provider.get_backend(device).run(measured_x(), shots=50, **options)


def slow(provider: DirectProvider, **options: Any) -> Any:
    """A job that takes minutes, for a device that no other test here uses."""
    return provider.get_backend("fake_torino").run(slow_circuit(), shots=100_000, **options)


def shots_in(job: Any) -> int:
    return int(sum(job.result(timeout=WAIT_S).get_counts().values()))


def held(provider: DirectProvider) -> set[str]:
    """Jobs that the server holds."""
    client = provider._client
    return {record.job_id for record in client.jobs(client.deadline())}


def lose_objects(provider: DirectProvider, job_id: str) -> None:
    client: Any = provider._client
    client._objects.delete(f"results_{job_id}.json", client.deadline())


# -- retrieve_job ----------------------------------------------------------------------------------------


def test_a_killed_process_leaves_its_job_to_the_next(
    kernel: Kernel, service: LocalService, proxy: Recorder, tmp_path: Path
) -> None:
    """A SIGKILL while the process waits: a new one finds the job, and its lane is free in the end."""
    nursery = Nursery()
    account = {
        "token": service.api_key,
        "url": proxy.url,
        "iam_url": proxy.url,
        "instance": service.crn,
        "storage": {
            **service.storage,
            "endpoint": proxy.url,
            "endpoint_for_service": service.storage["endpoint"],
        },
    }
    child = nursery.start(
        "one_job", account=account, data=str(tmp_path / "home"), job_id="killed", step=[".result", 1]
    )
    assert child.line.hear(WAIT_S) == "there"
    child.kill()
    assert child.answer() is None
    nursery.close()
    job = kernel().retrieve_job("killed")
    assert set(job.result(timeout=WAIT_S).get_counts()) <= {"0", "1"}
    assert "killed" not in held(kernel())


@over_all_channels
def test_a_resumed_job_is_as_the_first_one_was(kernel: Kernel) -> None:
    """Name, tags, circuits, their metadata, calibration, memory and results."""
    first = kernel()
    circuit = measured_x()
    circuit.name, circuit.metadata = "my circuit", {"angle": 0.5, "labels": ["a"]}
    job = first.get_backend("fake_manila").run(
        circuit, shots=50, memory=True, name="my job", job_tags=["a", "b"]
    )
    calibrated = job.properties().last_update_date
    again = kernel().retrieve_job(job.job_id())
    assert again.result(timeout=WAIT_S).to_dict() == job.result(timeout=WAIT_S).to_dict()
    for one in (again, kernel().retrieve_job(job.job_id())):
        assert (one.name(), one.tags, one.backend().name) == ("my job", ["a", "b"], "fake_manila")
        assert one.result().results[0].header["metadata"] == {"angle": 0.5, "labels": ["a"]}
        assert one.result().results[0].header["name"] == "my circuit"
        assert len(one.result().get_memory()) == 50
        assert one.properties().last_update_date == calibrated
        assert one.status() is JobStatus.DONE
        assert one.creation_date() == job.creation_date()
        assert one.usage() == job.usage()
        assert one.metrics() == job.metrics()
        assert one.logs() == job.logs()


def test_a_running_job_can_be_cancelled_by_another_process(kernel: Kernel) -> None:
    """Both then see the same end, also once the server has forgotten it."""
    job = slow(kernel())
    again = kernel().retrieve_job(job.job_id())
    assert again.status() is JobStatus.RUNNING
    with pytest.raises(errors.JobTimeoutError):
        again.result(timeout=0.3)
    assert again.cancel()
    for one in (again, job, kernel().retrieve_job(job.job_id())):
        with pytest.raises(errors.JobCancelledError, match="cancelled"):
            one.result(timeout=WAIT_S)
        assert one.status() is JobStatus.CANCELLED
        assert one.error_message()
    assert job.job_id() not in held(kernel())


def test_an_ended_job_whose_result_nobody_read(kernel: Kernel) -> None:
    job = run(kernel())
    job.wait_for_final_state(timeout=WAIT_S)
    again = kernel().retrieve_job(job.job_id())
    assert shots_in(again) == 50
    assert job.job_id() not in held(kernel())


def test_what_is_on_disk_needs_neither_server_nor_store(kernel: Kernel, proxy: Recorder) -> None:
    """The server has forgotten the job, and the store lost its result: nothing is asked, all is there."""
    first = kernel()
    job_id = run(first, job_tags=["kept"]).job_id()
    assert shots_in(first.retrieve_job(job_id)) == 50
    assert job_id not in held(first)
    lose_objects(first, job_id)
    second = kernel()
    before = len(proxy.seen)
    again = second.retrieve_job(job_id)
    assert again.primitive_result()[0].data.meas.num_shots == 50
    assert (again.status(), again.tags) == (JobStatus.DONE, ["kept"])
    again.wait_for_final_state(timeout=1)
    again.delete()
    sent = [request for request in proxy.seen[before:] if request[1].startswith("/v1/jobs")]
    assert [request for request in sent if request[0] != "DELETE"] == []
    assert shots_in(again) == 50


def test_a_job_that_somebody_else_deleted_is_read_from_the_store(kernel: Kernel) -> None:
    """Another machine, with a journal of its own, deleted the job: its result is still in the store."""
    first = kernel()
    job_id = run(first).job_id()
    first.retrieve_job(job_id).wait_for_final_state(timeout=WAIT_S)
    stranger = kernel("elsewhere").retrieve_job(job_id)
    assert shots_in(stranger) == 50
    again = kernel().retrieve_job(job_id)
    assert shots_in(again) == 50
    assert again.status() is JobStatus.DONE
    lose_objects(first, job_id)
    assert shots_in(kernel().retrieve_job(job_id)) == 50


@over_all_channels
def test_an_unknown_id(kernel: Kernel) -> None:
    with pytest.raises(errors.JobNotFoundError):
        kernel().retrieve_job("no such job")
    for wrong in ("", None, 3):
        with pytest.raises(errors.InvalidInputError):
            kernel().retrieve_job(wrong)  # type: ignore[arg-type]


# -- jobs that never arrived -----------------------------------------------------------------------------


def strand(provider: DirectProvider, proxy: Recorder, job_id: str) -> None:
    """Send a job over a network that breaks: it is on record, and has not arrived."""

    def broken(when: str, method: str, path: str, _: bytes) -> str | None:
        return "drop" if when == "before" and path.startswith("/v1/jobs") else None

    backend = provider.get_backend("fake_manila")
    proxy.watch = broken
    with pytest.raises(errors.TransportError, match="not known whether") as caught:
        backend.run(measured_x(), shots=50, job_id=job_id)
    proxy.watch = None
    assert caught.value.job_id == job_id
    entry = provider._workspace.journal.entry(job_id)
    assert entry is not None
    assert entry.stage is Stage.INTENDED


@pytest.mark.parametrize("by", ["retrieve_job", "jobs"])
def test_a_job_that_never_arrived_is_sent(kernel: Kernel, proxy: Recorder, by: str) -> None:
    job_id = f"never-arrived-{by}"
    strand(kernel(timeout=1.0), proxy, job_id)
    assert job_id not in held(kernel())
    second = kernel()
    (job,) = [second.retrieve_job(job_id)] if by == "retrieve_job" else second.jobs(limit=None)
    assert shots_in(job) == 50
    assert proxy.count("POST", "/v1/jobs") >= 1


def test_a_stranded_job_stays_on_record_until_it_can_be_sent(kernel: Kernel, proxy: Recorder) -> None:
    """All lanes are taken by somebody else: the list shows the job, and nothing is forgotten."""
    strand(kernel(timeout=1.0), proxy, "patient")
    full = kernel("elsewhere").get_backend("fake_manila")
    others = [full.run(measured_x(), shots=10) for _ in range(5)]
    second = kernel()
    with pytest.raises(errors.LanesFullError):
        second.retrieve_job("patient")
    (listed,) = second.jobs(limit=None, status=JobStatus.INITIALIZING)
    assert listed.job_id() == "patient"
    for other in others:
        other.result(timeout=WAIT_S)
    assert shots_in(second.retrieve_job("patient")) == 50


def test_a_job_that_a_living_process_is_about_to_send_is_left_to_it(kernel: Kernel, proxy: Recorder) -> None:
    first = kernel(timeout=1.0)
    strand(first, proxy, "in-good-hands")
    journal = first._workspace.journal
    second = kernel()
    before = proxy.count("POST", "/v1/jobs")
    with journal.sending("in-good-hands", wait=True):
        second.jobs(limit=None)
        second.retrieve_job("in-good-hands")
        assert proxy.count("POST", "/v1/jobs") == before
    assert shots_in(second.retrieve_job("in-good-hands")) == 50


def test_a_lane_is_not_freed_under_a_sender_who_is_unsure(kernel: Kernel) -> None:
    """Else the sender asks for its job, is told that there is none, and sends it once more."""
    first = kernel()
    job_id = run(first).job_id()
    journal = first._workspace.journal
    second = kernel()
    second.retrieve_job(job_id).wait_for_final_state(timeout=WAIT_S)
    with journal.sending(job_id, wait=True):
        assert shots_in(second.retrieve_job(job_id)) == 50
        assert free_own_lanes(second._workspace, "fake_manila") == 0
        assert job_id in held(second)
    assert free_own_lanes(second._workspace, "fake_manila") == 1
    assert job_id not in held(second)


@over_all_channels
@pytest.mark.parametrize("read", [True, False])
def test_a_job_that_failed_can_be_sent_again_under_its_id(kernel: Kernel, *, read: bool) -> None:
    """Whether its end was read or only noticed, the second job is another run; a job that is done is not."""
    provider = kernel()
    job = slow(provider, job_id=f"again-{read}")
    assert job.cancel()
    job.wait_for_final_state(timeout=WAIT_S)
    if read:
        with pytest.raises(errors.JobCancelledError):
            job.result(timeout=WAIT_S)
    else:
        provider.jobs(limit=None)
    created = job.creation_date()
    again = slow(provider, job_id=f"again-{read}")
    assert again.status() is JobStatus.RUNNING
    assert again.creation_date() > created
    again.cancel()
    with pytest.raises(errors.JobCancelledError):
        again.result(timeout=WAIT_S)
    done = run(provider, job_id=f"done-{read}")
    counts = done.result(timeout=WAIT_S).get_counts()
    assert run(provider, job_id=f"done-{read}").result(timeout=WAIT_S).get_counts() == counts
    with pytest.raises(errors.DuplicateJobError):
        provider.get_backend("fake_manila").run(measured_x(), shots=51, job_id=f"done-{read}")


# -- jobs() ----------------------------------------------------------------------------------------------


@pytest.fixture
def five(kernel: Kernel) -> Iterator[tuple[DirectProvider, list[str], list[datetime]]]:
    """Five jobs: two read and forgotten by the server, one cancelled, one unread, one of another machine."""
    provider = kernel()
    moments = []
    jobs = []
    for number, options in enumerate(
        [{"job_tags": ["x"]}, {"job_tags": ["x", "y"]}, None, {"device": "fake_nairobi"}, {"home": "else"}]
    ):
        moments.append(datetime.now(timezone.utc))
        if options is None:
            jobs.append(slow(provider, name=f"job {number}"))
        elif "home" in options:
            jobs.append(run(kernel(options["home"])))
        else:
            jobs.append(run(provider, name=f"job {number}", **options))
        time.sleep(0.02)
    moments.append(datetime.now(timezone.utc))
    for job in (jobs[0], jobs[1]):
        job.result(timeout=WAIT_S)
    jobs[2].cancel()
    with pytest.raises(errors.JobCancelledError):
        jobs[2].result(timeout=WAIT_S)
    for job in (jobs[3], jobs[4]):
        job.wait_for_final_state(timeout=WAIT_S)
    yield kernel(), [job.job_id() for job in jobs], moments
    for job in (jobs[3], jobs[4]):
        job.delete()


@over_both_apis
def test_lists_merge_what_is_on_record_with_what_the_server_holds(
    five: tuple[DirectProvider, list[str], list[datetime]],
) -> None:
    """Every filter, on its own and with others; the first of the five is number 0."""
    provider, ids, moments = five

    def found(**filters: Any) -> list[int]:
        jobs = provider.jobs(**{"limit": None, **filters})
        return [ids.index(job.job_id()) for job in jobs if job.job_id() in ids]

    assert found() == [4, 3, 2, 1, 0]
    assert found(descending=False) == [0, 1, 2, 3, 4]
    assert found(descending=False, limit=2) == [0, 1]
    assert found(descending=False, skip=1, limit=2) == [1, 2]
    assert found(descending=False, skip=3) == [3, 4]
    assert found(skip=9) == []
    assert found(limit=0) == []
    assert found(job_tags=["x"]) == [1, 0]
    assert found(job_tags=["x", "y"]) == [1]
    assert found(job_tags="y") == [1]
    assert found(job_tags=["z"]) == []
    assert found(backend_name="fake_nairobi") == [3]
    assert found(backend_name="fake_torino") == [2]
    assert found(backend_name="no such") == []
    assert found(status=JobStatus.CANCELLED) == [2]
    assert found(status="DONE") == [4, 3, 1, 0]
    assert found(status=["cancelled", JobStatus.DONE]) == [4, 3, 2, 1, 0]
    assert found(status=JobStatus.RUNNING) == []
    for first, last in itertools.combinations(range(6), 2):
        between = found(start_datetime=moments[first], end_datetime=moments[last], descending=False)
        assert between == list(range(first, last))
    assert found(start_datetime=datetime.now() - timedelta(hours=1)) == [4, 3, 2, 1, 0]  # noqa: DTZ005 - local
    assert found(job_tags=["x"], start_datetime=moments[1], status="DONE") == [1]


@over_both_apis
def test_every_job_of_a_list_can_be_read(five: tuple[DirectProvider, list[str], list[datetime]]) -> None:
    provider, ids, _ = five
    jobs = {job.job_id(): job for job in provider.jobs(limit=None)}
    for number, job_id in enumerate(ids):
        if number == 2:
            with pytest.raises(errors.JobCancelledError):
                jobs[job_id].result(timeout=WAIT_S)
        else:
            assert shots_in(jobs[job_id]) == 50


def test_wrong_filters(kernel: Kernel) -> None:
    for wrong in ({"status": "sleeping"}, {"status": 3}, {"start_datetime": "yesterday"}):
        with pytest.raises(errors.InvalidInputError):
            kernel().jobs(**wrong)


def test_an_outage_is_no_empty_list(kernel: Kernel, proxy: Recorder) -> None:
    provider = kernel(timeout=1.0)
    run(provider).result(timeout=WAIT_S)
    proxy.script("GET", "/v1/jobs", *["reset before"] * 10)
    with pytest.raises(errors.TransportError):
        provider.jobs()
