"""SIGTERM within a process that goes on after it: what becomes of its jobs, and of who asked before."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from connecting import provider_for
from journeys import measured_x, slow_circuit

from qiskit_direct_provider import DirectProvider, errors

if TYPE_CHECKING:
    from pathlib import Path

    from recorder import Recorder

    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService

    Connect = Callable[[str], DirectProvider]


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Signals that reached who handled SIGTERM before."""
    found: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: found.append(number))
    yield found
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def connect(
    heard: list[int],
    service: LocalService,
    own_storage: S3Storage,
    recorder: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Connect]:
    """Makes providers that do on SIGTERM what they are told to."""
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / "data"))
    made: list[Any] = []

    def start(action: str) -> DirectProvider:
        monkeypatch.setenv("QISKIT_DIRECT_ON_SIGTERM", action)
        made.append(provider_for(service, own_storage, url=recorder.url, iam_url=recorder.url))
        return made[-1]

    yield start
    for provider in made:
        provider.close()


def test_each_job_is_cancelled_and_what_came_of_that_is_told(
    connect: Connect, recorder: Recorder, heard: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    provider = connect("cancel")
    torino, nairobi = provider.get_backend("fake_torino"), provider.get_backend("fake_nairobi")
    done = nairobi.run(measured_x(), shots=10, job_id="ended")
    done.wait_for_final_state(timeout=60)
    running, kept = (torino.run(slow_circuit(), shots=100_000, job_id=name) for name in ("runs", "stays"))
    recorder.script("POST", "/v1/jobs", "403")
    with pytest.raises(errors.AuthorizationError):
        nairobi.run(measured_x(), shots=10, job_id="refused")
    recorder.script("POST", f"/v1/jobs/{kept.job_id()}/cancel", "403")
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]
    told = caplog.records[-1].getMessage()
    assert told.startswith("ended by SIGTERM; jobs: ended (had ended), runs (cancelled), stays (may ")
    assert told.endswith(", refused (not sent)")
    running.wait_for_final_state(timeout=60)
    assert (running.status().name, kept.status().name, done.status().name) == ("CANCELLED", "RUNNING", "DONE")
    assert kept.cancel()


def test_a_job_that_goes_on_is_named(
    connect: Connect, heard: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    provider = connect("detach")
    signal.raise_signal(signal.SIGTERM)
    assert not caplog.records, "there was no job yet"
    job = provider.get_backend("fake_nairobi").run(measured_x(), shots=10, job_id="goes-on")
    signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM] * 2
    assert "these jobs go on, retrieve_job(id) finds them: goes-on" in caplog.text
    assert sum(job.result(timeout=60).get_counts().values()) == 10


def test_a_signal_that_was_ignored_ends_nothing(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    provider = connect("detach")
    job = provider.get_backend("fake_nairobi").run(measured_x(), shots=10)
    signal.raise_signal(signal.SIGTERM)
    assert job.job_id() in caplog.text
    assert job.result(timeout=60)
    provider.close()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_who_handles_the_signal_now_goes_on_to(connect: Connect) -> None:
    """A provider that is closed takes away nobody's handler but its own."""
    provider = connect("cancel")
    later = lambda *_: None  # noqa: E731 - a handler
    signal.signal(signal.SIGTERM, later)
    provider.close()
    assert signal.getsignal(signal.SIGTERM) is later
