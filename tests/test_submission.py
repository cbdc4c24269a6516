"""What is sent, waited for and freed, request by request; the clock moves when somebody sleeps."""

from __future__ import annotations

import threading
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from qiskit.providers.jobstatus import JobStatus
from simulated_server import DOCUMENT, SimulatedServer
from simulated_worlds import CIRCUIT, intended, unwritable_result, workspace_over

from qiskit_direct_provider import errors, submission
from qiskit_direct_provider.clients import deadline as deadlines
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import Reason, Submission
from qiskit_direct_provider.journal import Stage
from qiskit_direct_provider.submission import (
    downloaded,
    found_again,
    free_own_lanes,
    keep_and_free,
    note_end,
    recover,
    send,
)

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.workspace import Workspace

FULL = errors.LanesFullError("no lane", status=429)


@pytest.fixture
def server() -> SimulatedServer:
    return SimulatedServer()


@pytest.fixture
def workspace(server: SimulatedServer, tmp_path: Path) -> Workspace:
    return workspace_over(server, tmp_path)


@pytest.fixture
def pauses(server: SimulatedServer, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was slept each time; the longest that chance allows."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 100, "slept without end"
        server.now += seconds

    def uniform(low: float, high: float) -> float:
        assert low == 0
        return high

    monkeypatch.setattr(deadlines, "time", SimpleNamespace(monotonic=server.clock))
    monkeypatch.setattr(submission, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(submission, "random", SimpleNamespace(uniform=uniform))
    return slept


def stage(workspace: Workspace, job_id: str = "a") -> Stage | None:
    entry = workspace.journal.entry(job_id)
    return entry and entry.stage


def on_record(workspace: Workspace, job_id: str, **changes: object) -> None:
    workspace.journal.begin(intended(job_id), b"input")
    workspace.journal.advance(job_id, **{"stage": Stage.ACCEPTED, **changes})


# -- sending -------------------------------------------------------------------------------------------


def test_a_job_is_written_down_sent_and_confirmed(workspace: Workspace, server: SimulatedServer) -> None:
    entry = intended(log_level="debug", tags=("t",), session_id="s")
    found = send(workspace, entry, b"input")
    assert found == workspace.journal.entry("a")
    assert (found.stage, found.known_as, found.server_id) == (Stage.ACCEPTED, "a", None)
    assert server.names() == [("submit", "a")]
    assert server.submissions == [
        Submission(
            job_id="a",
            backend_name="device",
            program_id="sampler",
            payload=b"input",
            timeout_s=60,
            log_level="debug",
            tags=("t",),
            session_id="s",
        )
    ]


def test_the_servers_own_id_is_noted(workspace: Workspace, server: SimulatedServer) -> None:
    server.renames = True
    found = send(workspace, intended(), b"input")
    assert (found.job_id, found.known_as, found.stage) == ("a", "s-a", Stage.ACCEPTED)
    assert workspace.journal.entry("s-a") == found


def test_a_journal_that_lost_the_entry_does_not_lose_the_job(
    workspace: Workspace, server: SimulatedServer
) -> None:
    """Somebody removed the file while the job was sent."""
    submit = server.submit

    def careless(submission: Submission, deadline: Deadline) -> str:
        workspace.journal.discard("a")
        return submit(submission, deadline)

    server.renames = True
    server.submit = careless  # type: ignore[method-assign]
    found = send(workspace, intended(), b"input")
    assert (found.job_id, found.server_id) == ("a", "s-a")


def test_a_job_that_was_sent_is_not_sent_again(workspace: Workspace, server: SimulatedServer) -> None:
    first = send(workspace, intended(), b"input")
    assert send(workspace, intended(name="again"), b"input") == first
    assert server.names() == [("submit", "a")]


def test_a_job_that_another_thread_is_sending_is_left_to_it(
    workspace: Workspace, server: SimulatedServer
) -> None:
    found: list[JobEntry] = []
    workspace.journal.begin(intended(), b"input")
    second = threading.Thread(target=lambda: found.append(send(workspace, intended(), b"input")))
    with workspace.journal.sending("a", wait=True):
        second.start()
        second.join(0.2)
        assert found == []
        workspace.journal.advance("a", stage=Stage.ACCEPTED, server_id="s-a")
    second.join(60)
    assert [entry.known_as for entry in found] == ["s-a"]
    assert server.names() == []


@pytest.mark.parametrize("arrived", [True, False])
def test_an_earlier_attempt_is_looked_for(
    workspace: Workspace, server: SimulatedServer, *, arrived: bool
) -> None:
    workspace.journal.begin(intended(), b"input")
    if arrived:
        server.hold("s-a", 9.0)
    found = send(workspace, intended(), b"input")
    assert server.names() == [("find", "a"), *([] if arrived else [("submit", "a")])]
    assert (found.stage, found.known_as) == (Stage.ACCEPTED, "s-a" if arrived else "a")


def test_nothing_of_a_refused_job_stays(workspace: Workspace, server: SimulatedServer) -> None:
    server.failures["submit"] = [errors.AuthorizationError("no")]
    with pytest.raises(errors.AuthorizationError):
        send(workspace, intended(), b"input")
    assert stage(workspace) is None
    assert workspace.journal.payload("a") is None


def test_a_job_of_an_unknown_fate_stays_on_record(workspace: Workspace, server: SimulatedServer) -> None:
    server.failures["submit"] = [errors.TransportError("who knows", job_id="a")]
    with pytest.raises(errors.TransportError):
        send(workspace, intended(), b"input")
    assert stage(workspace) is Stage.INTENDED
    assert workspace.journal.payload("a") == b"input"


@pytest.mark.parametrize("status", ["ERROR", "CANCELLED"])
@pytest.mark.parametrize("freed", [True, False])
def test_the_id_of_a_job_that_failed_is_freed(
    workspace: Workspace, server: SimulatedServer, status: str, *, freed: bool
) -> None:
    """Under the server's name for it; what it has forgotten already is not deleted again."""
    server.hold("s-a", 0.0)
    ended = Stage.FREED if freed else Stage.ENDED
    on_record(workspace, "a", status=status, stage=ended, server_id="s-a")
    found = send(workspace, intended(name="new"), b"input")
    assert server.names() == [*([] if freed else [("delete", "s-a")]), ("submit", "a")]
    assert (found.stage, found.name, found.status) == (Stage.ACCEPTED, "new", None)


def test_the_end_of_a_job_is_noted_before_its_id_is_used_again(
    workspace: Workspace, server: SimulatedServer
) -> None:
    """Should the new one then be refused, the old one is known to be gone."""
    on_record(workspace, "a", status="ERROR", stage=Stage.ENDED)
    with pytest.raises(errors.DuplicateJobError):
        send(workspace, intended(), b"other input")
    assert server.names() == [("delete", "a")]
    assert stage(workspace) is Stage.FREED


def test_a_job_that_is_done_keeps_its_id(workspace: Workspace, server: SimulatedServer) -> None:
    on_record(workspace, "a", status="DONE", stage=Stage.STORED)
    send(workspace, intended(), b"input")
    assert server.names() == []


# -- lanes ---------------------------------------------------------------------------------------------


def test_own_ended_jobs_make_room(workspace: Workspace, server: SimulatedServer, pauses: list[float]) -> None:
    server.lanes = 1
    server.hold("done", 0.0)
    on_record(workspace, "done")
    assert send(workspace, intended(), b"input").stage is Stage.ACCEPTED
    assert workspace.journal.result("done") == DOCUMENT
    assert stage(workspace, "done") is Stage.FREED
    assert pauses == []


def test_a_server_that_frees_nothing_is_not_asked_for_ever(
    workspace: Workspace, server: SimulatedServer, pauses: list[float]
) -> None:
    server.lanes, server.sticky = 1, True
    server.hold("done", 0.0)
    on_record(workspace, "done")
    with pytest.raises(errors.LanesFullError):
        send(workspace, intended(), b"input", wait_for_lane_s=0)
    assert [name for name, _ in server.names()].count("release") == 20
    assert pauses == []


@pytest.mark.parametrize(
    ("own", "wait", "expected"),
    [
        (True, None, [1, 2, 4, 8, 16, 29]),
        (False, None, []),
        (True, 0, []),
        (False, 100, [1, 2, 4, 8, 16, 30, 30, 9]),
    ],
)
def test_how_long_a_lane_is_waited_for(
    workspace: Workspace,
    server: SimulatedServer,
    pauses: list[float],
    own: bool,
    wait: float | None,
    expected: list[float],
) -> None:
    """A minute where jobs of ours will end, else not at all, unless the caller says so."""
    server.lanes = 2
    server.hold("one", 1e6)
    server.hold("two", 1e6, "another device")
    on_record(workspace, "one" if own else "two")
    with pytest.raises(errors.LanesFullError) as caught:
        send(workspace, intended(), b"input", wait)
    assert pauses == expected
    error = caught.value
    assert str(error) == (
        "no lane; jobs of this account hold: one (RUNNING); wait_for_lane=... waits for one"
    )
    assert (error.status, error.code, error.solution, error.trace) == (429, "1232", "wait", "t")
    assert error.retry_after_s == 3.0
    assert error.__suppress_context__
    assert stage(workspace) is None


def test_lanes_that_nobody_here_holds(
    workspace: Workspace, server: SimulatedServer, pauses: list[float]
) -> None:
    server.lanes = 0
    with pytest.raises(errors.LanesFullError, match="no lane; none is held by this account; wait"):
        send(workspace, intended(), b"input")
    server.hold("one", 9.0)
    server.hold("two", 9.0)
    server.failures["jobs"] = []
    with pytest.raises(errors.LanesFullError, match=r"hold: one \(RUNNING\), two \(RUNNING\);"):
        send(workspace, intended(), b"input")
    assert server.asked[-1][2] == 10.0


def test_a_refusal_is_told_also_when_the_holders_cannot_be(
    workspace: Workspace, server: SimulatedServer, pauses: list[float]
) -> None:
    jobs = server.jobs
    server.lanes = 0

    def once(deadline: Deadline) -> object:
        if deadline.remaining() <= 10:
            raise errors.TransportError("down")
        return jobs(deadline)

    server.jobs = once  # type: ignore[assignment, method-assign]
    with pytest.raises(errors.LanesFullError, match="none is held"):
        send(workspace, intended(), b"input")


@pytest.mark.parametrize("kind", [errors.BackendReservedError, errors.RateLimitError])
def test_other_refusals_that_pass(
    workspace: Workspace, server: SimulatedServer, pauses: list[float], kind: type[errors.DirectError]
) -> None:
    """They are not waited for unless asked; no lane is freed for them."""
    server.hold("mine", 0.0)
    on_record(workspace, "mine")
    refusal = kind("not now")
    server.failures["submit"] = [refusal]
    with pytest.raises(kind) as caught:
        send(workspace, intended(), b"input")
    assert caught.value is refusal
    assert pauses == []
    server.failures["submit"] = [kind("not now")] * 2
    assert send(workspace, intended(), b"input", 5).stage is Stage.ACCEPTED
    assert pauses == [1, 2]
    assert {name for name, _ in server.names()} == {"submit"}


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
