"""Who sends, results, and metadata of jobs on record."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

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
