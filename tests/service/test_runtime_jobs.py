"""The Runtime API of the service: jobs, their queue, tags, pages and filters."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import requests
from runtime_api import API, BUSY, PARAMS, body, cancel, create, get, ids, wait
from service_client import BELL_CZ, error_of

from qiskit_direct_provider.service.outcome import cancelled
from qiskit_direct_provider.service.runtime_jobs import RunRequest, RuntimeJobStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service_client import Client, Service


def test_a_job_from_its_input_to_its_result(client: Client) -> None:
    """The service names the job, keeps its result, and answers in plain form unless asked otherwise."""
    job_id = create(client, tags=["mine"], log_level="INFO", cost=60)
    job = wait(client, job_id)
    assert (job["status"], job["tags"], job["cost"]) == ("Completed", ["mine"], 60)
    assert job["program"] == {"id": "sampler"}
    assert job["params"]["pubs"] == PARAMS["pubs"]
    assert "params" not in client.get(f"{API}/jobs/{job_id}?exclude_params=true").json()
    samples = get(client, job_id, "/results").json()["results"][0]["data"]["meas"]["samples"]
    assert len(samples) == 50
    assert "device time" in get(client, job_id, "/logs").text
    newest = {"IBM-API-Version": "2026-04-15"}
    metrics = client.get(f"{API}/jobs/{job_id}/metrics", headers=newest).json()
    assert metrics["usage"]["status"] == "complete"
    assert metrics["usage"]["qpu_charge_time_seconds"] > 0
    stamps = metrics["timestamps"]
    assert stamps["created"] <= stamps["running"] <= stamps["finished"]
    tagged = wait(client, create(client, params=PARAMS | {"support_qiskit": True}))["id"]
    assert get(client, tagged, "/results").json()["__type__"] == "PrimitiveResult"


def test_null_asks_for_the_usual_form(client: Client) -> None:
    """As leaving it out does: that of this API, not that of Direct Access."""
    job = wait(client, create(client, params=PARAMS | {"support_qiskit": None}))
    assert "results" in get(client, job["id"], "/results").json()


def test_a_parameter_of_the_query_is_named_as_one(client: Client) -> None:
    for path, name in (("/tags?search=my", "search"), ("/jobs?created_after=x", "created_after")):
        item = client.get(API + path).json()["errors"][0]
        assert item["location"] == f"query.{name}"
        assert item["target"] == {"name": name, "type": "parameter"}


def test_the_api_key_does_for_a_token(client: Client) -> None:
    """IBM's own client sends it where it gets no token. Direct Access wants a client id before it."""
    key = client.service.endpoint["api_key"]
    for path, text, status in (
        (API + "/jobs", f"apikey {key}", 200),
        (API + "/jobs", "apikey other", 401),
        ("/v1/jobs", f"apikey {key}", 401),
    ):
        headers = {"Authorization": text, "Service-CRN": client.crn}
        assert requests.get(client.url + path, headers=headers, timeout=10).status_code == status


def test_one_job_runs_and_the_others_wait_in_order(client: Client) -> None:
    """Queued before Running; a queued job is cancelled at once, and one that runs is stopped."""
    busy = create(client, backend="fake_torino", params=BUSY)
    waiting = [create(client, backend="fake_torino", params={"version": 2, "pubs": [BELL_CZ]}) for _ in "ab"]
    wait(client, busy, "Running")
    assert [wait(client, job_id, "Queued")["status"] for job_id in waiting] == ["Queued"] * 2
    assert [get(client, job_id, "/metrics").json()["position_in_queue"] for job_id in waiting] == [1, 2]
    status = client.get(API + "/backends/fake_torino/status").json()
    assert (status["state"], status["length_queue"]) == (True, 2)
    assert get(client, busy, "/results").status_code == 204
    assert error_of(client.delete(f"{API}/jobs/{busy}")) == (409, "1337")
    assert cancel(client, waiting[0]).status_code == 204
    assert wait(client, waiting[0])["status"] == "Cancelled"
    assert cancel(client, busy).status_code == 204
    assert wait(client, busy)["status"] == "Cancelled"
    assert wait(client, waiting[1])["status"] == "Completed"
    assert error_of(cancel(client, busy)) == (409, "1306")
    assert client.delete(f"{API}/jobs/{busy}").status_code == 204
    for answer in (get(client, busy), client.delete(f"{API}/jobs/{busy}"), cancel(client, busy)):
        assert error_of(answer) == (404, "1291")


def test_a_job_that_fails_says_why(client: Client) -> None:
    job = wait(client, create(client, params={"version": 2, "pubs": [BELL_CZ]}))
    assert (job["status"], job["state"]["reason_code"]) == ("Failed", 1517)
    assert "cz" in job["state"]["reason"]
    assert get(client, job["id"], "/results").status_code == 204


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"backend": "fake_nowhere"}, (404, "1216")),
        ({"program_id": "executor"}, (404, "1337")),
        ({"tags": list("123456789")}, (400, "1204")),
        ({"tags": ["x" * 87]}, (400, "1205")),
        ({"cost": 10_801}, (400, "1337")),
        ({"log_level": "loud"}, (400, "1337")),
        ({"params": [1]}, (400, "1337")),
        ({"session_id": "none"}, (404, "1337")),
        ({"program_id": 3}, (400, "1337")),
    ],
)
def test_what_is_wrong_is_refused_and_not_stored(
    client: Client, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert error_of(client.post(API + "/jobs", json=body(**changes))) == expected
    assert ids(client) == []


def test_tags_are_replaced_and_searched(client: Client) -> None:
    first, second = create(client, tags=["a", "b"]), create(client, tags=["b"])
    assert ids(client, "?tags=b") == [second, first]
    assert ids(client, "?tags=a&tags=b") == [first]
    answer = client.session.put(f"{client.url}{API}/jobs/{first}/tags", json={"tags": ["c"]}, timeout=10)
    assert answer.status_code == 204
    assert wait(client, first)["tags"] == ["c"]
    answer = client.session.put(f"{client.url}{API}/jobs/{first}/tags", json={"tags": "d"}, timeout=10)
    assert error_of(answer) == (400, "1337")
    assert wait(client, first)["tags"] == ["c"]
    assert ids(client, "?tags=a") == []
    create(client, tags=["my-experiment", "your-experiment"])
    found = client.get(API + "/tags?type=job&search=-exp").json()["tags"]
    assert found == ["my-experiment", "your-experiment"]
    assert error_of(client.get(API + "/tags?search=my")) == (400, "1337")


def test_pages_and_filters(client: Client) -> None:
    jobs = [create(client) for _ in range(5)]
    other = create(client, backend="fake_torino", params={"version": 2, "pubs": [BELL_CZ]})
    middle = wait(client, jobs[2])["created"]
    for job_id in [*jobs, other]:
        wait(client, job_id)
    assert ids(client) == [other, *reversed(jobs)]
    assert ids(client, "?sort=ASC&limit=2&offset=1") == jobs[1:3]
    assert ids(client, "?limit=0") == [other, *reversed(jobs)]
    assert ids(client, "?backend=fake_torino") == [other]
    assert ids(client, "?program=estimator") == []
    assert ids(client, "?pending=true") == []
    assert len(ids(client, "?pending=false")) == 6
    assert ids(client, f"?created_after={middle}&sort=ASC") == [*jobs[2:], other]
    assert ids(client, f"?created_before={middle}") == list(reversed(jobs[:3]))
    assert client.get(f"{API}/jobs?limit=2").json()["count"] == 6
    assert error_of(client.get(f"{API}/jobs?created_after=yesterday")) == (400, "1337")


def test_the_result_of_a_private_job_is_read_once(client: Client) -> None:
    job_id = create(client, private=True)
    assert "params" not in wait(client, job_id)
    assert get(client, job_id, "/results").status_code == 200
    assert get(client, job_id, "/results").status_code == 204


def test_the_version_decides_the_shapes(client: Client) -> None:
    def backends(version: str) -> requests.Response:
        return client.get(API + "/backends", headers={"IBM-API-Version": version})

    assert "fake_nairobi" in backends("2024-01-01").json()["devices"]
    assert backends("2026-04-15").json()["devices"][0]["status"]["name"] == "online"
    assert backends("20250101").json()["devices"][0]["qubits"] == 7
    for version in ("newest", "2023-01-01", "2030-01-01"):
        assert error_of(backends(version)) == (400, "1337")
    old = wait(client, create(client))["id"]
    usage = client.get(f"{API}/jobs/{old}", headers={"IBM-API-Version": "2025-01-01"}).json()["usage"]
    assert usage["quantum_seconds"] > 0


def test_devices_and_instance(client: Client) -> None:
    path = "/backends/fake_nairobi/"
    assert client.get(API + path + "properties").content == client.get("/v1" + path + "properties").content
    configuration = client.get(API + path + "configuration").json()
    assert all(isinstance(gate["qasm_def"], str) for gate in configuration["gates"])
    assert client.get("/v1" + path + "configuration").json() == configuration
    calibrated = client.get(API + "/backends/fake_nairobi/properties?updated_before=2000-01-01T00:00:00Z")
    assert calibrated.json() is None
    assert client.get(API + "/backends/fake_nairobi/defaults").json() is None
    assert error_of(client.get(API + "/backends/nowhere/status")) == (404, "1216")
    assert client.get(API + "/instances/usage").json()["usage_limit_reached"] is False
    assert client.get(API + "/instances/configuration").json() == {"instance_limit": None}
    assert client.get(API + "/instance").json()["instance_id"] == client.crn
    assert requests.get(client.url + API + "/jobs", timeout=10).status_code == 401
    assert requests.get(client.url + API + "/versions", timeout=10).json()["versions"][-1]["status"] == "live"


def test_jobs_survive_a_restart(start: Callable[..., Service], tmp_path: Any) -> None:
    """A paused device keeps jobs waiting, another one runs them; the next service runs both kinds anew.

    Those of a device that it does not have fail. Sessions end with the service.
    """
    from service_client import Client

    settings = {"state": str(tmp_path), "api_key": "k", "crn": "c"}
    devices = ["fake_nairobi", "fake_manila", "fake_torino"]
    service = start(**settings, devices=devices, paused=["fake_nairobi"])
    tenant = Client(service)
    body = {"mode": "dedicated", "backend": "fake_manila"}
    session_id = tenant.post(API + "/sessions", json=body).json()["id"]
    waiting = create(tenant)
    running = [create(tenant, backend="fake_manila", session_id=session_id) for _ in range(2)]
    lost = create(tenant, backend="fake_torino", params=BUSY)
    assert wait(tenant, waiting, "Queued")
    assert wait(tenant, lost, "Running")
    assert service.stop() == 0, service.errors()
    tenant = Client(start(**settings, devices=devices[:2]))
    for job_id in (waiting, *running):
        assert wait(tenant, job_id)["status"] == "Completed"
        assert json.loads(get(tenant, job_id, "/results").text)["results"]
    job = wait(tenant, lost)
    assert (job["status"], job["state"]["reason"]) == ("Failed", "The backend is gone.")
    assert error_of(tenant.get(f"{API}/sessions/{session_id}"))[0] == 404


def test_the_end_of_a_job_that_was_deleted_leaves_nothing(tmp_path: Path) -> None:
    store = RuntimeJobStore(tmp_path)
    assert store.finish(5, cancelled(), b"{}", "log") is False
    assert (store.results(5), store.log(5)) == (None, None)
    store.close()


def test_a_job_is_stored_with_its_tags_or_not_at_all(tmp_path: Path) -> None:
    """Whoever sent it looks for it by a tag: without one it would be sent again."""
    store = RuntimeJobStore(tmp_path)
    request = RunRequest("fake_nairobi", "sampler", 60, "info", tags=("mine", "another"))
    run = store.add(request, b"{}", "me", "crn")
    with contextlib.closing(sqlite3.connect(tmp_path / "runtime.sqlite3")) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON tags BEGIN SELECT RAISE(ABORT, 'full'); END")
        other.commit()
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        store.add(request, b"{}", "me", "crn")
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        store.set_tags(run.number, ("other",))
    store.close()
    store = RuntimeJobStore(tmp_path)
    assert [(each.id, each.request.tags) for each in store.unfinished()] == [(run.id, ("mine", "another"))]
    store.close()
