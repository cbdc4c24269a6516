"""The rules of jobs: what is accepted, in which order it is checked, how lanes are counted."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from service_client import BELL, BELL_CZ, Client, Service, busy_program, error_of
from starlette.requests import Request

from qiskit_direct_provider.service.context import read_body
from qiskit_direct_provider.service.failures import RequestRefusedError, render_unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT = {"version": 2, "support_qiskit": False, "shots": 64, "pubs": [BELL]}
BUSY = {"version": 2, "shots": 100_000, "pubs": [busy_program()]}


def test_job_document(client: Client) -> None:
    """A finished job has all documented members, and repeats what was sent."""
    body = client.request(INPUT, log_level="error", timeout_secs=77)
    assert client.post("/v1/jobs", json=body).status_code == 204
    job = client.wait(body["id"])
    assert job["status"] == "Completed"
    for name in ("id", "backend", "program_id", "timeout_secs", "log_level", "storage"):
        assert job[name] == body[name]
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(stamp, job["created_time"])
    assert re.fullmatch(stamp, job["end_time"])
    assert job["created_time"] < job["end_time"]
    assert job["usage"]["quantum_nanoseconds"] > 0
    assert "reason_code" not in job
    assert client.get("/v1/jobs").json()["jobs"] == [job]


def test_log_level_defaults_to_warning(client: Client) -> None:
    """The log level may be left out, as may the log."""
    body = client.request(INPUT)
    del body["log_level"], body["storage"]["logs"]
    assert client.post("/v1/jobs", json=body).status_code == 204
    assert client.wait(body["id"])["log_level"] == "warning"


def test_content_type_does_not_matter(client: Client) -> None:
    """The notebooks post JSON without saying so."""
    body = client.request(INPUT)
    answer = client.post("/v1/jobs", data=json.dumps(body), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 204


def test_running_job_has_no_end(client: Client) -> None:
    """An accepted job is Running at once, and says nothing about its end or its cost."""
    job_id = client.submit(BUSY, backend="fake_torino")
    job = client.get(f"/v1/jobs/{job_id}").json()
    assert job["status"] == "Running"
    assert {"end_time", "usage", "reason_code"}.isdisjoint(job)


def test_list_is_ascending(client: Client) -> None:
    """Jobs are listed oldest first."""
    ids = [client.submit(INPUT) for _ in range(3)]
    jobs = client.get("/v1/jobs").json()["jobs"]
    assert [job["id"] for job in jobs] == ids
    assert [job["created_time"] for job in jobs] == sorted(job["created_time"] for job in jobs)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "x" * 257}, "id"),
        ({"id": 5}, "id"),
        ({"timeout_secs": 0}, "timeout_secs"),
        ({"timeout_secs": "1"}, "timeout_secs"),
        ({"log_level": "loud"}, "log_level"),
        ({"storage": {}}, "storage.input"),
        ({"storage": {"input": {"type": "file_system", "file_path": "/etc/passwd"}}}, "storage.input.type"),
        ({"storage": {"input": {"type": "s3_compatible"}}}, "storage.input.presigned_url"),
        ({"program_id": "other"}, "program_id"),
    ],
)
def test_invalid_bodies_name_the_field(client: Client, change: dict[str, Any], field: str) -> None:
    """A body that breaks the schema is 400/1337 with the field at fault, and stores nothing."""
    body = client.request(INPUT) | change
    answer = client.post("/v1/jobs", json=body)
    assert error_of(answer) == (400, "1337")
    item = answer.json()["errors"][0]
    assert item["target"] == {"name": field, "type": "field"}
    assert item["location"] == f"body.{field}"
    assert client.get("/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_bodies_that_are_no_job(client: Client, body: bytes) -> None:
    """Anything else than a JSON object of the schema is 400."""
    assert error_of(client.post("/v1/jobs", data=body)) == (400, "1337")


def test_large_body_is_413(client: Client) -> None:
    """More than 50 MB is not read as a job."""
    answer = client.post("/v1/jobs", data=b" " * (50 * 1024 * 1024 + 1))
    assert error_of(answer) == (413, "1337")


def test_a_body_without_an_end_is_not_read_for_ever() -> None:
    """The rest of one that is somewhat too large is, so that its sender sees the answer."""
    piece = {"type": "http.request", "body": bytes(20 * 1024 * 1024), "more_body": True}

    async def receive() -> dict[str, Any]:
        return piece

    with pytest.raises(RequestRefusedError, match="larger than") as caught:
        asyncio.run(read_body(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    assert caught.value.status == 413


def test_an_unforeseen_error_is_not_told() -> None:
    answer = asyncio.run(render_unexpected(Request({"type": "http"}), ValueError("/a/secret/path")))
    assert answer.status_code == 500
    error = json.loads(bytes(answer.body))
    assert error["errors"][0]["code"] == "9999"
    assert "secret" not in json.dumps(error)


def test_order_of_checks(client: Client) -> None:
    """401, then the schema, the backend, the program, the id, and the lanes last."""
    body = client.request(INPUT, backend="fake_melbourne")
    ids = [body["id"]] + [f"{body['id']}-{number}" for number in range(4)]
    for job_id in ids:
        assert client.post("/v1/jobs", json=body | {"id": job_id}).status_code == 204
    wrong = body | {"backend": "none", "program_id": "none"}
    bad_token = {"Authorization": "Bearer x"}
    assert error_of(client.post("/v1/jobs", data=b"{", headers=bad_token)) == (401, "1201")
    assert error_of(client.post("/v1/jobs", json=wrong | {"timeout_secs": 0})) == (400, "1337")
    assert error_of(client.post("/v1/jobs", json=wrong)) == (404, "1216")
    assert error_of(client.post("/v1/jobs", json=body | {"program_id": "none"})) == (400, "1337")
    assert error_of(client.post("/v1/jobs", json=body)) == (409, "1231")
    full = client.post("/v1/jobs", json=body | {"id": "another"})
    assert error_of(full) == (429, "1232")
    assert int(full.headers["Retry-After"]) >= 1
    assert sorted(job["id"] for job in client.get("/v1/jobs").json()["jobs"]) == sorted(ids)


def test_finished_jobs_hold_lanes_until_deleted(client: Client) -> None:
    """Completion frees no lane; deletion does. Lanes are shared by all tenants, and counted by device."""
    ids = [client.submit(INPUT) for _ in range(5)]
    for job_id in ids:
        client.wait(job_id)
    neighbour = Client(client.service, crn="crn:test:neighbour")
    body = neighbour.request(INPUT)
    assert error_of(neighbour.post("/v1/jobs", json=body)) == (429, "1232")
    assert neighbour.post("/v1/jobs", json=body | {"backend": "fake_torino"}).status_code == 204
    assert client.delete(f"/v1/jobs/{ids[0]}").status_code == 204
    assert neighbour.post("/v1/jobs", json=body | {"id": "second"}).status_code == 204
    neighbour.close()


def test_deleted_id_is_unknown_and_free(client: Client) -> None:
    """After DELETE the job is 404/1291, and its id may be used again."""
    job = client.run(INPUT)
    path = f"/v1/jobs/{job['id']}"
    for answer in (client.get(path), client.delete(path), client.post(path + "/cancel")):
        assert error_of(answer) == (404, "1291")
    again = client.submit(INPUT, id=job["id"])
    assert client.wait(again)["status"] == "Completed"


def test_cancel_running_job(client: Client) -> None:
    """A running job cannot be deleted; cancelling stops it at once, and its worker is free again."""
    job_id = client.submit(BUSY, backend="fake_torino")
    assert error_of(client.delete(f"/v1/jobs/{job_id}")) == (409, "1337")
    time.sleep(1.0)
    began = time.monotonic()
    assert client.post(f"/v1/jobs/{job_id}/cancel").status_code == 204
    job = client.wait(job_id, limit_s=20)
    assert time.monotonic() - began < 15  # of the minutes that it would have taken
    assert (job["status"], job["reason_code"]) == ("Cancelled", 5202)
    assert job["usage"] == {}
    assert job["end_time"] > job["created_time"]
    assert error_of(client.post(f"/v1/jobs/{job_id}/cancel")) == (409, "1306")
    assert client.run(INPUT)["status"] == "Completed"
    assert client.get(f"/v1/jobs/{job_id}").json() == job
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 204


def test_cancel_waiting_jobs(client: Client) -> None:
    """Jobs that wait for a worker can be cancelled as well; those after them go on."""
    busy = [client.submit(BUSY, backend="fake_torino") for _ in range(3)]
    last = client.submit(INPUT)
    for job_id in reversed(busy):
        assert client.post(f"/v1/jobs/{job_id}/cancel").status_code == 204
    assert {client.wait(job_id)["status"] for job_id in busy} == {"Cancelled"}
    assert client.wait(last)["status"] == "Completed"


def test_finished_job_cannot_be_cancelled(client: Client) -> None:
    """Final states are final."""
    job_id = client.submit(INPUT)
    job = client.wait(job_id)
    assert error_of(client.post(f"/v1/jobs/{job_id}/cancel")) == (409, "1306")
    assert client.get(f"/v1/jobs/{job_id}").json() == job


def test_other_tenants_jobs_do_not_exist(client: Client) -> None:
    """Another Service-CRN sees nothing, and can neither cancel nor delete; only the id is taken."""
    job_id = client.submit(INPUT)
    other = Client(client.service, crn="crn:test:other")
    assert other.get("/v1/jobs").json()["jobs"] == []
    path = f"/v1/jobs/{job_id}"
    for answer in (other.get(path), other.delete(path), other.post(path + "/cancel")):
        assert error_of(answer) == (404, "1291")
    assert error_of(other.post("/v1/jobs", json=other.request(INPUT, id=job_id))) == (409, "1231")
    other.close()


@pytest.mark.parametrize(
    "job_id",
    ["../../x", "/etc/passwd", "a b?c#d%", "x/cancel", "..", "\u00e9\u4e16", "'; DROP TABLE jobs; --"],
)
def test_ids_are_data(client: Client, job_id: str) -> None:
    """An id may be any text: it is never a path, nor a query."""
    client.submit(INPUT, id=job_id)
    (job,) = client.get("/v1/jobs").json()["jobs"]
    assert job["id"] == job_id
    path = "/v1/jobs/" + quote(job_id, safe="").replace(".", "%2E")
    for _ in range(500):
        # prepared by hand, since requests would fold the dots
        prepared = client.session.prepare_request(requests.Request("GET", client.url))
        prepared.url = client.url + path
        if client.session.send(prepared, timeout=10).json().get("status") == "Completed":
            break
        time.sleep(0.02)
    prepared.method = "DELETE"
    assert client.session.send(prepared, timeout=10).status_code == 204


STATE = {
    "workers": 1,
    "api_key": "k",
    "crn": "c",
    "s3_access_key": "a",
    "s3_secret_key": "s" * 16,
    "devices": ["fake_torino"],
}


def test_restart_keeps_jobs_and_objects(start: Callable[..., Service], tmp_path: Any) -> None:
    """With a state folder, finished jobs and objects survive, and what was running is run again."""
    settings = STATE | {"state": str(tmp_path / "state")}
    first = start(**settings)
    client = Client(first)
    done = client.wait(client.submit(INPUT | {"pubs": [BELL_CZ]}, backend="fake_torino"))
    busy = client.submit(BUSY, backend="fake_torino")
    waiting = client.submit(INPUT | {"pubs": [BELL_CZ]}, backend="fake_torino")
    assert first.stop() == 0
    client.session.close()
    client.store.close()
    client = Client(start(**settings))
    jobs = {job["id"]: job for job in client.get("/v1/jobs").json()["jobs"]}
    assert jobs[done["id"]] == done
    assert jobs[busy]["status"] == jobs[waiting]["status"] == "Running"
    assert client.post(f"/v1/jobs/{busy}/cancel").status_code == 204
    again = client.wait(waiting)
    assert again["status"] == "Completed"
    assert again["created_time"] == jobs[waiting]["created_time"]
    assert len(client.results(again)["results"]) == len(client.results(done)["results"]) == 1
    client.close()


def test_a_job_that_was_interrupted_too_often_is_failed(start: Callable[..., Service], tmp_path: Any) -> None:
    """It may be what ends the service; its lane can be freed, and its owner learns why."""
    settings = STATE | {"state": str(tmp_path / "state")}
    running = start(**settings)
    client = Client(running)
    busy = client.submit(BUSY, backend="fake_torino")
    for _ in range(4):
        client.session.close()
        client.store.close()
        running.process.kill()
        running.wait()
        running = start(**settings)
        client = Client(running)
    job = client.get(f"/v1/jobs/{busy}").json()
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    assert "restarted" in job["reason_message"]
    assert error_of(client.post(f"/v1/jobs/{busy}/cancel")) == (409, "1306")
    client.close()
