"""Qiskit's transpiler, schedulers, plots and Aer with these backends, over the device families."""

from __future__ import annotations

import math
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from checking import check_circuits
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import XGate
from qiskit.quantum_info import Operator
from qiskit.transpiler import InstructionProperties, PassManager, Target
from qiskit.transpiler.passes import ALAPScheduleAnalysis, PadDynamicalDecoupling

from qiskit_direct_provider.transpiler import PLUGIN
from qiskit_direct_provider.transpiler.rzz import fold_rzz

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectProvider

FAMILIES = {
    "Falcon": "fake_manila",
    "Hummingbird": "fake_brooklyn",
    "Eagle": "fake_brisbane",
    "Heron": "fake_torino",
    "Nighthawk": "fake_nighthawk",
}


@pytest.fixture(params=FAMILIES, scope="module")
def backend(request: pytest.FixtureRequest, provider: DirectProvider) -> DirectBackend:
    return provider.get_backend(FAMILIES[request.param])


def test_figures_are_kept_as_qiskits_own_constructor_has_them(backend: DirectBackend) -> None:
    """They are made by a shortcut; whatever Qiskit's class comes to hold, it must be there."""
    target = backend.target
    for name in target.operation_names:
        for found in target[name].values():
            if found is not None:
                usual = InstructionProperties(found.duration, found.error)
                assert type(found) is type(usual)
                assert (repr(found), vars(found)) == (repr(usual), vars(usual))


def static() -> QuantumCircuit:
    circuit = QuantumCircuit(4)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rz(0.3, 1)
    circuit.ccx(0, 1, 2)
    circuit.swap(2, 3)
    circuit.measure_all()
    return circuit


def dynamic() -> QuantumCircuit:
    """if_else, while, for and switch, on measured bits."""
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
    with otherwise:
        circuit.h(1)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.h(0)
        circuit.measure(0, 0)
    with circuit.for_loop(range(2)):
        circuit.cx(1, 2)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0):
            circuit.x(2)
        with case(case.DEFAULT):
            circuit.z(2)
    circuit.measure([1, 2], [1, 2])
    return circuit


@pytest.mark.parametrize("level", range(4))
def test_static_circuits_at_every_level(backend: DirectBackend, level: int) -> None:
    isa = transpile(static(), backend, optimization_level=level, seed_transpiler=1)
    check_circuits([isa], backend.target)
    by_target = transpile(static(), target=backend.target, optimization_level=level, seed_transpiler=1)
    check_circuits([by_target], backend.target)


@pytest.mark.parametrize("level", range(4))
def test_dynamic_circuits_at_every_level(provider: DirectProvider, level: int) -> None:
    """Where the device lists all control flow; the others refuse what they do not have."""
    backend = provider.get_backend("fake_fez")
    wanted = {"if_else", "while_loop", "for_loop", "switch_case"}
    missing = wanted - set(backend.target.operation_names)
    circuit = dynamic()
    if missing:
        names = {instruction.operation.name for instruction in circuit.data}
        assert names & missing
        target = with_control_flow(backend.target)
    else:
        target = backend.target
    isa = transpile(circuit, target=target, optimization_level=level, seed_transpiler=1)
    check_circuits([isa], target)


def with_control_flow(target: Target) -> Target:
    from qiskit.circuit.controlflow import ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp

    for operation in (IfElseOp, WhileLoopOp, ForLoopOp, SwitchCaseOp):
        name = {"IfElseOp": "if_else", "WhileLoopOp": "while_loop", "ForLoopOp": "for_loop"}.get(
            operation.__name__, "switch_case"
        )
        if name not in target.operation_names:
            target.add_instruction(operation, name=name)
    return target


def test_conditional_gates_where_the_device_has_them(provider: DirectProvider) -> None:
    for name in ("fake_torino", "fake_brisbane", "fake_fez"):
        backend = provider.get_backend(name)
        if "if_else" not in backend.target.operation_names:
            continue
        circuit = QuantumCircuit(2, 1)
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.h(1)
        circuit.measure(1, 0)
        check_circuits([transpile(circuit, backend, seed_transpiler=1)], backend.target)


def test_delays_and_scheduling(backend: DirectBackend) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.delay(200, 0, "ns")
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = transpile(circuit, backend, scheduling_method="alap", seed_transpiler=1)
    assert any(instruction.operation.name == "delay" for instruction in isa.data)
    assert isa.estimate_duration(backend.target) > 200e-9
    check_circuits([isa], backend.target)


def test_dynamical_decoupling(backend: DirectBackend) -> None:
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.cx(0, 1)
    for _ in range(8):
        circuit.sx(1)
        circuit.barrier(1)
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = transpile(circuit, backend, seed_transpiler=1, optimization_level=1)
    before = isa.count_ops().get("x", 0)
    schedule = ALAPScheduleAnalysis(target=backend.target)
    decouple = PadDynamicalDecoupling(None, [XGate(), XGate()], target=backend.target)
    padded = PassManager([schedule, decouple]).run(isa)
    assert padded.count_ops().get("x", 0) > before
    check_circuits([padded], backend.target)


@pytest.mark.skipif(
    shutil.which("dot") is None and "REQUIRE_GRAPHVIZ" not in os.environ,
    reason="Qiskit's plots need Graphviz",
)
def test_plots(backend: DirectBackend) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from qiskit.visualization import plot_error_map, plot_gate_map

    for plot in (plot_gate_map, plot_error_map):
        figure = plot(backend)
        assert figure.get_axes()
        plt.close(figure)


@pytest.mark.filterwarnings("ignore::UserWarning:qiskit_aer")
def test_aer_takes_the_backend(request: pytest.FixtureRequest, backend: DirectBackend) -> None:
    if request.node.callspec.params["backend"] != "Hummingbird" and not request.config.getoption(
        "--campaign"
    ):
        pytest.skip("Aer takes half a minute for the noise of each larger device: run with --campaign")
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel

    assert NoiseModel.from_backend(backend).noise_instructions
    simulator = AerSimulator.from_backend(backend)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = transpile(circuit, backend, seed_transpiler=1)
    counts = simulator.run(isa, shots=400, seed_simulator=1).result().get_counts()
    assert sum(counts.values()) == 400


# -- our translation stage -----------------------------------------------------------------------------


def test_qiskit_finds_the_stage(backend: DirectBackend) -> None:
    from qiskit.transpiler.preset_passmanagers.plugin import list_stage_plugins

    assert PLUGIN in list_stage_plugins("translation")
    assert backend.get_translation_stage_plugin() == PLUGIN


@pytest.mark.parametrize(
    "angle", [*np.linspace(-7, 7, 57), 0.0, math.pi / 2, -math.pi / 2, math.pi, -math.pi, 25.0]
)
def test_angles_are_folded_into_their_bounds(angle: float) -> None:
    """The same unitary, global phase included, with every rzz between 0 and pi/2."""
    from qiskit.converters import dag_to_circuit

    expected = QuantumCircuit(2)
    expected.rzz(angle, 0, 1)
    folded = dag_to_circuit(fold_rzz([angle], ()))
    np.testing.assert_allclose(Operator(folded).data, Operator(expected).data, atol=1e-9)
    for instruction in folded.data:
        if instruction.operation.name == "rzz":
            assert -1e-12 <= instruction.operation.params[0] <= math.pi / 2 + 1e-12


@pytest.mark.filterwarnings("ignore:Trying to add QuantumRegister")
@pytest.mark.parametrize("level", range(4))
def test_fractional_gates_are_used_within_bounds(provider: DirectProvider, level: int) -> None:
    backend = provider.get_backend("fake_fez", use_fractional_gates=True)
    assert {"rx", "rzz"} <= set(backend.target.operation_names)
    circuit = QuantumCircuit(3)
    circuit.rx(0.4, 0)
    for angle in (-2.5, 0.3, 2.0, 9.0):
        circuit.rzz(angle, 0, 1)
        circuit.sx(1)
        circuit.rzz(angle, 1, 2)
    measured: Any = circuit.copy()
    measured.measure_all()
    isa = transpile(measured, backend, optimization_level=level, seed_transpiler=2)
    assert isa.count_ops().get("rzz", 0) > 0
    check_circuits([isa], backend.target)
    assert Operator.from_circuit(circuit).equiv(unmeasured(isa, circuit))


def unmeasured(isa: QuantumCircuit, original: QuantumCircuit) -> Operator:
    """The unitary of a transpiled circuit on the qubits of the original one."""
    bare = isa.remove_final_measurements(inplace=False)
    first = [isa.layout.initial_index_layout()[k] for k in range(original.num_qubits)]
    last = [isa.layout.final_index_layout()[k] for k in range(original.num_qubits)]
    used = sorted({bare.find_bit(q).index for each in bare.data for q in each.qubits} | {*first, *last})
    small = QuantumCircuit(len(used), global_phase=bare.global_phase)
    for each in bare.data:
        if each.operation.name != "barrier":
            small.append(each.operation, [used.index(bare.find_bit(q).index) for q in each.qubits])
    whole = Operator(small)
    count = original.num_qubits
    columns = [place(basis, [used.index(q) for q in first]) for basis in range(2**count)]
    places = [place(basis, [used.index(q) for q in last]) for basis in range(2**count)]
    return Operator(whole.data[np.ix_(places, columns)])


def place(number: int, qubits: list[int]) -> int:
    """The basis state in which bit k of a number is on the k-th of these qubits, all others 0."""
    return sum((number >> k & 1) << qubit for k, qubit in enumerate(qubits))


def test_without_fractional_gates_nothing_changes(provider: DirectProvider) -> None:
    backend = provider.get_backend("fake_fez")
    circuit = QuantumCircuit(2)
    circuit.rzz(Parameter("t"), 0, 1)
    isa = transpile(circuit, backend, seed_transpiler=1)
    assert not {"rx", "rzz"} & set(isa.count_ops())


def test_the_stage_is_of_use_without_one_of_these_devices() -> None:
    """There is no calibration then that the circuit could be stamped with."""
    circuit = QuantumCircuit(2, metadata={"mine": 1})
    circuit.h(0)
    circuit.cx(0, 1)
    target = Target.from_configuration(["sx", "rz", "cz"], num_qubits=2)
    for where in ({"target": target}, {"basis_gates": ["sx", "rz", "cz"]}):
        isa = transpile(circuit, translation_method=PLUGIN, optimization_level=1, **where)
        assert set(isa.count_ops()) <= {"sx", "rz", "cz"}
        assert Operator.from_circuit(isa).equiv(circuit)
        assert isa.metadata == {"mine": 1}
