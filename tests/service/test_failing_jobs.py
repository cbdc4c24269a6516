"""Jobs that cannot be run: each ends as Failed with a reason, and none harms the service."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from process_family import cpu_ticks, workers_of
from service_client import BELL, HEADER, Client, Service, busy_program, s3_client

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT = {"version": 2, "support_qiskit": False, "shots": 64, "pubs": [BELL]}


def reason(client: Client, document: object, **changes: Any) -> tuple[int, str]:
    """Code and message of a job that has to fail."""
    job = client.run(document, **changes)
    assert job["status"] == "Failed", job
    assert job["reason_solution"]
    assert job["end_time"]
    assert job["usage"] == {}
    if job["log_level"] == "info":
        assert job["reason_message"][:40] in client.log(job)
    return job["reason_code"], job["reason_message"]


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        (b"", 5203, "not JSON"),
        (b"{", 5203, "not JSON"),
        (b"[" * 100_000, 5203, "not JSON"),
        (b"\xff\xfe", 5203, "not JSON"),
        ([], 5203, "not a JSON object"),
        ({"version": 1, "pubs": [BELL]}, 5203, "version 1"),
        ({"version": 3, "pubs": [BELL]}, 5203, "version 3"),
        ({"version": "2", "pubs": [BELL]}, 5203, "version '2'"),
        ({"version": 2}, 5203, "no list of pubs"),
        ({"version": 2, "pubs": []}, 5203, "no list of pubs"),
        ({"version": 2, "pubs": [BELL], "options": 5}, 5203, "options"),
        ({"version": 2, "pubs": [5]}, 5203, "sampler pub"),
        ({"version": 2, "pubs": [[BELL, None, 5, 6]]}, 5203, "sampler pub"),
        ({"version": 2, "pubs": [[BELL, [0.5]]]}, 5203, "fit"),
        ({"version": 2, "pubs": [[BELL, {"x": 0.5}]]}, 5203, "'x'"),
        ({"version": 2, "pubs": [[BELL, None, 0]]}, 6000, "0 shots"),
        ({"version": 2, "pubs": [[BELL, None, -1]]}, 6000, "-1 shots"),
        ({"version": 2, "pubs": [[BELL, None, 1.5]]}, 6000, "1.5"),
        ({"version": 2, "pubs": [[BELL, None, True]]}, 6000, "True"),
        ({"version": 2, "pubs": [[BELL, None, 100_001]]}, 6000, "100001 shots"),
        ({"version": 2, "pubs": [BELL], "shots": 10**9}, 6000, "maximum"),
        ({"version": 2, "pubs": [BELL], "options": {"execution": {"rep_delay": 5}}}, 6000, "rep_delay"),
        (INPUT | {"options": {"execution": {"meas_type": "raw"}}}, 5203, "raw"),
        ({"version": 2, "pubs": [BELL], "options": {"simulator": {"seed_simulator": "x"}}}, 5203, "seed"),
        ({"version": 2, "pubs": ["x"]}, 1603, "OpenQASM"),
        ({"version": 2, "pubs": ["OPENQASM 3.0; nonsense"]}, 1603, "cannot be read"),
        ({"version": 2, "pubs": ['OPENQASM 3.0; include "/etc/passwd"; ']}, 1603, "cannot be read"),
        ({"version": 2, "pubs": ['OPENQASM 2.0; include "qelib1.inc"; qreg q[1];']}, 1603, "OpenQASM 3"),
        ({"version": 2, "pubs": [{"__type__": "QuantumCircuit", "__value__": "AAAA"}]}, 1603, "QPY"),
        ({"version": 2, "pubs": [{"__type__": "QuantumCircuit", "__value__": "!"}]}, 1603, "base64"),
        ({"version": 2, "pubs": [HEADER + "bit[1] c; h $0; c[0] = measure $0;"]}, 1517, "h on qubits [0]"),
        ({"version": 2, "pubs": [HEADER + "bit[1] c; cx $0, $6;"]}, 1517, "cx on qubits [0, 6]"),
        ({"version": 2, "pubs": [HEADER + "bit[1] c; x $7;"]}, 1517, "7 qubits"),
        ({"version": 2, "pubs": [HEADER + "bit c; c = measure $0; if (c) { h $3; }"]}, 1517, "h on qubits"),
        ({"version": 2, "pubs": [HEADER + "bit[2] c; if (c == -1) { x $0; }"]}, 1603, "cannot meet -1"),
        ({"version": 2, "pubs": [HEADER + "uint[3] u; bool f; f = -2 < u;"]}, 1603, "cannot meet -2"),
    ],
)  # fmt: skip
def test_input_that_cannot_be_run(client: Client, document: object, code: int, words: str) -> None:
    """Each fault of an input has its code, and a message that names it."""
    found, message = reason(client, document)
    assert found == code, message
    assert words in message
    assert "passwd" not in message.replace("/etc/passwd", "")
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "text",
    [
        "OPENQASM 3.0; qubit[30000000] q;",
        "OPENQASM 3.0; bit[30000000] c;",
        "OPENQASM 3.0; const int n = 30000000; qubit[n] q;",
        'OPENQASM 3.0; include "stdgates.inc"; x $20000000;',
        "OPENQASM 3.0; " + "if (true) {" * 500 + "}" * 500,
    ],
)
def test_poison_harms_only_its_own_job(client: Client, text: str) -> None:
    """Programs that abort a process or exhaust it: the job fails, the service goes on."""
    job = client.wait(client.submit({"version": 2, "pubs": [text]}), limit_s=60)
    assert job["status"] == "Failed"
    assert job["reason_message"]
    assert client.run(INPUT)["status"] == "Completed"


def test_worker_that_is_killed(client: Client) -> None:
    """A worker that dies fails its own job with a reason; another takes its place."""
    before = {pid: cpu_ticks(pid) for pid in workers_of(client.service.process.pid)}
    job_id = client.submit({"version": 2, "shots": 100_000, "pubs": [busy_program()]}, backend="fake_torino")
    deadline = time.monotonic() + 20
    while not (busy := [pid for pid, ticks in before.items() if cpu_ticks(pid) > ticks + 50]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(busy[0], signal.SIGKILL)
    job = client.wait(job_id, limit_s=10)
    assert (job["status"], job["reason_code"]) == ("Failed", 5204)
    assert "died" in job["reason_message"]
    assert client.run(INPUT)["status"] == "Completed"


def test_idle_workers_that_are_killed(client: Client) -> None:
    """Others take their places before the next job, which nothing happens to."""
    assert client.run(INPUT)["status"] == "Completed"
    workers = workers_of(client.service.process.pid)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert [client.run(INPUT)["status"] for _ in range(3)] == ["Completed"] * 3
    assert not set(workers) & set(workers_of(client.service.process.pid))


def test_device_time_is_bounded_by_timeout(client: Client) -> None:
    """A job that needs more device time than it allowed itself is stopped, and pays for what it allowed."""
    # 20,000 shots with 250 us of delay each are 5 seconds
    job = client.run(INPUT | {"shots": 20_000}, timeout_secs=4)
    assert (job["status"], job["reason_code"]) == ("Cancelled", 1305)
    assert job["usage"] == {"quantum_nanoseconds": 4_000_000_000}
    assert client.run(INPUT | {"shots": 20_000}, timeout_secs=6)["status"] == "Completed"


def test_simulation_is_given_up(start: Callable[..., Service]) -> None:
    """A simulation that takes too long by the wall clock ends, and its worker with it."""
    client = Client(start(simulation_limit_s=1.0, workers=1, devices=["fake_torino", "fake_nairobi"]))
    job = client.run({"version": 2, "shots": 100_000, "pubs": [busy_program()]}, backend="fake_torino")
    assert (job["status"], job["reason_code"]) == ("Failed", 5201)
    assert "given up after 1 s" in job["reason_message"]
    assert client.run(INPUT)["status"] == "Completed"
    client.close()


def test_ibmcloud_cos_is_not_supported(client: Client) -> None:
    """The other documented kind of storage is accepted, and then fails."""
    body = client.request(INPUT)
    body["storage"]["results"] = {
        "type": "ibmcloud_cos",
        "region": "us-south",
        "region_type": "regional",
        "bucket_crn": "crn",
        "object_name": "x",
    }
    assert client.post("/v1/jobs", json=body).status_code == 204
    job = client.wait(body["id"])
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    assert job["storage"] == body["storage"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://169.254.169.254/latest/meta-data", "not one that this service may use"),
        ("http://127.0.0.1:1/x", "not one that this service may use"),
        ("https://{own}/x", "not one that this service may use"),
        ("http://user@{own}/x", "malformed"),
        ("http://{own}\\@evil.example/x", "malformed"),
        ("file:///etc/passwd", "malformed"),
        ("gopher://{own}/x", "malformed"),
        ("", "malformed"),
        ("http://{own}/{bucket}/x", "AccessDenied"),
        ("http://{own}/v1/jobs", "AccessDenied"),
        ("http://{own}:99999999/x", "malformed"),
        ("http://[::/x", "malformed"),
    ],
)
def test_urls_that_are_refused(client: Client, url: str, words: str) -> None:
    """Only the service's own store is read, and only with a good signature; the reason holds no URL."""
    own = client.url.removeprefix("http://")
    body = client.request(INPUT)
    body["storage"]["input"]["presigned_url"] = url.format(own=own, bucket=client.bucket)
    assert client.post("/v1/jobs", json=body).status_code == 204
    job = client.wait(body["id"])
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    assert words in job["reason_message"], job["reason_message"]
    assert "/x" not in job["reason_message"]


def test_expired_and_wrong_urls(client: Client) -> None:
    """An expired URL, one for another method, and one to a missing object: Failed, not refused."""
    for url, words in (
        (client.presign("put_object", "x"), "SignatureDoesNotMatch"),
        (client.presign("get_object", "none"), "NoSuchKey"),
        (client.presign("get_object", "x", bucket="other"), "NoSuchBucket"),
    ):
        body = client.request(INPUT)
        body["storage"]["input"]["presigned_url"] = url
        client.post("/v1/jobs", json=body)
        assert words in client.wait(body["id"])["reason_message"]
    body = client.request(INPUT)
    body["storage"]["input"]["presigned_url"] = client.presign(
        "get_object", f"input_{body['id']}", expires_s=1
    )
    time.sleep(2.1)
    client.post("/v1/jobs", json=body)
    assert "expired" in client.wait(body["id"])["reason_message"]


def test_results_that_cannot_be_stored(client: Client) -> None:
    """A job whose results go nowhere is Failed, and its log says so."""
    body = client.request(INPUT)
    body["storage"]["results"]["presigned_url"] = client.presign("get_object", "x")
    client.post("/v1/jobs", json=body)
    job = client.wait(body["id"])
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    assert "results could not be stored" in client.log(job)


def test_log_that_cannot_be_stored(client: Client) -> None:
    """A job is not harmed by its log."""
    body = client.request(INPUT)
    body["storage"]["logs"]["presigned_url"] = client.presign("get_object", "x")
    client.post("/v1/jobs", json=body)
    assert client.wait(body["id"])["status"] == "Completed"


def test_unknown_members_and_options_are_warnings(client: Client) -> None:
    """What is not simulated is said in the log, at the level that was asked for."""
    document = INPUT | {
        "supports_qiskit": True,
        "options": {"dynamical_decoupling": {"enable": True}, "twirling": {"enable_gates": True}, "novel": 1},
    }
    job = client.run(document, log_level="warning")
    assert job["status"] == "Completed"
    lines = client.log(job).splitlines()
    assert len(lines) == 4
    pattern = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING   .*"
    assert all(re.fullmatch(pattern, line) for line in lines)
    for name in ("supports_qiskit", "dynamical_decoupling", "twirling", "novel"):
        assert any(name in line for line in lines)
    assert client.log(client.run(document, log_level="error")) == ""
    assert "INFO      " in client.log(client.run(document, log_level="info"))


def test_own_store_is_reached_by_any_of_its_names(client: Client) -> None:
    """URLs for localhost and for 127.0.0.1 name the same store."""
    other = client.url.replace("127.0.0.1", "localhost")
    store = s3_client(client.service.endpoint["s3"] | {"endpoint": other})
    body = client.request(INPUT)
    parameters = {"Bucket": client.bucket, "Key": f"input_{body['id']}"}
    body["storage"]["input"]["presigned_url"] = store.generate_presigned_url("get_object", Params=parameters)
    store.close()
    client.post("/v1/jobs", json=body)
    assert client.wait(body["id"])["status"] == "Completed"
