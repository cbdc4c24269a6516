"""Jobs that never arrived, or that failed: they are sent again, once, by one process.

The tests of lanes run over Direct Access alone, as nothing else has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from journeys import measured_x
from qiskit.providers.jobstatus import JobStatus
from resuming import JOBS, WAIT_S, held, lose_objects, over_all_channels, posts, run, shots_in, slow

from qiskit_direct_provider import errors
from qiskit_direct_provider.journal import Stage
from qiskit_direct_provider.submission import free_own_lanes, recover

if TYPE_CHECKING:
    from recorder import Recorder
    from resuming import Kernel

    from qiskit_direct_provider import DirectProvider


def strand(provider: DirectProvider, recorder: Recorder, job_id: str) -> None:
    """Send a job over a network that breaks: it is on record, and has not arrived."""

    def broken(when: str, method: str, path: str, _: bytes) -> str | None:
        return "drop" if when == "before" and path.startswith(JOBS) else None

    backend = provider.get_backend("fake_manila")
    recorder.watch = broken
    with pytest.raises(errors.TransportError, match="not known whether") as caught:
        backend.run(measured_x(), shots=50, job_id=job_id)
    recorder.watch = None
    assert caught.value.job_id == job_id
    entry = provider._workspace.journal.entry(job_id)
    assert entry is not None
    assert entry.stage is Stage.INTENDED


@over_all_channels
@pytest.mark.parametrize("by", ["retrieve_job", "jobs"])
def test_a_job_that_never_arrived_is_sent(kernel: Kernel, recorder: Recorder, by: str) -> None:
    job_id = f"never-arrived-{by}"
    strand(kernel(timeout=1.0), recorder, job_id)
    assert job_id not in held(kernel())
    second = kernel()
    (job,) = [second.retrieve_job(job_id)] if by == "retrieve_job" else second.jobs(limit=None)
    assert shots_in(job) == 50
    assert posts(recorder) >= 1


@pytest.mark.parametrize("kernel", ["direct_access", "runtime"], indirect=True)
def test_a_job_whose_acceptance_was_lost_is_known_by_the_list(kernel: Kernel, recorder: Recorder) -> None:
    """Once it was seen there, nobody looks for it, or sends it, any more."""

    def cut_off(when: str, method: str, path: str, _: bytes) -> str | None:
        return "drop" if path.startswith(JOBS) and (when == "after" or method == "GET") else None

    provider = kernel(timeout=1.0)
    backend = provider.get_backend("fake_manila").load()
    recorder.watch = cut_off
    with pytest.raises(errors.TransportError, match="not known whether"):
        backend.run(measured_x(), shots=50, job_id="arrived")
    recorder.watch, sent = None, posts(recorder)
    (listed,) = provider.jobs(limit=None)
    entry = provider._workspace.journal.entry("arrived")
    assert entry is not None
    assert (entry.stage is Stage.INTENDED, entry.known_as) == (False, listed.job_id())
    assert shots_in(listed) == 50
    assert posts(recorder) == sent


def test_an_id_of_somebody_elses_job_is_refused(kernel: Kernel, recorder: Recorder) -> None:
    """Of the same account, on another machine: nothing of the second one stays, and the first one is left."""
    first = run(kernel(), job_id="taken")
    other = kernel("elsewhere")
    with pytest.raises(errors.DuplicateJobError, match="the id taken belongs to another job"):
        other.get_backend("fake_manila").run(measured_x(), shots=51, job_id="taken")
    assert other._workspace.journal.entry("taken") is None
    assert shots_in(first) == 50


def test_a_stranded_job_stays_on_record_until_it_can_be_sent(kernel: Kernel, recorder: Recorder) -> None:
    """All lanes are taken by somebody else: the list shows the job, and nothing is forgotten."""
    strand(kernel(timeout=1.0), recorder, "patient")
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


@over_all_channels
def test_a_job_that_a_living_process_is_about_to_send_is_left_to_it(
    kernel: Kernel, recorder: Recorder
) -> None:
    first = kernel(timeout=1.0)
    strand(first, recorder, "in-good-hands")
    journal = first._workspace.journal
    second = kernel()
    before = posts(recorder)
    with journal.sending("in-good-hands", wait=True):
        second.jobs(limit=None)
        second.retrieve_job("in-good-hands")
        assert posts(recorder) == before
    assert shots_in(second.retrieve_job("in-good-hands")) == 50


@over_all_channels
def test_what_another_process_did_meanwhile_is_not_done_again(kernel: Kernel, recorder: Recorder) -> None:
    """A list is read long before its last job is looked at: that one may be over, or refused, by then."""
    first, second = kernel(timeout=1.0), kernel()
    journal = first._workspace.journal
    for job_id in ("overtaken", "refused"):
        strand(first, recorder, job_id)
    seen = {entry.job_id: entry for entry in journal.entries()}
    assert shots_in(second.retrieve_job("overtaken")) == 50
    lose_objects(second, "overtaken")
    journal.discard("refused")
    sent = posts(recorder)
    assert recover(first._workspace, seen["overtaken"]).stage in {Stage.STORED, Stage.FREED}
    with pytest.raises(errors.JobNotFoundError, match="refused"):
        recover(first._workspace, seen["refused"])
    assert posts(recorder) == sent


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
