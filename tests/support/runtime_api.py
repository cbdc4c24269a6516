"""The Runtime API over bare HTTP, for tests of the service."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from service_client import BELL, busy_program

if TYPE_CHECKING:
    import requests
    from service_client import Client

__all__ = ["API", "BUSY", "PARAMS", "body", "cancel", "create", "get", "ids", "wait"]

PARAMS = {"version": 2, "pubs": [[BELL, None, 50]]}
BUSY = {"version": 2, "shots": 100_000, "pubs": [busy_program()]}
API = "/api/v1"


def body(**changes: Any) -> dict[str, Any]:
    return {"program_id": "sampler", "backend": "fake_nairobi", "params": PARAMS} | changes


def create(client: Client, **changes: Any) -> str:
    answer = client.post(API + "/jobs", json=body(**changes))
    assert answer.status_code == 200, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def get(client: Client, job_id: str, what: str = "") -> Any:
    return client.get(f"{API}/jobs/{job_id}{what}")


def wait(client: Client, job_id: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    wanted = states or ("Completed", "Cancelled", "Failed")
    while True:
        job: dict[str, Any] = get(client, job_id).json()
        if job["state"]["status"] in wanted:
            return job
        assert time.monotonic() < deadline, job["status"]
        time.sleep(0.02)


def ids(client: Client, query: str = "") -> list[str]:
    return [job["id"] for job in client.get(f"{API}/jobs{query}").json()["jobs"]]


def cancel(client: Client, job_id: str) -> requests.Response:
    return client.post(f"{API}/jobs/{job_id}/cancel")
