"""What is sent, waited for and freed, request by request; the clock moves when somebody sleeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from simulated_server import DOCUMENT, SimulatedServer
from simulated_worlds import intended, on_record, stage

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.interface import Submission
from qiskit_direct_provider.journal import Stage
from qiskit_direct_provider.submission import (
    send,
)

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.workspace import Workspace

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


def test_what_another_process_made_of_a_failed_job_is_left_alone(
    workspace: Workspace, server: SimulatedServer
) -> None:
    """Both send it anew; the second has to wait, and then finds the job of the first."""
    on_record(workspace, "a", status="ERROR", stage=Stage.ENDED)
    found: list[JobEntry] = []
    second = threading.Thread(target=lambda: found.append(send(workspace, intended(name="2nd"), b"input")))
    with workspace.journal.sending("a", wait=True):
        second.start()
        second.join(0.2)
        workspace.journal.advance("a", stage=Stage.FREED)
        workspace.journal.begin(intended(name="1st"), b"input")
        server.hold("a", 1.0)
    second.join(60)
    assert server.names() == [("find", "a")]
    assert [(entry.name, entry.stage) for entry in found] == [("1st", Stage.ACCEPTED)]


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
