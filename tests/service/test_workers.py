"""Workers of this process: what they hand back, and what they outlive."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import TimeoutError as TaskTimeoutError
from multiprocessing import resource_tracker, spawn
from unittest import mock  # puts the environment back

import lost_workers
import pytest
from troubled import fail, fail_unreadably

from qiskit_direct_provider.service import fork_server, workers
from qiskit_direct_provider.service.worker_pool import WorkerLostError
from qiskit_direct_provider.service.workers import Workers

LIMIT_S = 60


def test_workers_that_were_never_started_can_be_stopped() -> None:
    before = threading.active_count()
    Workers(2).stop()
    assert threading.active_count() == before


def test_a_task_is_told_when_no_worker_can_be_started(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the Python that they would run was removed; it is tried again for each task."""
    monkeypatch.setattr(workers, "_PAUSES_S", (0.0, 0.01))
    resource_tracker.ensure_running()
    fork_server.kill()
    python = spawn.get_executable()
    spawn.set_executable("/no/such/python")
    try:
        with mock.patch.dict(os.environ):
            found = Workers(1)
            found.start()
            with pytest.raises(WorkerLostError, match="no worker process can be started"):
                found.submit(os.getpid).result(LIMIT_S)
            found.stop()
    finally:
        spawn.set_executable(python)
    assert caplog.text.count("a worker process could not be started") >= 2


@pytest.fixture(scope="module")
def worker() -> Iterator[Workers]:
    """A single one, so that each task follows the one before it; it simulates nothing, so loads nothing."""
    with mock.patch.dict(os.environ), mock.patch.object(fork_server, "_PRELOAD", "os"):
        found = Workers(1)
        found.start()
        yield found
        found.stop()


def pid_of(worker: Workers) -> int:
    return worker.submit(os.getpid).result(LIMIT_S)


def test_errors_of_a_function_come_back(worker: Workers) -> None:
    """As what they say, if they cannot travel; the worker goes on."""
    before = pid_of(worker)
    with pytest.raises(ValueError, match="plain"):
        worker.submit(fail, "plain").result(LIMIT_S)
    with pytest.raises(RuntimeError, match="UnreadableError.*a fault at here"):
        worker.submit(fail_unreadably, "a fault").result(LIMIT_S)
    assert pid_of(worker) == before != os.getpid()


def test_what_cannot_be_sent_is_the_fault_of_its_task(worker: Workers) -> None:
    with pytest.raises(TypeError, match="pickle"):
        worker.submit(len, threading.Lock()).result(LIMIT_S)
    assert worker.submit(len, "abc").result(LIMIT_S) == 3


def test_giving_up_what_is_done_harms_nobody(worker: Workers) -> None:
    before = pid_of(worker)
    done = worker.submit(len, "abc")
    assert done.result(LIMIT_S) == 3
    assert not done.cancel()
    assert pid_of(worker) == before


def test_a_worker_that_dies_or_takes_too_long_is_replaced(worker: Workers) -> None:
    first = pid_of(worker)
    with pytest.raises(WorkerLostError, match="exit code 3"):
        worker.submit(lost_workers.end).result(LIMIT_S)
    second = pid_of(worker)
    with pytest.raises(TaskTimeoutError):
        worker.submit(time.sleep, 60, timeout_s=0.05).result(LIMIT_S)
    assert len({first, second, pid_of(worker)}) == 3
