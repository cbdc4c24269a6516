"""qiskit-experiments on a backend: what it fits must be what the device's own calibration says.

The service simulates the device from that calibration. Each experiment runs in two ways: through
qiskit-ibm-runtime's sampler, which is what qiskit-experiments does unless told otherwise, and through
``backend.run``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit

if TYPE_CHECKING:
    from qiskit_experiments.framework import BaseExperiment, ExperimentData

    from qiskit_direct_provider import DirectBackend

pytestmark = [
    pytest.mark.newest,
    pytest.mark.filterwarnings("default"),  # those of other packages are theirs
]

QUBIT = 1
PAIR = (1, 3)


@pytest.fixture(params=[False, True], ids=["sampler", "backend.run"])
def backend_run(request: pytest.FixtureRequest) -> bool:
    flag: bool = request.param
    return flag


def done(experiment: BaseExperiment, backend: DirectBackend, **options: Any) -> ExperimentData:
    data = experiment.run(backend, **options).block_for_results()
    assert data.status().name == "DONE", data.errors()
    return data


def value(data: ExperimentData, name: str) -> Any:
    found = data.analysis_results(dataframe=True)
    (entry,) = found[found.name == name].value
    return entry


def close(found: Any, expected: float, *, relative: float) -> bool:
    """Within five of the fit's own standard errors and a systematic part."""
    margin = 5 * found.std_dev + relative * expected
    return 0 < found.std_dev < 0.3 * expected and bool(abs(found.nominal_value - expected) < margin)


# -- coherence -----------------------------------------------------------------------------------------


def test_t1(nairobi: DirectBackend, backend_run: bool) -> None:
    from qiskit_experiments.library import T1

    expected = nairobi.qubit_properties(QUBIT).t1
    delays = np.linspace(1e-6, 3 * expected, 15)
    data = done(T1((QUBIT,), delays=delays), nairobi, shots=2000, backend_run=backend_run)
    assert close(value(data, "T1"), expected, relative=0.05)


def test_t2_with_an_echo(nairobi: DirectBackend, backend_run: bool) -> None:
    from qiskit_experiments.library import T2Hahn

    expected = nairobi.qubit_properties(QUBIT).t2
    delays = np.linspace(0, 3 * expected, 15)
    data = done(T2Hahn((QUBIT,), delays=delays, num_echoes=1), nairobi, shots=2000, backend_run=backend_run)
    assert close(value(data, "T2"), expected, relative=0.05)


# -- readout -------------------------------------------------------------------------------------------


def margin(probability: float, shots: int) -> float:
    """Six standard errors (chance below 1e-8), and 0.003 for the gate that prepares."""
    return float(6 * np.sqrt(probability * (1 - probability) / shots) + 0.003)


def test_local_readout_error(nairobi: DirectBackend, backend_run: bool) -> None:
    """Share of wrong bits, over both that are prepared."""
    from qiskit_experiments.library import LocalReadoutError

    data = done(LocalReadoutError(range(7)), nairobi, shots=4000, backend_run=backend_run)
    mitigator = value(data, "Local Readout Mitigator")
    for qubit in range(7):
        expected = nairobi.target["measure"][qubit,].error
        found = 1 - np.trace(mitigator.assignment_matrix([qubit])) / 2
        assert abs(found - expected) < margin(expected, 8000), qubit


def test_correlated_readout_error(nairobi: DirectBackend, backend_run: bool) -> None:
    """Column: the word prepared; row: the word read. Bit k is wrong as often as qubit k is misread."""
    from qiskit_experiments.library import CorrelatedReadoutError

    data = done(CorrelatedReadoutError([0, 1, 2]), nairobi, shots=4000, backend_run=backend_run)
    matrix = value(data, "Correlated Readout Mitigator").assignment_matrix()
    assert matrix.sum(axis=0) == pytest.approx(1)
    wrong = np.arange(8)[:, None] ^ np.arange(8)[None, :]
    for qubit in range(3):
        expected = nairobi.target["measure"][qubit,].error
        found = matrix[(wrong >> qubit & 1).astype(bool)].sum() / 8
        assert abs(found - expected) < margin(expected, 32_000), qubit


# -- gates ---------------------------------------------------------------------------------------------


def test_randomized_benchmarking_of_one_qubit(nairobi: DirectBackend, backend_run: bool) -> None:
    from qiskit_experiments.library import StandardRB

    experiment = StandardRB((QUBIT,), lengths=[1, 100, 300, 600, 1000], num_samples=3, seed=3)
    data = done(experiment, nairobi, shots=2000, backend_run=backend_run)
    expected = nairobi.target["sx"][QUBIT,].error
    for name in ("EPG_sx", "EPG_x"):
        found = value(data, name).nominal_value
        assert expected / 2.5 < found < 2.5 * expected, name


def test_randomized_benchmarking_of_two_qubits(nairobi: DirectBackend) -> None:
    """The error of a Clifford is that of its 1.5 CX gates and of what surrounds them."""
    from qiskit_experiments.library import StandardRB

    experiment = StandardRB(PAIR, lengths=[1, 8, 20, 40, 70], num_samples=3, seed=3)
    data = done(experiment, nairobi, shots=1000)
    expected = nairobi.target["cx"][PAIR].error
    found = value(data, "EPG_cx").nominal_value
    assert expected / 2.5 < found < 2.5 * expected


# -- tomography ----------------------------------------------------------------------------------------


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


def test_state_tomography(nairobi: DirectBackend, backend_run: bool) -> None:
    """Without the readout's errors the Bell state is as good as gates and decoherence leave it."""
    from qiskit_experiments.library import MitigatedStateTomography, StateTomography

    fidelities = []
    for kind in (StateTomography, MitigatedStateTomography):
        experiment = kind(bell(), physical_qubits=PAIR)
        data = done(experiment, nairobi, shots=2000, backend_run=backend_run)
        fidelities.append(value(data, "state_fidelity"))
    assert 0.85 < fidelities[0] < 0.98
    assert fidelities[0] + 0.02 < fidelities[1]
    assert fidelities[1] > 0.95


def test_process_tomography(nairobi: DirectBackend, backend_run: bool) -> None:
    from qiskit_experiments.library import ProcessTomography

    gate = QuantumCircuit(1)
    gate.sx(0)
    experiment = ProcessTomography(gate, physical_qubits=[QUBIT])
    data = done(experiment, nairobi, shots=2000, backend_run=backend_run)
    assert 0.9 < value(data, "process_fidelity") < 1


# -- kept and reloaded ---------------------------------------------------------------------------------


def test_jobs_of_an_experiment_are_reloaded(nairobi: DirectBackend) -> None:
    """By the ids that it kept, from ``backend.provider.job``."""
    from qiskit_experiments.framework import ExperimentData
    from qiskit_experiments.library import T1

    experiment = T1((QUBIT,), delays=np.linspace(1e-6, 2e-4, 6))
    experiment.set_experiment_options(max_circuits=2)
    first = done(experiment, nairobi, shots=500, backend_run=True)
    assert len(first.job_ids) == 3
    again = ExperimentData(experiment=experiment, provider=nairobi.provider)
    again.add_jobs([nairobi.provider.job(job_id) for job_id in first.job_ids])
    again = experiment.analysis.run(again).block_for_results()
    counts = [
        {entry["metadata"]["xval"]: entry["counts"] for entry in each.data()} for each in (first, again)
    ]
    assert len(counts[0]) == 6
    assert counts[0] == counts[1]
    assert value(again, "T1").nominal_value == pytest.approx(value(first, "T1").nominal_value)


# -- IQ ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meas_return", ["single", "avg"])
def test_t1_from_iq_points(nairobi: DirectBackend, meas_return: str, backend_run: bool) -> None:
    """At measurement level 1, the analysis projects the IQ points on the axis that separates them."""
    from qiskit_experiments.library import T1
    from qiskit_experiments.library.characterization.analysis import T1KerneledAnalysis

    expected = nairobi.qubit_properties(QUBIT).t1
    experiment = T1((QUBIT,), delays=np.linspace(1e-6, 3 * expected, 15))
    options = {"meas_level": 1, "meas_return": meas_return, "shots": 1000}
    experiment.set_run_options(**options)
    experiment.analysis = T1KerneledAnalysis()
    data = done(experiment, nairobi, backend_run=backend_run)
    assert data.data(0)["meas_level"] == 1
    shape = (1, 2) if meas_return == "avg" else (1000, 1, 2)
    assert np.shape(data.data(0)["memory"]) == shape
    assert close(value(data, "T1"), expected, relative=0.1)


def test_the_readout_angle(nairobi: DirectBackend) -> None:
    """The angle halfway between the mean points of both states, as their own circuits show them."""
    from qiskit_experiments.library import ReadoutAngle

    data = done(ReadoutAngle((QUBIT,)), nairobi, backend_run=True, shots=2000)
    directions = []
    for entry in data.data():
        assert entry["meas_level"] == 1
        in_phase, quadrature = np.reshape(entry["memory"], (-1, 2)).mean(axis=0)
        directions.append(complex(in_phase, quadrature) / abs(complex(in_phase, quadrature)))
    between = np.exp(1j * value(data, "readout_angle")) / sum(directions)
    assert np.angle(between) == pytest.approx(0, abs=0.05)
