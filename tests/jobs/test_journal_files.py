"""Who sends, results, and metadata of jobs on record."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from datetime import datetime, timezone
from typing import Any

import msgspec
import numpy as np
import pytest
from journals import another, circuit, entry, files

from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.journal import (
    Journal,
    Stage,
    with_metadata,
)


def test_one_sends_at_a_time(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    with journal.sending("a", wait=False) as alone:
        assert alone
        with another(journal).sending("a", wait=False) as second:
            assert second is False
    with journal.sending("a", wait=False) as alone:
        assert alone


def test_a_sender_waits_for_the_one_before(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    got: list[bool] = []

    def send() -> None:
        with another(journal).sending("a", wait=True) as alone:
            got.append(alone)

    waiting = threading.Thread(target=send)
    with journal.sending("a", wait=True):
        waiting.start()
        waiting.join(0.2)
        assert got == []
    waiting.join(60)
    assert got == [True]


def test_a_refused_job_is_forgotten(journal: Journal) -> None:
    journal.begin(entry("a"), b"input")
    journal.begin(entry("b"), b"input")
    journal.discard("a")
    assert journal.entry("a") is None
    assert journal.payload("a") is None
    assert journal.payload("b") == b"input"
    journal.discard("a")
    assert journal.entry("b") is not None


def test_a_refused_job_that_cannot_be_removed(journal: Journal) -> None:
    """The refusal is the news, and what can be removed is."""
    journal.begin(entry(), b"input")
    (file,) = files(journal, ".json")
    file.unlink()
    file.mkdir()
    journal.discard("a")
    assert files(journal, ".input") == []


# -- results -------------------------------------------------------------------------------------------


def test_a_result_is_kept(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    assert journal.store_result("a", b"result") is True
    assert another(journal).result("a") == b"result"
    assert journal.entry("a").stage is Stage.STORED  # type: ignore[union-attr]
    assert len(b"result" * 1000) > files(journal, ".result")[0].stat().st_size


def test_a_result_that_cannot_be_kept(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    """The caller must not let the server forget the job then."""
    journal.begin(entry(), b"input")
    name = hashlib.sha256(b"a").hexdigest()[:32]
    journal.folder.joinpath(f"{name}.result").mkdir()
    assert journal.store_result("a", b"result") is False
    assert journal.entry("a").stage is Stage.INTENDED  # type: ignore[union-attr]
    (told,) = caplog.records
    assert told.levelname == "WARNING"
    assert told.getMessage().startswith(f"the result of job a was not kept in {journal.folder}: ")


def test_a_damaged_result_is_none(journal: Journal) -> None:
    journal.begin(entry(), b"input")
    journal.store_result("a", b"result")
    (file,) = files(journal, ".result")
    file.write_bytes(file.read_bytes()[:-3])
    assert journal.result("a") is None


# -- metadata ------------------------------------------------------------------------------------------


class Odd:
    """Not of NumPy, although it looks like it."""

    def __repr__(self) -> str:
        return "<odd>"

    def tolist(self) -> list[int]:
        return [1]


def kept(journal: Journal, metadata: dict[Any, Any]) -> Any:
    intended = with_metadata(entry(), (circuit(),))
    record = CircuitRecord(**{**vars(circuit()), "metadata": metadata})
    intended = with_metadata(intended, (record,))
    assert intended.circuits[0].metadata == metadata
    journal.begin(intended, b"input")
    found = another(journal).entry("a")
    assert found is not None
    return found.circuits[0].metadata


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, {}),
        ({"k": [1, 2.5, "x", None, True]}, {"k": [1, 2.5, "x", None, True]}),
        ({"k": np.int64(3), "a": np.arange(3)}, {"k": 3, "a": [0, 1, 2]}),
        ({"k": Odd(), "t": {1}}, {"k": "<odd>", "t": "{1}"}),
        ({("a", 1): 1, "k": 2}, {"k": 2}),
        ({"k": np.dtype("u1")}, {"k": "dtype('uint8')"}),
    ],
)
def test_metadata_is_kept_as_json_can_hold_it(
    journal: Journal, metadata: dict[Any, Any], expected: dict[str, Any]
) -> None:
    assert kept(journal, metadata) == expected


def test_metadata_that_json_cannot_hold_at_all(journal: Journal) -> None:
    """It holds itself, or is nested without end: the job is sent all the same."""
    itself: dict[str, Any] = {}
    itself["k"] = itself
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    name = entry()
    for number, metadata in enumerate([itself, {"k": deep}]):
        record = CircuitRecord(**{**vars(circuit()), "metadata": metadata})
        intended = with_metadata(entry(str(number)), (record,))
        journal.begin(intended, b"input")
        found = journal.entry(str(number))
        assert found is not None
        assert found.circuits[0].metadata == {}
        assert found.backend_name == name.backend_name
    while deep:
        deep = deep[0]


# -- what others left ----------------------------------------------------------------------------------


def test_what_a_killed_writer_left_is_swept_away(journal: Journal) -> None:
    """Unless it is so young that its writer may live."""
    journal.begin(entry("a"), b"input")
    (name,) = [file.name for file in files(journal, ".input")]
    old, young = journal.folder / f".{name}.old.tmp", journal.folder / f".{name}.young.tmp"
    for file, age_s in ((old, 3700), (young, 3500)):
        file.write_bytes(b"half of an in")
        moment = files(journal, ".input")[0].stat().st_mtime - age_s
        os.utime(file, (moment, moment))
    another(journal).begin(entry("b"), b"input")
    assert files(journal, ".tmp") == [young]
    assert journal.payload("a") == b"input"


def test_a_folder_is_swept_once(journal: Journal) -> None:
    """One of many jobs takes a while to be read."""
    journal.begin(entry("a"), b"input")
    left = journal.folder / ".left.tmp"
    left.touch()
    os.utime(left, (0, 0))
    journal.begin(entry("b"), b"input")
    assert left.exists()


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b'"stage":"intended"', b'"stage":"intended","status":"PAUSED"'),
        (b'"stage":"intended"', b'"stage":"resting"'),
        (b'"job_id":"a"', b'"job_id":"b"'),
        (b'Z","circuits"', b'","circuits"'),
    ],
)
def test_an_entry_of_a_later_release_or_of_another_job_is_not_believed(
    journal: Journal, caplog: pytest.LogCaptureFixture, written: bytes, instead: bytes
) -> None:
    """Of a status, a stage or a moment that nobody knows here."""
    journal.begin(msgspec.structs.replace(entry(), intended=datetime.now(timezone.utc)), b"input")
    assert not journal.is_damaged("a")
    (file,) = files(journal, ".json")
    content = file.read_bytes()
    assert written in content
    file.write_bytes(content.replace(written, instead))
    assert journal.entry("a") is None
    assert list(journal.entries()) == []
    assert journal.is_damaged("a")
    assert not journal.is_damaged("b")
    assert "cannot be read" in caplog.text


def test_a_lock_is_of_the_file_that_has_the_name_now(journal: Journal) -> None:
    """Who waited while the file was replaced is not alone because of the one that is gone."""
    journal.begin(entry(), b"input")
    got: list[bool] = []

    def send() -> None:
        with (
            another(journal).sending("a", wait=True),
            another(journal).sending("a", wait=False) as second,
        ):
            got.append(second)

    with contextlib.ExitStack() as before:
        before.enter_context(journal.sending("a", wait=True))
        waiting = threading.Thread(target=send)
        waiting.start()
        waiting.join(0.2)
        journal.discard("a")
        journal.begin(entry(), b"input")
        before.close()
        waiting.join(60)
    assert got == [False]
