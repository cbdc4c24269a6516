"""Jobs found again: by another process, after the server forgot them, after the store lost them.

What is of lanes and of the store runs over Direct Access alone; kills over the other dialects are in
`campaigns/test_kills.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from journeys import measured_x
from nursery import Nursery
from qiskit.providers.jobstatus import JobStatus
from resuming import JOBS, WAIT_S, has_lanes, held, lose_objects, over_all_channels, run, shots_in, slow

from qiskit_direct_provider import errors

if TYPE_CHECKING:
    from pathlib import Path

    from recorder import Recorder
    from resuming import Kernel

    from qiskit_direct_provider.service.process import LocalService


def test_a_killed_process_leaves_its_job_to_the_next(
    kernel: Kernel, service: LocalService, recorder: Recorder, tmp_path: Path
) -> None:
    """A SIGKILL while the process waits: a new one finds the job, and its lane is free in the end."""
    nursery = Nursery()
    account = {
        "token": service.api_key,
        "url": recorder.url,
        "iam_url": recorder.url,
        "instance": service.crn,
        "storage": {
            **service.storage,
            "endpoint": recorder.url,
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


@over_all_channels
def test_a_running_job_can_be_cancelled_by_another_process(kernel: Kernel) -> None:
    """Both then see the same end, also once the server has forgotten it."""
    job = slow(kernel())
    again = kernel().retrieve_job(job.job_id())
    assert again.status() in {JobStatus.RUNNING, JobStatus.QUEUED}
    with pytest.raises(errors.JobTimeoutError):
        again.result(timeout=0.3)
    assert again.cancel()
    for one in (again, job, kernel().retrieve_job(job.job_id())):
        with pytest.raises(errors.JobCancelledError, match="cancelled"):
            one.result(timeout=WAIT_S)
        assert one.status() is JobStatus.CANCELLED
        assert one.error_message()
    assert (job.tracked[0].journal_id in held(kernel())) is not has_lanes(kernel())


@over_all_channels
def test_an_ended_job_whose_result_nobody_read(kernel: Kernel) -> None:
    job = run(kernel())
    job.wait_for_final_state(timeout=WAIT_S)
    again = kernel().retrieve_job(job.job_id())
    assert shots_in(again) == 50
    assert (job.tracked[0].journal_id in held(kernel())) is not has_lanes(kernel())


@over_all_channels
def test_what_is_on_disk_needs_neither_server_nor_store(kernel: Kernel, recorder: Recorder) -> None:
    """The server has forgotten the job, and the store lost its result: nothing is asked, all is there."""
    first = kernel()
    job_id = run(first, job_tags=["kept"]).job_id()
    assert shots_in(first.retrieve_job(job_id)) == 50
    lose_objects(first, job_id)
    assert held(first) == set()
    second = kernel()
    before = len(recorder.seen)
    again = second.retrieve_job(job_id)
    assert again.primitive_result()[0].data.meas.num_shots == 50
    assert (again.status(), again.tags) == (JobStatus.DONE, ["kept"])
    again.wait_for_final_state(timeout=1)
    again.delete()
    sent = [request for request in recorder.seen[before:] if request[1].startswith(JOBS)]
    assert [request for request in sent if request[0] != "DELETE"] == []
    assert shots_in(again) == 50


def test_a_job_that_somebody_else_deleted_is_read_from_the_store(kernel: Kernel) -> None:
    """Another machine, with a journal of its own, deleted the job: its result is still in the store."""
    first = kernel()
    job_id = run(first).job_id()
    first.retrieve_job(job_id).wait_for_final_state(timeout=WAIT_S)
    stranger = kernel("elsewhere").retrieve_job(job_id)
    assert shots_in(stranger) == 50
    seen: list[JobStatus] = []
    again = kernel().retrieve_job(job_id)
    again.wait_for_final_state(timeout=WAIT_S, callback=lambda _, status, __: seen.append(status))
    assert (seen[-1], again.status()) == (JobStatus.DONE, JobStatus.DONE)
    assert shots_in(again) == 50
    assert kernel().retrieve_job(job_id).status() is JobStatus.DONE
    (found,) = kernel().jobs(limit=None, status="DONE")
    assert found.job_id() == job_id
    lose_objects(first, job_id)
    assert shots_in(kernel().retrieve_job(job_id)) == 50


def test_the_state_of_a_job_that_somebody_else_deleted(kernel: Kernel) -> None:
    """Asked alone, it is read off the result; without one, the job is lost."""
    first = kernel()
    for name, is_kept in (("kept", True), ("lost", False)):
        job_id = run(first, job_id=name).job_id()
        first.retrieve_job(job_id).wait_for_final_state(timeout=WAIT_S)
        assert shots_in(kernel("elsewhere").retrieve_job(job_id)) == 50
        again = kernel().retrieve_job(job_id)
        if is_kept:
            assert again.status() is JobStatus.DONE
            continue
        lose_objects(first, job_id)
        with pytest.raises(errors.JobNotFoundError):
            again.status()
        with pytest.raises(errors.JobNotFoundError):
            again.wait_for_final_state(timeout=WAIT_S)


@over_all_channels
def test_an_unknown_id(kernel: Kernel) -> None:
    with pytest.raises(errors.JobNotFoundError):
        kernel().retrieve_job("no such job")
    for wrong in ("", None, 3):
        with pytest.raises(errors.InvalidInputError):
            kernel().retrieve_job(wrong)  # type: ignore[arg-type]
