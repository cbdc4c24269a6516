"""Lists of jobs: what is on record, and what the server holds."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from qiskit.providers.jobstatus import JobStatus
from resuming import JOBS, WAIT_S, over_all_channels, run, shots_in, slow

from qiskit_direct_provider import errors

if TYPE_CHECKING:
    from recorder import Recorder
    from resuming import Kernel

    from qiskit_direct_provider import DirectProvider


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
            provider.wait(jobs, timeout=WAIT_S)  # in a queue, one of them might come after the slow one
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


@over_all_channels
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


@over_all_channels
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


@over_all_channels
def test_an_outage_is_no_empty_list(kernel: Kernel, recorder: Recorder) -> None:
    provider = kernel(timeout=1.0)
    run(provider).result(timeout=WAIT_S)
    for jobs in JOBS:
        recorder.script("GET", jobs, *["reset before"] * 10)
    with pytest.raises(errors.TransportError):
        provider.jobs()
