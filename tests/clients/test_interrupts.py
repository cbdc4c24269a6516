"""Ctrl-C ends a wait at once, and leaves the job alone."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from connecting import provider_for
from qiskit import QuantumCircuit
from recorder import Recorder

from qiskit_direct_provider import S3Storage
from qiskit_direct_provider.service.process import LocalService

WITHIN_S = 0.5


@pytest.fixture(scope="module")
def slow() -> Iterator[LocalService]:
    """A service whose jobs take long."""
    service = LocalService.start(("fake_torino",), workers=1, simulation_limit_s=600.0)
    yield service
    service.close()


def long_circuit() -> QuantumCircuit:
    circuit = QuantumCircuit(15)
    for _ in range(5):
        for qubit in range(15):
            circuit.sx(qubit)
            circuit.rz(0.3, qubit)
            circuit.sx(qubit)
        for qubit in range(14):
            circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("times", [10, pytest.param(200, marks=pytest.mark.campaign)])
def test_an_interrupt_ends_the_wait_alone(times: int, slow: LocalService) -> None:
    """At random moments; the interval between signal and return is taken on the common monotonic clock."""
    storage, chance = S3Storage(**slow.storage), random.Random(20_261_120)  # noqa: S311 - moments, no keys
    recorder = Recorder(slow.url)
    with provider_for(slow, storage) as provider:
        job = provider.get_backend("fake_torino").run(long_circuit(), shots=100_000)
        given = {
            "service": {"token": slow.api_key, "instance": slow.crn, "url": recorder.url},
            "storage": slow.storage,
            "job_id": job.job_id(),
            "times": times,
        }
        script = Path(__file__).parents[1] / "support" / "interrupted.py"
        process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(given) + "\n")
            process.stdin.flush()
            took_s = []
            for _ in range(times):
                assert process.stdout.readline() == "waiting\n"
                time.sleep(chance.uniform(0, 0.6))
                sent = time.monotonic()
                os.kill(process.pid, signal.SIGINT)
                took_s.append(float(process.stdout.readline()) - sent)
            assert process.stdout.readline() == "RUNNING\n"
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
            recorder.close()
        assert max(took_s) < WITHIN_S
        assert {method for method, path in recorder.seen if path.startswith("/v1/jobs")} == {"GET"}
        job.cancel()
