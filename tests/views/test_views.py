"""What the views say, and what they cost."""

from __future__ import annotations

import dataclasses
import math
import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from connecting import free_port, provider_for
from offline import documents_of, offline_backend
from qiskit.circuit.library import CZGate, Measure, RXGate
from qiskit.transpiler import InstructionProperties, Target
from recorder import Recorder

from qiskit_direct_provider import errors, job_monitor
from qiskit_direct_provider.views.device_map import DeviceMap
from qiskit_direct_provider.views.units import seconds_text

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, S3Storage
    from qiskit_direct_provider.service.process import LocalService


def test_a_map_degrades_to_text(nairobi: DirectBackend) -> None:
    lines = str(nairobi.map()).splitlines()
    assert lines[:5] == ["0----1----2", "      |", "     3", "      |", "4----5----6"]
    worst = max(nairobi.target["cx"].items(), key=lambda entry: entry[1].error)[0]
    assert lines[6].startswith(f"largest cx errors: {min(worst)}-{max(worst)} ")
    assert repr(nairobi.map()) == "<map of fake_nairobi: 7 qubits, 6 couplings>"


def test_what_is_out_of_order_is_told_apart() -> None:
    target = Target(num_qubits=4)
    good, broken = InstructionProperties(error=1e-3, duration=7e-8), InstructionProperties(error=1.0)
    target.add_instruction(CZGate(), {(0, 1): good, (1, 2): broken, (2, 3): None})
    target.add_instruction(Measure(), {(qubit,): None for qubit in range(4)})
    shown = DeviceMap("<device>", target).html()
    assert "&lt;device&gt;" in shown
    assert "<device>" not in shown
    assert "coupling 0-1: cz: error 1.00e-03, 70 ns" in shown
    assert "coupling 1-2: cz: error out of order" in shown
    assert "coupling 2-3: cz: error -, -" in shown
    assert shown.count("stroke-dasharray") == 1
    assert shown.count('stroke="#c3c9d0"') == 1
    assert "qubit 0: nothing is known" in shown
    assert "readout error</text>" not in shown


def test_a_device_that_says_nothing_has_a_map() -> None:
    target = Target(num_qubits=5)
    target.add_instruction(RXGate(0.1), {(qubit,): None for qubit in range(5)})
    assert DeviceMap("simulator", target).svg().count("<circle") == 5
    assert str(DeviceMap("simulator", target)).split() == list("01234")


def test_what_lies_in_no_lattice_has_its_worst_places_alone() -> None:
    backend = offline_backend(documents_of("guadalupe"), "fake_guadalupe")
    first, second = str(backend.map()).splitlines()
    assert first.startswith("largest cx errors: ")
    assert second.startswith("largest readout errors: ")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(119.9, "120 s"), (120.0, "120 s"), (7200.4, "7200 s"), (math.inf, "-"), (2e-10, "0.2 ns")],
)
def test_times_as_people_read_them(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_views_send_no_request_but_the_list(service: LocalService, own_storage: S3Storage) -> None:
    recorder = Recorder(service.url)
    try:
        with provider_for(service, own_storage, url=recorder.url) as provider:
            assert "fake_nairobi" in provider._repr_html_()
            assert [path for _, path in recorder.seen] == ["/identity/token", "/v1/backends"]
            backend, status = provider.get_backend("fake_nairobi"), provider.backend.fake_nairobi.status()
            del recorder.seen[:]
            for view in (backend, status, backend.map()):
                assert "fake_nairobi" in view._repr_html_()
            assert recorder.seen == []
    finally:
        recorder.close()


def test_an_outage_is_said_in_the_view(service: LocalService, own_storage: S3Storage) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    with provider_for(service, own_storage, url=dead, iam_url=service.url, timeout=2) as provider:
        shown = provider._repr_html_()
        assert provider._backend("fake_nairobi")._repr_html_() is None, "the text is shown instead"
    assert "no connection" in shown
    assert service.api_key not in shown


def test_messages_of_a_server_are_escaped(nairobi: DirectBackend) -> None:
    status = dataclasses.replace(nairobi.status(), message="<img src=x>", state="paused", locked=True)
    shown = status._repr_html_()
    assert "&lt;img src=x&gt;" in shown
    assert "<img" not in shown
    assert "paused, reserved" in shown
    assert "jobs that wait" not in shown


def test_a_status_says_what_is_known(nairobi: DirectBackend) -> None:
    """Where a queue is, how long it is; no row for what the server does not tell."""
    waiting = dataclasses.replace(nairobi.status(), pending_jobs=12, message=None, backend_version="")
    texts = re.findall(r">([^<]+)<", waiting._repr_html_())
    assert texts[texts.index("jobs that wait") + 1] == "12"
    assert not {"message", "version"} & set(texts)


MONITOR = """
import time
from qiskit.providers.jobstatus import JobStatus
from qiskit_direct_provider import job_monitor
class Job:
    def wait_for_final_state(self, callback):
        for status in (JobStatus.QUEUED, JobStatus.RUNNING):
            callback("id", status, self)
            time.sleep(0.2)
    def status(self):
        return JobStatus.DONE
job_monitor(Job())
"""


def test_a_wait_that_fails_at_once_leaves_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost:
        def wait_for_final_state(self, **_: object) -> None:
            raise errors.JobNotFoundError("there is no such job", status=404)

    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen, os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        with pytest.raises(errors.JobNotFoundError):
            job_monitor(Lost())  # type: ignore[arg-type]
        terminal.write("next")
        terminal.flush()
        assert screen.read(100) == b"next"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_terminal_has_a_spinner() -> None:
    """In a terminal of its own; at the end the last state stays, alone on its line."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(
        [sys.executable, "-c", MONITOR], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # Linux's end of a terminal
    finally:
        os.close(ours)
    assert process.wait(30) == 0
    text = shown.decode()
    assert "job is actively running" in text
    assert "0:00:00" in text
    assert text.endswith("Job Status: job has successfully run\r\n")


def test_a_pipe_gets_plain_text() -> None:
    done = subprocess.run([sys.executable, "-c", MONITOR], capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
    assert done.stdout.endswith("Job Status: job has successfully run\n")
