"""The local service in the care of a process."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from qiskit import QuantumCircuit

from qiskit_direct_provider import DirectProvider, errors


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pid: int, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    return circuit


def test_seeds_make_counts_reproducible() -> None:
    counts = []
    for seed in (3, 3, 4):
        with DirectProvider.local(["fake_nairobi"], seed=seed) as provider:
            backend = provider.get_backend("fake_nairobi")
            counts.append(backend.run(measured_x(), shots=5000).result(timeout=60).get_counts())
    assert counts[0] == counts[1]
    assert counts[0] != counts[2]


def test_a_job_of_a_service_that_was_stopped_is_not_waited_for() -> None:
    with DirectProvider.local(["fake_nairobi"]) as provider:
        job = provider.get_backend("fake_nairobi").run(measured_x(), shots=10)
    with pytest.raises(errors.TransportError):
        job.result(timeout=60)


def test_it_stops_with_the_block_and_with_the_object() -> None:
    with DirectProvider.local(["fake_nairobi"]) as provider:
        service = provider._service
        assert service is not None
        assert alive(service.pid)
    assert gone(service.pid)
    service.close()
    provider = DirectProvider.local(["fake_nairobi"])
    assert provider._service is not None
    pid = provider._service.pid
    del provider
    gc.collect()
    assert gone(pid)


@pytest.mark.parametrize("end", [signal.SIGKILL, None])
def test_it_ends_with_the_process_that_owns_it(end: signal.Signals | None) -> None:
    """Also when that process is killed; and its workers end, too."""
    code = """
import sys
from qiskit_direct_provider import DirectProvider
provider = DirectProvider.local(["fake_nairobi"])
print(provider._service.pid, flush=True)
sys.stdin.readline()
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    children = children_of(pid)
    if end is None:
        owner.communicate("\n", timeout=30)
    else:
        os.kill(owner.pid, end)
        owner.communicate()
    assert gone(pid)
    assert all(gone(child) for child in children)


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that ended meanwhile
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *children_of(child)]
    return found


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(errors.InvalidInputError, match=r"did you mean .*fake_torino"):
        DirectProvider.local(["fake_turino"])


def test_an_unknown_channel_leaves_no_process() -> None:
    before = set(children_of(os.getpid()))
    with pytest.raises(errors.InvalidInputError, match=r"channel must be"):
        DirectProvider.local(["fake_nairobi"], channel="pigeon")
    assert all(gone(child) for child in set(children_of(os.getpid())) - before)


def test_the_local_channel_starts_a_service() -> None:
    with DirectProvider(channel="local") as provider:
        assert "fake_torino" in {backend.name for backend in provider.backends()}
    with pytest.raises(errors.TransportError):
        provider.backends()
