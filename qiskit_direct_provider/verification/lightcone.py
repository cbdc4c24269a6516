"""Values of few qubits in large circuits: only what lies in their past matters to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.verification.distribution import exact, measured_qubits, simulated
from qiskit_direct_provider.verification.reduction import is_static, on_few_qubits, qubits_used

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp
    from qiskit.transpiler import Target

__all__ = ["LARGEST_CONE", "cones", "expectation_value", "marginals", "past", "rare_in"]

LARGEST_CONE = 9


def past(circuit: QuantumCircuit, qubits: Collection[int]) -> QuantumCircuit:
    """The circuit without its measurements and without every gate that cannot reach these qubits.

    What is left out preserves the trace, noise included, so values of these qubits stay what they are.
    """
    reached = {circuit.qubits[qubit] for qubit in qubits}
    kept = []
    for instruction in reversed(circuit.data):
        if instruction.name not in ("measure", "barrier") and not reached.isdisjoint(instruction.qubits):
            reached.update(instruction.qubits)
            kept.append(instruction)
    cone = circuit.copy_empty_like()
    for instruction in reversed(kept):
        cone.append(instruction)
    return cone


def cones(circuit: QuantumCircuit) -> Iterator[tuple[int, QuantumCircuit]]:
    """For each classical bit that is measured into, the circuit that decides about it alone."""
    for bit, qubit in sorted(measured_qubits(circuit).items()):
        cone = past(circuit, [qubit])
        cone.measure(qubit, bit)
        yield bit, cone


def marginals(circuit: QuantumCircuit, target: Target | None) -> dict[int, float]:
    """For each measured classical bit, the probability that it is 1, with the noise of a device.

    Raises:
        UnsupportedError: The past of a bit is too wide, or bits decide about gates.
    """
    if not is_static(circuit):
        raise UnsupportedError("a circuit that goes on after measurements has no light cones")
    found = {}
    for bit, cone in cones(circuit):
        _check_width(cone)
        found[bit] = float(exact(on_few_qubits(cone), target).probabilities[1])
    return found


def expectation_value(circuit: QuantumCircuit, observable: SparsePauliOp, target: Target | None) -> float:
    """An observable at the end of a circuit of any width, with the noise of the device's gates.

    Args:
        circuit: In the device's instruction set, on its qubits; its measurements are left out.
        observable: On as many qubits; each of its terms may depend on few only.
        target: The device; None for no noise. The error of the readout does not count.

    Raises:
        UnsupportedError: The past of a term is too wide.
    """
    total = 0.0
    for label, coefficient in observable.to_list():
        letters = {qubit: letter for qubit, letter in enumerate(reversed(label)) if letter != "I"}
        total += float(np.real(coefficient)) * _pauli_value(circuit, letters, target)
    return total


def _pauli_value(circuit: QuantumCircuit, letters: dict[int, str], target: Target | None) -> float:
    from qiskit.quantum_info import Operator
    from qiskit_aer import AerSimulator

    from qiskit_direct_provider.verification.noise import noise_model

    if not letters:
        return 1.0
    cone = past(circuit, list(letters))
    _check_width(cone)
    places = sorted({*qubits_used([cone]), *letters})
    reduced = on_few_qubits(cone, places)
    model = noise_model(target, reduced.used, reduced.places) if target is not None else None
    bare = reduced.circuit
    label = "".join(letters[qubit] for qubit in sorted(letters, reverse=True))
    bare.save_expectation_value(
        Operator.from_label(label), [places.index(qubit) for qubit in sorted(letters)]
    )
    result = simulated(AerSimulator(method="density_matrix"), bare, shots=1, noise_model=model)
    return float(result.data()["expectation_value"])


def rare_in(counts: npt.NDArray[np.int64], shots: int, probabilities: npt.NDArray[np.float64]) -> float:
    """p-value of several binomials at once, whatever they have to do with each other (Bonferroni)."""
    from scipy.stats import binom

    low = binom.cdf(counts, shots, probabilities)
    high = binom.sf(counts - 1, shots, probabilities)
    each = np.minimum(1.0, 2 * np.minimum(low, high))
    return float(min(1.0, each.min() * len(each)))


def _check_width(cone: QuantumCircuit) -> None:
    width = len(qubits_used([cone]))
    if width > LARGEST_CONE:
        raise UnsupportedError(
            f"{width} qubits decide about one bit, and {LARGEST_CONE} is what can be followed"
        )
