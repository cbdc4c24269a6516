"""Qiskit's own machinery over a backend: primitives, pass managers, schedules, plots, Aer's copy of it."""

from __future__ import annotations

import copy
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from preparing import most_frequent, number
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import XGate
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.quantum_info import SparsePauliOp, hellinger_fidelity
from qiskit.transpiler import PassManager, generate_preset_pass_manager
from qiskit.transpiler.passes import ALAPScheduleAnalysis, PadDynamicalDecoupling

from qiskit_direct_provider.device import DeviceDocuments, read_device

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend


def bell(*, measured: bool = True) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


# -- primitives ----------------------------------------------------------------------------------------


def test_backend_sampler(nairobi: DirectBackend) -> None:
    """Two circuits, one with parameters: shapes, shots and probabilities, the last within noise of 8 %."""
    angle = Parameter("angle")
    turned = QuantumCircuit(1)
    turned.rx(angle, 0)
    turned.measure_all()
    isa = transpile([bell(), turned], nairobi, seed_transpiler=1)
    job = BackendSamplerV2(backend=nairobi).run([(isa[0],), (isa[1], [[0.0], [3.14159]])], shots=1000)
    pair, sweep = (pub.data.meas for pub in job.result())
    assert pair.num_shots == 1000
    assert hellinger_fidelity(pair.get_counts(), {"00": 0.5, "11": 0.5}) > 0.85
    assert sweep.shape == (2,)
    assert sweep.get_counts(0)["0"] > 900
    assert sweep.get_counts(1)["1"] > 900


def test_backend_estimator(nairobi: DirectBackend) -> None:
    """The Bell state's correlations, 1 without noise; shots are those that the precision asks for."""
    isa = transpile(bell(measured=False), nairobi, seed_transpiler=1)
    observables = [SparsePauliOp(label).apply_layout(isa.layout) for label in ("ZZ", "XX", "ZI")]
    job = BackendEstimatorV2(backend=nairobi).run([(isa, observables)], precision=0.02)
    pub = job.result()[0]
    assert pub.data.evs.shape == (3,)
    assert pub.metadata["shots"] == 2500
    assert all(0.75 < value < 1 for value in pub.data.evs[:2])
    assert abs(pub.data.evs[2]) < 0.15


@pytest.mark.parametrize("most", [1, 7, None])
def test_programs_that_split_by_max_circuits(nairobi: DirectBackend, most: int | None) -> None:
    """The sampler sends as many circuits a job as the device says, all jobs before it asks for a result."""
    documents = nairobi._loaded().documents
    configuration = {**json.loads(documents.configuration), "max_experiments": most}
    limited = copy.copy(nairobi)
    limited._take(read_device(DeviceDocuments(json.dumps(configuration).encode(), documents.properties)))
    limited.set_options(wait_for_lane="2m")
    assert limited.max_circuits == limited.configuration().max_experiments == most
    values = range(9)
    job = BackendSamplerV2(backend=limited).run([number(4, value) for value in values], shots=50)
    found = [int(most_frequent(pub.data.c.get_counts()), 2) for pub in job.result()]
    assert found == list(values)


# -- transpiling ---------------------------------------------------------------------------------------


def test_every_way_to_name_the_device_gives_a_circuit_that_runs(nairobi: DirectBackend) -> None:
    circuit, seed = bell(), 5
    ways = [
        transpile(circuit, nairobi, seed_transpiler=seed),
        transpile(circuit, target=nairobi.target, seed_transpiler=seed),
        generate_preset_pass_manager(2, backend=nairobi, seed_transpiler=seed).run(circuit),
        generate_preset_pass_manager(2, target=nairobi.target, seed_transpiler=seed).run(circuit),
        transpile(circuit, basis_gates=nairobi.basis_gates, coupling_map=nairobi.coupling_map),
    ]
    result = nairobi.run(ways, shots=500).result(timeout=60)
    for counts in result.get_counts():
        assert hellinger_fidelity(counts, {"00": 0.5, "11": 0.5}) > 0.85


@pytest.mark.parametrize("method", ["alap", "asap"])
def test_scheduled_circuits_run(nairobi: DirectBackend, method: str) -> None:
    """Delays are whole multiples of dt, aligned as the device asks."""
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.delay(1.6, 0, unit="us")
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = transpile(circuit, nairobi, scheduling_method=method, seed_transpiler=1)
    assert isa.count_ops()["delay"] > 0
    assert isa.estimate_duration(nairobi.target) > 1.6e-6
    for instruction in isa.data:
        if instruction.operation.name == "delay" and instruction.operation.unit == "dt":
            assert instruction.operation.duration % nairobi.target.pulse_alignment == 0
    counts = nairobi.run(isa, shots=500).result(timeout=60).get_counts()
    assert max(counts, key=lambda word: counts[word]) == "011"


@pytest.mark.parametrize("by", ["target", "durations"])
def test_dynamical_decoupling_runs(nairobi: DirectBackend, by: str) -> None:
    """Qubit 0 waits in state one while the others are busy."""
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.barrier()
    for _ in range(6):
        circuit.cx(1, 2)
    circuit.barrier()
    circuit.measure_all()
    isa = transpile(circuit, nairobi, initial_layout=[0, 1, 2], optimization_level=0)
    if by == "target":
        passes = [
            ALAPScheduleAnalysis(target=nairobi.target),
            PadDynamicalDecoupling(target=nairobi.target, dd_sequence=[XGate(), XGate()]),
        ]
    else:
        durations, alignment = nairobi.target.durations(), nairobi.target.pulse_alignment
        passes = [
            ALAPScheduleAnalysis(durations),
            PadDynamicalDecoupling(durations, [XGate(), XGate()], pulse_alignment=alignment),
        ]
    decoupled = PassManager(passes).run(isa)
    assert decoupled.count_ops()["x"] >= 3
    counts = nairobi.run(decoupled, shots=500).result(timeout=60).get_counts()
    assert max(counts, key=lambda word: counts[word]) == "001"


# -- plots ---------------------------------------------------------------------------------------------


@pytest.fixture
def _no_window() -> None:
    import matplotlib as mpl

    mpl.use("Agg")


@pytest.mark.usefixtures("_no_window")
@pytest.mark.filterwarnings("default")
def test_plots_of_the_device(nairobi: DirectBackend) -> None:
    from matplotlib import pyplot as plt
    from qiskit.visualization import plot_circuit_layout, plot_error_map, plot_gate_map, plot_histogram

    if shutil.which("dot") is None and not os.environ.get("REQUIRE_GRAPHVIZ"):
        pytest.skip("Graphviz is not installed")
    isa = transpile(bell(), nairobi, initial_layout=[3, 5])
    figures = [
        plot_gate_map(nairobi),
        plot_error_map(nairobi),
        plot_circuit_layout(isa, nairobi),
        plot_histogram(nairobi.run(isa, shots=100).result(timeout=60).get_counts()),
    ]
    assert all(figure.axes for figure in figures)
    plt.close("all")


# -- Aer -----------------------------------------------------------------------------------------------


def test_aers_simulator_of_the_device_agrees_with_the_service(nairobi: DirectBackend) -> None:
    """Counts of a noisy GHZ state.

    Two samples of 4000 of one distribution over 16 words have a Hellinger fidelity above 0.99, but for a
    chance below 1e-9.
    """
    from qiskit_aer import AerSimulator

    circuit = QuantumCircuit(4)
    circuit.h(0)
    for qubit in range(3):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    isa = transpile(circuit, nairobi, seed_transpiler=1)
    here = AerSimulator.from_backend(nairobi, seed_simulator=1).run(isa, shots=4000).result().get_counts()
    there = nairobi.run(isa, shots=4000).result(timeout=60).get_counts()
    assert hellinger_fidelity(here, there) > 0.99
