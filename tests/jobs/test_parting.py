"""Parts of a job that wait on this side to be sent: what becomes of them, whatever the server says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from qiskit.providers.jobstatus import JobStatus
from simulated_worlds import CIRCUIT, intended, stage

from qiskit_direct_provider import errors, parting
from qiskit_direct_provider.job_search import parts_of
from qiskit_direct_provider.journal import Stage
from qiskit_direct_provider.parting import send_in_parts
from qiskit_direct_provider.programs import Program
from qiskit_direct_provider.tracked_job import TrackedJob

if TYPE_CHECKING:
    from simulated_server import SimulatedServer

    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.clients.interface import Submission
    from qiskit_direct_provider.workspace import Workspace

PROGRAMS = [Program("sampler", name.encode(), (CIRCUIT,)) for name in ("first", "second", "third")]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "PAUSE_S", 0.0)


def waiting(workspace: Workspace) -> list[TrackedJob]:
    """The two parts that were not sent with the first one."""
    _, parts = send_in_parts(workspace, intended(), PROGRAMS, None)
    found = [TrackedJob(workspace, entry) for entry in parts]
    assert [part.sent for part in found] == [True, False, False]
    for part in found[1:]:
        part.queued = True
    return found[1:]


def test_parts_wait_while_every_lane_is_taken(
    workspace: Workspace, server: SimulatedServer, pauses: list[float]
) -> None:
    """For longer than one attempt lasts; the lanes are somebody else's."""
    parts, submit = waiting(workspace), server.submit

    def busy(submission: Submission, deadline: Deadline) -> str:
        server.lanes = 5 if server.now > 3 * parting.LANE_PATIENCE_S else 0
        return submit(submission, deadline)

    server.submit = busy  # type: ignore[method-assign]
    parting._send_all(parts)
    assert sum(pauses) >= 3 * parting.LANE_PATIENCE_S
    assert [part.entry.stage for part in parts] == [Stage.ACCEPTED] * 2
    assert [each.job_id for each in server.submissions] == ["a.0", "a.1", "a.2"]


def test_a_part_that_is_refused_ends_and_the_next_one_is_sent(
    workspace: Workspace, server: SimulatedServer, caplog: pytest.LogCaptureFixture
) -> None:
    refused, sent = waiting(workspace)
    server.failures["submit"] = [errors.AuthorizationError("not you", status=403, code="1")]
    parting._send_all([refused, sent])
    assert "job a.1 was refused: not you" in caplog.text
    assert (refused.ended, refused.queued) == (True, False)
    assert refused.record().status is JobStatus.ERROR
    with pytest.raises(errors.JobFailedError, match="not you") as caught:
        raise refused.ending()
    assert caught.value.code == "1"
    assert (stage(workspace, "a.1"), stage(workspace, "a.2")) == (Stage.ENDED, Stage.ACCEPTED)


def test_a_short_outage_costs_nothing(workspace: Workspace, server: SimulatedServer) -> None:
    parts = waiting(workspace)
    server.failures["find"] = [errors.TransportError("down", retryable=True)] * 3
    parting._send_all(parts)
    assert [part.entry.stage for part in parts] == [Stage.ACCEPTED] * 2


def test_a_long_outage_leaves_the_rest_on_record(
    workspace: Workspace,
    server: SimulatedServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(parting, "OUTAGE_PATIENCE_S", 0.0)
    parts = waiting(workspace)
    server.down = True
    parting._send_all(parts)
    assert "job a.1 could not be sent: down" in caplog.text
    assert "a.2" not in caplog.text
    assert [stage(workspace, part.journal_id) for part in parts] == [Stage.INTENDED] * 2


@pytest.mark.parametrize("told", [False, True])
def test_a_part_that_is_cancelled_on_its_way_is_cancelled_there(
    workspace: Workspace, server: SimulatedServer, caplog: pytest.LogCaptureFixture, *, told: bool
) -> None:
    (part, _), submit = waiting(workspace), server.submit

    def overtaken(submission: Submission, deadline: Deadline) -> str:
        assert part.cancel()
        return submit(submission, deadline)

    server.submit = overtaken  # type: ignore[method-assign]
    server.failures["cancel"] = [errors.ApiError("no", status=500)] if told else []
    parting._send_all([part])
    assert server.names()[-1] == ("cancel", "a.1")
    assert ("job a.1 could not be cancelled: no" in caplog.text) == told


def test_a_first_part_of_an_unknown_fate_keeps_them_all(
    workspace: Workspace, server: SimulatedServer
) -> None:
    server.failures["submit"] = [errors.TransportError("who knows", job_id="a.0")]
    with pytest.raises(errors.TransportError, match="who knows"):
        send_in_parts(workspace, intended(), PROGRAMS, None)
    assert [stage(workspace, name) for name in ("a", "a.0", "a.2")] == [
        Stage.ACCEPTED,
        Stage.INTENDED,
        Stage.INTENDED,
    ]


def test_a_first_part_that_is_refused_leaves_nothing(workspace: Workspace, server: SimulatedServer) -> None:
    server.failures["submit"] = [errors.AuthorizationError("no")]
    with pytest.raises(errors.AuthorizationError):
        send_in_parts(workspace, intended(), PROGRAMS, None)
    assert list(workspace.journal.entries()) == []


def test_a_part_that_is_not_on_record_is_named(workspace: Workspace) -> None:
    head, parts = send_in_parts(workspace, intended(), PROGRAMS, None)
    assert [part.job_id for part in parts_of(workspace, head)] == [part.job_id for part in parts]
    workspace.journal.discard("a.1")
    with pytest.raises(errors.JobNotFoundError, match=r"sent in 3 parts, of which a\.1 is not on record"):
        parts_of(workspace, head)
    assert parts_of(workspace, msgspec.structs.replace(head, parts=())) == []
