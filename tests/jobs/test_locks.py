"""File systems without locks, as Lustre is when mounted without ``flock``: jobs are sent all the same."""

from __future__ import annotations

import errno
import fcntl
import threading
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from forks import found_by_child
from journeys import measured_x

from qiskit_direct_provider import DirectProvider, locks
from qiskit_direct_provider.locks import can_be_locked, held, locked

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture
def lockless(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: object, operation: int) -> None:
        if operation != fcntl.LOCK_UN:
            raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    locks._tell_that_there_are_no_locks.cache_clear()


def test_threads_are_kept_apart(lockless: None, file: Path) -> None:
    """Also the one that has the file already, which would otherwise free what it is about to send."""
    with held(file, wait=False) as first, held(file, wait=False) as second:
        assert (first, second) == (True, False)
    with held(file, wait=False) as again:
        assert again


@pytest.mark.parametrize("kind", ["held", "locked"])
def test_a_thread_waits_for_the_one_before(lockless: None, file: Path, kind: str) -> None:
    inside, got = threading.Event(), threading.Event()

    def take() -> None:
        inside.set()
        with locked(file.parent) if kind == "locked" else held(file, wait=True):
            got.set()

    waiting = threading.Thread(target=take)
    with locked(file.parent) if kind == "locked" else held(file, wait=True):
        waiting.start()
        assert inside.wait(60)
        assert not got.wait(0.2)
    assert got.wait(60)
    waiting.join()


def test_a_child_is_not_kept_by_a_thread_that_it_does_not_have(lockless: None, file: Path) -> None:
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with held(file, wait=True):
            taken.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(60)

    def look() -> bool:
        with held(file, wait=False) as alone:
            return alone

    assert found_by_child(look)
    done.set()
    holder.join()


def test_whether_there_are_locks(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    assert can_be_locked(tmp_path)
    request.getfixturevalue("lockless")
    assert not can_be_locked(tmp_path)


def test_jobs_and_accounts_do_without(
    lockless: None,
    service: LocalService,
    own_storage: S3Storage,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is told once a folder."""
    with provider_for(service, own_storage) as provider:
        backend = provider.get_backend("fake_nairobi")
        jobs = [backend.run(measured_x(), shots=5) for _ in range(3)]
        assert [job.result(timeout=60).get_counts() for job in jobs]
        folder = provider._workspace.journal.folder
        assert len(provider.jobs(limit=None)) >= len(jobs)
    told = [text for text in caplog.messages if f"files in {folder} cannot be locked" in text]
    assert len(told) == 1
    assert "Function not implemented" in told[0]
    assert "QISKIT_DIRECT_DATA" in told[0]
    DirectProvider.save_account("key", "https://a.example", filename=tmp_path / "accounts.json")
    assert DirectProvider.saved_accounts(filename=tmp_path / "accounts.json")
