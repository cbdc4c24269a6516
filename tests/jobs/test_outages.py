"""How often the poller asks, and how it bears outages, over the hours of a simulated clock."""

from __future__ import annotations

import pytest
from simulated_server import SimulatedServer, run_until_over, simulated

from qiskit_direct_provider import errors


@pytest.mark.parametrize(
    ("jobs", "seconds", "most"), [(100, 600.0, 150), (1, 600.0, 80), (1, 3600.0, 180), (1, 2.0, 12)]
)
def test_requests_for_jobs_of_some_length(jobs: int, seconds: float, most: int) -> None:
    """In all, however many jobs wait; and the end is noticed within a tenth of the age, 33 s at the most."""
    server = SimulatedServer({str(number): seconds for number in range(jobs)})
    poller = simulated(server)
    tickets = [poller.ticket(str(number), 0.0) for number in range(jobs)]
    run_until_over(poller, server, tickets)
    assert all(ticket.over for ticket in tickets)
    assert server.requests <= most
    assert server.now - seconds <= min(0.11 * seconds + 0.25, 33)


def test_an_outage_is_borne_for_an_hour() -> None:
    server = SimulatedServer({"a": 5000.0})
    poller = simulated(server)
    ticket = poller.ticket("a", 0.0)
    poller.add([ticket])
    server.down = True
    while server.now < 3000:
        server.now += poller.pause() or 0.0
        poller.turn()
    assert not ticket.over
    assert isinstance(ticket.outage, errors.TransportError)
    server.down = False
    run_until_over(poller, server, [])
    assert ticket.error is None
    assert ticket.record is not None


def test_an_outage_without_end_is_an_error() -> None:
    server = SimulatedServer({"a": 50.0})
    server.down = True
    poller = simulated(server)
    ticket = poller.ticket("a", 0.0)
    run_until_over(poller, server, [ticket])
    assert isinstance(ticket.error, errors.TransportError)
    assert 3600 <= server.now <= 3700


def test_no_outage_is_borne_of_a_service_that_was_stopped(caplog: pytest.LogCaptureFixture) -> None:
    server = SimulatedServer({"a": 50.0})
    server.down = True
    poller = simulated(server)
    ticket = poller.ticket("a", 0.0)
    poller.add([ticket])
    for _ in range(3):
        server.now += poller.pause() or 0.0
        poller.turn()
    assert not ticket.over
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    poller.give_up()
    run_until_over(poller, server, [])
    assert isinstance(ticket.error, errors.TransportError)
    assert server.now < 10


def test_the_first_question_to_a_stopped_service_is_the_last() -> None:
    server = SimulatedServer({"a": 50.0})
    server.down = True
    poller = simulated(server)
    ticket = poller.ticket("a", 0.0)
    poller.add([ticket])
    poller.give_up()
    poller.turn()
    assert isinstance(ticket.error, errors.TransportError)


def test_silence_is_counted_from_the_first_question_without_an_answer() -> None:
    server = SimulatedServer({"a": 50.0})
    poller = simulated(server)
    poller.add([poller.ticket("a", 0.0)])
    for down, silent in ((False, False), (True, True), (True, True), (False, False), (True, True)):
        server.now += 1.0
        server.down = down
        before = poller.silence_s()
        poller.turn()
        server.now += 1.0
        assert poller.silence_s() == (before + 1.0 if silent else 0.0)


def test_a_job_that_is_gone_ends_its_wait_alone() -> None:
    server = SimulatedServer({"a": 5.0})
    poller = simulated(server)
    here, gone = poller.ticket("a", 0.0), poller.ticket("b", 0.0)
    run_until_over(poller, server, [here, gone])
    assert isinstance(gone.error, errors.JobNotFoundError)
    assert here.error is None
