"""Files of the journal and of the archive: many writers, killed writers, and disks that take nothing."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from journeys import SHARED_MEMBERS, calibration, entry, measured_x, payload_of
from nursery import Nursery
from recorder import Recorder

from qiskit_direct_provider import errors
from qiskit_direct_provider.archive import CalibrationArchive
from qiskit_direct_provider.journal import Journal, Stage

if TYPE_CHECKING:
    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService

WRITERS, WRITES = 16, 100


pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


def modes(folder: Path) -> set[int]:
    """Permissions of all files."""
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def test_many_writers_lose_nothing(nursery: Nursery, tmp_path: Path) -> None:
    """16 processes with 100 writes each and umask 000: every entry, input, result and change is there."""
    folder = tmp_path / "journal"
    journal = Journal(folder)
    journal.begin(entry("shared"), b"shared")
    children = [
        nursery.start("write_journal", folder=str(folder), writer=writer, number=WRITES)
        for writer in range(WRITERS)
    ]
    assert [child.answer() for child in children] == [WRITES] * WRITERS
    begun = {f"{writer}-{turn // 3}" for writer in range(WRITERS) for turn in range(0, WRITES, 3)}
    stored = {f"{writer}-{turn // 3}" for writer in range(WRITERS) for turn in range(1, WRITES, 3)}
    assert {found.job_id for found in journal.entries()} == begun | {"shared"}
    assert [job_id for job_id in begun if journal.payload(job_id) != payload_of(job_id)] == []
    assert [job_id for job_id in stored if journal.result(job_id) != payload_of(job_id) * 2] == []
    shared = journal.entry("shared")
    last = WRITES - 1 - WRITES % 3
    assert [getattr(shared, member) for member in SHARED_MEMBERS] == [
        f"{writer}-{last}" for writer in range(len(SHARED_MEMBERS))
    ]
    assert modes(folder) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.glob(".*.tmp")) == []


def kill_writers(nursery: Nursery, folder: Path, kills: int, seed: int) -> int:
    """Kill so many writers at any moment; how many promises they had made, all of which were kept."""
    chance = random.Random(seed)  # noqa: S311 - reproducible
    journal, promises = Journal(folder), 0
    stages = {"begun": Stage.INTENDED, "accepted": Stage.ACCEPTED, "stored": Stage.STORED}
    order = list(Stage)
    for number in range(kills):
        child = nursery.start("write_until_killed", folder=str(folder), writer=f"{seed}-{number}")
        said = [child.line.hear(60) for _ in range(chance.randrange(1, 6))]
        time.sleep(chance.uniform(0, 0.004))
        child.kill()
        while (more := child.line.hear(60)) is not None:
            said.append(more)
        child.line.close()
        for word, job_id in said:
            found = journal.entry(job_id)
            assert found is not None, (number, word, job_id)
            assert order.index(found.stage) >= order.index(stages[word]), (number, word, job_id)
            assert journal.payload(job_id) == payload_of(job_id)
            if word == "stored":
                assert journal.result(job_id) == payload_of(job_id) * 2
        promises += len(said)
    assert len(list(journal.entries())) == len(list(folder.glob("*.json")))
    assert modes(folder) == {0o600}
    return promises


def test_killed_writers_destroy_nothing(nursery: Nursery, tmp_path: Path) -> None:
    """50 SIGKILLs at any moment: what was said to be written is there, and every file is whole."""
    assert kill_writers(nursery, tmp_path / "journal", 50, seed=11) >= 50


@pytest.mark.campaign
def test_many_killed_writers_destroy_nothing(nursery: Nursery, tmp_path: Path) -> None:
    """500 SIGKILLs."""
    assert kill_writers(nursery, tmp_path / "journal", 500, seed=12) >= 500


def test_many_processes_archive_the_same_calibrations(nursery: Nursery, tmp_path: Path) -> None:
    """16 processes archive 100 calibrations each, half of them the same as eight others: 200 whole files."""
    children = [
        nursery.start("write_archive", folder=str(tmp_path), writer=writer, number=WRITES)
        for writer in range(WRITERS)
    ]
    assert [child.answer() for child in children] == [WRITES] * WRITERS
    archive = CalibrationArchive(tmp_path)
    moments = [datetime.fromtimestamp(1_700_000_000 + number, timezone.utc) for number in range(2 * WRITES)]
    assert archive.moments("device") == moments
    found = [archive.at("device", moment) for moment in moments]
    assert found == [calibration(number) for number in range(2 * WRITES)]
    assert modes(tmp_path / "device") == {0o600}
    assert len(list((tmp_path / "device").iterdir())) == 2 * WRITES


# -- disks that take nothing ------------------------------------------------------------------------------


def mounted(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["full", "read-only"])
def useless_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder on a full disk (which takes a mount), or one that cannot be written to."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if mounted(folder, "size=64k" if request.param == "full" else "ro,size=64k"):
        if request.param == "full":
            (folder / "filler").write_bytes(bytes(64 * 1024 - 12 * 1024))
            fill(folder / "more")
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    elif request.param == "read-only" and os.getuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
    else:
        pytest.skip("no file system can be mounted here")


def fill(file: Path) -> None:
    """Write until nothing fits any more."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(512))
        except OSError:
            return


def test_no_job_is_sent_that_cannot_be_written_down(
    useless_disk: Path, service: LocalService, own_storage: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC and EROFS: the error names the folder; neither the service nor the store hears of the job."""
    api, objects = Recorder(service.url), Recorder(own_storage.endpoint)
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(useless_disk / "data"))
    storage = type(own_storage)(
        **{**service.storage, "endpoint": objects.url}, endpoint_for_service=service.storage["endpoint"]
    )
    with provider_for(service, storage, url=api.url, iam_url=api.url) as provider:
        backend = provider.get_backend("fake_manila")
        with pytest.raises(errors.StorageError, match="the job was not sent") as caught:
            backend.run(measured_x(), shots=10)
    assert str(useless_disk) in str(caught.value)
    assert [request for request in api.seen if request[0] == "POST" and request[1] == "/v1/jobs"] == []
    assert objects.seen == []
    api.close()
    objects.close()


def test_a_result_that_cannot_be_kept_is_returned_all_the_same(
    service: LocalService, own_storage: S3Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up meanwhile: counts come, and the job stays at the server, as the only copy."""
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    with provider_for(service, own_storage) as provider:
        job = provider.get_backend("fake_manila").run(measured_x(), shots=10)
        folder = job._workspace.journal.folder
        kept = folder / (job._workspace.journal._file(job.job_id(), ".result").name)
        kept.mkdir()  # a name that no file can take
        assert sum(job.result(timeout=60).get_counts().values()) == 10
        client = provider._client
        assert client.job(job.job_id(), client.deadline()).server_status == "Completed"
        kept.rmdir()
        assert sum(provider.retrieve_job(job.job_id()).result(timeout=60).get_counts().values()) == 10
        with pytest.raises(errors.JobNotFoundError):
            client.job(job.job_id(), client.deadline())
