"""When the poller asks, about what, and what it makes of the answers."""

from __future__ import annotations

import logging
import math
import threading
import time

import pytest
from simulated_server import LONGEST_WAIT_S, SimulatedServer, simulated

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import NEVER, Deadline
from qiskit_direct_provider.waiting import Poller, Ticket, first_pause_s, pause_s


@pytest.mark.parametrize(
    ("age_s", "wait", "pause"),
    [
        (0.0, None, 0.05),
        (0.049, None, 0.05),
        (0.05, None, 0.2),
        (2.0, None, 0.2),
        (3.0, None, 0.3),
        (299.0, None, 29.9),
        (301.0, None, 30.0),
        (0.0, 7.0, 7.0),
        (900.0, 1.0, 1.0),
        (900.0, 0.02, 0.02),
        (900.0, 0.0, 0.01),
        (900.0, -1.0, 0.01),
    ],
)
def test_pauses_by_the_age_of_a_job(age_s: float, wait: float | None, pause: float) -> None:
    assert pause_s(age_s, wait) == pytest.approx(pause)


@pytest.mark.parametrize(
    ("age_s", "pause"), [(-1.0, 0.05), (0.0, 0.05), (0.05, 0.05), (0.075, 0.025), (0.1, 0.0), (60.0, 0.0)]
)
def test_the_first_question_comes_at_once(age_s: float, pause: float) -> None:
    assert first_pause_s(age_s) == pause


# -- turn by turn --------------------------------------------------------------------------------------


def test_pauses_until_the_next_turn() -> None:
    """By the job that is to be asked about first; by a tenth to either side, so that clients spread."""
    server = SimulatedServer({"a": 1e6, "b": 1e6})
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    poller = Poller(server, clock=server.clock, uniform=uniform)  # type: ignore[arg-type]
    assert poller.pause() is None
    server.now = 100.0
    old, fixed = poller.ticket("a", 0.0), poller.ticket("b", 0.0, 3.0)
    poller.add([old])
    assert poller.pause() == 0.0
    poller.turn()
    assert poller.pause() == pytest.approx(11.0)
    poller.add([fixed])
    poller.turn()
    assert poller.pause() == pytest.approx(3.3)
    young = poller.ticket("a", 100.0)
    poller.add([young])
    assert poller.pause() == pytest.approx(0.055)
    poller.drop([fixed, young])
    assert poller.pause() == pytest.approx(11.0)
    assert set(asked) == {(0.9, 1.1)}


def test_a_job_that_waits_here_is_not_asked_about() -> None:
    server = SimulatedServer({"a": 0.0})
    poller = simulated(server)
    there: list[bool] = []
    ticket = poller.ticket("a", 0.0, ready=lambda: bool(there))
    assert ticket.ready is False
    poller.add([ticket])
    assert poller.pause() == 0.5
    poller.turn()
    assert (server.requests, ticket.news, poller.silence_s()) == (0, 0, 0.0)
    there.append(True)
    poller.turn()
    assert (server.requests, ticket.over) == (1, True)
    there.clear()
    assert ticket.look() is True


def test_one_job_is_asked_about_by_its_id_and_several_by_a_list() -> None:
    server = SimulatedServer({"a": 9.0, "b": 9.0})
    poller = simulated(server)
    poller.add([poller.ticket("a", 0.0)])
    poller.turn()
    assert server.names() == [("job", "a")]
    poller.add([poller.ticket("a", 0.0), poller.ticket("b", 0.0)])
    poller.turn()
    assert server.names()[1:] == [("among", "a b")]
    poller.add([poller.ticket("c", 0.0)])
    poller.turn()
    assert server.names()[2:] == [("among", "a b c"), ("job", "c")]


@pytest.mark.parametrize(
    ("patience", "limit"), [((None,), 60.0), ((5.0,), 5.0), ((5.0, 20.0), 20.0), ((200.0, 5.0), 60.0)]
)
def test_no_question_takes_longer_than_the_most_patient_wait(
    patience: tuple[float | None, ...], limit: float
) -> None:
    """Nor longer than a minute."""
    server = SimulatedServer({"a": 9.0})
    poller = simulated(server)
    tickets = [poller.ticket("a", 0.0) for _ in patience]
    for ticket, seconds in zip(tickets, patience, strict=True):
        ticket.deadline = Deadline.after(seconds)
    poller.add(tickets)
    poller.turn()
    if len(set(patience)) > 1:
        poller.add([poller.ticket("b", 0.0)])
        tickets[-1].deadline = tickets[-1].deadline
    ((_, _, left),) = server.asked
    assert limit - 3.0 < left <= limit


def test_the_time_limit_holds_for_each_question_of_a_turn() -> None:
    server = SimulatedServer({"a": 9.0})
    poller = simulated(server)
    tickets = [poller.ticket("a", 0.0), poller.ticket("b", 0.0)]
    for ticket in tickets:
        ticket.deadline = Deadline.after(20.0)
    poller.add(tickets)
    poller.turn()
    assert [name for name, _, _ in server.asked] == ["among", "job"]
    assert all(17.0 < left <= 20.0 for _, _, left in server.asked)


def test_what_is_learnt_is_handed_over_once_a_turn() -> None:
    server = SimulatedServer({"a": 1.5})
    poller = simulated(server)
    ended: list[str] = []
    ticket, silent = poller.ticket("a", 0.0), poller.ticket("a", 0.0)
    ticket.on_end = lambda: ended.append("a")
    poller.add([ticket, silent])
    for news, over in ((1, False), (2, True), (2, True)):
        server.now = float(news)
        poller.turn()
        assert (ticket.news, ticket.over, ended) == (news, over, ["a"] * over)
    assert server.requests == 2


@pytest.mark.parametrize(
    ("failure", "over"),
    [
        (errors.TransportError("no", retryable=True), False),
        (errors.ApiError("no", retryable=True), False),
        (errors.ApiError("no"), True),
        (errors.AuthorizationError("no", retryable=True), True),
    ],
)
def test_only_an_outage_is_borne(failure: errors.DirectError, over: bool) -> None:
    server = SimulatedServer({"a": 9.0})
    server.failures["job"] = [failure]
    poller = simulated(server)
    ticket = poller.ticket("a", 0.0)
    poller.add([ticket])
    poller.turn()
    assert (ticket.over, ticket.outage) == (over, failure)
    assert ticket.error is (failure if over else None)


def test_an_answer_ends_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    """Each outage is told once, and has its own hour."""
    caplog.set_level(logging.INFO)
    server = SimulatedServer({"a": 1e6})
    poller = simulated(server)
    ticket = poller.ticket("a", 0.0)
    poller.add([ticket])
    for now, down in ((0.0, True), (3600.0, True), (3601.0, False), (3602.0, True), (7202.0, True)):
        server.now, server.down = now, down
        poller.turn()
        assert not ticket.over
        assert (ticket.outage is not None) == down
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"] * 2
    assert {record.getMessage() for record in caplog.records} == {"job a: down; it is asked again"}
    server.now = 7203.0
    poller.turn()
    assert isinstance(ticket.error, errors.TransportError)


def test_an_outage_after_the_end_of_a_wait_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server = SimulatedServer({"a": 9.0})
    server.down = True
    poller = simulated(server)
    ticket = poller.ticket("a", 0.0)
    ticket.deadline = Deadline.after(0)
    poller.add([ticket])
    poller.turn()
    assert [record.levelname for record in caplog.records] == ["INFO"]


# -- with its thread -----------------------------------------------------------------------------------


def pollers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "qiskit-direct-poller"]


def gone(thread: threading.Thread) -> bool:
    thread.join(LONGEST_WAIT_S)
    return not thread.is_alive()


@pytest.fixture(autouse=True)
def _threads_of_earlier_tests_have_ended() -> None:
    assert all(map(gone, pollers()))


class Running(SimulatedServer):
    """A server on the real clock."""

    def clock(self) -> float:
        return time.monotonic()

    def _asked(self, name: str, job_id: str, deadline: Deadline) -> None:
        self.now = time.monotonic()
        super()._asked(name, job_id, deadline)


def running(server: Running) -> Poller:
    return Poller(server)  # type: ignore[arg-type]


def test_one_thread_polls_for_as_long_as_somebody_waits() -> None:
    server = Running({"a": math.inf, "b": math.inf})
    poller = running(server)
    assert pollers() == []
    with poller.watched([poller.ticket("a", time.monotonic())]) as (first,):
        (thread,) = pollers()
        assert thread.daemon
        with poller.watched([poller.ticket("b", time.monotonic())]):
            assert pollers() == [thread]
        assert poller.news([first], 0, Deadline.after(LONGEST_WAIT_S)) >= 1
    assert gone(thread)
    with poller.watched([poller.ticket("a", time.monotonic())]) as (again,):
        assert poller.news([again], 0, Deadline.after(LONGEST_WAIT_S)) >= 1
        (thread,) = pollers()
    assert gone(thread)


def test_another_process_has_a_thread_and_a_silence_of_its_own() -> None:
    """After a fork the poller remembers a thread that is not there."""
    server = Running({"a": math.inf})
    server.down = True
    poller = running(server)
    with poller.watched([poller.ticket("a", time.monotonic())]) as (ticket,):
        assert poller.news([ticket], 0, Deadline.after(LONGEST_WAIT_S)) >= 1
        (first,) = pollers()
        poller._unanswered_since = time.monotonic() - 1000
        poller.begin_anew()
        with poller.watched([poller.ticket("a", time.monotonic())]) as (own,):
            assert len(pollers()) == 2
            assert poller.silence_s() < 500
            assert poller.news([own], 0, Deadline.after(LONGEST_WAIT_S)) >= 1
        threads = pollers()
    assert all(map(gone, [first, *threads]))


def test_a_question_that_cannot_be_asked_ends_its_wait_alone() -> None:
    """Such as for want of memory, or of threads: nobody waits for ever, and others are asked about."""
    server = Running({"a": math.inf})
    server.failures["job"] = [RuntimeError("no thread; https://store/x?X-Amz-Signature=secret")]
    poller = running(server)
    with poller.watched([poller.ticket("a", time.monotonic())]) as (ticket,):
        assert poller.news([ticket], 0, Deadline.after(LONGEST_WAIT_S)) == 1
        assert isinstance(ticket.error, errors.ApiError)
        assert "could not be asked (RuntimeError: no thread" in str(ticket.error)
        assert "secret" not in str(ticket.error)
        assert isinstance(ticket.error.__cause__, RuntimeError)
        with poller.watched([poller.ticket("a", time.monotonic())]) as (again,):
            assert poller.news([again], 0, Deadline.after(LONGEST_WAIT_S)) == 1
            assert again.error is None
        threads = pollers()
    assert all(map(gone, threads))


def test_a_new_job_does_not_wait_for_the_turn_of_an_old_one() -> None:
    """The old one is asked about every half minute; the new one within moments."""
    server = Running({"old": math.inf, "new": math.inf})
    poller = running(server)
    now = time.monotonic()
    with poller.watched([poller.ticket("old", now - 36_000)]) as (old,):
        assert poller.news([old], 0, Deadline.after(LONGEST_WAIT_S)) == 1
        with poller.watched([poller.ticket("new", time.monotonic())]) as (new,):
            assert poller.news([new], 0, Deadline.after(20.0)) == 1
        assert time.monotonic() - now < 20.0
        (thread,) = pollers()
    assert gone(thread)


def test_an_interval_of_ages_ends_no_thread() -> None:
    """It is longer than any timer takes."""
    server = Running({"old": math.inf, "new": math.inf})
    poller = running(server)
    now = time.monotonic()
    with poller.watched([poller.ticket("old", now - 36_000, 1e300)]) as (old,):
        assert poller.news([old], 0, Deadline.after(LONGEST_WAIT_S)) == 1
        with poller.watched([poller.ticket("new", time.monotonic())]) as (new,):
            assert poller.news([new], 0, Deadline.after(20.0)) == 1
        (thread,) = pollers()
    assert gone(thread)


def test_the_thread_ends_when_nobody_waits_any_more() -> None:
    """At once, although the job would be asked about in half a minute only."""
    server = Running({"old": math.inf})
    poller = running(server)
    with poller.watched([poller.ticket("old", time.monotonic() - 36_000)]) as (old,):
        assert poller.news([old], 0, Deadline.after(LONGEST_WAIT_S)) == 1
        (thread,) = pollers()
    thread.join(20.0)
    assert not thread.is_alive()


def test_a_wait_for_news_ends_in_time() -> None:
    poller = simulated(SimulatedServer())
    ticket = Ticket("a", 0.0, None)
    ticket.news = 3
    assert poller.news([ticket], 0, NEVER) == 3
    soon = Deadline.after(0.01)
    assert poller.news([ticket], 3, soon) == 3
    assert ticket.deadline is soon
    assert poller.news([ticket], 3, NEVER, 0.01) == 3
    assert ticket.deadline is NEVER
    assert poller.url == "http://simulated"
