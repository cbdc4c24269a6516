"""One job from its record to its result, request by request, and waits for several."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from qiskit.providers.jobstatus import JobStatus
from simulated_server import DOCUMENT, SimulatedServer
from simulated_worlds import stage, tracked, unwritable_result

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import NEVER, Deadline
from qiskit_direct_provider.clients.interface import Reason
from qiskit_direct_provider.journal import Stage

if TYPE_CHECKING:
    from qiskit_direct_provider.workspace import Workspace

MOMENT = datetime(2026, 11, 20, 6, tzinfo=timezone.utc)


# -- what is known of it -------------------------------------------------------------------------------


def test_a_job_has_two_ids(workspace: Workspace) -> None:
    job = tracked(workspace, server_id="s-a")
    assert (job.job_id, job.journal_id) == ("s-a", "a")
    assert (job.queued, job.unwanted, job.ended, job.last) == (False, False, False, None)


@pytest.mark.parametrize(("age_s", "expected"), [(100.0, 100.0), (-100.0, 0.0)])
def test_the_age_of_a_job_counts_from_its_intention(
    workspace: Workspace, age_s: float, expected: float
) -> None:
    """A clock that was set back gives no negative age."""
    before = time.monotonic()
    job = tracked(workspace, intended=datetime.now(timezone.utc) - timedelta(seconds=age_s))
    ticket = job.ticket(3.0)
    assert time.monotonic() - ticket.started == pytest.approx(expected, abs=5.0)
    assert expected or ticket.started >= before
    assert (ticket.job_id, ticket.wait, ticket.ready) == ("a", 3.0, True)
    assert job.sent
    assert job.ticket().started == ticket.started


def test_a_job_in_line_is_asked_about_once_it_was_sent(workspace: Workspace) -> None:
    """By whichever thread or process; its age counts from then on."""
    job = tracked(workspace, stage=Stage.INTENDED, intended=datetime.now(timezone.utc) - timedelta(hours=1))
    assert job.ticket().ready is True
    job.queued = True
    ticket = job.ticket()
    assert (job.sent, ticket.ready, job.last) == (False, False, None)
    assert job.ticket().started == ticket.started
    workspace.journal.advance("a", stage=Stage.ENDED, status="CANCELLED", server_id="s-a")
    assert ticket.look() is True
    assert (job.sent, job.job_id, job.ended) == (True, "s-a", True)
    assert time.monotonic() - job.ticket().started < 1800
    workspace.journal.discard("a")
    assert job.sent


def test_a_job_whose_record_is_gone_keeps_what_it_knows(workspace: Workspace) -> None:
    job = tracked(workspace, stage=Stage.INTENDED)
    workspace.journal.discard("a")
    assert job.sent is False
    job.change(name="new")
    assert (job.entry.name, job.entry.stage) == ("new", Stage.INTENDED)
    assert job.recorded_end() is None


def test_a_change_is_on_record(workspace: Workspace) -> None:
    job = tracked(workspace)
    job.change(name="new", stage=Stage.INTENDED)
    assert job.entry == workspace.journal.entry("a")
    assert (job.entry.name, job.entry.stage) == ("new", Stage.ACCEPTED)


def test_what_has_ended_is_not_asked_about_again(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, ends=1.0)
    assert job.record().status is JobStatus.RUNNING
    server.now = 1.0
    assert job.record().status is JobStatus.DONE
    assert job.record() is job.last
    assert server.names() == [("job", "a")] * 2


@pytest.mark.parametrize("reason", [Reason(), Reason("1", "hot", "wait")])
def test_an_end_on_record_needs_no_server(
    workspace: Workspace, server: SimulatedServer, reason: Reason
) -> None:
    job = tracked(
        workspace,
        status="ERROR",
        server_id="s-a",
        created=MOMENT,
        ended=MOMENT + timedelta(1),
        quantum_ns=7,
        reason_code=reason.code,
        reason_message=reason.message,
        reason_solution=reason.solution,
    )
    found = job.record()
    assert server.names() == []
    assert (found.job_id, found.journal_id, found.backend_name, found.program_id) == (
        "s-a",
        "a",
        "device",
        "sampler",
    )
    assert (found.status, found.server_status, found.timeout_s) == (JobStatus.ERROR, "error", 60)
    assert (found.created, found.ended, found.quantum_ns) == (MOMENT, MOMENT + timedelta(1), 7)
    assert found.reason == (None if reason == Reason() else reason)


def test_a_job_that_the_server_has_under_another_id(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, server_id="lost")
    server.release("lost", NEVER)
    assert job.found_again() is False
    assert job.job_id == "lost"
    server.hold("s-a", 0.0)
    assert job.record().job_id == "s-a"
    assert job.job_id == "s-a"


def test_a_job_that_the_server_has_forgotten(workspace: Workspace, server: SimulatedServer) -> None:
    """Its end may be on record by another process, or its result in the store; else it is lost."""
    job = tracked(workspace)
    server.release("a", NEVER)
    server.results.clear()
    with pytest.raises(errors.JobNotFoundError):
        job.record()
    workspace.journal.advance("a", status="CANCELLED")
    assert job.record().status is JobStatus.CANCELLED


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [("CANCELLED", errors.JobCancelledError, "was cancelled"), ("ERROR", errors.JobFailedError, "failed")],
)
def test_how_a_job_ended_without_a_result(
    workspace: Workspace, status: str, kind: type[errors.DirectJobError], word: str
) -> None:
    short = tracked(workspace, "b", status=status).ending()
    assert type(short) is kind
    advice = "; job.logs() may say more" if status == "ERROR" else ""
    assert (str(short), short.code, short.solution) == (f"job b on device {word}{advice}", None, None)
    silent = tracked(workspace, "c", status=status, reason_code="5203").ending()
    assert str(silent) == f"job c on device {word}: the server gave no reason [code 5203]{advice}"
    job = tracked(workspace, status=status, reason_code="1", reason_message="hot", reason_solution="wait")
    ending = job.ending()
    assert str(ending) == f"job a on device {word}: hot [code 1] (wait)"
    assert (ending.code, ending.solution) == ("1", "wait")


# -- when it ended -------------------------------------------------------------------------------------


def test_the_end_may_be_told_among_the_metrics(workspace: Workspace, server: SimulatedServer) -> None:
    """It is asked for once, and noted."""
    job = tracked(workspace)
    assert job.end_time(NEVER) is None
    assert server.names() == []
    job.record()
    server.told = {"timestamps": {"finished": "2026-11-20T06:00:00Z"}}
    assert job.end_time(NEVER) == MOMENT
    assert job.end_time(NEVER) == MOMENT
    assert server.names() == [("job", "a"), ("metrics", "a")]
    assert server.asked[-1][2] == pytest.approx(2.0, abs=1.0)
    assert workspace.journal.entry("a").ended == MOMENT  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "told",
    [None, {}, {"timestamps": None}, {"timestamps": {}}, {"timestamps": {"finished": "soon"}}],
)
def test_an_end_that_is_not_told(workspace: Workspace, server: SimulatedServer, told: Any) -> None:
    job = tracked(workspace)
    job.record()
    server.told = told
    assert job.end_time(Deadline.after(0.5)) is None
    assert server.asked[-1][2] <= 0.5
    assert workspace.journal.entry("a").ended is None  # type: ignore[union-attr]


def test_a_question_for_the_end_costs_no_result(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, ends=1.0)
    job.record()
    assert job.end_time(NEVER) is None
    server.now = 1.0
    job.record()
    server.down = True
    assert job.end_time(NEVER) is None
    assert server.names() == [("job", "a"), ("job", "a"), ("metrics", "a")]
    server.down, server.facts = False, {"ended": MOMENT}
    told = tracked(workspace, "b")
    told.record()
    assert told.end_time(NEVER) == MOMENT
    assert server.names()[3:] == [("job", "b")]


# -- control -------------------------------------------------------------------------------------------


def test_cancelling(workspace: Workspace, server: SimulatedServer) -> None:
    """True when the server agreed; a job that has ended, as far as is known, is not asked about."""
    job = tracked(workspace, ends=9.0)
    assert job.cancel() is True
    assert job.cancel() is False
    assert server.names() == [("cancel", "a")] * 2
    job.record()
    assert job.cancel() is False
    assert server.names() == [("cancel", "a")] * 2 + [("job", "a")]
    gone = tracked(workspace, "b")
    server.release("b", NEVER)
    assert gone.cancel() is False
    other = tracked(workspace, "c")
    server.down = True
    with pytest.raises(errors.TransportError):
        other.cancel()
    assert not other.unwanted


def test_cancelling_in_line(workspace: Workspace, server: SimulatedServer) -> None:
    """What was not sent yet will not be; what another thread has sent is cancelled there."""
    job = tracked(workspace, ends=9.0, stage=Stage.INTENDED)
    job.queued = True
    assert job.cancel() is True
    assert job.unwanted
    assert server.names() == []
    job.unwanted = False
    workspace.journal.advance("a", stage=Stage.ACCEPTED)
    assert job.cancel() is True
    assert not job.unwanted
    assert server.names() == [("cancel", "a")]


def test_deleting(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, server_id="s-a")
    job.delete()
    assert server.names() == [("job", "s-a"), ("delete", "s-a")]
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert (entry.stage, entry.status) == (Stage.FREED, "DONE")


def test_deleting_what_has_not_ended(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, ends=9.0)
    job.delete()
    assert server.names() == [("job", "a"), ("delete", "a")]
    assert job.entry.status is None


def test_deleting_what_is_gone(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace)
    server.release("a", NEVER)
    job.delete()
    assert server.names("release") == [("job", "a")]
    assert stage(workspace) is Stage.ACCEPTED


# -- the result ----------------------------------------------------------------------------------------


def shots(result: Any) -> int:
    return int(result[0].data.c.num_shots)


def test_a_result_is_on_disk_before_its_lane_is_freed(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, server_id="s-a")
    found = job.fetched(Deadline.after(30.0))
    assert shots(found) == 3
    assert server.names() == [("job", "s-a"), ("result", "s-a"), ("release", "s-a")]
    assert server.asked[1][2] == pytest.approx(30.0, abs=3.0)
    assert workspace.journal.result("a") == DOCUMENT
    assert workspace.journal.entry("a").status == "DONE"  # type: ignore[union-attr]
    assert stage(workspace) is Stage.FREED
    assert job.kept(NEVER) is found
    assert server.requests == 3


@pytest.mark.parametrize("origin", ["host:1", ""])
def test_a_result_that_cannot_be_kept_holds_its_lane(
    workspace: Workspace, server: SimulatedServer, origin: str
) -> None:
    """Unless somebody else sent the job: it is not up to us to keep it."""
    job = tracked(workspace, origin=origin)
    unwritable_result(workspace, "a")
    assert shots(job.fetched(NEVER)) == 3
    assert server.names("job", "result") == ([] if origin else [("release", "a")])


def test_a_job_without_a_result_frees_its_lane(workspace: Workspace, server: SimulatedServer) -> None:
    server.final, server.facts = JobStatus.ERROR, {"reason": Reason("1", "hot")}
    job = tracked(workspace)
    with pytest.raises(errors.JobFailedError, match="hot"):
        job.fetched(NEVER)
    assert server.names() == [("job", "a"), ("release", "a")]
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert (entry.stage, entry.status, entry.reason_code) == (Stage.FREED, "ERROR", "1")


def test_what_another_process_kept_is_not_fetched(workspace: Workspace, server: SimulatedServer) -> None:
    """It may have died before it freed the lane."""
    job = tracked(workspace)
    workspace.journal.store_result("a", DOCUMENT)
    assert shots(job.fetched(NEVER)) == 3
    assert server.names() == [("job", "a"), ("release", "a")]
    assert stage(workspace) is Stage.FREED


def test_what_is_kept(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace)
    assert job.kept(NEVER) is None
    workspace.journal.store_result("a", DOCUMENT)
    workspace.journal.advance("a", stage=Stage.FREED, status="DONE")
    found = job.kept(NEVER)
    assert shots(found) == 3
    assert job.kept(NEVER) is found
    assert job.last is not None
    assert job.last.status is JobStatus.DONE
    assert server.names() == []


def test_what_is_kept_of_a_job_whose_record_is_gone(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace)
    job.record()
    workspace.journal.store_result("a", DOCUMENT)
    for file in workspace.journal.folder.glob("*.json"):
        file.unlink()
    assert shots(job.kept(NEVER)) == 3
    assert job.last is not None
    assert server.names() == [("job", "a")]


def test_a_forgotten_job_may_have_left_its_result(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, server_id="s-a")
    server.release("s-a", NEVER)
    gone = errors.JobNotFoundError("gone")
    found = job.left_behind(gone, Deadline.after(30.0))
    assert shots(found) == 3
    assert server.names("release") == [("stored_result", "s-a")]
    assert server.asked[-1][2] == pytest.approx(30.0, abs=3.0)
    assert workspace.journal.result("a") == DOCUMENT
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert (entry.status, entry.stage) == ("DONE", Stage.STORED)
    assert job.last is not None
    assert job.last.status is JobStatus.DONE
    assert job.left_behind(gone, NEVER) is found
    assert job.kept(NEVER) is found


def test_a_forgotten_job_that_left_nothing(workspace: Workspace, server: SimulatedServer) -> None:
    gone = errors.JobNotFoundError("gone")
    job = tracked(workspace)
    server.results.clear()
    with pytest.raises(errors.JobNotFoundError) as caught:
        job.left_behind(gone, NEVER)
    assert caught.value is gone
    assert job.last is None


@pytest.mark.parametrize(("left_s", "limit_s"), [(None, 5.0), (2.0, 2.0), (0.0, 0.5)])
def test_freeing_a_lane_delays_no_result(
    workspace: Workspace, server: SimulatedServer, left_s: float | None, limit_s: float
) -> None:
    job = tracked(workspace, server_id="s-a")
    job.free_lane(Deadline.after(left_s))
    assert server.names() == [("release", "s-a")]
    assert limit_s - 0.4 < server.asked[-1][2] <= limit_s
    assert stage(workspace) is Stage.FREED


def test_a_lane_that_cannot_be_freed_loses_no_result(
    workspace: Workspace, server: SimulatedServer, caplog: pytest.LogCaptureFixture
) -> None:
    job = tracked(workspace)
    server.failures["release"] = [errors.AuthorizationError("no")]
    job.free_lane(NEVER)
    (told,) = caplog.records
    assert (told.levelname, told.getMessage()) == ("WARNING", "job a has ended, but still holds its lane: no")
    assert stage(workspace) is Stage.ACCEPTED


def test_a_lane_is_left_to_a_sender_who_is_unsure(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace)
    with workspace.journal.sending("a", wait=True):
        job.free_lane(NEVER)
    assert server.names() == []
    assert stage(workspace) is Stage.ACCEPTED
