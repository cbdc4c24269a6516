"""Sessions and batches, as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from journeys import measured_x
from qiskit.providers.jobstatus import JobStatus
from recorder import Recorder
from service_client import busy_program

from qiskit_direct_provider import Batch, DirectProvider, Session, errors
from qiskit_direct_provider.clients.interface import SessionRecord
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.job_settings import JobSettings
from qiskit_direct_provider.programs import Program, Pub, sampler_programs

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend
    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture(scope="module")
def runtime(service: LocalService) -> Iterator[DirectProvider]:
    with provider_for(service, None, channel="runtime") as provider:
        yield provider


@pytest.fixture(scope="module")
def manila(runtime: DirectProvider) -> DirectBackend:
    return runtime.get_backend("fake_manila")


def busy() -> list[Program]:
    """A program that runs for minutes, on fake_torino."""
    pubs = [[busy_program(), None, 100_000]]
    record = CircuitRecord("busy", 15, 15, (), (), (), 100_000)
    return [Program("sampler", json.dumps({"version": 2, "pubs": pubs}).encode(), (record,))]


def shots_in(job: object) -> int:
    return int(sum(job.result(timeout=60).get_counts().values()))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "mode"), [(Session, "dedicated"), (Batch, "batch")])
def test_a_block_opens_and_closes(manila: DirectBackend, kind: type[Session], mode: str) -> None:
    with kind(manila, max_time="5m") as session:
        assert session.status() == "Pending"
        job = manila.run(measured_x(), shots=10, session=session)
        assert shots_in(job) == 10
        assert job.session_id == session.session_id
        assert session.status() == "In progress, accepting new jobs"
        details = session.details()
        assert (details["mode"], details["max_time"], details["backend_name"]) == (mode, 300, "fake_manila")
    assert session.status() == "Closed"
    assert session.usage() is not None
    with pytest.raises(errors.JobInvalidStateError, match="open another"):
        manila.run(measured_x(), shots=10, session=session)


def test_nothing_is_opened_before_it_is_used(manila: DirectBackend) -> None:
    session = Session(manila)
    assert session.session_id is None
    assert session.backend() is manila
    job = manila.run(measured_x(), shots=10, session=session)
    assert session.session_id is not None
    assert shots_in(job) == 10
    session.close()


def test_a_session_of_another_process_is_taken_up(runtime: DirectProvider, manila: DirectBackend) -> None:
    with Session(manila) as session:
        same = Session.from_id(str(session.session_id), runtime)
        job = same.backend().run(measured_x(), shots=10, session=same)
        assert (shots_in(job), job.session_id) == (10, session.session_id)
        with pytest.raises(errors.InvalidInputError, match="dedicated"):
            Batch.from_id(str(session.session_id), runtime)
    assert Session.from_id(str(session.session_id), runtime).status() == "Closed"
    with pytest.raises(errors.ApiError, match="not found"):
        Session.from_id("nobody", runtime)


@pytest.mark.parametrize("end", ["close", "cancel"])
def test_jobs_that_wait_run_after_close_and_not_after_cancel(runtime: DirectProvider, end: str) -> None:
    torino = runtime.get_backend("fake_torino")
    session = Session(torino)
    first = session.launch(busy(), JobSettings.of())
    second = torino.run(measured_x(), shots=10, session=session)
    assert second.status() is JobStatus.QUEUED
    assert second.queue_position() == 1
    getattr(session, end)()
    if end == "close":
        assert session.status() in {"In progress, not accepting new jobs", "Pending"}
    assert first.cancel()
    if end == "close":
        assert shots_in(second) == 10
    else:
        with pytest.raises(errors.JobCancelledError):
            second.result(timeout=60)


def test_jobs_of_a_session_are_found_with_it(manila: DirectBackend, runtime: DirectProvider) -> None:
    with Batch(manila) as batch:
        job = batch.launch(sampler_programs([Pub(measured_x(), 10)]), JobSettings.of(job_tags=["of-batch"]))
        job.result(timeout=60)
    (found,) = runtime.jobs(job_tags=["of-batch"])
    assert found.session_id == batch.session_id


def test_direct_access_has_no_session(nairobi: DirectBackend) -> None:
    with pytest.raises(errors.UnsupportedError, match="use Batch"):
        Session(nairobi).open()
    with pytest.raises(errors.UnsupportedError, match="use Batch"), Session(nairobi):
        pass


def test_a_batch_on_direct_access_runs_over_its_lanes(provider: DirectProvider) -> None:
    """More jobs than lanes: each waits until one is free, and none is lost."""
    backend = provider.get_backend("fake_brooklyn")
    with Batch(backend) as batch:
        assert batch.session_id is None
        jobs = [backend.run(measured_x(), shots=10, session=batch) for _ in range(8)]
        assert batch.status() == "In progress, accepting new jobs"
        assert [shots_in(job) for job in jobs] == [10] * 8
    assert batch.status() == "Closed"
    assert batch.details()["mode"] == "batch"
    with pytest.raises(errors.JobInvalidStateError):
        backend.run(measured_x(), session=batch)


def test_a_cancelled_batch_on_direct_access_ends_its_jobs(provider: DirectProvider) -> None:
    torino = provider.get_backend("fake_torino")
    batch = Batch(torino)
    job = batch.launch(busy(), JobSettings.of())
    batch.cancel()
    with pytest.raises(errors.JobCancelledError):
        job.result(timeout=60)


def test_a_session_that_is_gone_needs_no_end(manila: DirectBackend) -> None:
    """Nor does its end hide what went wrong within the block."""
    session = Session(manila)
    session._record = SessionRecord("gone", "fake_manila", "dedicated", "open", accepting_jobs=True)
    session.close()
    session.cancel()
    with pytest.raises(ZeroDivisionError), session:
        raise ZeroDivisionError


def test_a_session_that_cannot_be_closed(service: LocalService, caplog: pytest.LogCaptureFixture) -> None:
    """That is an error, unless something else went wrong before, which matters more."""
    recorder = Recorder(service.url)
    settings = {"channel": "runtime", "url": recorder.url, "iam_url": recorder.url}
    with provider_for(service, None, **settings) as provider:
        backend = provider.get_backend("fake_manila")
        first, second = Session(backend), Session(backend)
        recorder.script("PATCH", "/api/v1/sessions/", "403", "403")
        with pytest.raises(errors.AuthorizationError), first:
            pass
        assert "could not be closed" not in caplog.text
        with pytest.raises(ZeroDivisionError), second:
            raise ZeroDivisionError
        assert "could not be closed" in caplog.text
        for session in (first, second):
            session.close()
            assert session.status() == "Closed"
    recorder.close()


def test_a_job_of_a_batch_waits_for_a_lane_as_long_as_it_is_told_to(nairobi: DirectBackend) -> None:
    batch = Batch(nairobi, max_time="10m")
    assert batch._within(JobSettings.of()).wait_for_lane_s == 600
    assert batch._within(JobSettings.of(wait_for_lane="3s")).wait_for_lane_s == 3


def test_what_is_no_session_is_refused(manila: DirectBackend, nairobi: DirectBackend) -> None:
    for max_time in (0, "soon", -1):
        with pytest.raises(errors.InvalidInputError, match="max_time"):
            Session(manila, max_time=max_time)
    for session in ("a-session", Session(nairobi)):
        with pytest.raises(errors.InvalidInputError, match="session"):
            manila.run(measured_x(), session=session)
    with pytest.raises(errors.InvalidInputError, match="on a backend"):
        Session("fake_manila")  # type: ignore[arg-type]
