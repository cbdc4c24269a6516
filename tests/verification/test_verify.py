"""Verdicts on jobs of the local service, whose noise is that of the calibration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr, types
from scipy.stats import kstest
from sickness import CIRCUIT_FAULTS, lopsided

from qiskit_direct_provider import errors
from qiskit_direct_provider.verifying import NotConsistentWarning

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit_direct_provider import DirectBackend, DirectJob, DirectProvider

SHOTS = 4000


def circuits_for(backend: DirectBackend, number: int) -> list[QuantumCircuit]:
    return transpile([lopsided(index) for index in range(number)], backend, seed_transpiler=11)


def test_healthy_runs_have_uniform_p_values(nairobi: DirectBackend) -> None:
    """Sixty of them; a Kolmogorov-Smirnov distance above 0.33 happens once in a million."""
    meant = circuits_for(nairobi, 60)
    found = nairobi.verify(meant, shots=SHOTS)
    assert kstest([check.p_value for check in found.checks], "uniform").statistic < 0.33
    assert found.p_value > 1e-6
    assert all("exact" in check.way for check in found.checks)
    assert all(0 <= check.total_variation.low <= check.total_variation.value < 0.1 for check in found.checks)


@pytest.mark.parametrize("fault", CIRCUIT_FAULTS)
def test_faults_of_the_set_up_are_noticed(nairobi: DirectBackend, fault: str) -> None:
    meant = circuits_for(nairobi, 8)
    job = nairobi.run([CIRCUIT_FAULTS[fault](circuit) for circuit in meant], shots=SHOTS)
    found = nairobi.verify(job, circuits=meant)
    assert found.verdict == "wrong"
    assert all(check.verdict != "consistent" for check in found.checks)
    if fault == "dead qubit":
        dead = found.checks[0]
        assert max(dead.outliers, key=lambda each: abs(each.device - each.twin)).clbit == max(
            each.clbit for each in dead.outliers
        )


def test_doubled_errors_are_degraded(nairobi: DirectBackend, sick_nairobi: DirectBackend) -> None:
    meant = circuits_for(nairobi, 8)
    found = nairobi.verify(sick_nairobi.run(meant, shots=SHOTS), circuits=meant)
    assert found.verdict == "degraded"
    assert not found
    better = sick_nairobi.verify(nairobi.run(meant, shots=SHOTS), circuits=meant)
    assert better.verdict == "consistent"
    assert any("better than its calibration" in note for check in better.checks for note in check.notes)


def test_a_job_of_another_process(provider: DirectProvider, nairobi: DirectBackend) -> None:
    """Circuits come from the journal: the text that was sent, parameters included."""
    angle = Parameter("angle")
    circuit = QuantumCircuit(2)
    circuit.rx(angle, 0)
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = transpile(circuit, nairobi, seed_transpiler=1)
    job_id = nairobi.run(isa, parameter_values=[[0.3], [1.7]], shots=1000).job_id()
    found = nairobi.verify(provider.retrieve_job(job_id))
    assert len(found.checks) == 2
    assert found.p_value > 1e-6
    assert found.job_id == job_id


def test_equal_counts_get_equal_verdicts(nairobi: DirectBackend) -> None:
    meant = circuits_for(nairobi, 1)
    job = nairobi.run(meant, shots=500)
    assert str(nairobi.verify(job, circuits=meant)) == str(nairobi.verify(job, circuits=meant))


def test_verify_at_run(nairobi: DirectBackend) -> None:
    meant = circuits_for(nairobi, 1)
    job = nairobi.run(meant, shots=500, verify=True)
    assert job.verification(timeout=60).p_value > 1e-6
    assert job.verification() is job.verification()
    with pytest.raises(errors.UnsupportedError, match=r"backend\.verify"):
        nairobi.run(meant, shots=10).verification()


def test_what_cannot_be_verified_is_refused_or_kept(torino: DirectBackend) -> None:
    """Without counts, before it is sent; too large for a simulation, with its result."""
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidInputError, match="meas_level=2"):
        torino.run(circuit, verify=True, meas_level=1)
    job = torino.run(circuit, shots=10)
    with pytest.raises(errors.InvalidInputError, match="no counts"):
        torino.verify(torino.run(circuit, shots=10, meas_level=1))
    job.verify_with(lambda _: errors.UnsupportedError("it is too large"))
    with pytest.warns(NotConsistentWarning, match="was not verified: it is too large"):
        assert sum(job.result(timeout=60).get_counts().values()) == 10
    with pytest.raises(errors.UnsupportedError, match="could not be verified: it is too large"):
        job.verification()


async def awaited(job: DirectJob) -> None:
    await job


@pytest.mark.parametrize(
    "ask",
    [
        lambda job: job.result(timeout=60),
        lambda job: job.verification(),
        lambda job: asyncio.run(awaited(job)),
    ],
    ids=["result", "verification", "await"],
)
def test_a_bad_result_is_a_warning(
    nairobi: DirectBackend, sick_nairobi: DirectBackend, ask: Callable[[DirectJob], object]
) -> None:
    """The sick device judged by the healthy one's calibration, as if it had drifted since.

    The warning points at the line that asks, and comes once.
    """
    meant = circuits_for(nairobi, 1)
    job = sick_nairobi.run(meant, shots=SHOTS)
    judge = nairobi.run(meant, shots=SHOTS, verify=True)._judge
    assert judge is not None
    job.verify_with(judge)
    with pytest.warns(NotConsistentWarning, match="degraded") as caught:
        ask(job)
    assert [each.filename for each in caught] == [__file__]
    job.result()


def test_reports(nairobi: DirectBackend, tmp_path: Path) -> None:
    meant = circuits_for(nairobi, 2)
    meant[1].name = "<b>bold</b>"
    found = nairobi.verify(meant, shots=500)
    text, fragment = str(found), found.to_html()
    for each in (text, fragment):
        assert "total variation" in each
        assert "Hellinger" in each
    found.save(tmp_path / "report.html", plots=1)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (page.count("<svg"), fragment.count("<svg")) == (1, 0)
    for each in (page, fragment):
        assert "&lt;b&gt;bold" in each
        assert "<b>bold" not in each
    assert found._repr_html_() == fragment
    figure = found.plot(1, words=5)
    (axes,) = figure.axes
    assert len(axes.patches) == 10
    assert found.checks[1].verdict.value in axes.get_title()


def test_dynamic_circuits_by_shots(torino: DirectBackend) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    found = torino.verify(circuit, shots=1000, seed=1)
    assert "shots" in found.checks[0].way
    assert found.p_value > 1e-6


def test_what_cannot_be_right_is_refused(nairobi: DirectBackend) -> None:
    meant = circuits_for(nairobi, 1)
    with pytest.raises(errors.InvalidInputError, match="method"):
        nairobi.verify(meant, method="magic")
    with pytest.raises(errors.InvalidInputError, match="significance"):
        nairobi.verify(meant, significance=2)
    for seconds in (0, -1, True, "10", float("nan")):
        with pytest.raises(errors.InvalidInputError, match="max_seconds must be above 0"):
            nairobi.verify(meant, max_seconds=seconds)
    job = nairobi.run(meant, shots=10)
    with pytest.raises(errors.InvalidInputError, match="entries"):
        nairobi.verify(job, circuits=meant * 2)
    with pytest.raises(errors.InvalidInputError, match="'lopsided-1'.* has 4 bits, its counts have 3"):
        nairobi.verify(job, circuits=circuits_for(nairobi, 2)[1])
    unbound = meant[0].copy()
    unbound.rz(Parameter("angle"), 0)
    with pytest.raises(errors.InvalidInputError, match="unbound parameters; pass parameter_values"):
        nairobi.verify(job, circuits=unbound)
    with pytest.raises(errors.InvalidInputError, match="ran already"):
        nairobi.verify(job, shots=20)


def test_a_result_is_not_lost_over_what_aer_cannot_do(torino: DirectBackend) -> None:
    """The device has variables; Aer takes a process down over those of more than one bit."""
    circuit = QuantumCircuit(2, 1, name="counting")
    number = circuit.add_var("number", expr.lift(0, types.Uint(8)))
    circuit.store(number, expr.lift(3, types.Uint(8)))
    with circuit.if_test(expr.equal(number, 3)):
        circuit.x(0)
    circuit.measure(0, 0)
    job = torino.run(circuit, shots=100, verify=True)
    with pytest.warns(NotConsistentWarning, match="'counting' has variables or stretches"):
        assert job.result(timeout=60).get_counts()["1"] > 50


def test_each_set_of_values_is_judged(nairobi: DirectBackend) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(1, 1, name="turned")
    circuit.sx(0)
    circuit.rz(angle, 0)
    circuit.sx(0)
    circuit.measure(0, 0)
    plain = QuantumCircuit(1, 1)
    plain.x(0)
    plain.measure(0, 0)
    found = nairobi.verify([circuit, plain], parameter_values=[[[0.0], [3.0]], None], shots=500)
    ones = [check.counts.get("1", 0) for check in found.checks]
    assert [number > 400 for number in ones] == [True, False, True]
    assert found.p_value > 1e-6


def test_what_is_measured_in_branches_alone_is_not_judged(torino: DirectBackend) -> None:
    """And its result is not lost."""
    circuit = QuantumCircuit(2, 1, name="branched")
    circuit.x(0)
    with circuit.for_loop(range(1)):
        circuit.measure(0, 0)
    job = torino.run(circuit, shots=100, verify=True)
    with pytest.warns(NotConsistentWarning, match="'branched'.*measures nothing outside of control flow"):
        assert job.result(timeout=60).get_counts()["1"] > 50
    with pytest.raises(errors.UnsupportedError, match="could not be verified: .*'branched'"):
        job.verification()
