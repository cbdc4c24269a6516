"""Many jobs at once, over each dialect: cancelled, counted, watched."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from apis import APIS
from connecting import provider_for
from journeys import measured_x
from qiskit.providers import JobStatus, JobV1
from recorder import Recorder

from qiskit_direct_provider import DirectJob, DirectProvider, S3Storage, errors, job_monitor
from qiskit_direct_provider.service.process import LocalService


@pytest.fixture(scope="module")
def half_paused() -> Iterator[LocalService]:
    service = LocalService.start(
        ("fake_manila", "fake_lima"), paused=["fake_lima"], workers=1, noise=False, max_lanes=20
    )
    yield service
    service.close()


@pytest.fixture
def connect(channel: str, half_paused: LocalService) -> Callable[..., DirectProvider]:
    """Makes providers over one dialect."""
    storage = S3Storage(**half_paused.storage) if channel == "direct_access" else None
    known = {"channel": channel, "instance": None if channel == "legacy" else half_paused.crn}
    return lambda **more: provider_for(half_paused, storage, **known, **more)


@pytest.fixture
def mine(
    connect: Callable[..., DirectProvider], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DirectProvider]:
    """A provider with a journal of its own; jobs of ``fake_lima`` wait for ever."""
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    with connect() as provider:
        yield provider
        left = provider.jobs(limit=None)
        provider.cancel_jobs(left)
        for job in provider.wait(left, timeout=60):
            job.delete()


WAITING = {JobStatus.RUNNING, JobStatus.QUEUED}


def run(provider: DirectProvider, device: str = "fake_lima", **options: Any) -> DirectJob:
    return provider.get_backend(device).run(measured_x(), shots=1, **options)


def ids(jobs: list[DirectJob]) -> set[str]:
    return {job.job_id() for job in jobs}


def test_jobs_are_cancelled_by_condition_or_one_by_one(mine: DirectProvider) -> None:
    swept = [run(mine, job_tags=["sweep"]) for _ in range(10)]
    one, other = run(mine), run(mine, name="other")
    done = run(mine, "fake_manila", job_tags=["sweep"])
    done.result(timeout=60)
    assert ids(mine.cancel_jobs(job_tags=["sweep"])) == ids(swept)
    assert ids(mine.cancel_jobs([one, done.job_id()])) == {one.job_id()}
    mine.wait([*swept, one], timeout=60)
    assert {job.status() for job in [*swept, one]} == {JobStatus.CANCELLED}
    assert other.status() in WAITING
    assert mine.cancel_jobs(job_tags=["sweep"]) == []


@pytest.mark.parametrize("arguments", [{}, {"jobs": [], "job_tags": ["a"]}])
def test_not_everything_is_cancelled_by_accident(arguments: dict[str, Any], mine: DirectProvider) -> None:
    with pytest.raises(errors.InvalidInputError, match="takes jobs, or conditions"):
        mine.cancel_jobs(**arguments)


@pytest.mark.parametrize("arguments", [{"limit": -1}, {"limit": "3"}, {"skip": -1}, {"skip": 1.0}])
def test_what_is_no_number_of_jobs_is_refused(arguments: dict[str, Any], mine: DirectProvider) -> None:
    with pytest.raises(errors.InvalidInputError, match=next(iter(arguments))):
        mine.jobs(**arguments)


def test_a_backend_is_no_name(mine: DirectProvider) -> None:
    with pytest.raises(errors.InvalidInputError, match="backend_name must be text"):
        mine.jobs(backend_name=mine.get_backend("fake_lima"))  # type: ignore[arg-type]


def test_one_job_that_cannot_be_cancelled_keeps_none_from_it(
    channel: str, half_paused: LocalService, connect: Callable[..., DirectProvider], mine: DirectProvider
) -> None:
    recorder = Recorder(half_paused.url)
    with connect(url=recorder.url, iam_url=recorder.url, timeout=5) as provider:
        jobs = [run(provider) for _ in range(3)]
        recorder.script("POST", f"{APIS[channel].jobs}/{jobs[1].job_id()}/cancel", *["403"] * 9)
        with pytest.raises(errors.ApiError, match=f"1 of 3 jobs may go on: {jobs[1].job_id()}"):
            provider.cancel_jobs(jobs)
        provider.wait([jobs[0], jobs[2]], timeout=60)
    assert jobs[1].status() in WAITING
    mine.cancel_jobs([jobs[1].job_id()])
    recorder.close()


def test_a_job_of_another_machine_has_its_memory(
    mine: DirectProvider,
    connect: Callable[..., DirectProvider],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing here says whether it was asked for."""
    job = mine.get_backend("fake_manila").run(measured_x(), shots=10, memory=True)
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / "elsewhere"))
    with connect() as elsewhere:
        found = elsewhere.retrieve_job(job.job_id())
        result = found.result(timeout=60)
        today = elsewhere.get_backend("fake_manila").properties().last_update_date
        assert found.properties().last_update_date == today, "nobody here knows with which one it was sent"
    assert result.get_memory() == ["1"] * 10


def test_usage_is_added_up_by_tag(mine: DirectProvider) -> None:
    jobs = [run(mine, "fake_manila", job_tags=tags) for tags in (["a"], ["a", "b"], [])]
    for job in jobs:
        job.result(timeout=60)
    waiting = run(mine, job_tags=["b"])
    report = mine.usage()
    seconds = [job.usage() for job in jobs]
    assert None not in seconds
    assert list(report) == ["", "a", "b"]
    assert report["a"].jobs == 2
    assert report["a"].quantum_seconds == pytest.approx(seconds[0] + seconds[1])
    assert (report["b"].jobs, report["b"].unknown) == (2, 1)
    assert (report.total.jobs, report.total.unknown) == (4, 1)
    assert report.total.quantum_seconds == pytest.approx(sum(seconds))
    assert json.loads(json.dumps(report.to_dict()))["rows"]["a"]["jobs"] == 2
    rows = list(csv.DictReader(io.StringIO(report.to_csv())))
    assert [(row["tag"], row["jobs"]) for row in rows] == [("", "1"), ("a", "2"), ("b", "2")]
    assert [line.split()[0] for line in str(report).splitlines()] == ["tag", "(none)", "a", "b", "total"]
    assert mine.usage("backend")["fake_manila"].jobs == 3
    assert mine.usage("status", backend_name="fake_lima")[waiting.status().name].jobs == 1
    assert len(mine.usage("day", end_datetime=waiting.creation_date())) >= 1
    with pytest.raises(errors.InvalidInputError, match="adds up by tag, backend"):
        mine.usage("colour")


def test_the_backend_service_knows_jobs(mine: DirectProvider) -> None:
    job = run(mine, name="mine")
    assert ids(mine.backend.jobs(limit=5)) >= {job.job_id()}
    assert mine.backend.retrieve_job(job.job_id()).name() == "mine"
    assert repr(mine.backend) == f"<backends of {mine!r}>"


def test_a_job_is_watched_until_it_has_ended(mine: DirectProvider) -> None:
    told = io.StringIO()
    job_monitor(run(mine, "fake_manila"), output=told, line_discipline="\n")
    lines = told.getvalue().strip().splitlines()
    assert lines[-1] == "Job Status: job has successfully run"
    assert len(lines) == len(set(lines))
    quiet = io.StringIO()
    job_monitor(run(mine, "fake_manila"), interval=0.1, quiet=True, output=quiet)
    assert quiet.getvalue() == ""
    with pytest.raises(errors.InvalidInputError, match="takes a job"):
        job_monitor("a job")  # type: ignore[arg-type]


class Queued(JobV1):
    """A job of another provider, which waits in a queue."""

    def __init__(self) -> None:
        super().__init__(None, "an-id")
        self.statuses = [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLED]

    def status(self) -> JobStatus:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def queue_position(self) -> int:
        return 3

    def submit(self) -> None:
        """It was."""

    def result(self) -> None:
        """There is none."""


def test_jobs_of_other_providers_are_watched_too(capsys: pytest.CaptureFixture[str]) -> None:
    job_monitor(Queued(), interval=0.01)
    shown = capsys.readouterr().out
    assert shown.startswith("\rJob Status: job is queued (3)\rJob Status: job is actively running")
    assert shown.rstrip().endswith("job has been cancelled")
