"""Estimated values against exact ones, on a device without noise."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pub_circuits import isa
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector, random_pauli_list

from qiskit_direct_provider import DirectBackend, EstimatorV2

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

NUMBER = 50


def hamiltonian(rng: np.random.Generator) -> tuple[QuantumCircuit, SparsePauliOp]:
    """A state of 2 to 4 qubits, and 2 to 8 Pauli strings with normally distributed factors."""
    num_qubits, num_terms = int(rng.integers(2, 5)), int(rng.integers(2, 9))
    circuit = efficient_su2(num_qubits, reps=1, entanglement="linear")
    circuit = circuit.assign_parameters(rng.uniform(-np.pi, np.pi, circuit.num_parameters))
    labels = random_pauli_list(num_qubits, num_terms, seed=rng, phase=False).to_labels()
    return circuit, SparsePauliOp(labels, rng.normal(size=num_terms)).simplify()


@pytest.fixture(scope="module")
def cases() -> list[tuple[QuantumCircuit, SparsePauliOp]]:
    rng = np.random.default_rng(20_261_120)
    return [hamiltonian(rng) for _ in range(NUMBER)]


@pytest.fixture(scope="module")
def exact(cases: list[Any]) -> np.ndarray:
    return np.array([Statevector(circuit).expectation_value(operator).real for circuit, operator in cases])


@pytest.fixture(scope="module")
def results(seven: DirectBackend, cases: list[Any]) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """Values and their standard errors for three precisions."""
    pubs = [(isa(circuit, seven), operator) for circuit, operator in cases]
    estimator = EstimatorV2(seven)
    jobs = {precision: estimator.run(pubs, precision=precision) for precision in (1 / 64, 1 / 32, 1 / 16)}
    return {
        precision: (
            np.array([float(pub.data.evs) for pub in job.result(timeout=120)]),
            np.array([float(pub.data.stds) for pub in job.result()]),
        )
        for precision, job in jobs.items()
    }


def test_values_are_within_five_standard_errors(results: Any, exact: np.ndarray) -> None:
    """The shots are seeded; drawn anew, one of 50 would be outside with a chance of 3e-5."""
    values, errors = results[1 / 64]
    assert np.all(np.abs(values - exact) <= 5 * errors + 1e-9)


@pytest.mark.parametrize("precision", [1 / 64, 1 / 32, 1 / 16])
def test_standard_errors_tell_the_truth(results: Any, exact: np.ndarray, precision: float) -> None:
    """The mean of the squared deviations, in standard errors, is 1.

    50 of them: it is normally distributed with a width of about 0.2, so 0.3 to 2.2 holds but for a
    chance below 1e-4; the shots are seeded.
    """
    values, errors = results[precision]
    random = errors > 0
    assert random.sum() > NUMBER / 2
    assert 0.3 < np.mean(((values - exact)[random] / errors[random]) ** 2) < 2.2


def test_standard_errors_shrink_with_the_root_of_the_shots(results: Any) -> None:
    """Four times the shots halve the errors: 256, 1024, 4096."""
    errors = [results[precision][1] for precision in (1 / 16, 1 / 32, 1 / 64)]
    random = np.all(np.array(errors) > 0, axis=0)
    for few, many in itertools.pairwise(errors):
        ratios = few[random] / many[random]
        assert np.median(ratios) == pytest.approx(2, rel=0.03)
        assert np.all((ratios > 1.5) & (ratios < 2.7))
