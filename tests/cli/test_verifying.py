"""``qiskit-direct verify``: the verdict, as text, as JSON, as a page and as an exit code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp
from sickness import CIRCUIT_FAULTS, lopsided

from qiskit_direct_provider import DirectBackend, EstimatorV2

if TYPE_CHECKING:
    from conftest import Done
    from qiskit_direct_provider import DirectJob
    from qiskit_direct_provider.journal import Journal
    from qiskit_direct_provider.provider import DirectProvider

Cli = Callable[..., "Done"]

pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture(scope="module")
def job(nairobi: DirectBackend) -> DirectJob:
    return nairobi.run(transpile(lopsided(1), nairobi, seed_transpiler=1), shots=2000)


def worn(circuit: QuantumCircuit) -> QuantumCircuit:
    """Each coupling gate eleven times: the same answer, more errors."""
    made = circuit.copy_empty_like()
    for each in circuit.data:
        for _ in range(11 if each.name == "cx" else 1):
            made.append(each)
            made.barrier(each.qubits)
    return made


def answered_by(job: DirectJob, other: DirectJob) -> str:
    """The job, as if its device had answered what it answered to the other one."""
    other.result(timeout=60)
    job.result(timeout=60)
    (mine,), (yours,) = job.tracked, other.tracked
    journal: Journal = mine.workspace.journal
    payload = journal.result(yours.journal_id)
    assert payload is not None
    assert journal.store_result(mine.journal_id, payload)
    return job.job_id()


def test_a_consistent_job_ends_with_0(cli: Cli, job: DirectJob, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = cli("verify", job.job_id(), "--significance", "1e-6", "--report", page)
    assert (done.code, done.err) == (0, "")
    assert re.match(r"fake_nairobi: consistent, p = \S+, calibration of 20", done.out)
    assert "circuit 0 ('lopsided-1'): consistent" in done.out
    assert "total variation from the twin: 0." in done.out
    written = page.read_text()
    assert written.startswith("<!DOCTYPE html>")
    assert "<b>fake_nairobi: consistent</b>" in written
    assert job.job_id() in written


def test_json(cli: Cli, job: DirectJob) -> None:
    found = cli("verify", job.job_id(), "--significance", "1e-6", "--json").json
    assert (found["job_id"], found["backend"], found["verdict"]) == (
        job.job_id(),
        "fake_nairobi",
        "consistent",
    )
    (check,) = found["checks"]
    assert found["p_value"] == check["p_value"] > 1e-6
    assert (check["shots"], check["verdict"]) == (2000, "consistent")
    assert 0 <= check["total_variation"]["low"] <= check["total_variation"]["value"] < 0.1
    assert check["likeness"]["angle"] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("verdict", ["degraded", "wrong"])
def test_what_is_not_consistent_ends_with_1(
    cli: Cli, nairobi: DirectBackend, verdict: str, tmp_path: Path
) -> None:
    meant = transpile(lopsided(0), nairobi, seed_transpiler=1)
    ran = worn(meant) if verdict == "degraded" else CIRCUIT_FAULTS["swapped bits"](meant)
    job_id = answered_by(nairobi.run(meant, shots=2000), nairobi.run(ran, shots=2000))
    page = tmp_path / "report.html"
    done = cli("verify", job_id, "--json", "--report", page)
    assert (done.code, done.err) == (1, "")
    assert f'"verdict": "{verdict}"' in done.out
    assert f"fake_nairobi: {verdict}" in page.read_text()
    assert f"fake_nairobi: {verdict}, p = " in cli("verify", job_id).out


@pytest.mark.parametrize("method", ["mirror", "clifford"])
def test_companions_of_the_circuits_of_a_job(cli: Cli, job: DirectJob, method: str) -> None:
    """They are run as a job of their own, with as many shots."""
    found = cli("verify", job.job_id(), "--method", method, "--significance", "1e-6", "--json").json
    assert found["verdict"] == "consistent"
    assert found["job_id"] != job.job_id()
    assert [check["shots"] for check in found["checks"]] == [2000]
    assert ("mirror of" in found["checks"][0]["name"]) == (method == "mirror")


def test_what_cannot_be_verified_is_told(
    cli: Cli, job: DirectJob, nairobi: DirectBackend, provider: DirectProvider, tmp_path: Path
) -> None:
    sentence, advice = cli("verify", "00000000-0000-4000-8000-000000000000").failure
    assert "00000000-0000-4000-8000-000000000000" in sentence
    assert "qiskit-direct jobs" in advice
    sentence, advice = cli("verify", job.job_id(), "--significance", "2").failure
    assert "significance must be between 0 and 1" in sentence
    endless = QuantumCircuit(2, 2)
    endless.sx(0)
    endless.measure(0, 0)
    with endless.if_test((endless.clbits[0], 1)):
        endless.x(1)
    endless.measure(1, 1)
    dynamic = nairobi.run(transpile(endless, nairobi), shots=10).job_id()
    sentence, advice = cli("verify", dynamic, "--max-seconds", "1e-9").failure
    assert "cannot be simulated here" in sentence
    assert "--method mirror" in advice
    isa = transpile(QuantumCircuit(1), nairobi)
    values = EstimatorV2(nairobi).run([(isa, SparsePauliOp("Z").apply_layout(isa.layout))], precision=0.1)
    sentence, advice = cli("verify", values.job_id()).failure
    assert "values in place of counts" in sentence
    assert "qiskit-direct result" in advice
    done = cli("verify", job.job_id(), "--report", tmp_path / "no-such-folder" / "report.html")
    assert done.code == 1
    assert "no-such-folder" in done.err
    assert "fake_nairobi: " in done.out


def test_a_job_of_another_machine_is_verified_there(
    cli: Cli, nairobi: DirectBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has the job, but its circuits are on record where it was sent from."""
    sent = nairobi.run(transpile(lopsided(0), nairobi), shots=10)
    sent.wait_for_final_state(timeout=60)
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    sentence, advice = cli("verify", sent.job_id()).failure
    assert "the circuits of this job are not on record here" in sentence
    assert "that sent it" in advice
