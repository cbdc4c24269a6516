"""When a wait tells of a service that does not answer, and how long a wait may be."""

from __future__ import annotations

import math
import time
import warnings
from typing import TYPE_CHECKING

import pytest
from simulated_server import SimulatedServer, run_until_over, simulated

from qiskit_direct_provider import errors, job_waiting
from qiskit_direct_provider.clients.deadline import NEVER, Deadline
from qiskit_direct_provider.job_waiting import Vigil, deadline_of
from qiskit_direct_provider.notices import OutageWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit_direct_provider.waiting import Poller


# -- a service that does not answer --------------------------------------------------------------------


@pytest.fixture
def silent() -> tuple[SimulatedServer, Poller, Callable[[float], None]]:
    server = SimulatedServer({"a": 1e6, "b": 1e6})
    poller = simulated(server)
    server.down = True

    def turn(now: float) -> None:
        server.now = now
        poller.turn()

    return server, poller, turn


@pytest.mark.parametrize(
    ("ids", "limit_s", "whose", "how_long"),
    [
        (["a"], None, "job a", "60 minutes"),
        (["a", "b"], None, "2 jobs", "60 minutes"),
        (["a"], 1000.0, "job a", "17 minutes"),
        (["a"], 100.0, "job a", "100 s"),
        (["a"], 119.0, "job a", "119 s"),
    ],
)
def test_a_silence_of_ten_seconds_is_told_once(
    silent: tuple[SimulatedServer, Poller, Callable[[float], None]],
    ids: list[str],
    limit_s: float | None,
    whose: str,
    how_long: str,
) -> None:
    server, poller, turn = silent
    tickets = [poller.ticket(job_id, 0.0) for job_id in ids]
    gone = poller.ticket("c", 0.0)
    gone.error = errors.JobNotFoundError("c")
    poller.add(tickets)
    deadline = Deadline.after(None if limit_s is None else limit_s + 0.4)
    vigil = Vigil(poller, [*tickets, gone], deadline)
    turn(0.0)
    server.now = 9.9
    assert vigil.due_s() == pytest.approx(0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vigil.look()
    server.now = 10.0
    assert vigil.due_s() == 0.01
    with pytest.warns(OutageWarning) as told:
        vigil.look()
    assert str(told[0].message) == (
        f"http://simulated has not answered for 10 s. It is asked again about {whose} for up to {how_long}; "
        "Ctrl-C ends the wait, and no job"
    )
    assert vigil.due_s() == 10.0
    server.now = 12.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vigil.look()
    server.down = False
    turn(13.0)
    vigil.look()
    assert vigil.due_s() == 10.0
    server.down = True
    turn(14.0)
    server.now = 26.0
    with pytest.warns(OutageWarning, match="for 12 s"):
        vigil.look()


def test_a_vigil_looks_whenever_it_waits(
    silent: tuple[SimulatedServer, Poller, Callable[[float], None]],
) -> None:
    """An hour is borne, of which ten minutes are over; no news is no end before the deadline."""
    server, poller, turn = silent
    ticket = poller.ticket("a", 0.0)
    poller.add([ticket])
    turn(0.0)
    server.now = 600.0
    deadline = Deadline.after(0.3)
    with pytest.warns(OutageWarning, match="has not answered for 600 s.* for up to 50 minutes;"):
        assert Vigil(poller, [ticket]).news() is True
    vigil = Vigil(poller, [ticket], deadline)
    with pytest.warns(OutageWarning, match="for up to 0 s;"):
        assert vigil.news() is True
    server.now = 9.999
    vigil.look()
    server.now = 600.0
    with pytest.warns(OutageWarning):
        assert vigil.news() is False
    assert deadline.expired()


def test_a_vigil_counts_what_it_has_seen() -> None:
    poller = simulated(SimulatedServer({"a": 9.0}))
    ticket = poller.ticket("a", 0.0)
    poller.add([ticket])
    vigil = Vigil(poller, [ticket], Deadline.after(0.05))
    poller.turn()
    assert vigil.news() is True
    assert vigil.news() is False
    assert Vigil(poller, [ticket]).news() is True


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(5, 5.0), (0.5, 0.5), (0, 0.0), (-3, 0.0), (-0.5, 0.0), ("10m", 600.0), ("0s", 0.0)],
)
def test_time_limits_of_waits(timeout: float | str, seconds: float) -> None:
    before = time.monotonic()
    at = deadline_of(timeout).at
    assert before + seconds <= at <= time.monotonic() + seconds


@pytest.mark.parametrize(("seconds", "text"), [(120.0, "120 s"), (121.0, "2 minutes"), (0.4, "0 s")])
def test_durations_for_people(seconds: float, text: str) -> None:
    assert job_waiting._duration(seconds) == text


@pytest.mark.parametrize("timeout", [None, math.inf])
def test_waits_without_an_end(timeout: float | None) -> None:
    assert deadline_of(timeout) is NEVER


@pytest.mark.parametrize("timeout", ["soon", "-3s", [], math.nan])
def test_what_is_no_time_limit(timeout: object) -> None:
    with pytest.raises(errors.InvalidInputError, match="^timeout "):
        deadline_of(timeout)  # type: ignore[arg-type]


def test_all_jobs_of_a_poller_end() -> None:
    server = SimulatedServer({"a": 5.0, "b": 700.0})
    poller = simulated(server)
    tickets = [poller.ticket("a", 0.0), poller.ticket("b", 0.0)]
    run_until_over(poller, server, tickets)
    assert [ticket.record.job_id for ticket in tickets if ticket.record] == ["a", "b"]
