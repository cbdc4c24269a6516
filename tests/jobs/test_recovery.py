"""What becomes of jobs that were left half sent, and of those that have ended, request by request."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec
import pytest
from journals import break_lock
from qiskit.providers.jobstatus import JobStatus
from simulated_server import DOCUMENT, SimulatedServer
from simulated_worlds import CIRCUIT, intended, on_record, stage, unwritable_result

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import Reason
from qiskit_direct_provider.journal import Stage, this_process
from qiskit_direct_provider.results import reading
from qiskit_direct_provider.submission import (
    downloaded,
    found_again,
    free_own_lanes,
    keep_and_free,
    note_end,
    recover,
    send,
)
from qiskit_direct_provider.tracked_job import TrackedJob

if TYPE_CHECKING:
    from qiskit_direct_provider.workspace import Workspace

# -- recovering ----------------------------------------------------------------------------------------


def test_what_has_arrived_is_not_recovered(workspace: Workspace, server: SimulatedServer) -> None:
    on_record(workspace, "a")
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert recover(workspace, entry) is entry
    assert server.names() == []


@pytest.mark.parametrize("arrived", [True, False])
def test_what_may_have_arrived_is_looked_for_and_sent(
    workspace: Workspace, server: SimulatedServer, *, arrived: bool
) -> None:
    entry = workspace.journal.begin(intended(), b"input")
    if arrived:
        server.hold("a", 9.0)
    assert recover(workspace, entry).stage is Stage.ACCEPTED
    assert server.names() == [("find", "a"), *([] if arrived else [("submit", "a")])]


def test_what_a_dead_process_left_is_looked_for_with_patience(
    workspace: Workspace, server: SimulatedServer
) -> None:
    """Its request may still be on its way; one of this process is not."""
    workspace.journal.begin(intended(), b"input")
    theirs = msgspec.structs.replace(intended("b"), origin="elsewhere:1")
    workspace.journal.begin(theirs, b"input")
    for job_id in "ab":
        entry = workspace.journal.entry(job_id)
        assert entry is not None
        recover(workspace, entry)
    assert server.orphans == ["b"]


def test_a_number_of_a_process_that_is_used_again(workspace: Workspace, server: SimulatedServer) -> None:
    """The process that has it now did not hear what became of the other one's request."""
    host_and_number = f"{socket.gethostname()}:{os.getpid()}"
    assert this_process().startswith(f"{host_and_number}:")
    for job_id, origin in (("a", host_and_number), ("b", f"{host_and_number}:another")):
        entry = msgspec.structs.replace(intended(job_id), origin=origin)
        recover(workspace, workspace.journal.begin(entry, b"input"))
    assert server.orphans == ["a", "b"]


def test_what_was_interrupted_is_looked_for_with_patience(
    workspace: Workspace, server: SimulatedServer
) -> None:
    """Its request may be on its way still, although its process lives; a refused one is not."""
    server.failures["submit"] = [KeyboardInterrupt(), errors.TransportError("lost", job_id="b")]
    for job_id, end in (("a", KeyboardInterrupt), ("b", errors.TransportError)):
        with pytest.raises(end):
            send(workspace, intended(job_id), b"input")
    for job_id in "ab":
        entry = workspace.journal.entry(job_id)
        assert entry is not None
        recover(workspace, entry)
    assert server.orphans == ["a"]
    assert [each.job_id for each in server.submissions] == ["a", "b"]


def test_what_is_sent_again_after_an_interrupt_is_looked_for_first(
    workspace: Workspace, server: SimulatedServer
) -> None:
    server.failures["submit"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        send(workspace, intended(), b"input")
    server.hold("a", 9.0)
    assert send(workspace, intended(), b"input").stage is Stage.ACCEPTED
    assert (server.orphans, server.submissions) == (["a"], [])


@pytest.mark.parametrize("kept", [True, False])
def test_an_id_whose_entry_is_damaged_is_looked_for_first(
    workspace: Workspace, server: SimulatedServer, *, kept: bool
) -> None:
    """Where the server names the jobs, it would take the same one twice."""
    server.renames = True
    send(workspace, intended(), b"input")
    for file in workspace.journal.folder.glob("*.json" if kept else "*.[ij]*"):
        file.write_bytes(b"")
    found = send(workspace, intended(), b"input")
    assert (found.stage, found.server_id) == (Stage.ACCEPTED, "s-a")
    assert server.orphans == ["a"]
    assert len(server.submissions) == 1


def test_another_job_does_not_take_an_id_whose_entry_is_damaged(
    workspace: Workspace, server: SimulatedServer
) -> None:
    send(workspace, intended(), b"input")
    for file in workspace.journal.folder.glob("*.json"):
        file.write_bytes(b"")
    with pytest.raises(errors.DuplicateJobError, match="damaged"):
        send(workspace, intended(), b"another input")
    assert len(server.submissions) == 1


def test_what_was_sent_or_given_up_meanwhile_is_not_sent_again(
    workspace: Workspace, server: SimulatedServer
) -> None:
    entry = workspace.journal.begin(intended(), b"input")
    workspace.journal.advance("a", stage=Stage.ACCEPTED)
    assert recover(workspace, entry).stage is Stage.ACCEPTED
    workspace.journal.discard("a")
    with pytest.raises(errors.JobNotFoundError, match="not on record"):
        recover(workspace, entry)
    assert server.names() == []


def test_a_job_whose_input_is_lost_cannot_be_sent(workspace: Workspace, server: SimulatedServer) -> None:
    """It counts as sent: the server will say that it does not know it."""
    entry = workspace.journal.begin(intended(), b"input")
    for file in workspace.journal.folder.glob("*.input"):
        file.write_bytes(b"")
    assert recover(workspace, entry).stage is Stage.ACCEPTED
    assert server.names() == [("find", "a")]


def test_what_a_living_process_sends_is_left_to_it(workspace: Workspace, server: SimulatedServer) -> None:
    entry = workspace.journal.begin(intended(), b"input")
    with workspace.journal.sending("a", wait=True):
        assert recover(workspace, entry) is entry
    assert server.names() == []


def test_recovering_waits_for_no_lane_unless_asked(
    workspace: Workspace, server: SimulatedServer, pauses: list[float]
) -> None:
    server.lanes = 1
    server.hold("mine", 1e6)
    on_record(workspace, "mine")
    entry = workspace.journal.begin(intended(), b"input")
    with pytest.raises(errors.LanesFullError):
        recover(workspace, entry)
    assert pauses == []
    with pytest.raises(errors.LanesFullError):
        recover(workspace, entry, Deadline.after(2.5))
    assert pauses == [1, 1.5]
    assert stage(workspace) is Stage.INTENDED


def test_a_job_under_another_id_than_it_seemed(workspace: Workspace, server: SimulatedServer) -> None:
    assert found_again(workspace, intended()) is None
    assert server.names() == []
    on_record(workspace, "a", server_id="lost")
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert found_again(workspace, entry) is None
    server.hold("s-a", 9.0)
    found = found_again(workspace, entry)
    assert found is not None
    assert found.known_as == "s-a"
    assert workspace.journal.entry("a") == found
    assert found_again(workspace, found) is None


# -- ends ----------------------------------------------------------------------------------------------


def test_only_our_own_ended_jobs_on_that_device_are_freed(
    workspace: Workspace, server: SimulatedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.lanes = 10
    for job_id, ends, device in (
        ("done", 0.0, "device"),
        ("broken", 0.0, "device"),
        ("running", 9.0, "device"),
        ("elsewhere", 0.0, "another device"),
        ("foreign", 0.0, "device"),
        ("unsure", 0.0, "device"),
        ("last", 0.0, "device"),
    ):
        server.hold(job_id, ends, device)
        if job_id != "foreign":
            on_record(workspace, job_id)
    server.results["broken"] = b"no result"
    release = server.release

    def fails_once(job_id: str, deadline: Deadline) -> None:
        if job_id == "broken":
            raise errors.AuthorizationError("no")
        release(job_id, deadline)

    server.release = fails_once  # type: ignore[method-assign]
    server.results["broken"] = DOCUMENT
    with workspace.journal.sending("unsure", wait=True):
        assert free_own_lanes(workspace, "device") == 2
    assert [job_id for name, job_id in server.names() if name == "release"] == ["done", "last"]
    (told,) = caplog.records
    assert (told.levelname, told.getMessage()) == ("WARNING", "the lane of job broken could not be freed: no")


def test_a_lane_is_freed_once_the_result_is_on_disk(workspace: Workspace, server: SimulatedServer) -> None:
    server.hold("s-a", 0.0)
    on_record(workspace, "a", server_id="s-a")
    (record,) = server.jobs(Deadline())
    assert keep_and_free(workspace, record) is True
    assert server.names("jobs") == [("result", "s-a"), ("release", "s-a")]
    assert server.asked[-1][2] == pytest.approx(10.0, abs=3.0)
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert (entry.stage, entry.status) == (Stage.FREED, "DONE")
    assert workspace.journal.result("a") == DOCUMENT
    assert keep_and_free(workspace, record) is True
    assert server.names("jobs")[2:] == [("release", "s-a")]


def test_a_job_that_its_server_keeps_is_not_free(workspace: Workspace, server: SimulatedServer) -> None:
    """It would be found there again under our id."""
    server.keeps = True
    server.hold("a", 0.0)
    on_record(workspace, "a")
    (record,) = server.jobs(Deadline())
    assert keep_and_free(workspace, record) is True
    assert stage(workspace) is Stage.STORED


def test_a_result_is_read_that_is_as_large_as_what_was_asked_for(
    workspace: Workspace, server: SimulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However well it packs."""
    monkeypatch.setattr(reading, "most_bytes", lambda _: 0)
    server.hold("a", 0.0)
    on_record(workspace, "a")
    (record,) = server.jobs(Deadline())
    assert keep_and_free(workspace, record) is True


def test_a_lane_is_not_freed_while_the_result_is_nowhere_else(
    workspace: Workspace, server: SimulatedServer
) -> None:
    server.hold("a", 0.0)
    on_record(workspace, "a")
    unwritable_result(workspace, "a")
    (record,) = server.jobs(Deadline())
    assert keep_and_free(workspace, record) is False
    assert server.names("jobs") == [("result", "a")]
    assert stage(workspace) is Stage.ENDED


def test_a_job_without_a_result_is_freed_at_once(workspace: Workspace, server: SimulatedServer) -> None:
    server.hold("a", 0.0)
    server.final = JobStatus.ERROR
    on_record(workspace, "a")
    (record,) = server.jobs(Deadline())
    assert keep_and_free(workspace, record) is True
    assert server.names("jobs") == [("release", "a")]


def test_a_job_that_is_not_on_record_is_checked_against_nothing(
    workspace: Workspace, server: SimulatedServer
) -> None:
    server.hold("a", 0.0)
    (record,) = server.jobs(Deadline())
    assert keep_and_free(workspace, record) is True
    assert workspace.journal.result("a") == DOCUMENT


@pytest.mark.parametrize("reason", [None, Reason("1234", "too hot", "wait")])
def test_what_the_server_says_of_an_end_is_kept(
    workspace: Workspace, server: SimulatedServer, reason: Reason | None
) -> None:
    moment = datetime(2026, 11, 20, tzinfo=timezone.utc)
    server.hold("a", 0.0)
    server.final = JobStatus.ERROR
    server.facts = {"created": moment, "ended": moment.replace(hour=1), "quantum_ns": 7, "reason": reason}
    on_record(workspace, "a")
    note_end(workspace, server.job("a", Deadline()))
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert (entry.stage, entry.status) == (Stage.ENDED, "ERROR")
    assert (entry.created, entry.ended, entry.quantum_ns) == (moment, moment.replace(hour=1), 7)
    assert (entry.reason_code, entry.reason_message, entry.reason_solution) == (
        ("1234", "too hot", "wait") if reason else (None, None, None)
    )


def test_a_result_that_was_damaged_on_its_way_is_fetched_again() -> None:
    pieces = [DOCUMENT[:-9], DOCUMENT]
    payload, result = downloaded(lambda: pieces.pop(0), [CIRCUIT], Deadline.after(60))
    assert payload == DOCUMENT
    assert result[0].data.c.get_counts() == {"00": 1, "11": 1, "01": 1}


def test_a_result_that_stays_damaged() -> None:
    with pytest.raises(errors.ProtocolError, match="cannot be read") as caught:
        downloaded(lambda: DOCUMENT[:-9], [CIRCUIT], Deadline.after(0.1))
    assert caught.value.retryable


# -- a disk that is full for a while -------------------------------------------------------------------


def sent_while_the_disk_is_full(workspace: Workspace) -> TrackedJob:
    """It was written down before; that it arrived was not."""
    entry = workspace.journal.begin(intended(), b"input")
    break_lock(workspace.journal)
    return TrackedJob(workspace, recover(workspace, entry))


def room_again(workspace: Workspace, server: SimulatedServer) -> None:
    """What is on record now is finished; nothing is sent once more."""
    workspace.journal.folder.joinpath(".lock").rmdir()
    entry = workspace.journal.entry("a")
    assert entry is not None
    assert recover(workspace, entry).stage is not Stage.INTENDED
    assert len(server.submissions) == 1


@pytest.mark.parametrize("by", ["fetched", "keep_and_free", "delete"])
def test_a_job_whose_end_cannot_be_noted_is_not_sent_again(
    workspace: Workspace, server: SimulatedServer, by: str
) -> None:
    """The server is not told to forget a job that nobody else could tell from one that never arrived."""
    job = sent_while_the_disk_is_full(workspace)
    server.final, server.now = JobStatus.CANCELLED, 9.0
    if by == "fetched":
        with pytest.raises(errors.JobCancelledError):
            job.fetched(Deadline())
    elif by == "delete":
        with pytest.raises(errors.StorageError, match="free some space"):
            job.delete()
    else:
        assert keep_and_free(workspace, server.job("a", Deadline())) is False
    assert "a" in {record.job_id for record in server.jobs(Deadline())}
    room_again(workspace, server)


def test_a_result_on_disk_says_that_the_job_ran(workspace: Workspace, server: SimulatedServer) -> None:
    job = sent_while_the_disk_is_full(workspace)
    server.now = 9.0
    assert len(job.fetched(Deadline())) == 1
    server.results.clear()
    assert server.jobs(Deadline()) == []
    room_again(workspace, server)
