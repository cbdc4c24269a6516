"""The account file under many writers, and under writers that are killed."""

from __future__ import annotations

import json
import random
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nursery import Nursery

from qiskit_direct_provider import DirectProvider


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


def save_at_once(nursery: Nursery, file: Path, writers: int, number: int) -> None:
    children = [
        nursery.start("save_accounts", file=str(file), writer=writer, number=number)
        for writer in range(writers)
    ]
    assert [child.answer(600) for child in children] == [number] * writers
    saved = json.loads(file.read_text())["accounts"]
    assert {name: entry["token"] for name, entry in saved.items()} == {
        f"{writer}-{turn}": f"key-{writer}-{turn}" for writer in range(writers) for turn in range(number)
    }
    assert {stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()} == {0o600}
    assert list(file.parent.glob(".*.tmp")) == []


def kill_savers(nursery: Nursery, file: Path, kills: int, seed: int) -> int:
    """Kill so many writers at any moment; how many accounts they had said are saved, and are."""
    chance, told = random.Random(seed), set()  # noqa: S311 - reproducible
    for number in range(kills):
        child = nursery.start("save_until_killed", file=str(file), writer=str(number))
        told |= {child.line.hear(60) for _ in range(chance.randrange(1, 4))}
        time.sleep(chance.uniform(0, 0.006))
        child.kill()
        while (more := child.line.hear(60)) is not None:
            told.add(more)
        child.line.close()
        assert told <= DirectProvider.saved_accounts(filename=file).keys(), number
    assert not list(file.parent.glob("*.damaged-*"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return len(told)


def test_many_writers_lose_no_account(nursery: Nursery, tmp_path: Path) -> None:
    """4 processes with 15 saves each, under umask 000."""
    save_at_once(nursery, tmp_path / "private" / "accounts.json", 4, 15)


def test_killed_writers_destroy_no_account(nursery: Nursery, tmp_path: Path) -> None:
    """20 SIGKILLs while saving."""
    assert kill_savers(nursery, tmp_path / "private" / "accounts.json", 20, seed=5) >= 20


@pytest.mark.campaign
def test_sixteen_writers_lose_none_of_1600_accounts(nursery: Nursery, tmp_path: Path) -> None:
    save_at_once(nursery, tmp_path / "private" / "accounts.json", 16, 100)


@pytest.mark.campaign
def test_500_killed_writers_destroy_no_account(nursery: Nursery, tmp_path: Path) -> None:
    assert kill_savers(nursery, tmp_path / "private" / "accounts.json", 500, seed=6) >= 500
