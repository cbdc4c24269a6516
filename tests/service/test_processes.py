"""Starting and stopping: quick, clean, and with nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from service_client import Client, Service, busy_program

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.service import __main__ as entry
from qiskit_direct_provider.service import process
from qiskit_direct_provider.service.process import LocalService
from qiskit_direct_provider.service.server import Endpoint, StoreEndpoint
from qiskit_direct_provider.service.settings import ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Callable

BUSY = {"version": 2, "shots": 100_000, "pubs": [busy_program()]}
CLI = "import typer; from qiskit_direct_provider.cli.serve import serve; typer.run(serve)"


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return {pid}.union(*(family(int(child)) for children in lists for child in children))


def wait_until_gone(pids: set[int], limit_s: float = 5.0) -> set[int]:
    """Those that are still there after a while; zombies count as gone."""
    deadline = time.monotonic() + limit_s
    while (left := {pid for pid in pids if _lives(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def busy_family(service: Service) -> set[int]:
    """The processes of a service while a job keeps a worker busy."""
    client = Client(service)
    client.submit(BUSY, backend="fake_torino")
    client.session.close()
    client.store.close()
    deadline = time.monotonic() + 30
    # itself, resource tracker, fork server, worker
    while len(family(service.process.pid)) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.0)
    pids = family(service.process.pid)
    assert len(pids) >= 4
    return pids


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_everything(start: Callable[..., Service], number: signal.Signals) -> None:
    """A signal ends the service within seconds and with success, a busy worker included."""
    service = start(workers=1, devices=["fake_torino"])
    pids = busy_family(service)
    began = time.monotonic()
    service.process.send_signal(number)
    assert service.process.wait(timeout=20) == 0
    assert time.monotonic() - began < 15
    assert wait_until_gone(pids, 1.0) == set()
    assert service.errors() == ""


def test_killed_server_takes_its_workers_along(start: Callable[..., Service], tmp_path: Path) -> None:
    """A kill -9 of the server leaves no process; at the next start, its jobs end.

    They go on where they can. Here the keys of the object store are others, so no URL is valid any more.
    """
    settings = {"workers": 1, "devices": ["fake_torino"], "state": str(tmp_path), "api_key": "k", "crn": "c"}
    service = start(**settings)
    pids = busy_family(service)
    service.process.kill()
    service.process.wait(timeout=10)
    assert wait_until_gone(pids) == set()
    client = Client(start(**settings))
    (job,) = client.get("/v1/jobs").json()["jobs"]
    job = client.wait(job["id"])
    assert (job["status"], job["reason_code"]) == ("Failed", 5203)
    client.close()


@pytest.mark.parametrize("delay_s", [0.0, 0.5])
def test_end_of_input_ends_the_service(start: Callable[..., Service], delay_s: float) -> None:
    """A service ends with its parent, even while it still warms up; its temporary files go, too.

    Not sooner, whatever else its input says.
    """
    service = start(workers=1)
    time.sleep(delay_s)
    assert service.process.stdin is not None
    service.process.stdin.write(b"what follows the settings is read by nobody")
    pids = family(service.process.pid)
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < 15
    assert wait_until_gone(pids, 1.0) == set()


def test_idle_server_is_small(service: Service) -> None:
    """The server process itself imports neither Aer nor qiskit-ibm-runtime."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    resident_kb = int(status.partition("VmRSS:")[2].split()[0])
    assert resident_kb < 250_000
    maps = Path(f"/proc/{service.process.pid}/maps").read_text()
    assert "qiskit_aer" not in maps


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(UnsupportedError, match=r"needs uvicorn: pip install '.*\[service\]'"):
        LocalService.start()


def test_both_sides_agree_on_the_exit_code_of_wrong_settings() -> None:
    """The entry starts nothing when it is imported; the side that starts it has a copy all the same."""
    assert entry.WRONG_SETTINGS == process.WRONG_SETTINGS


def test_no_secret_is_in_a_repr() -> None:
    """Each could end up in the output of a failed test, or in a log."""
    settings = ServiceSettings(api_key="SECRET", s3_secret_key="SECRET")
    store = StoreEndpoint(endpoint="u", bucket="b", access_key_id="k", secret_access_key="SECRET", region="r")
    endpoint = Endpoint(url="http://x", api_key="SECRET", crn="c", iam_url="u", s3=store, devices=[])
    assert "port=8290" in repr(settings)
    assert "http://x" in repr(endpoint)
    assert "SECRET" not in f"{settings} {endpoint!r}"


def test_address_that_is_taken(start: Callable[..., Service]) -> None:
    """One clear error, and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        settings = json.dumps({"port": port}).encode()
        command = [sys.executable, "-m", "qiskit_direct_provider.service"]
        done = subprocess.run(command, input=settings, capture_output=True, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stdout == b""
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (b'{"devices": ["fake_torin"]}', "did you mean fake_torino"),
        (b'{"color": 1}', "unknown field"),
        (b"{", "truncated"),
    ],
)
def test_bad_settings(settings: bytes, words: str) -> None:
    """Settings that cannot be used are one line on standard error."""
    command = [sys.executable, "-m", "qiskit_direct_provider.service"]
    done = subprocess.run(command, input=settings + b"\n", capture_output=True, check=False, timeout=30)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


def command_line(*options: str) -> subprocess.Popen[str]:
    """``qiskit-direct serve``, without the other commands around it."""
    return subprocess.Popen(
        [sys.executable, "-c", CLI, "--port", "0", "--workers", "1", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )


def test_command_prints_one_line_when_ready() -> None:
    """The ready line comes when connections are accepted; what was given is not repeated."""
    with command_line("--api-key", "given-key") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        assert ready.startswith("listening on http://127.0.0.1:")
        url = ready.removeprefix("listening on ").strip()
        assert requests.get(url + "/version", timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        output = process.stdout.read()
        assert process.wait(timeout=10) == 0
        assert "given-key" not in output
        assert "S3 secret" in output
        assert process.stderr.read() == ""


def test_command_with_json_prints_nothing_else() -> None:
    """One JSON line with all that a client needs."""
    options = ["--json", "--stop-on-eof", "--device", "fake_manila", "--device", "fake_lima", "--no-noise"]
    options += ["--crn", "crn:x", "--s3-bucket", "bucket", "--s3-access-key", "a", "--s3-secret-key", "b"]
    with command_line(*options) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        document = json.loads(process.stdout.readline())
        assert set(document) == {"url", "api_key", "crn", "iam_url", "s3", "devices"}
        assert document["devices"] == ["fake_manila", "fake_lima"]
        assert document["crn"] == "crn:x"
        assert document["iam_url"] == document["url"]
        assert document["s3"] == {
            "endpoint": document["url"],
            "bucket": "bucket",
            "access_key_id": "a",
            "secret_access_key": "b",
            "region": "us-east-1",
        }
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(timeout=10) == 0


def test_command_warns_beyond_loopback() -> None:
    """Listening to the whole network is allowed, with a warning."""
    with command_line("--host", "0.0.0.0", "--json") as process:  # noqa: S104 - the point of this test
        assert process.stdout is not None
        assert process.stderr is not None
        document = json.loads(process.stdout.readline())
        port = document["url"].rpartition(":")[2]
        answer = requests.get(f"http://127.0.0.1:{port}/version", headers={"Host": "any"}, timeout=10)
        assert answer.status_code == 200
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert "reachable by other machines" in process.stderr.read()


def test_command_with_unknown_device() -> None:
    """An error of one sentence, without a traceback."""
    with command_line("--device", "fake_torin") as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.startswith("error: no device snapshot is called 'fake_torin'")
    assert "Traceback" not in errors
