"""Measurements before 0 and 1 are told apart: points in the IQ plane, one cloud for each state of a qubit."""

from __future__ import annotations

import cmath
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit

    from qiskit_direct_provider.service.calibration import QubitNumbers
    from qiskit_direct_provider.service.simulate import Bits

__all__ = ["Points", "average_points", "measured_qubits", "shot_points"]

Points = npt.NDArray[np.complex128]

# The two states shift the readout resonator to either side: the same amplitude, another phase.
_AMPLITUDE = 1.0
_PHASE_BETWEEN = 1.2
_PHASE_PER_QUBIT = 2.399963
_ERROR_RANGE = (1e-6, 0.49)


def measured_qubits(circuit: QuantumCircuit) -> dict[int, int]:
    """For each classical bit that a measurement is stored in, the qubit of the last one; indices."""
    return _measured(circuit, range(circuit.num_qubits), range(circuit.num_clbits))


def _measured(circuit: QuantumCircuit, qubits: Sequence[int], clbits: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for instruction in circuit.data:
        outer_qubits = [qubits[circuit.find_bit(bit).index] for bit in instruction.qubits]
        outer_clbits = [clbits[circuit.find_bit(bit).index] for bit in instruction.clbits]
        if instruction.is_control_flow():
            for block in instruction.operation.blocks:
                found |= _measured(block, outer_qubits, outer_clbits)
        elif instruction.name == "measure":
            found[outer_clbits[0]] = outer_qubits[0]
    return found


def shot_points(
    states: Bits,
    qubits: Sequence[int | None],
    numbers: Sequence[QubitNumbers],
    random: np.random.Generator,
) -> Points:
    """One point a shot and bit, out of the states that the qubits were in.

    Args:
        states: Zeros and ones, shape (shots, bits).
        qubits: For each bit the qubit that it comes from, None when it was never measured.
        numbers: Of all qubits of the device.
        random: Where the spread comes from.

    Returns:
        Shape (shots, bits). A line halfway between the clouds tells 0 from 1 with the qubit's readout error.
    """
    zero, step, spread = _clouds(qubits, numbers)
    noise = random.standard_normal((2, *states.shape))
    points: Points = zero + step * states + spread * (noise[0] + 1j * noise[1])
    return points


def average_points(
    states: Bits,
    qubits: Sequence[int | None],
    numbers: Sequence[QubitNumbers],
    random: np.random.Generator,
) -> Points:
    """The mean over shots of what ``shot_points`` gives, drawn from its distribution; shape (bits,)."""
    zero, step, spread = _clouds(qubits, numbers)
    noise = random.standard_normal((2, len(qubits)))
    mean = zero + step * states.mean(axis=0)
    points: Points = mean + spread / np.sqrt(len(states)) * (noise[0] + 1j * noise[1])
    return points


def _clouds(
    qubits: Sequence[int | None], calibration: Sequence[QubitNumbers]
) -> tuple[Any, Any, npt.NDArray[np.float64]]:
    """Centre of state 0, the way from there to that of state 1, and the spread along one axis."""
    clouds = [(0j, 0j, 0.0) if qubit is None else _cloud(qubit, calibration[qubit]) for qubit in qubits]
    zero, step, spread = (np.array(column) for column in zip(*clouds, strict=True))
    return zero, step, spread.astype(float)


def _cloud(qubit: int, numbers: QubitNumbers) -> tuple[complex, complex, float]:
    """A Gaussian of spread s around each centre crosses the middle of their distance d with Q(d / 2s)."""
    low, high = _ERROR_RANGE
    error = min(max(numbers.readout_error or 0.0, low), high)
    zero = cmath.rect(_AMPLITUDE, _PHASE_PER_QUBIT * qubit)
    step = cmath.rect(_AMPLITUDE, _PHASE_PER_QUBIT * qubit + _PHASE_BETWEEN) - zero
    return zero, step, abs(step) / (2 * NormalDist().inv_cdf(1 - error))
