"""A child that is forked in the middle of something neither waits for ever nor keeps its parent's."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from forks import fork, found_by_child
from journeys import measured_x
from recorder import Recorder

from qiskit_direct_provider import DirectProvider
from qiskit_direct_provider.forking import ThreadLock
from qiskit_direct_provider.locks import held, locked

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService


@contextlib.contextmanager
def sleeping_child() -> Iterator[None]:
    """A child that does nothing for long, as an idle worker of a pool does."""
    child = fork(lambda: time.sleep(50))
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_lock_that_is_let_go_of_is_free_whatever_children_there_are(file: Path, tmp_path: Path) -> None:
    with contextlib.ExitStack() as children:
        with held(file, wait=True) as alone, locked(tmp_path):
            assert alone
            children.enter_context(sleeping_child())
        with held(file, wait=False) as alone:
            assert alone
        with locked(tmp_path):
            pass


def is_free(file: Path) -> bool:
    """Whether a file is free now, or is within a moment."""
    with held(file, wait=False) as alone:
        if not alone:
            time.sleep(0.05)
        return alone


def test_a_lock_ends_with_its_process_whatever_children_it_had(file: Path) -> None:
    """The process dies without letting go; its child lives on."""
    reading, writing = os.pipe()

    def die_and_leave_a_child() -> None:
        with held(file, wait=True):
            child = fork(lambda: time.sleep(50))
            os.write(writing, str(child).encode())
            os._exit(0)

    os.waitpid(fork(die_and_leave_a_child), 0)
    child = int(os.read(reading, 20))
    os.close(reading)
    os.close(writing)
    try:
        assert any(is_free(file) for _ in range(100))  # the child may not have come to its first line yet
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_lock_of_threads_is_free_in_a_child() -> None:
    lock, taken, done = ThreadLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(60)
    assert not lock.acquire(0.01)
    assert found_by_child(lambda: lock.acquire(0.01))
    done.set()
    holder.join()
    assert lock.acquire(0.01)
    assert lock.acquire(0.01)
    lock.release()
    lock.release()


@pytest.mark.parametrize("stalled", ["/token", "/configuration"])
def test_a_child_does_what_its_parent_was_about_to(
    service: LocalService, own_storage: S3Storage, stalled: str
) -> None:
    """The first token, or the device's documents, are on their way to a thread of the parent."""
    recorder, asked, go_on = Recorder(service.url), threading.Event(), threading.Event()

    def stall(when: str, _: str, path: str, __: bytes) -> None:
        if when == "before" and path.endswith(stalled) and not asked.is_set():
            asked.set()
            go_on.wait(60)

    recorder.watch = stall
    urls = {"url": recorder.url, "iam_url": recorder.url}
    with provider_for(service, own_storage, **urls) as provider:
        backend = provider._backend("fake_nairobi")
        parent = threading.Thread(target=backend.load)
        parent.start()
        assert asked.wait(60)
        assert found_by_child(lambda: backend.num_qubits == 7)
        go_on.set()
        parent.join()
        assert backend.num_qubits == 7
    recorder.close()


def test_a_child_waits_for_its_own_jobs_alone(service: LocalService, own_storage: S3Storage) -> None:
    """The poller's thread, and whoever waits for it, stayed in the parent."""
    with provider_for(service, own_storage) as provider:
        backend = provider.get_backend("fake_nairobi")
        poller = provider._workspace.poller
        with poller.watched([poller.ticket("never-sent", time.monotonic())]):

            def look() -> bool:
                result = backend.run(measured_x(), shots=20).result(timeout=30)
                return sum(result.get_counts().values()) == 20 and not poller._tickets

            assert found_by_child(look)


def test_a_child_that_ends_leaves_its_parent_the_journal() -> None:
    """Of a local service, whose journal ends with the process that started it."""
    with DirectProvider.local(["fake_manila"]) as provider:
        job = provider.get_backend("fake_manila").run(measured_x(), shots=20)

        def close() -> bool:
            provider.close()
            return True

        assert found_by_child(close)
        assert [each.job_id() for each in provider.jobs()] == [job.job_id()]
        assert provider._workspace.journal.entry(job.job_id()) is not None
        folder = provider._workspace.journal.folder
    assert not folder.exists()
