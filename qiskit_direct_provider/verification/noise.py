"""The noise of a device, gate by gate, as ``NoiseModel.from_backend`` derives it from a Target.

A whole device of 156 qubits takes Aer seconds to derive, and seconds again to hand over at every run. So
errors are derived for the gates that circuits use, once for each set of figures.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from qiskit.circuit import Delay, Gate
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.providers import QubitProperties
from qiskit.transpiler import InstructionProperties, Target
from qiskit_aer.noise import NoiseModel, ReadoutError, RelaxationNoisePass
from qiskit_aer.noise.device import basic_device_gate_errors

if TYPE_CHECKING:
    from qiskit_aer.noise import QuantumError

__all__ = ["Used", "every_gate", "noise_model", "readout_error"]

Used = tuple[str, tuple[int, ...]]
"""A gate by name, and the physical qubits that it is on."""

_GATES = get_standard_gate_name_mapping()


class _Relaxation(NamedTuple):
    """T1 and T2 of a qubit in seconds, frequency in hertz."""

    t1: float | None
    t2: float | None
    frequency: float | None = None


def noise_model(
    target: Target, used: Collection[Used], places: Sequence[int], *, clifford: bool = False
) -> NoiseModel:
    """The noise of some gates, and of reading out some qubits.

    Args:
        target: The device.
        used: Gates on physical qubits.
        places: Physical qubits; qubit ``i`` of the model is ``places[i]``.
        clifford: Write relaxation as identities, phase flips and resets, so that stabilizers can follow.
            Gate errors and the decay of populations stay exact; coherence is lost with ``min(T1, T2)``.
    """
    model = NoiseModel(basis_gates=sorted({name for name, _ in used if name in _GATES}))
    index = {place: number for number, place in enumerate(places)}
    for name, qubits in sorted(used):
        error = _error_at(target, name, qubits, clifford=clifford)
        if error is not None:
            model.add_quantum_error(error, name, [index[qubit] for qubit in qubits], warnings=False)
    for number, place in enumerate(places):
        rate = readout_error(target, place)
        if rate is not None:
            model.add_readout_error(ReadoutError([[1 - rate, rate], [rate, 1 - rate]]), [number])
    if any(name == "delay" for name, _ in used):
        _add_relaxation(model, [_qubit(target, place, clifford=clifford) for place in places], target.dt)
    return model


def every_gate(target: Target) -> set[Used]:
    """All gates of a device at all places that it has them."""
    return {
        (name, qubits)
        for name in target.operation_names
        for qubits in target[name] or ()
        if qubits is not None
    }


def readout_error(target: Target, qubit: int) -> float | None:
    """Probability that a qubit reads as what it is not; None where the device does not say."""
    places = target["measure"] if "measure" in target.operation_names else {}
    properties = places.get((qubit,))
    return None if properties is None else properties.error


def _error_at(target: Target, name: str, qubits: tuple[int, ...], *, clifford: bool) -> QuantumError | None:
    places = target[name] if name in target.operation_names else None
    properties = places.get(qubits) if places else None
    operation = _GATES.get(name)
    if properties is None or name == "measure" or operation is None or operation.num_qubits != len(qubits):
        return None
    rate = properties.error if isinstance(operation, Gate) else None  # a reset relaxes, and does not err
    return _error(
        rate, properties.duration, tuple(_qubit(target, each, clifford=clifford) for each in qubits)
    )


def _qubit(target: Target, qubit: int, *, clifford: bool) -> _Relaxation:
    known = (target.qubit_properties or [None] * target.num_qubits)[qubit]
    if known is None:
        return _Relaxation(None, None)
    t1, t2 = known.t1, known.t2
    if clifford and t1 is not None:
        t2 = t1 if t2 is None else min(t1, t2)
    return _Relaxation(t1, t2, known.frequency)


@lru_cache(maxsize=8192)
def _error(
    error: float | None, duration: float | None, qubits: tuple[_Relaxation, ...]
) -> QuantumError | None:
    """Aer's error for one gate; asked of Aer with a device that has nothing but this gate.

    Only its figures matter: gates with the same ones, such as ``x`` and ``sx``, have the same error.
    """
    target = Target(
        num_qubits=len(qubits),
        qubit_properties=[QubitProperties(each.t1, each.t2, each.frequency) for each in qubits],
    )
    places = {tuple(range(len(qubits))): InstructionProperties(duration, error)}
    target.add_instruction(Gate("gate", len(qubits), []), places)
    found = basic_device_gate_errors(target=target)
    return found[0][2] if found else None


def _add_relaxation(model: NoiseModel, qubits: Sequence[_Relaxation], dt: float | None) -> None:
    """Let qubits relax during explicit delays, as ``NoiseModel.from_backend`` does."""
    known = [_decay_times(each) for each in qubits]
    relaxation: Any = RelaxationNoisePass(
        t1s=[t1 for t1, _ in known],
        t2s=[t2 for _, t2 in known],
        dt=dt,
        op_types=Delay,
        excited_state_populations=[0.0] * len(known),
    )
    model._custom_noise_passes.append(relaxation)  # noqa: SLF001 - Aer's own way, which has no public door


def _decay_times(qubit: _Relaxation) -> tuple[float, float]:
    t1 = math.inf if qubit.t1 is None else qubit.t1
    return t1, 2 * t1 if qubit.t2 is None else min(qubit.t2, 2 * t1)
