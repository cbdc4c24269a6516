"""What the forked clients of the campaigns do."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.archive import CalibrationArchive
from qiskit_direct_provider.device import DeviceDocuments
from qiskit_direct_provider.journal import JobEntry, Journal, Stage

if TYPE_CHECKING:
    from nursery import Line

__all__ = [
    "finish",
    "one_job",
    "save_accounts",
    "save_until_killed",
    "several_jobs",
    "slow_circuit",
    "write_archive",
    "write_journal",
    "write_until_killed",
]

SHOTS = 16


def provider_from(account: dict[str, Any]) -> DirectProvider:
    storage = account.get("storage")
    return DirectProvider(**{**account, "storage": storage and S3Storage(**storage)})


def slow_circuit() -> QuantumCircuit:
    """A circuit that takes the service minutes, with enough shots."""
    circuit = QuantumCircuit(15)
    for _ in range(5):
        for qubit in range(15):
            circuit.sx(qubit)
            circuit.rz(0.3, qubit)
        for qubit in range(14):
            circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def measured_x() -> QuantumCircuit:
    """Without noise, every shot gives 1."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


# -- one job, watched ------------------------------------------------------------------------------------


def one_job(line: Line, account: dict[str, Any], data: str, job_id: str, step: list[Any] | None) -> Any:
    """Run one job; at its ``step``, a pair of the ending of a file's name and a count, ask what to do."""
    os.environ["QISKIT_DIRECT_DATA"] = data
    if step is not None:
        sys.addaudithook(_stop_before(line, *step))
    provider = provider_from(account)
    backend = provider.get_backend("fake_manila")
    try:
        job = backend.run(measured_x(), shots=SHOTS, job_id=job_id)
        return {"counts": job.result(timeout=60).get_counts()}
    except errors.DirectError as error:
        return {"error": type(error).__name__, "text": str(error)}


def _stop_before(line: Line, suffix: str, number: int) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that reports the n-th renaming to a file of that kind before it happens."""
    left = number

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event != "os.rename" or not str(arguments[1]).endswith(suffix):
            return
        left -= 1
        if left == 0:
            line.say("there")
            line.hear(60)

    return hook


def finish(line: Line, account: dict[str, Any], data: str, by: str, job_id: str = "") -> dict[str, Any]:
    """As a new kernel does: find all jobs, or the one ``by`` its "id", and take each to its end.

    Returns:
        Counts, or the name and the text of the error, by the id that the job has on this side.
    """
    os.environ["QISKIT_DIRECT_DATA"] = data
    provider = provider_from(account)
    ends: dict[str, Any] = {}
    try:
        jobs = [provider.retrieve_job(job_id)] if by == "id" else provider.jobs(limit=None)
    except errors.JobNotFoundError:
        return {}
    for job in jobs:
        (own,) = [part.journal_id for part in job.tracked]
        try:
            found = provider.retrieve_job(job.job_id()) if by == "retrieve_job" else job
            ends[own] = {"counts": found.result(timeout=60).get_counts()}
        except errors.DirectError as error:
            ends[own] = {"error": type(error).__name__, "text": str(error)}
    return ends


# -- many jobs -------------------------------------------------------------------------------------------


def several_jobs(
    line: Line, account: dict[str, Any], data: str, job_ids: list[str], seed: int
) -> dict[str, Any]:
    """Send jobs, some before the results of others are read; whatever is refused is sent again.

    Returns:
        Counts by job id, and how many errors the user saw.
    """
    os.environ["QISKIT_DIRECT_DATA"] = data
    chance = random.Random(seed)  # noqa: S311 - reproducible
    random.seed(seed)
    provider = provider_from(account)
    backend = _stubbornly(lambda: provider.get_backend("fake_manila"), [])
    seen: list[str] = []
    counts: dict[str, Any] = {}
    unread: list[Any] = []

    def read(job: Any) -> None:
        counts[job.job_id()] = _stubbornly(lambda: job.result(timeout=120).get_counts(), seen)

    for job_id in job_ids:
        unread.append(
            _stubbornly(
                lambda job_id=job_id: backend.run(
                    measured_x(), shots=SHOTS, job_id=job_id, wait_for_lane=120
                ),
                seen,
            )
        )
        while len(unread) > chance.randrange(4):
            read(unread.pop(chance.randrange(len(unread))))
    for job in unread:
        read(job)
    return {"counts": counts, "errors": seen}


def _stubbornly(action: Callable[[], Any], seen: list[str], attempts: int = 20) -> Any:
    """What a user does who sees an error: the same again. With the same id, that is one job all the same."""
    for attempt in range(attempts):
        try:
            return action()
        except errors.DirectError as error:
            seen.append(f"{type(error).__name__}: {error}")
            if attempt + 1 == attempts:
                raise
    raise AssertionError


# -- files -----------------------------------------------------------------------------------------------


def entry(job_id: str, **known: Any) -> JobEntry:
    return JobEntry(
        **{
            "job_id": job_id,
            "backend_name": "fake_manila",
            "program_id": "sampler",
            "stage": Stage.INTENDED,
            "intended": datetime.now(timezone.utc),
            "circuits": (),
            "timeout_s": 60,
            **known,
        }
    )


def write_journal(line: Line, folder: str, writer: int, number: int) -> int:
    """A third of the writes each: a new entry, its result, and a change of an entry that all share.

    Half of the writers have a member of the shared entry to themselves, so that they would notice if
    another one had overwritten their last change.
    """
    os.umask(0)
    journal = Journal(Path(folder))
    member = SHARED_MEMBERS[writer] if writer < len(SHARED_MEMBERS) else None
    last: str | None = None
    for turn in range(number):
        job_id = f"{writer}-{turn // 3}"
        if turn % 3 == 0:
            journal.begin(entry(job_id), payload_of(job_id))
        elif turn % 3 == 1:
            assert journal.store_result(job_id, payload_of(job_id) * 2)
        elif member is None:
            assert journal.advance(job_id, stage=Stage.FREED) is not None
        else:
            shared = journal.entry("shared")
            assert shared is not None
            assert last in {None, getattr(shared, member)}
            last = f"{writer}-{turn}"
            assert journal.advance("shared", **{member: last}) is not None
    return number


SHARED_MEMBERS = (
    *("name", "calibration", "log_level", "origin"),
    *("reason_code", "reason_message", "reason_solution", "program_id"),
)


def payload_of(job_id: str) -> bytes:
    return job_id.encode() * 500


def write_until_killed(line: Line, folder: str, writer: str) -> None:
    """Write for ever; say what is safe as soon as it is."""
    os.umask(0)
    journal = Journal(Path(folder))
    turn = 0
    while True:
        job_id = f"{writer}-{turn}"
        journal.begin(entry(job_id), payload_of(job_id))
        line.say(["begun", job_id])
        if journal.advance(job_id, stage=Stage.ACCEPTED) is not None:
            line.say(["accepted", job_id])
        if journal.store_result(job_id, payload_of(job_id) * 2):
            line.say(["stored", job_id])
        turn += 1


def write_archive(line: Line, folder: str, writer: int, number: int) -> int:
    """Calibrations, each of which half of the other processes write, too, at the same time."""
    os.umask(0)
    archive = CalibrationArchive(Path(folder))
    for turn in range(number):
        stamp = datetime.fromtimestamp(1_700_000_000 + turn * 2 + writer % 2, timezone.utc)
        archive.add("device", stamp, calibration(turn * 2 + writer % 2))
        time.sleep(0)
    return number


def calibration(number: int) -> DeviceDocuments:
    return DeviceDocuments(b'{"n_qubits": 5}' * 200, b'{"number": %d}' % number)


# -- accounts --------------------------------------------------------------------------------------------


def save_accounts(_: Line, file: str, writer: int, number: int) -> Any:
    """Save accounts under umask 000, reading all of them after each; how many were saved."""
    os.umask(0)
    for turn in range(number):
        DirectProvider.save_account(
            f"key-{writer}-{turn}", "https://system.example", name=f"{writer}-{turn}", filename=file
        )
        seen = DirectProvider.saved_accounts(filename=file)
        if any(f"{writer}-{earlier}" not in seen for earlier in range(turn + 1)):
            return "an account is missing"
    return number


def save_until_killed(line: Line, file: str, writer: str) -> Any:
    """Save accounts for ever, and say so after each."""
    turn = 0
    while True:
        DirectProvider.save_account("a-key", "https://system.example", name=f"{writer}-{turn}", filename=file)
        line.say(f"{writer}-{turn}")
        turn += 1
