"""The noise of a device on a few of its qubits, as Aer derives it from a whole device."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.providers import QubitProperties
from qiskit.transpiler import InstructionProperties, Target
from qiskit_aer.noise import NoiseModel, ReadoutError, RelaxationNoisePass
from qiskit_aer.noise.device import basic_device_gate_errors

if TYPE_CHECKING:
    from qiskit_direct_provider.service.calibration import GateNumbers, QubitNumbers

__all__ = ["add_delay_noise", "build_noise_model", "is_clifford_noise"]

_MIXTURE = frozenset({"id", "x", "y", "z", "pauli", "reset"})
_OPERATIONS = get_standard_gate_name_mapping()


def build_noise_model(
    gates: dict[tuple[str, tuple[int, ...]], GateNumbers], qubits: tuple[QubitNumbers, ...]
) -> NoiseModel:
    """Noise of these gates and of measuring these qubits, which are numbered as in ``qubits``.

    The errors are those of ``NoiseModel.from_backend`` for the same device: depolarization and
    thermal relaxation for gates, a symmetric error of the readout.
    """
    model = NoiseModel(basis_gates=sorted({name for name, _ in gates}))
    for (name, places), numbers in gates.items():
        error = _gate_error(name, numbers, tuple(qubits[place] for place in places))
        if error is not None:
            model.add_quantum_error(error, name, list(places), warnings=False)
    for place, numbers_of_qubit in enumerate(qubits):
        rate = numbers_of_qubit.readout_error
        if rate is not None:
            model.add_readout_error(
                ReadoutError([[1 - rate, rate], [rate, 1 - rate]]), [place], warnings=False
            )
    return model


def add_delay_noise(model: NoiseModel, qubits: tuple[QubitNumbers, ...], dt_s: float | None) -> None:
    """Let qubits relax during explicit delays, as ``NoiseModel.from_backend`` does."""
    from qiskit.circuit import Delay

    known = [_relaxation(numbers) for numbers in qubits]
    model._custom_noise_passes.append(  # noqa: SLF001 - Aer's own way, which has no public door
        RelaxationNoisePass(
            t1s=[t1 for t1, _ in known],
            t2s=[t2 for _, t2 in known],
            dt=dt_s,
            op_types=Delay,
            excited_state_populations=[0.0] * len(qubits),
        )
    )


def is_clifford_noise(
    gates: dict[tuple[str, tuple[int, ...]], GateNumbers], qubits: tuple[QubitNumbers, ...]
) -> bool:
    """Whether the noise of these gates is a mixture of Pauli gates and resets, as it is where T2 <= T1."""
    return all(
        _is_mixture(name, numbers, tuple(qubits[place] for place in places))
        for (name, places), numbers in gates.items()
    )


@lru_cache(maxsize=4096)
def _is_mixture(name: str, numbers: GateNumbers, qubits: tuple[QubitNumbers, ...]) -> bool:
    error = _gate_error(name, numbers, qubits)
    if error is None:
        return True
    return all(each.name in _MIXTURE for circuit in error.circuits for each in circuit.data)


def _relaxation(numbers: QubitNumbers) -> tuple[float, float]:
    t1 = float("inf") if numbers.t1_s is None else numbers.t1_s
    t2 = 2 * t1 if numbers.t2_s is None else min(numbers.t2_s, 2 * t1)
    return t1, t2


@lru_cache(maxsize=4096)
def _gate_error(name: str, numbers: GateNumbers, qubits: tuple[QubitNumbers, ...]) -> Any:
    """Aer's error for one gate; asked of Aer with a device that has nothing but this gate."""
    operation = _OPERATIONS.get(name)
    if operation is None or operation.num_qubits != len(qubits):
        return None
    target = Target(
        num_qubits=len(qubits),
        qubit_properties=[
            QubitProperties(t1=each.t1_s, t2=each.t2_s, frequency=each.frequency_hz) for each in qubits
        ],
    )
    places = tuple(range(len(qubits)))
    target.add_instruction(
        operation, {places: InstructionProperties(error=numbers.error, duration=numbers.duration_s)}
    )
    errors = basic_device_gate_errors(target=target)
    return _asked_once(errors[0][2]) if errors else None


def _asked_once(error: Any) -> Any:
    """An error that knows whether it is one: Aer computes that anew, slowly, for each gate of each model."""
    ideal = error.ideal()
    error.ideal = lambda: ideal
    return error
