"""The sampler program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

from qiskit_direct_provider.service.counting import encode_counts
from qiskit_direct_provider.service.encoding import SPANS
from qiskit_direct_provider.service.isa import (
    check_angles,
    check_circuit,
    circuit_duration_s,
    reset_duration_s,
)
from qiskit_direct_provider.service.outcome import BAD_NUMBERS, JobProblemError
from qiskit_direct_provider.service.pubs import read_sampler_pub
from qiskit_direct_provider.service.readout import average_points, measured_qubits, shot_points
from qiskit_direct_provider.service.reduction import Reduced, reduce_circuit
from qiskit_direct_provider.service.spans import Span
from qiskit_direct_provider.service.variables import with_bits_for_variables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qiskit import ClassicalRegister, QuantumCircuit
    from qiskit.primitives.containers.sampler_pub import SamplerPub

    from qiskit_direct_provider.service.joblog import JobLog
    from qiskit_direct_provider.service.options import ProgramInput
    from qiskit_direct_provider.service.readout import Points
    from qiskit_direct_provider.service.simulate import Bits, Machine

__all__ = ["SamplerProgram"]

# 16 bytes each
_MAX_POINTS = 10_000_000


@dataclass(frozen=True)
class _Plan:
    pub: SamplerPub
    reduced: Reduced


class SamplerProgram:
    """Pubs, read and checked; nothing runs before all of them are."""

    def __init__(self, program_input: ProgramInput, machine: Machine, log: JobLog) -> None:
        self._machine = machine
        self._rep_delay_s, self._resets = program_input.rep_delay_s, program_input.init_qubits
        self._measurement = program_input.measurement
        self._log = log
        self._plans = [
            self._plan(number, value, program_input) for number, value in enumerate(program_input.pubs)
        ]

    def device_seconds(self) -> float:
        """Time that the device would be dedicated to the job."""
        return sum(self._seconds(plan) for plan in self._plans)

    def run(self) -> PrimitiveResult[SamplerPubResult]:
        """Take all shots. The metadata hold the spans of the device's clock."""
        start = datetime.now(timezone.utc)
        results, spans = [], []
        for number, plan in enumerate(self._plans):
            results.append(self._run(number, plan))
            stop = start + timedelta(seconds=self._seconds(plan))
            spans.append(Span(start, stop, number, (*plan.pub.shape, plan.pub.shots)))
            start = stop
        return PrimitiveResult(results, metadata={"version": 2, SPANS: spans})

    def counts(self, *, memory: bool) -> bytes:
        """Take all shots, for the legacy programs that ran circuits."""
        circuits = [plan.pub.circuit for plan in self._plans]
        shots = [plan.pub.shots for plan in self._plans]
        return encode_counts(self.run(), circuits, shots, self._machine.device.name, memory=memory)

    def _plan(self, number: int, value: object, program_input: ProgramInput) -> _Plan:
        device = self._machine.device
        pub = read_sampler_pub(value, program_input.shots, device)
        check_circuit(pub.circuit, device)
        if not pub.circuit.cregs:
            self._log.caution(f"pub {number}: the circuit has no classical register, so its result is empty")
        for what in self._machine.out_of_order(pub.circuit):
            self._log.caution(f"pub {number}: {what}")
        if self._measurement == "kerneled":
            _check_size(pub)
        return _Plan(pub, reduce_circuit(with_bits_for_variables(pub.circuit)))

    def _seconds(self, plan: _Plan) -> float:
        circuit = plan.pub.circuit
        device, places = self._machine.device, tuple(range(circuit.num_qubits))
        duration = circuit_duration_s(circuit, device, places)
        if self._resets:
            duration += reset_duration_s(circuit, device, places)
        return float(plan.pub.size * plan.pub.shots * (duration + self._rep_delay_s))

    def _run(self, number: int, plan: _Plan) -> SamplerPubResult:
        pub, reduced = plan.pub, plan.reduced
        bound = np.ravel(pub.parameter_values.bind_all(reduced.circuit)).tolist()
        for circuit in bound:
            check_angles(circuit)
        self._log.tell(
            f"pub {number}: {len(bound)} circuits on qubits {sorted(reduced.places)}, {pub.shots} shots each"
        )
        classified = self._measurement == "classified"
        samples = self._machine.sample(bound, reduced.places, pub.shots, readout_errors=classified)
        columns = _columns(pub.circuit.cregs, reduced.circuit)
        if classified:
            fields: dict[str, Any] = _fields(columns, samples, pub.shape, pub.shots)
        else:
            fields = self._points(plan, columns, samples)
        return SamplerPubResult(DataBin(**fields, shape=pub.shape), metadata={"circuit_metadata": {}})

    def _points(self, plan: _Plan, columns: dict[str, list[int]], samples: list[Bits]) -> dict[str, Points]:
        """One array per register: (*shape, shots, bits), or (*shape, bits) for averages."""
        sources = measured_qubits(plan.reduced.circuit)
        places, calibration, random = plan.reduced.places, self._machine.qubits(), self._machine.random()
        draw = shot_points if self._measurement == "kerneled" else average_points
        fields = {}
        for name, bits in columns.items():
            qubits = [places[sources[bit]] if bit in sources else None for bit in bits]
            drawn = [draw(states[:, bits], qubits, calibration, random) for states in samples]
            fields[name] = np.asarray(drawn).reshape(*plan.pub.shape, *drawn[0].shape)
        return fields


def _check_size(pub: SamplerPub) -> None:
    points = pub.size * pub.shots * sum(register.size for register in pub.circuit.cregs)
    if points > _MAX_POINTS:
        message = f"{points} points are more than {_MAX_POINTS}, the most that one pub can have"
        raise JobProblemError(BAD_NUMBERS, message, "Take fewer shots, or measure avg_kerneled.")


def _columns(registers: Iterable[ClassicalRegister], circuit: QuantumCircuit) -> dict[str, list[int]]:
    """For each register, where its bits are among those of the circuit."""
    return {register.name: [circuit.find_bit(bit).index for bit in register] for register in registers}


def _fields(
    registers: dict[str, list[int]], samples: list[Bits], shape: tuple[int, ...], shots: int
) -> dict[str, BitArray]:
    """One array per classical register, in the order of registers."""
    fields = {}
    for name, columns in registers.items():
        packed = [_packed(bits[:, columns]) for bits in samples]
        num_bytes = (len(columns) + 7) // 8
        array = np.asarray(packed, dtype=np.uint8).reshape(*shape, shots, num_bytes)
        fields[name] = BitArray(array, len(columns))
    return fields


def _packed(bits: Bits) -> Bits:
    """Rows of bits, bit 0 first, as rows of big-endian bytes with the value to the right."""
    return np.packbits(bits, axis=1, bitorder="little")[:, ::-1]
