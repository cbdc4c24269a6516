"""Distributions over classical bits: exact where that is possible, else as shots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.verification.clifford import cliffordised
from qiskit_direct_provider.verification.noise import noise_model, readout_error

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.result import Result
    from qiskit.transpiler import Target
    from qiskit_aer import AerSimulator

    from qiskit_direct_provider.verification.methods import TwinCost
    from qiskit_direct_provider.verification.reduction import Reduced

__all__ = ["Counts", "Exact", "exact", "measured_qubits", "sampled", "simulated"]

Counts = Mapping[str, int]
"""Shots by word; classical bit 0 rightmost, no blanks between registers."""

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Exact:
    """Probabilities of all words of a few classical bits.

    Attributes:
        bits: Those classical bits, ascending; all others are 0 for certain.
        probabilities: Shape ``(2 ** len(bits),)``; bit ``k`` of an index is the value of ``bits[k]``.
    """

    bits: tuple[int, ...]
    probabilities: Probabilities

    def counted(self, counts: Counts) -> tuple[npt.NDArray[np.int64], int]:
        """Shots by index, and the shots that have a 1 in a bit where there can be none."""
        found = np.zeros(len(self.probabilities), dtype=np.int64)
        impossible = 0
        mask = sum(1 << bit for bit in self.bits)
        for word, number in counts.items():
            value = int(word, 2) if word else 0
            if value & ~mask:
                impossible += number
            else:
                found[sum((value >> bit & 1) << place for place, bit in enumerate(self.bits))] += number
        return found, impossible


def measured_qubits(circuit: QuantumCircuit) -> dict[int, int]:
    """For each classical bit that is measured into, the qubit of the last measurement; indices."""
    return {
        circuit.find_bit(instruction.clbits[0]).index: circuit.find_bit(instruction.qubits[0]).index
        for instruction in circuit.data
        if instruction.name == "measure"
    }


def exact(reduced: Reduced, target: Target | None) -> Exact:
    """The distribution of a circuit whose measurements are final, with the noise of a device or without.

    Args:
        reduced: The circuit, on few qubits, with a measurement.
        target: The device; None for no noise at all.
    """
    from qiskit_aer import AerSimulator

    sources = dict(sorted(measured_qubits(reduced.circuit).items()))
    bare = _without_measurements(reduced.circuit)
    bare.save_probabilities(list(sources.values()))
    noisy = target is not None
    model = noise_model(target, reduced.used, reduced.places) if target is not None else None
    simulator = AerSimulator(method="density_matrix" if noisy else "statevector", max_parallel_threads=1)
    result = simulated(simulator, bare, shots=1, noise_model=model)
    probabilities = np.clip(result.data()["probabilities"], 0, None)
    if target is not None:
        rates = [readout_error(target, reduced.places[qubit]) or 0.0 for qubit in sources.values()]
        probabilities = _misread(probabilities, rates)
    return Exact(tuple(sources), probabilities / probabilities.sum())


def sampled(
    reduced: Reduced, target: Target | None, way: TwinCost, shots: int, seed: int | None = None
) -> dict[str, int]:
    """Shots of a circuit, with the noise of a device or without, by one of Aer's methods."""
    from qiskit_aer import AerSimulator

    model = None
    if target is not None:
        clifford = way.method == "stabilizer"
        model = noise_model(target, reduced.used, reduced.places, clifford=clifford)
    gates = sum(len(each.qubits) > 1 for each in reduced.circuit.data)
    simulator = AerSimulator(
        method=way.method, matrix_product_state_truncation_threshold=way.bond_error / max(gates, 1)
    )
    options: dict[str, Any] = {}
    if reduced.circuit.has_control_flow_op():
        options["enable_truncation"] = False
    circuit = reduced.circuit
    if way.method == "stabilizer":  # Aer 0.18 wants quarter turns to the last bit
        circuit = cliffordised(circuit)
    result = simulated(simulator, circuit, shots=shots, noise_model=model, seed_simulator=seed, **options)
    return {word.replace(" ", ""): number for word, number in result.get_counts().items()}


def simulated(simulator: AerSimulator, circuit: QuantumCircuit, **options: Any) -> Result:
    """Aer's result.

    Raises:
        UnsupportedError: There is none.
    """
    from qiskit_aer import AerError

    try:
        result = simulator.run(circuit, **options).result()
    except AerError as error:
        raise UnsupportedError(f"Aer could not simulate the circuit: {error.message}") from error
    if not result.success:
        raise UnsupportedError(f"Aer could not simulate the circuit: {result.results[0].status}")
    return result


def _without_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    bare = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.name != "measure":
            bare.append(instruction)
    return bare


def _misread(probabilities: Probabilities, rates: list[float]) -> Probabilities:
    """The distribution after a symmetric error of the readout of each bit."""
    shaped = probabilities.reshape((2,) * len(rates))
    for place, rate in enumerate(rates):
        axis = len(rates) - 1 - place
        shaped = (1 - rate) * shaped + rate * np.flip(shaped, axis)
    return shaped.reshape(-1)
