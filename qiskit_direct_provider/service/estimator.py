"""The estimator program."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import ClassicalRegister
from qiskit.primitives import DataBin, PrimitiveResult, PubResult

from qiskit_direct_provider.service.isa import (
    check_angles,
    check_circuit,
    circuit_duration_s,
    reset_duration_s,
)
from qiskit_direct_provider.service.observables import Pauli, expand, measurement_groups, support
from qiskit_direct_provider.service.outcome import BAD_NUMBERS, JobProblemError
from qiskit_direct_provider.service.pubs import read_estimator_pub
from qiskit_direct_provider.service.reduction import Reduced, reduce_circuit
from qiskit_direct_provider.service.variables import with_bits_for_variables

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.primitives.containers.estimator_pub import EstimatorPub

    from qiskit_direct_provider.service.calibration import Calibration
    from qiskit_direct_provider.service.joblog import JobLog
    from qiskit_direct_provider.service.options import ProgramInput
    from qiskit_direct_provider.service.simulate import Bits, Machine

__all__ = ["EstimatorProgram"]

Index = tuple[int, ...]

_JUST_BELOW = 1 - 1e-12
"""1 but for rounding: a number of shots that became a precision is the same number again."""


@dataclass(frozen=True)
class _Measurement:
    """One circuit to run: a set of parameter values, and a basis that serves several strings."""

    parameters: Index
    paulis: list[Pauli]
    circuit: QuantumCircuit


class _Plan:
    """A pub, and what has to be measured for it."""

    def __init__(self, pub: EstimatorPub, reduced: Reduced, device: Calibration) -> None:
        self.pub = pub
        self.reduced = reduced
        self.shots = math.ceil(_JUST_BELOW / pub.precision**2)
        shape = pub.parameter_values.shape
        indices = np.fromiter(np.ndindex(shape), dtype=object, count=math.prod(shape)).reshape(shape)
        observables = np.empty(pub.observables.shape, dtype=object)
        for where in np.ndindex(pub.observables.shape):
            observables[where] = expand(_as_mapping(pub.observables[where]), reduced.places)
        self.parameters: Any
        self.observables: Any
        self.parameters, self.observables = np.broadcast_arrays(indices, observables)
        self.measurements = list(self._measurements(device))

    def _measurements(self, device: Calibration) -> list[_Measurement]:
        wanted: dict[Index, set[Pauli]] = defaultdict(set)
        for where in np.ndindex(self.parameters.shape):
            wanted[self.parameters[where]].update(self.observables[where])
        found = []
        for index, paulis in wanted.items():
            bound = self.pub.parameter_values.bind(self.reduced.circuit, index)
            check_angles(bound)
            for basis, group in measurement_groups(paulis):
                circuit = _measured(bound, basis, self.reduced.places, device)
                found.append(_Measurement(index, group, circuit))
        return found


class EstimatorProgram:
    """Pubs, read and checked; nothing runs before all of them are."""

    def __init__(self, program_input: ProgramInput, machine: Machine, log: JobLog) -> None:
        self._machine = machine
        self._rep_delay_s, self._resets = program_input.rep_delay_s, program_input.init_qubits
        self._log = log
        self._plans = []
        for number, value in enumerate(program_input.pubs):
            pub = read_estimator_pub(value, program_input.precision, machine.device)
            check_circuit(pub.circuit, machine.device)
            for what in machine.out_of_order(pub.circuit):
                log.caution(f"pub {number}: {what}")
            plan = _Plan(pub, _reduced(pub), machine.device)
            _check_shots(plan.shots, machine.device)
            self._plans.append(plan)

    def device_seconds(self) -> float:
        """Time that the device would be dedicated to the job."""
        total = 0.0
        for plan in self._plans:
            for each in plan.measurements:
                device, places = self._machine.device, plan.reduced.places
                duration = circuit_duration_s(each.circuit, device, places)
                if self._resets:
                    duration += reset_duration_s(each.circuit, device, places)
                total += plan.shots * (duration + self._rep_delay_s)
        return total

    def run(self) -> PrimitiveResult[PubResult]:
        """Take all shots, and estimate."""
        results = [self._run(number, plan) for number, plan in enumerate(self._plans)]
        return PrimitiveResult(results, metadata={"version": 2})

    def _run(self, number: int, plan: _Plan) -> PubResult:
        circuits = [each.circuit for each in plan.measurements]
        self._log.tell(
            f"pub {number}: {len(circuits)} circuits on qubits {sorted(plan.reduced.places)},"
            f" {plan.shots} shots each"
        )
        samples = self._machine.sample(circuits, plan.reduced.places, plan.shots)
        by_parameters: dict[Index, list[tuple[list[Pauli], Bits]]] = defaultdict(list)
        for each, bits in zip(plan.measurements, samples, strict=True):
            by_parameters[each.parameters].append((each.paulis, bits[:, -plan.reduced.circuit.num_qubits :]))
        values = np.zeros(plan.parameters.shape)
        errors = np.zeros(plan.parameters.shape)
        for where in np.ndindex(plan.parameters.shape):
            groups = by_parameters[plan.parameters[where]]
            values[where], errors[where] = _estimate(plan.observables[where], groups)
        data = DataBin(evs=values, stds=errors, ensemble_standard_error=errors, shape=values.shape)
        return PubResult(data, {"target_precision": plan.pub.precision, "shots": plan.shots})


def _estimate(observable: dict[Pauli, float], groups: list[tuple[list[Pauli], Bits]]) -> tuple[float, float]:
    """Mean and standard error of an observable.

    Strings of one group come from the same shots, so that their sum is averaged shot by shot.
    """
    value = sum(factor for pauli, factor in observable.items() if not set(pauli) - {"I"})
    variance = 0.0
    for paulis, bits in groups:
        members = [pauli for pauli in paulis if pauli in observable]
        if not members:
            continue
        per_shot = np.zeros(len(bits))
        for pauli in members:
            parity = bits[:, support(pauli)].sum(axis=1) & 1
            per_shot += observable[pauli] * (1.0 - 2.0 * parity)
        value += float(per_shot.mean())
        variance += float(per_shot.var()) / len(bits)
    return value, math.sqrt(variance)


def _measured(
    circuit: QuantumCircuit, basis: Pauli, places: tuple[int, ...], device: Calibration
) -> QuantumCircuit:
    """The circuit with a measurement of each qubit of the basis; new bits come last, in order of qubits."""
    measured = circuit.copy()
    names = {register.name for register in measured.cregs}
    register = ClassicalRegister(circuit.num_qubits, "meas" if "meas" not in names else None)
    measured.add_register(register)
    for qubit, letter in enumerate(reversed(basis)):
        if letter != "I":
            _rotate(measured, letter, qubit, device, places[qubit])
            measured.measure(qubit, register[qubit])
    return measured


def _rotate(circuit: QuantumCircuit, letter: str, qubit: int, device: Calibration, place: int) -> None:
    """Turn the axis of X or Y into that of Z, with gates that the device has, so that they are noisy."""
    if letter == "Z":
        return
    if device.offers("sx", (place,)):
        if letter == "X":
            circuit.rz(math.pi / 2, qubit)
        circuit.sx(qubit)
        return
    # Devices of before 2021 have u2: a Hadamard gate for X, and one after an inverse S for Y.
    from qiskit.circuit.library import U2Gate

    circuit.append(U2Gate(0, math.pi if letter == "X" else math.pi / 2), [qubit])


def _reduced(pub: EstimatorPub) -> Reduced:
    return reduce_circuit(with_bits_for_variables(pub.circuit), _support(pub))


def _support(pub: EstimatorPub) -> set[int]:
    return {
        qubit
        for where in np.ndindex(pub.observables.shape)
        for label in _as_mapping(pub.observables[where])
        for qubit in support(label)
    }


def _as_mapping(observable: Any) -> dict[str, float]:
    return {label: float(np.real(coefficient)) for label, coefficient in observable.items()}


def _check_shots(shots: int, device: Calibration) -> None:
    if shots > device.max_shots:
        message = f"the precision needs {shots} shots, more than the device's maximum of {device.max_shots}"
        raise JobProblemError(BAD_NUMBERS, message, "Ask for a larger precision value.")
