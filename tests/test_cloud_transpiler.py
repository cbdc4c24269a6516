"""Circuits from a transpiler service mean the same as before, in the layout that they name."""

from __future__ import annotations

import base64
import dataclasses
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm2, qpy, transpile
from qiskit.circuit.library import efficient_su2
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Operator
from qiskit.transpiler import CouplingMap
from qiskit.utils.optionals import HAS_QASM3_IMPORT

from qiskit_direct_provider import CloudTranspiler, DirectProvider, S3Storage, errors
from qiskit_direct_provider.transpiled import circuit_from
from qiskit_direct_provider.wire.transpiler import TranspiledCircuit, TranspiledLayout

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend
    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture(scope="module")
def transpiler(provider: DirectProvider) -> CloudTranspiler:
    return CloudTranspiler(provider)


def circuits() -> list[QuantumCircuit]:
    """Twenty circuits of 2 to 5 qubits; most need routing on a line or a tree."""
    found = [random_circuit(2 + seed % 4, 5, max_operands=2, seed=seed) for seed in range(17)]
    ladder = efficient_su2(4, entanglement="full", reps=1)
    found.append(ladder.assign_parameters(np.linspace(0.1, 3.0, ladder.num_parameters)))
    swapped = QuantumCircuit(3)
    swapped.h(0)
    swapped.swap(0, 2)
    swapped.cx(2, 1)
    all_to_all = QuantumCircuit(5, global_phase=0.3)
    for first in range(5):
        for second in range(first):
            all_to_all.crx(0.2 * first + 0.1, second, first)
    return [*found, swapped, all_to_all]


def same(original: QuantumCircuit, placed: QuantumCircuit) -> bool:
    """Whether a transpiled circuit does the same, by its own layout, up to a global phase."""
    found = Operator.from_circuit(placed)
    idle = QuantumCircuit(placed.num_qubits)
    idle.compose(original, qubits=range(original.num_qubits), inplace=True)
    return bool(found.equiv(Operator(idle), atol=1e-7))


def without_routing(placed: QuantumCircuit) -> QuantumCircuit:
    """The same gates under a layout that forgets where qubits went."""
    wrong = placed.copy()
    wrong._layout = dataclasses.replace(placed.layout, final_layout=None)
    return wrong


def test_twenty_circuits_are_equivalent(transpiler: CloudTranspiler, provider: DirectProvider) -> None:
    backend = provider.get_backend("fake_manila")
    originals = circuits()
    assert len(originals) == 20
    found = transpiler.run(originals, backend=backend, optimization_level=2, seed_transpiler=5)
    assert isinstance(found, list)
    assert all(same(original, placed) for original, placed in zip(originals, found, strict=True))
    moved = [k for k in range(20) if found[k].layout.routing_permutation() != list(range(5))]
    assert moved
    assert any(not same(originals[k], without_routing(found[k])) for k in moved), "nothing would be noticed"
    for placed in found:
        placed.measure_all()
        backend.check_faulty(placed)
        assert not backend.validate(placed).errors


def test_the_result_runs(transpiler: CloudTranspiler, nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(3, 3, name="mine", metadata={"key": 1})
    circuit.x(0)
    circuit.cx(0, 2)
    circuit.measure(range(3), range(3))
    placed = transpiler.run(circuit, backend=nairobi, optimization_level=1)
    assert isinstance(placed, QuantumCircuit)
    assert (placed.name, placed.metadata, placed.num_qubits) == ("mine", {"key": 1}, 7)
    counts = nairobi.run(placed, shots=200).result(timeout=60).get_counts()
    assert max(counts, key=lambda bits: counts[bits]) == "101"


def test_a_coupling_map_takes_the_place_of_a_backend(transpiler: CloudTranspiler) -> None:
    (original,) = [circuits()[-1]]
    line = CouplingMap.from_line(6)
    placed = transpiler.run(original, coupling_map=line.get_edges(), ai="auto")
    assert isinstance(placed, QuantumCircuit)
    assert placed.num_qubits == 6
    assert same(original, placed)
    pairs = {
        tuple(sorted(placed.find_bit(q).index for q in each.qubits))
        for each in placed.data
        if len(each.qubits) == 2
    }
    assert pairs <= {tuple(sorted(edge)) for edge in line.get_edges()}


def test_text_is_read_as_well() -> None:
    """OpenQASM 3 on physical qubits, OpenQASM 2, and QPY give the same circuit."""
    original = QuantumCircuit(2)
    original.h(0)
    original.cx(0, 1)
    layout = TranspiledLayout(initial=[3, 1, 0, 2], final=[3, 1, 0, 2])
    three = 'OPENQASM 3.0; include "stdgates.inc"; h $3; cx $3, $1;'
    two = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[4]; h q[3]; cx q[3], q[1];'
    wide = QuantumCircuit(4)
    wide.h(3)
    wide.cx(3, 1)
    stream = io.BytesIO()
    qpy.dump(wide, stream)
    binary = base64.b64encode(stream.getvalue()).decode()
    for item in (
        TranspiledCircuit(qasm=three, layout=layout),
        TranspiledCircuit(qasm=two, layout=layout),
        TranspiledCircuit(qpy=binary, layout=layout),
    ):
        placed = circuit_from(item, original)
        assert placed.num_qubits == 4
        assert placed.layout.initial_index_layout(filter_ancillas=True) == [3, 1]
        assert same(original, placed)


def test_every_gate_of_qiskits_own_openqasm_2_is_read() -> None:
    original = QuantumCircuit(2)
    original.sx(0)
    original.rzz(0.3, 0, 1)
    original.p(0.2, 1)
    placed = circuit_from(TranspiledCircuit(qasm=qasm2.dumps(original)), original)
    assert Operator(placed).equiv(Operator(original))


@pytest.mark.parametrize(
    ("item", "match"),
    [
        (TranspiledCircuit(qpy="not base64"), "cannot be read"),
        (TranspiledCircuit(qasm="OPENQASM 3.0; nonsense"), "cannot be read"),
        (
            TranspiledCircuit(
                qasm="OPENQASM 2.0; qreg q[2];", layout=TranspiledLayout(initial=[0, 0], final=[0, 1])
            ),
            "layout",
        ),
        (
            TranspiledCircuit(
                qasm="OPENQASM 2.0; qreg q[3];", layout=TranspiledLayout(initial=[0, 1], final=[0, 1])
            ),
            "layout",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(item: TranspiledCircuit, match: str) -> None:
    with pytest.raises(errors.ProtocolError, match=match):
        circuit_from(item, QuantumCircuit(2))


def test_wrong_arguments_send_nothing(transpiler: CloudTranspiler, provider: DirectProvider) -> None:
    circuit = QuantumCircuit(1)
    wrong: list[dict[str, object]] = [
        {"backend": "fake_manila", "optimization_level": 4},
        {"backend": "fake_manila", "ai": "maybe"},
        {"backend": "fake_manila", "coupling_map": [[0, 1]]},
        {"coupling_map": [[0]]},
        {"coupling_map": [0, 1]},
        {"coupling_map": [["a", "b"]]},
        {"backend": 3},
        {},
    ]
    for arguments in wrong:
        with pytest.raises(errors.InvalidInputError):
            transpiler.run(circuit, **arguments)  # type: ignore[arg-type]
    timed = QuantumCircuit(1)
    timed.delay(timed.add_stretch("rest"), 0)
    with pytest.raises(errors.InvalidCircuitError, match="cannot be written as QPY"):
        transpiler.run(timed, backend="fake_manila")
    with pytest.raises(errors.InvalidInputError, match="https"):
        CloudTranspiler(provider, url="http://example.org")


def test_what_the_service_refuses(
    transpiler: CloudTranspiler, service: LocalService, own_storage: S3Storage
) -> None:
    circuit = QuantumCircuit(2)
    with pytest.raises(errors.ApiError, match="no backend"):
        transpiler.run(circuit, backend="fake_nowhere")
    with pytest.raises(errors.ApiError, match="could not transpile"):
        transpiler.run(QuantumCircuit(9), backend="fake_manila")
    with pytest.raises(errors.JobTimeoutError, match="time was over"):
        transpiler.run(transpile(circuits()[-1]), backend="fake_torino", timeout=0.05)
    stranger = DirectProvider("wrong", service.url, storage=own_storage)
    with pytest.raises(errors.AuthenticationError):
        CloudTranspiler(stranger).run(circuit, backend="fake_manila")


def test_without_a_reader_for_openqasm_3_it_says_what_to_install() -> None:
    with (
        HAS_QASM3_IMPORT.disable_locally(),
        pytest.raises(errors.UnsupportedError, match="pip install qiskit-qasm3-import"),
    ):
        circuit_from(TranspiledCircuit(qasm="OPENQASM 3.0; x $0;"), QuantumCircuit(1))


def test_a_closed_transpiler_connects_anew(provider: DirectProvider) -> None:
    transpiler, circuit = CloudTranspiler(provider), QuantumCircuit(1)
    circuit.h(0)
    found = []
    for _ in range(2):
        found.append(transpiler.run(circuit, backend="fake_manila", optimization_level=0))
        transpiler.close()
    assert all(same(circuit, placed) for placed in found)
