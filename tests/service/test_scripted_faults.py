"""Faults that a service is told to have."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from qiskit import QuantumCircuit
from service_client import BELL, Client, Service, error_of

from qiskit_direct_provider import DirectProvider
from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.service.faults import FaultPlan, FaultRule, Faults, read_fault_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def with_faults(start: Callable[..., Service], *rules: dict[str, Any]) -> Client:
    return Client(start(devices=("fake_nairobi",), workers=1, faults={"faults": rules}))


def test_refusals_have_the_documented_errors(start: Callable[..., Service]) -> None:
    """Status, code, Retry-After; each as often as said, and to the requests that it is about."""
    client = with_faults(
        start,
        {"kind": "expired_token", "times": 1},
        {"kind": "rate_limited", "method": "GET", "path": "/v1/backends", "times": 1, "retry_after_s": 7},
        {"kind": "reserved", "times": 1},
        {"kind": "lanes_full", "times": 2, "retry_after_s": None},
        {"kind": "server_error", "path": "/v1/jobs/", "times": 1},
        {"kind": "server_error", "path": "/version", "status": 503, "times": 1},
    )
    assert error_of(client.get("/v1/backends")) == (401, "1201")
    limited = client.get("/v1/backends/fake_nairobi")
    assert (error_of(limited), limited.headers["Retry-After"]) == ((429, "1202"), "7")
    body = client.request({"pubs": [[BELL]]}, backend="fake_nairobi")
    seen = [client.post("/v1/jobs", json=body) for _ in range(4)]
    assert [answer.status_code for answer in seen] == [423, 429, 429, 204]
    assert error_of(seen[0]) == (423, "1233")
    assert error_of(seen[1]) == (429, "1232")
    assert "Retry-After" not in seen[1].headers
    assert error_of(client.get(f"/v1/jobs/{body['id']}")) == (500, "9999")
    page = client.get("/version")
    assert (page.status_code, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert client.get("/version").status_code == 200
    client.wait(body["id"])
    client.close()


def test_bodies_are_slow_or_cut_and_connections_end(start: Callable[..., Service]) -> None:
    client = with_faults(
        start,
        {"kind": "slow", "path": "/version", "seconds": 0.3, "times": 1},
        {"kind": "slow_body", "path": "/v1/backends/fake_nairobi/p", "seconds": 0.3, "times": 1},
        {"kind": "cut_body", "path": "/v1/backends/fake_nairobi/c", "times": 1},
        {"kind": "drop", "path": "/v1/backends/fake_nairobi/l", "seconds": 0, "times": 1},
        {"kind": "drop", "method": "POST", "path": "/v1/jobs", "seconds": 0, "after": True, "times": 1},
    )
    for path in ("/version", "/v1/backends/fake_nairobi/properties"):
        began = time.monotonic()
        slow = client.get(path)
        assert time.monotonic() - began >= 0.25
        assert slow.json() == client.get(path).json()
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        client.get("/v1/backends/fake_nairobi/configuration")
    with pytest.raises(requests.ConnectionError):
        client.get("/v1/backends/fake_nairobi/lanes")
    for tail in ("configuration", "lanes"):
        assert client.get(f"/v1/backends/fake_nairobi/{tail}").status_code == 200
    body = client.request({"pubs": [[BELL]]}, backend="fake_nairobi")
    with pytest.raises(requests.ConnectionError):
        client.post("/v1/jobs", json=body)
    assert client.wait(body["id"])["status"] == "Completed"
    client.close()
    assert client.service.errors() == ""


def test_a_restart_loses_connections_and_tokens_but_no_job(start: Callable[..., Service]) -> None:
    service = start(
        devices=("fake_nairobi",),
        workers=1,
        faults={
            "faults": [{"kind": "restart", "method": "POST", "path": "/v1/jobs", "after": True, "times": 1}]
        },
    )
    client = Client(service)
    body = client.request({"pubs": [[BELL]]}, backend="fake_nairobi")
    with pytest.raises(requests.ConnectionError):
        client.post("/v1/jobs", json=body)
    assert error_of(client.get("/v1/jobs")) == (401, "1201")
    again = Client(service)
    assert again.wait(body["id"])["status"] == "Completed"
    again.close()
    client.session.close()
    assert "Traceback" not in service.errors()
    assert service.stop() == 0


def test_pages_for_people_meet_no_fault() -> None:
    faults = Faults(FaultPlan(faults=(FaultRule(kind="drop"),)))
    assert [faults.draw("GET", path) for path in ("/", "/docs", "/status.json")] == [None] * 3
    assert faults.draw("GET", "/version") is not None


def test_the_same_seed_gives_the_same_faults() -> None:
    def drawn(seed: int) -> list[bool]:
        rules = (FaultRule(kind="slow", rate=0.3, skip=2), FaultRule(kind="reserved"))
        faults = Faults(FaultPlan(faults=rules, seed=seed))
        return [faults.draw("GET", f"/v1/jobs/{number}") is not None for number in range(300)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert not any(drawn(1)[:2])
    assert 60 < sum(drawn(1)) < 120


def test_a_provider_lives_with_the_faults_of_its_service(tmp_path: Path) -> None:
    """A job comes through, and the faults were there: fewer would mean that none was tested."""
    plan = tmp_path / "faults.toml"
    plan.write_text(
        """seed = 5
[[faults]]
kind = "expired_token"
skip = 2
times = 2
[[faults]]
kind = "drop"
method = "POST"
path = "/v1/jobs"
seconds = 0
after = true
times = 1
[[faults]]
kind = "server_error"
rate = 0.2
status = 503
retry_after_s = 0
"""
    )
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    with DirectProvider.local(["fake_nairobi"], seed=1, noise=False, faults=plan) as provider:
        backend = provider.get_backend("fake_nairobi")
        job = backend.run(circuit, shots=100)
        assert job.result(timeout=60).get_counts() == {"1": 100}
        assert provider._service is not None
        url = provider._service.url
        seen = [requests.get(f"{url}/version", timeout=10).status_code for _ in range(40)]
    assert set(seen) == {200, 503}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ([{"kind": "earthquake"}], "Invalid enum value 'earthquake'"),
        ([{"kind": "drop", "rate": 2}], "`float` <= 1.0"),
        ([{"kind": "drop", "often": True}], "unknown field `often`"),
        ({"seed": 1}, "missing required field `faults`"),
        ("none.json", "none.json cannot be read"),
        (17, "faults: "),
    ],
)
def test_a_wrong_plan_is_refused(given: Any, wrong: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(wrong)):
        read_fault_plan(given)


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"seed": 3, "faults": [{"kind": "drop", "times": 2}]}))
    (tmp_path / "a.toml").write_text('seed = 3\nfaults = [{kind = "drop", times = 2}]\n')
    (tmp_path / "b.toml").write_text("seed = = 3")
    assert read_fault_plan(tmp_path / "a.json") == read_fault_plan(str(tmp_path / "a.toml"))
    with pytest.raises(InvalidInputError, match=r"b\.toml: Invalid value"):
        read_fault_plan(tmp_path / "b.toml")
