"""Which request gets which fault."""

from __future__ import annotations

import threading

import pytest

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.testing import (
    ALL_FAULTS,
    Fault,
    FaultProxy,
    FaultSettings,
    Match,
    api,
    iam,
    objects,
)

JOBS = ("POST", "/v1/jobs")


@pytest.fixture
def proxy() -> FaultProxy:
    """A proxy that is never started: its rules are enough."""
    return FaultProxy("http://127.0.0.1:1")


def drawn(proxy: FaultProxy, number: int, method: str = "POST", path: str = "/v1/jobs") -> list[Fault]:
    return [proxy._rules.draw(method, path).fault for _ in range(number)]


def test_everything_passes_without_rules(proxy: FaultProxy) -> None:
    assert drawn(proxy, 3) == [Fault.PASS] * 3


def test_the_nth_request_gets_the_nth_fault(proxy: FaultProxy) -> None:
    proxy.script(JOBS, Fault.RESET_AFTER, Fault.PASS, Fault.DOWN)
    assert drawn(proxy, 1, "GET") == [Fault.PASS]
    assert drawn(proxy, 4) == [Fault.RESET_AFTER, Fault.PASS, Fault.DOWN, Fault.PASS]


def test_older_scripts_go_first(proxy: FaultProxy) -> None:
    proxy.script(JOBS, Fault.DOWN)
    proxy.script(None, Fault.LATENCY, Fault.INTERIM)
    assert drawn(proxy, 1, "GET") == [Fault.LATENCY]
    assert drawn(proxy, 3) == [Fault.DOWN, Fault.INTERIM, Fault.PASS]


def test_scripts_go_before_random_faults(proxy: FaultProxy) -> None:
    """Also when they say that a request passes."""
    proxy.random(1.0, seed=0, faults=[Fault.LATENCY])
    proxy.script(JOBS, Fault.PASS)
    assert drawn(proxy, 2) == [Fault.PASS, Fault.LATENCY]


def test_a_seed_gives_the_same_faults_again() -> None:
    def run(seed: int) -> list[Fault]:
        proxy = FaultProxy("http://127.0.0.1:1")
        proxy.random(0.5, seed=seed)
        return drawn(proxy, 200)

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_draws_do_not_depend_on_requests_that_do_not_match(proxy: FaultProxy) -> None:
    other = FaultProxy("http://127.0.0.1:1")
    for each in (proxy, other):
        each.random(0.5, seed=3, match=api())
    mixed = []
    for _ in range(100):
        drawn(other, 2, "GET", "/bucket/key")
        mixed += drawn(other, 1)
    assert drawn(proxy, 100) == mixed


def test_random_faults_come_at_their_rate_and_in_all_kinds(proxy: FaultProxy) -> None:
    """24,000 draws of probability 0.3: six standard deviations are 426, missed with p < 1e-8."""
    proxy.random(0.3, seed=1)
    found = drawn(proxy, 24_000)
    hits = [fault for fault in found if fault is not Fault.PASS]
    assert abs(len(hits) - 7_200) < 426
    # 300 of each are expected; six standard deviations are 104
    assert all(abs(hits.count(fault) - 300) < 104 for fault in ALL_FAULTS)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_never_and_always(proxy: FaultProxy, rate: float) -> None:
    proxy.random(rate, seed=1, faults=[Fault.DOWN])
    assert set(drawn(proxy, 500)) == {Fault.DOWN if rate else Fault.PASS}


def test_the_seed_is_in_the_repr(proxy: FaultProxy) -> None:
    proxy.random(0.3, seed=7)
    proxy.script(JOBS, Fault.DOWN, Fault.PASS)
    proxy.random(0.1, seed=8, faults=[Fault.LATENCY, Fault.RESET_AFTER])
    text = repr(proxy)
    assert "random(rate=0.3, seed=7, 24 faults)" in text
    assert "random(rate=0.1, seed=8, LATENCY|RESET_AFTER)" in text
    assert "script(DOWN, PASS)" in text


def test_a_made_up_seed_is_in_the_repr_and_works(proxy: FaultProxy) -> None:
    proxy.random(0.5)
    seed = int(repr(proxy).partition("seed=")[2].partition(",")[0])
    again = FaultProxy("http://127.0.0.1:1")
    again.random(0.5, seed=seed)
    assert drawn(again, 100) == drawn(proxy, 100)


def test_clear_forgets_all_rules(proxy: FaultProxy) -> None:
    proxy.random(1.0, seed=1)
    proxy.script(JOBS, Fault.DOWN)
    proxy.clear()
    assert drawn(proxy, 2) == [Fault.PASS] * 2
    assert repr(proxy).endswith("no faults>")


def test_settings_of_a_rule_go_before_those_of_the_proxy() -> None:
    proxy = FaultProxy("http://127.0.0.1:1", settings=FaultSettings(latency_s=1))
    proxy.script(None, Fault.LATENCY)
    proxy.script(None, Fault.LATENCY, settings=FaultSettings(latency_s=2))
    assert [proxy._rules.draw("GET", "/").settings.latency_s for _ in range(2)] == [1, 2]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (None, "jobs token object"),
        (api(), "jobs"),
        (api("GET"), ""),
        (api("POST"), "jobs"),
        (iam(), "token"),
        (objects(), "object"),
        (objects("bucket"), "object"),
        (objects("buck"), ""),
        (("*", "/v1"), "jobs"),
        (("PUT", "/"), "object"),
        (lambda method, path: method == "POST" and "token" in path, "token"),
    ],
)
def test_what_a_match_takes_in(proxy: FaultProxy, match: Match, expected: str) -> None:
    requests = {
        "jobs": ("POST", "/v1/jobs"),
        "token": ("POST", "/identity/token"),
        "object": ("PUT", "/bucket/results_1.json"),
    }
    proxy.random(1.0, seed=1, faults=[Fault.DOWN], match=match)
    hit = [name for name, request in requests.items() if drawn(proxy, 1, *request) == [Fault.DOWN]]
    assert " ".join(hit) == expected


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_is_a_probability(proxy: FaultProxy, rate: float) -> None:
    with pytest.raises(InvalidInputError, match="probability"):
        proxy.random(rate)


def test_random_needs_faults(proxy: FaultProxy) -> None:
    with pytest.raises(InvalidInputError, match="no faults"):
        proxy.random(faults=[])


def test_rules_are_safe_to_share_between_threads(proxy: FaultProxy) -> None:
    """Eight threads that draw get, together, each fault of a script once."""
    proxy.script(None, *[Fault.DOWN] * 4_000)
    found: list[list[Fault]] = []
    threads = [threading.Thread(target=lambda: found.append(drawn(proxy, 1_000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.count(Fault.DOWN) for each in found) == 4_000
