"""kill -9 of the server, of a worker or of the fork server while jobs run, and whole lanes afterwards.

Beside the jobs of Direct Access there is one of the Runtime API and one of the legacy platform in the queue.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests
from process_family import fork_server_of, workers_of
from service_client import BELL, Client, Service

if TYPE_CHECKING:
    from pathlib import Path

LANES = 5
SHOTS = 64
KILLS = int(os.environ.get("KILLS", "50"))
VICTIMS = ("server", "worker", "fork server")
QUEUES = ("/api/v1/jobs", "/runtime/jobs")
# What a sender sees when the server dies before its answer has arrived whole.
CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
OPEN = {"Queued", "Running"}


class World:
    """One service over a folder that outlives it, and jobs of up to that many circuits."""

    def __init__(self, folder: Path, seed: int, circuits: int) -> None:
        self._circuits = circuits
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self._settings = {
            "devices": ["fake_nairobi"],
            "workers": 2,
            "max_lanes": LANES,
            "state": str(folder),
            "api_key": "key",
            "crn": "crn:kills",
            "s3_access_key": "access",
            "s3_secret_key": "secret",
        }
        self.ends: Counter[tuple[str, str]] = Counter()
        self._service: Service
        self._client: Client
        self._start()

    def _start(self) -> None:
        self._service = Service(**self._settings)
        self._settings["port"] = int(self._service.url.rpartition(":")[2])
        self._client = Client(self._service)

    def end(self) -> None:
        """Stop the service."""
        self._leave()
        assert self._service.stop() == 0

    def _leave(self) -> None:
        self._client.session.close()
        self._client.store.close()

    def kill(self, victim: str) -> None:
        """One kill in the middle of jobs; after it, each of them ends, and none is more or less."""
        accepted = {self._client.submit(self._input()) for _ in range(LANES - 1)}
        queued = {api: self._post(api) for api in QUEUES}
        time.sleep(self._random.uniform(0, 0.4))
        doubtful = self._kill_server() if victim == "server" else None
        if victim != "server":
            pid = self._service.process.pid
            pids = [fork_server_of(pid)] if victim == "fork server" else workers_of(pid)
            os.kill(self._random.choice(pids), signal.SIGKILL)
        found = {job["id"] for job in self._client.get("/v1/jobs").json()["jobs"]}
        assert accepted <= found <= accepted | {doubtful}
        for job_id in found:
            self._check(victim, self._client.wait(job_id, limit_s=120))
        self._check_lanes(found)
        self._check_queues(victim, queued)

    def _kill_server(self) -> str:
        """Kill it while it takes a job, and start it again; the id of the job, which may have arrived."""
        body = self._client.request(self._input())
        senders = [threading.Thread(target=self._send, args=(body,))]
        senders += [threading.Thread(target=self._send_tagged, args=(api,)) for api in QUEUES]
        for sender in senders:
            sender.start()
        time.sleep(self._random.uniform(0, 0.02))
        os.kill(self._service.process.pid, signal.SIGKILL)
        for sender in senders:
            sender.join()
        self._service.wait()
        self._leave()
        self._start()
        job_id: str = body["id"]
        return job_id

    def _send(self, body: dict[str, Any]) -> None:
        with contextlib.suppress(*CUT):
            assert self._client.post("/v1/jobs", json=body).status_code == 204

    def _send_tagged(self, api: str) -> None:
        with contextlib.suppress(*CUT):
            self._post(api, "in doubt")

    def _post(self, api: str, tag: str = "answered") -> str:
        """Send a job to a queue; the id that the server gives it."""
        params = self._input()
        body = {"program_id": "sampler", "backend": "fake_nairobi", "params": params, "tags": [tag]}
        answer = self._client.post(api, json=body, headers=self._legacy() if api == QUEUES[1] else None)
        assert answer.status_code == 200, answer.text
        job_id: str = answer.json()["id"]
        return job_id

    def _legacy(self) -> dict[str, Any]:
        """The legacy platform takes the API token as well as one that it gave; it knows no CRN."""
        token, caller = self._settings["api_key"], "qiskit-version-2/0.39.2/kills"
        return {
            "Authorization": None,
            "Service-CRN": None,
            "x-access-token": token,
            "x-qx-client-application": caller,
        }

    def _check_queues(self, victim: str, queued: dict[str, str]) -> None:
        """What was answered is there, and ends; what was not is there with its tag, or not at all."""
        for api, job_id in queued.items():
            headers = self._legacy() if api == QUEUES[1] else None
            listed = self._client.get(api, headers=headers).json()["jobs"]
            tags = {job["id"]: job["tags"] for job in listed}
            assert tags.pop(job_id) == ["answered"]
            assert list(tags.values()) in ([], [["in doubt"]])
            for each in (job_id, *tags):
                self._check_queued(victim, f"{api}/{each}", headers)
                assert self._client.session.delete(self._client.url + f"{api}/{each}", headers=headers).ok

    def _check_queued(self, victim: str, path: str, headers: dict[str, Any] | None) -> None:
        until = time.monotonic() + 120
        while (job := self._client.get(path, headers=headers).json())["state"]["status"] in OPEN:
            assert time.monotonic() < until, job
            time.sleep(0.02)
        self.ends[victim, job["state"]["status"]] += 1
        if job["state"]["status"] == "Failed":
            assert victim != "server", job
            assert "died" in job["state"]["reason"]
            return
        results = self._client.get(path + "/results", headers=headers).json()["results"]
        assert all(len(pub["data"]["meas"]["samples"]) == SHOTS for pub in results)

    def _input(self) -> dict[str, Any]:
        pubs = [BELL] * self._random.randint(1, self._circuits)
        return {"version": 2, "support_qiskit": False, "shots": SHOTS, "pubs": pubs}

    def _check(self, victim: str, job: dict[str, Any]) -> None:
        """A job of a killed worker has failed with a reason; any other has all its counts."""
        self.ends[victim, job["status"]] += 1
        if job["status"] == "Failed":
            assert victim != "server", job
            assert job["reason_code"] == 5204, job
            assert "died" in job["reason_message"]
            return
        assert job["status"] == "Completed", job
        results = self._client.results(job)["results"]
        assert all(len(pub["data"]["meas"]["samples"]) == SHOTS for pub in results)

    def _check_lanes(self, stored: set[str]) -> None:
        """As many lanes are taken as there are jobs, and each deletion frees one."""
        more = {self._client.submit(self._input() | {"pubs": [BELL]}) for _ in range(LANES - len(stored))}
        refused = self._client.post("/v1/jobs", json=self._client.request(self._input()))
        assert refused.status_code == 429, refused.text
        for job_id in more:
            assert self._client.wait(job_id, limit_s=120)["status"] == "Completed"
        for job_id in stored | more:
            assert self._client.delete(f"/v1/jobs/{job_id}").status_code == 204
        assert self._client.get("/v1/jobs").json() == {"jobs": []}


def run(folder: Path, kills: int, circuits: int) -> World:
    world = World(folder, kills, circuits)
    for number in range(kills):
        world.kill(VICTIMS[number % len(VICTIMS)])
    world.end()
    return world


def test_a_kill_of_each_kind(tmp_path: Path) -> None:
    """Nothing is stuck Running, nothing is lost, and lanes are as many as jobs."""
    run(tmp_path, 3, circuits=20)


@pytest.mark.campaign
def test_many_kills(tmp_path: Path) -> None:
    """The same over and over; ``KILLS`` says how often (50)."""
    world = run(tmp_path, KILLS, circuits=80)
    print(KILLS, "kills:", dict(world.ends))  # noqa: T201 - what the campaign is for
