"""What is on record of jobs, on a disk that other processes use and that may fail."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from forks import found_by_child
from journals import another, break_lock, circuit, entry, files

from qiskit_direct_provider import errors
from qiskit_direct_provider.journal import (
    Journal,
    Stage,
    journal_folder,
    this_process,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_entry_says_who_intends_what(monkeypatch: pytest.MonkeyPatch) -> None:
    found = entry(tags=("t",), name="n")
    assert (found.job_id, found.backend_name, found.program_id) == ("a", "device", "sampler")
    assert found.stage is Stage.INTENDED
    assert found.circuits == (circuit(),)
    assert (found.tags, found.name, found.log_level) == (("t",), "n", "warning")
    here = f"{socket.gethostname()}:{os.getpid()}"
    host_and_number, _, word = found.origin.rpartition(":")
    assert host_and_number == here
    assert len(word) == 16
    assert entry("b").origin == found.origin
    assert abs(datetime.now(timezone.utc) - found.intended) < timedelta(minutes=1)
    assert found.known_as == "a"
    assert entry(server_id="s").known_as == "s"


def test_no_two_processes_are_taken_for_one() -> None:
    """Also where a number is used again: a child that is forked, and a process that begins."""
    mine = this_process()
    assert found_by_child(lambda: this_process().split(":")[2] != mine.split(":")[2])
    script = "from qiskit_direct_provider.journal import this_process; print(this_process())"
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert other.stdout.strip().split(":")[2] != mine.split(":")[2]
    assert this_process() == mine


def test_each_system_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its name must never change: the jobs of earlier releases are in it."""
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    digest = hashlib.sha256(b"http://one").hexdigest()[:16]
    assert journal_folder("http://one") == tmp_path / "jobs" / digest


def test_files_are_named_by_digests_of_ids(journal: Journal) -> None:
    """An id is never a path, and the names never change between releases."""
    journal.begin(entry("../../a"), b"input")
    journal.store_result("../../a", b"result")
    journal.advance("../../a", server_id="/s")
    own, server = (hashlib.sha256(job_id).hexdigest()[:32] for job_id in (b"../../a", b"/s"))
    assert {file.name for file in journal.folder.iterdir()} == {
        ".lock",
        f"{own}.json",
        f"{own}.input",
        f"{own}.result",
        f"{server}.alias",
    }


def test_what_is_written_down_is_there_for_every_process(journal: Journal) -> None:
    intended = entry()
    assert journal.begin(intended, b"input") is intended
    for each in (journal, another(journal)):
        assert each.entry("a") == intended
        assert each.payload("a") == b"input"
        assert each.result("a") is None
        assert each.entry("b") is None
        assert each.payload("b") is None
        assert list(each.entries()) == [intended]


def test_the_same_job_is_written_down_once(journal: Journal) -> None:
    first = entry(name="first")
    journal.begin(first, b"input")
    assert journal.begin(entry(name="second"), b"input") == first
    assert journal.entry("a") == first


@pytest.mark.parametrize("status", [None, "DONE", "ERROR", "CANCELLED"])
def test_an_id_belongs_to_one_input(journal: Journal, status: str | None) -> None:
    journal.begin(entry(), b"input")
    journal.advance("a", status=status)
    before = journal.entry("a")
    with pytest.raises(errors.DuplicateJobError, match="the id a belongs to another job"):
        journal.begin(entry(), b"other input")
    assert (journal.entry("a"), journal.payload("a")) == (before, b"input")


@pytest.mark.parametrize("status", ["ERROR", "CANCELLED"])
def test_a_job_that_failed_begins_anew(journal: Journal, status: str) -> None:
    journal.begin(entry(name="first"), b"input")
    journal.advance("a", status=status, stage=Stage.FREED)
    again = entry(name="second")
    assert journal.begin(again, b"input") is again
    assert journal.entry("a") == again


def test_a_job_that_cannot_be_written_down_is_not_sent(tmp_path: Path) -> None:
    tmp_path.joinpath("file").write_text("no folder")
    journal = Journal(tmp_path / "file" / "jobs")
    with pytest.raises(errors.StorageError, match=f"in {journal.folder}: .*QISKIT_DIRECT_DATA") as caught:
        journal.begin(entry(), b"input")
    assert isinstance(caught.value.__cause__, OSError)


def test_nothing_is_on_record_without_its_input(journal: Journal) -> None:
    """The input comes first: an entry whose input cannot be written is not there."""
    (name,) = [hashlib.sha256(b"a").hexdigest()[:32]]
    journal.folder.mkdir()
    journal.folder.joinpath(f"{name}.input").mkdir()
    with pytest.raises(errors.StorageError):
        journal.begin(entry(), b"input")
    assert journal.entry("a") is None


def test_intentions_and_results_survive_a_loss_of_power(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files and their folder are synced; what can be learnt again from the server is not."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    journal.begin(entry(), b"input")
    assert len(synced) == 4
    journal.advance("a", stage=Stage.ACCEPTED, server_id="s")
    assert len(synced) == 4
    journal.store_result("a", b"result")
    assert len(synced) == 6
    journal.advance("a", status="DONE", stage=Stage.FREED)
    assert len(synced) == 6


@pytest.mark.parametrize("status", ["ERROR", "CANCELLED"])
def test_an_end_without_a_result_survives_a_loss_of_power(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """The server is told to forget the job next: it would be taken for one that never arrived, and sent."""
    journal.begin(entry(), b"input")
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    journal.advance("a", stage=Stage.ENDED, status=status)
    assert len(synced) == 2
    journal.advance("a", stage=Stage.FREED)
    assert len(synced) == 2


@pytest.mark.parametrize("earlier", list(Stage))
@pytest.mark.parametrize("later", list(Stage))
def test_a_stage_never_goes_back(journal: Journal, earlier: Stage, later: Stage) -> None:
    """What else has changed is taken over all the same."""
    journal.begin(entry(), b"input")
    journal.advance("a", stage=earlier)
    order = list(Stage)
    expected = max(earlier, later, key=order.index)
    changed = journal.advance("a", stage=later, name="new")
    assert changed is not None
    assert (changed.stage, changed.name) == (expected, "new")
    assert another(journal).entry("a") == changed


def test_a_change_of_a_job_that_is_not_on_record(journal: Journal) -> None:
    assert journal.advance("a", stage=Stage.ACCEPTED) is None
    assert list(journal.entries()) == []


def test_a_change_that_changes_nothing_is_not_written(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    journal.advance("a", server_id="s", name="n")
    before = [file.stat().st_ino for suffix in (".json", ".alias") for file in files(journal, suffix)]
    held = [file.open("rb") for suffix in (".json", ".alias") for file in files(journal, suffix)]
    assert len(before) == 2
    found = journal.advance("a", server_id="s", name="n", stage=Stage.INTENDED)
    assert found == journal.entry("a")
    assert [os.fstat(file.fileno()).st_ino for file in held] == before
    assert [file.stat().st_ino for suffix in (".json", ".alias") for file in files(journal, suffix)] == before
    for file in held:
        file.close()


def test_a_job_is_found_by_its_id_at_the_server(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    changed = journal.advance("a", server_id="s")
    assert changed is not None
    assert changed.known_as == "s"
    assert another(journal).entry("s") == changed
    assert list(journal.entries()) == [changed]
    moved = journal.advance("a", server_id="t")
    assert journal.entry("t") == moved


def test_an_id_here_comes_before_the_same_id_at_the_server(journal: Journal) -> None:
    journal.begin(entry("a"), b"input")
    journal.begin(entry("b"), b"input")
    journal.advance("b", server_id="a")
    found = journal.entry("a")
    assert found is not None
    assert found.job_id == "a"


def test_an_alias_that_leads_nowhere(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    journal.advance("a", server_id="s")
    (alias,) = files(journal, ".alias")
    alias.write_bytes(b"\xff\xfe")
    assert journal.entry("s") is None
    alias.write_bytes(b"b")
    assert journal.entry("s") is None


def test_a_journal_that_cannot_be_written_any_more_is_told_in_the_log(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller goes on with what is on record."""
    journal.begin(entry(), b"input")
    break_lock(journal)
    assert journal.advance("a", name="new") == journal.entry("a")
    (told,) = caplog.records
    assert told.levelname == "WARNING"
    assert told.getMessage().startswith(f"job a: the journal in {journal.folder} was not updated: ")


def test_an_entry_that_cannot_be_read_hides_no_other(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    journal.begin(entry("a"), b"input")
    (damaged,) = files(journal, ".json")
    journal.begin(entry("b"), b"input")
    damaged.write_bytes(b'{"job_id": ')
    assert [each.job_id for each in journal.entries()] == ["b"]
    assert journal.entry("a") is None
    damaged.unlink()
    damaged.mkdir()
    assert [each.job_id for each in journal.entries()] == ["b"]
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert all(str(damaged) in record.getMessage() for record in caplog.records)


def test_a_missing_entry_is_not_told_in_the_log(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    assert journal.entry("a") is None
    assert not caplog.records


def test_a_damaged_entry_is_written_anew(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    (damaged,) = files(journal, ".json")
    damaged.write_bytes(b"")
    again = entry(name="again")
    assert journal.begin(again, b"other") is again
    assert (journal.entry("a"), journal.payload("a")) == (again, b"other")
