"""Accounts saved by many processes, and by processes that are killed: this package beside qiskit-ibm-runtime.

Both save with what their users call, under umask 022, in a home of their own that is deleted afterwards.
What is counted:

lost        of 8 x 50 accounts that were saved at the same time, those that are not in the file afterwards;
            all of them when it is no JSON any more
raised      calls of these that ended with an error
destroyed   of 60 processes that were killed while saving, those that left a file without accounts which
            it had had before, or no JSON at all
mode        who may read the file
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROCESSES = 8
SAVES = 50
KILLS = 60
LONGEST_S = 0.006
SEED = 5
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Saver:
    """One way of saving accounts: a call with a file and a name, and what of a file's JSON has the names."""

    name: str
    save: Callable[[Path, str], object]
    part: Callable[[dict[str, object]], object]

    def names(self, file: Path) -> set[str] | None:
        """The accounts in a file; None when it is no JSON."""
        try:
            return set(self.part(json.loads(file.read_text())))  # type: ignore[call-overload]  # names to accounts
        except (ValueError, OSError):
            return None


def savers() -> tuple[Saver, Saver]:
    """Ours and theirs, imported once a home of their own is set."""
    from qiskit_ibm_runtime import QiskitRuntimeService

    from qiskit_direct_provider import DirectProvider

    def ours(file: Path, name: str) -> None:
        DirectProvider.save_account("a-key", "https://system.example", instance=CRN, name=name, filename=file)

    def theirs(file: Path, name: str) -> None:
        QiskitRuntimeService.save_account(token="a-key", instance=CRN, name=name, filename=str(file))  # noqa: S106 - opens nothing

    return (
        Saver("qiskit_direct_provider", ours, lambda found: found["accounts"]),
        Saver("qiskit-ibm-runtime", theirs, lambda found: found),
    )


def save_many(saver: Saver, file: Path, process: int, raised: object) -> None:
    """The work of one of the processes that save at the same time."""
    for turn in range(SAVES):
        try:
            saver.save(file, f"{process}-{turn}")
        except Exception:  # noqa: BLE001 - whatever it raises counts
            raised.release()  # type: ignore[attr-defined]  # a semaphore that counts


def at_once(saver: Saver, file: Path) -> tuple[int, int]:
    """How many accounts were lost, and how many calls raised."""
    raised = _FORK.Semaphore(0)
    children = [
        _FORK.Process(target=save_many, args=(saver, file, process, raised)) for process in range(PROCESSES)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    errors = 0
    while raised.acquire(block=False):
        errors += 1
    return PROCESSES * SAVES - len(saver.names(file) or ()), errors


def save_until_killed(saver: Saver, file: Path, told: int) -> None:
    """Save for ever, and write a byte after each time."""
    for turn in range(1_000_000):
        saver.save(file, f"new-{turn}")
        os.write(told, b".")


def survives(saver: Saver, file: Path, wait_s: float) -> bool:
    """Whether the file has all accounts of before, and all that were said to be saved, after a kill."""
    before = saver.names(file) or set()
    heard, told = os.pipe()
    child = _FORK.Process(target=save_until_killed, args=(saver, file, told))
    child.start()
    os.close(told)
    said = len(os.read(heard, 1))
    time.sleep(wait_s)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    while more := os.read(heard, 4096):
        said += len(more)
    os.close(heard)
    return before | {f"new-{turn}" for turn in range(said)} <= (saver.names(file) or set())


def killed(saver: Saver, folder: Path) -> int:
    """How many of the processes that were killed while saving destroyed the file."""
    full, chance, destroyed = folder / "full.json", random.Random(SEED), 0  # noqa: S311 - reproducible
    for turn in range(SAVES):
        saver.save(full, f"old-{turn}")
    for number in range(KILLS):
        file = folder / str(number) / "accounts.json"
        file.parent.mkdir(mode=0o700)
        shutil.copy2(full, file)
        destroyed += not survives(saver, file, chance.uniform(0, LONGEST_S))
    return destroyed


@contextlib.contextmanager
def own_home() -> Iterator[Path]:
    """A home folder for this process and its children, which is deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ.update(HOME=folder, QISKIT_DIRECT_DATA=str(home / "data"))
        os.environ.pop("QISKIT_DIRECT_CONFIG", None)
        yield home


def main() -> None:
    """Print one row a package."""
    os.umask(0o022)
    print(f"{PROCESSES} processes x {SAVES} saves, {KILLS} processes killed while saving")
    print(f"{'package':24}{'lost':>6}{'raised':>8}{'destroyed':>11}{'mode':>7}{'seconds':>9}")
    with own_home() as home:
        for saver in savers():
            folder = home / saver.name
            folder.mkdir(mode=0o700)
            started = time.monotonic()
            lost, raised = at_once(saver, folder / "accounts.json")
            destroyed = killed(saver, folder)
            mode = stat.S_IMODE((folder / "accounts.json").stat().st_mode)
            seconds = time.monotonic() - started
            print(f"{saver.name:24}{lost:6}{raised:8}{destroyed:11}   {mode:04o}{seconds:9.1f}", flush=True)


if __name__ == "__main__":
    main()
