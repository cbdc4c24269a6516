"""EstimatorV2: expectation values of pubs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pub_circuits import ansatz, isa, sent
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.primitives import BaseEstimatorV2, PrimitiveResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp, Statevector

from qiskit_direct_provider import DirectBackend, DirectProvider, EstimatorV2, errors

EXACT = 0.06  # 4096 shots: more than 3.8 standard errors of one Pauli string; shots here are seeded


@pytest.fixture
def estimator(seven: DirectBackend) -> EstimatorV2:
    return EstimatorV2(seven)


@pytest.fixture(scope="module")
def bell(seven: DirectBackend) -> QuantumCircuit:
    """A pair on a device of 7 qubits, moved away from where it was written."""
    circuit = QuantumCircuit(2, name="bell")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.x(1)
    return isa(circuit, seven, initial_layout=[5, 3])


def test_values_of_a_pair(quiet: DirectProvider, estimator: EstimatorV2, bell: QuantumCircuit) -> None:
    assert isinstance(estimator, BaseEstimatorV2)
    observables = [SparsePauliOp([label]).apply_layout(bell.layout) for label in ("ZZ", "XX", "YY")]
    job = estimator.run([(bell, observables)])
    result = job.result(timeout=60)
    assert isinstance(result, PrimitiveResult)
    assert result[0].data.evs.tolist() == [-1, 1, 1]
    assert result[0].data.stds.tolist() == [0, 0, 0]
    again = quiet.retrieve_job(job.job_id())
    assert again.primitive_result()[0].data.evs.tolist() == [-1, 1, 1]
    with pytest.raises(errors.UnsupportedError, match="primitive_result"):
        again.result()


@pytest.mark.parametrize("parameters", [(), (3,), (2, 1), (2, 3)])
@pytest.mark.parametrize("observables", [(), (3,), (1, 3), (2, 1)])
def test_broadcasting(
    estimator: EstimatorV2, seven: DirectBackend, parameters: tuple[int, ...], observables: tuple[int, ...]
) -> None:
    """Shapes follow NumPy's rules, and each value is that of its own parameters and observable."""
    circuit = ansatz()
    rng = np.random.default_rng(sum(parameters) + 10 * sum(observables))
    values = rng.uniform(-3, 3, (*parameters, circuit.num_parameters))
    paulis = ["ZZI", "IXX", "YIZ", "XYI", "IIZ", "ZXZ"]
    operators = np.array(paulis[: int(np.prod(observables))], dtype=object).reshape(observables)
    pub = (isa(circuit, seven), operators.tolist(), values)
    (result,) = estimator.run([pub]).result(timeout=60)
    shape = np.broadcast_shapes(parameters, observables)
    rows, columns = np.broadcast_arrays(
        np.arange(np.prod(parameters, dtype=int)).reshape(parameters), operators
    )
    ideal = np.empty(shape)
    for index in np.ndindex(shape):
        bound = circuit.assign_parameters(values.reshape(-1, circuit.num_parameters)[rows[index]])
        ideal[index] = Statevector(bound).expectation_value(Pauli(columns[index])).real
    assert np.shape(result.data.evs) == np.shape(result.data.stds) == shape
    np.testing.assert_allclose(result.data.evs, ideal, atol=EXACT)


@pytest.mark.parametrize(
    "observable",
    [
        "ZI",
        Pauli("ZI"),
        SparsePauliOp(["ZI"]),
        SparseObservable.from_label("ZI"),
        {"ZI": 1.0},
        SparsePauliOp(["ZI", "ZI"], [1.5, -0.5]),
    ],
)
def test_forms_of_observables(estimator: EstimatorV2, observable: Any) -> None:
    """Rightmost letter: qubit 0. Qubit 1 is flipped."""
    circuit = QuantumCircuit(2)
    circuit.x(1)
    pubs = [(circuit, observable), (circuit, ObservablesArray.coerce([observable]))]
    job = estimator.run(pubs, precision=0.1)
    scalar, array = job.result(timeout=60)
    assert (np.shape(scalar.data.evs), np.shape(array.data.evs)) == ((), (1,))
    assert float(scalar.data.evs) == array.data.evs[0] == -1
    assert sent(job)["pubs"][0][1] == {"ZI": 1.0}


def test_observables_are_placed_by_the_layout(seven: DirectBackend, bell: QuantumCircuit) -> None:
    """As wide as the circuit was before, or as the device: both give the same pub."""
    placed = SparsePauliOp(["ZI", "IX"], [1.0, 2.0])
    here = EstimatorV2(seven).run([(bell, placed)])
    there = EstimatorV2(seven).run([(bell, placed.apply_layout(bell.layout))])
    assert sent(here) == sent(there)
    assert sent(here)["pubs"][0][1] == {"IIIZIII": 1.0, "IXIIIII": 2.0}
    with pytest.raises(errors.InvalidInputError, match="3 qubits do not fit a circuit of 7 .*transpiled: 2"):
        EstimatorV2(seven).run([(bell, "ZZZ")])


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_layouts_with_routing(seven: DirectBackend, level: int) -> None:
    """Qubits that end elsewhere than they began, and swaps that transpilation left out."""
    circuit = QuantumCircuit(4)
    for qubit in range(4):
        circuit.ry(0.4 + 0.5 * qubit, qubit)
    for first, second in ((0, 3), (1, 2), (0, 2), (1, 3)):
        circuit.cx(first, second)
    circuit.swap(0, 1)
    labels = ["ZIII", "IZII", "IIZI", "IIIZ", "XYZX", "ZXIY"]
    placed = transpile(circuit, seven, seed_transpiler=5, optimization_level=level)
    (result,) = EstimatorV2(seven).run([(placed, labels)]).result(timeout=60)
    ideal = [Statevector(circuit).expectation_value(Pauli(label)).real for label in labels]
    np.testing.assert_allclose(result.data.evs, ideal, atol=EXACT)


@pytest.mark.parametrize("label", ["0", "1", "+", "-", "r", "l", "X", "Y", "Z", "I"])
def test_letters(estimator: EstimatorV2, label: str) -> None:
    """Projectors travel as Pauli strings; each letter has the value that Qiskit gives it."""
    circuit = QuantumCircuit(1)
    for angle in (0.4, 1.1):
        circuit.sx(0)
        circuit.rz(angle, 0)
    ideal = Statevector(circuit).expectation_value(
        SparsePauliOp.from_sparse_observable(SparseObservable.from_label(label))
    )
    job = estimator.run([(circuit, label)])
    assert set("".join(sent(job)["pubs"][0][1])) <= set("IXYZ")
    assert float(job.result(timeout=60)[0].data.evs) == pytest.approx(ideal.real, abs=EXACT)


def test_projectors_on_several_qubits(estimator: EstimatorV2) -> None:
    circuit = QuantumCircuit(3)
    circuit.x([0, 2])
    for label, value in {"101": 1.0, "100": 0.0, "1Z1": 1.0, "10I": 1.0}.items():
        job = estimator.run([(circuit, {label: 2.0})], precision=0.1)
        assert float(job.result(timeout=60)[0].data.evs) == 2 * value


def test_observables_on_idle_qubits_of_a_wide_device(wide: DirectBackend) -> None:
    """Qubits without a gate are in the text as well, so that the reader counts them all."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    placed = isa(circuit, wide, initial_layout=[7])
    labels = ["I" * 148 + "Z" + "I" * 7, "Z" + "I" * 155, "Z" * 156]
    job = EstimatorV2(wide).run([(placed, labels)], precision=0.1)
    assert job.result(timeout=60)[0].data.evs.tolist() == [-1, 1, -1]
    assert "$155;" in sent(job)["pubs"][0][0]


def test_precedence_of_precision(estimator: EstimatorV2, bell: QuantumCircuit) -> None:
    """The pub, then run, then default_shots, then default_precision, then the server's 1/64."""

    def shots(*pub: Any, **options: Any) -> int:
        (result,) = estimator.run([(bell, "ZZ", *pub)], **options).result(timeout=60)
        number: int = result.metadata["shots"]
        return number

    assert shots() == 4096
    estimator.options.default_precision = 0.25
    assert shots() == 16
    estimator.options.default_shots = 400
    assert shots() == 400
    assert shots(precision=0.2) == 25
    assert shots(None, 0.1, precision=0.2) == 100
    pub = EstimatorPub.coerce((bell, SparsePauliOp(["ZZ"]).apply_layout(bell.layout), None, 0.5))
    assert estimator.run([pub], precision=0.2).result(timeout=60)[0].metadata["shots"] == 4


def test_options_that_are_set_are_sent(seven: DirectBackend, bell: QuantumCircuit) -> None:
    estimator = EstimatorV2(seven)
    document = sent(estimator.run([(bell, "ZZ")]))
    assert document.keys() == {"pubs", "version", "support_qiskit"}
    assert document["pubs"][0][3] is None
    estimator.options.update(resilience_level=2, default_precision=0.1, seed_estimator=4)
    estimator.options.resilience.zne.noise_factors = (1, 3)
    document = sent(estimator.run([(bell, "ZZ")]))
    assert document["resilience_level"] == 2
    assert document["options"] == {
        "default_precision": 0.1,
        "seed_estimator": 4,
        "resilience": {"zne": {"noise_factors": [1.0, 3.0]}},
    }


def test_measurements_and_metadata_of_the_circuit(estimator: EstimatorV2) -> None:
    """A circuit that measures in the middle is estimated at its end."""
    circuit, angle = QuantumCircuit(2, 1, metadata={"a": 1}), Parameter("angle")
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, True)):
        circuit.x(1)
        circuit.rz(angle, 1)
    (result,) = estimator.run([(circuit, ["ZI", "IZ"], [0.3])], precision=0.1).result(timeout=60)
    assert result.data.evs.tolist() == [-1, -1]
    assert result.metadata["circuit_metadata"] == {"a": 1}


def test_a_failed_job_says_why(estimator: EstimatorV2, bell: QuantumCircuit) -> None:
    """So many shots the device does not take; how they are split is the server's affair."""
    job = estimator.run([(bell, "ZZ")], precision=1e-4)
    with pytest.raises(errors.JobFailedError, match="maximum"):
        job.result(timeout=60)
    assert "maximum" in str(job.error_message())
