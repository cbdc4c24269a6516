"""Waits for one job and for several, question by question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qiskit.providers.jobstatus import JobStatus
from simulated_server import LONGEST_WAIT_S, SimulatedServer
from simulated_worlds import tracked

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import NEVER, Deadline
from qiskit_direct_provider.job_waiting import final_record, finished, until_ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit_direct_provider.workspace import Workspace

# -- waiting for it ------------------------------------------------------------------------------------


def soon(server: SimulatedServer, questions: int) -> Callable[[], None]:
    """All jobs end with that answer."""
    left = [questions]

    def each() -> None:
        left[0] -= 1
        if left[0] <= 0:
            server.now = 1e9

    return each


def test_waiting_tells_of_each_answer(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, ends=1.0)
    told: list[JobStatus] = []
    end = soon(server, 2)

    def each() -> None:
        assert job.last is not None
        told.append(job.last.status)
        end()

    record = final_record(job, Deadline.after(LONGEST_WAIT_S), 0.01, each)
    assert record is job.last
    assert record.status is JobStatus.DONE
    assert told == [JobStatus.RUNNING, JobStatus.RUNNING, JobStatus.DONE]
    assert server.names() == [("job", "a")] * 3
    assert final_record(job, Deadline.after(0), None, each) is record
    assert len(told) == 4
    assert final_record(job, Deadline.after(0)) is record


def test_an_outage_is_no_answer(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, ends=1.0)
    server.failures["job"] = [errors.TransportError("no", retryable=True) for _ in range(2)]
    told: list[int] = []
    end = soon(server, 1)

    def each() -> None:
        told.append(server.requests)
        end()

    final_record(job, Deadline.after(LONGEST_WAIT_S), 0.01, each)
    assert told == [3, 4]


def test_a_wait_that_is_over_too_early(workspace: Workspace, server: SimulatedServer) -> None:
    job = tracked(workspace, ends=1.0)
    with pytest.raises(errors.JobTimeoutError) as caught:
        final_record(job, Deadline.after(0.3), 0.01)
    assert str(caught.value) == ("job a has not ended within the time limit; it goes on, call result() again")
    server.down = True
    with pytest.raises(errors.JobTimeoutError, match=r"again \(the last question had no answer: down\)$"):
        final_record(job, Deadline.after(0.3), 0.01)


def test_the_error_of_a_wait(workspace: Workspace, server: SimulatedServer) -> None:
    """An unknown job may have its end on record; no other error is hidden by that."""
    job = tracked(workspace, ends=1.0)
    server.failures["job"] = [errors.AuthorizationError("no"), errors.JobNotFoundError("gone")]
    told: list[object] = []
    with pytest.raises(errors.AuthorizationError):
        final_record(job, Deadline.after(LONGEST_WAIT_S), 0.01, lambda: told.append(1))
    with pytest.raises(errors.JobNotFoundError):
        final_record(job, Deadline.after(LONGEST_WAIT_S), 0.01, lambda: told.append(1))
    workspace.journal.advance("a", status="CANCELLED")
    server.failures["job"] = [errors.AuthorizationError("no"), errors.JobNotFoundError("gone")]
    with pytest.raises(errors.AuthorizationError):
        final_record(job, Deadline.after(LONGEST_WAIT_S), 0.01)
    found = final_record(job, Deadline.after(LONGEST_WAIT_S), 0.01)
    assert found.status is JobStatus.CANCELLED
    assert job.last is found
    assert told == []


def test_an_error_after_an_answer_is_not_told_as_an_answer(
    workspace: Workspace, server: SimulatedServer
) -> None:
    job = tracked(workspace, ends=1.0)
    told: list[int] = []

    def each() -> None:
        told.append(server.requests)
        server.failures["job"] = [errors.AuthorizationError("no")]

    with pytest.raises(errors.AuthorizationError):
        final_record(job, Deadline.after(LONGEST_WAIT_S), 0.01, each)
    assert told == [1]


def test_tickets_are_for_those_that_have_not_ended(workspace: Workspace) -> None:
    done, running = tracked(workspace, "a", status="DONE"), tracked(workspace, "b", ends=9.0)
    ((job, ticket),) = until_ended([done, running])
    assert job is running
    assert ticket.job_id == "b"


def test_owners_are_finished_once_all_their_jobs_are(workspace: Workspace, server: SimulatedServer) -> None:
    """Those that had ended come first, then each as it ends."""
    done = tracked(workspace, "done", status="DONE")
    one, two, slow = (
        tracked(workspace, job_id, ends=ends) for job_id, ends in (("1", 1.0), ("2", 2.0), ("3", 3.0))
    )
    owners = [("slow", [slow]), ("both", [one, two]), ("first", [done]), ("one", [one]), ("none", [])]
    waiting = finished(owners, workspace.poller, Deadline.after(LONGEST_WAIT_S))
    assert [next(waiting), next(waiting)] == ["first", "none"]
    server.now = 1.0
    assert next(waiting) == "one"
    server.now = 2.0
    assert next(waiting) == "both"
    assert (one.ended, two.ended, slow.ended) == (True, True, False)
    server.now = 3.0
    assert list(waiting) == ["slow"]


def test_owners_that_are_not_finished_in_time(workspace: Workspace, server: SimulatedServer) -> None:
    waiting = finished(
        [("x", [tracked(workspace, "a", ends=9.0)]), ("y", [tracked(workspace, "b", ends=9.0)])],
        workspace.poller,
        Deadline.after(0.2),
    )
    with pytest.raises(errors.JobTimeoutError, match="job a has not ended"):
        list(waiting)


def test_the_state_of_a_forgotten_job_is_read_off_its_result(
    workspace: Workspace, server: SimulatedServer
) -> None:
    """Somebody else had the server forget it; a store that does not answer leaves it at that."""
    job = tracked(workspace, server_id="s-a")
    server.release("s-a", NEVER)
    server.failures["stored_result"] = [errors.StorageError("down")]
    with pytest.raises(errors.JobNotFoundError):
        job.record()
    assert job.last is None
    assert job.record().status is JobStatus.DONE
    kept = job.kept(NEVER)
    assert kept is not None
    assert kept[0].data.c.num_shots == 3
