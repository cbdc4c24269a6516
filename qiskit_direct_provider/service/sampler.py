"""The sampler program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

from qiskit_direct_provider.service.isa import check_angles, check_circuit, circuit_duration_s
from qiskit_direct_provider.service.pubs import read_sampler_pub
from qiskit_direct_provider.service.reduction import Reduced, reduce_circuit
from qiskit_direct_provider.service.variables import with_bits_for_variables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qiskit import ClassicalRegister, QuantumCircuit
    from qiskit.primitives.containers.sampler_pub import SamplerPub

    from qiskit_direct_provider.service.joblog import JobLog
    from qiskit_direct_provider.service.options import ProgramInput
    from qiskit_direct_provider.service.simulate import Bits, Machine

__all__ = ["SamplerProgram"]


@dataclass(frozen=True)
class _Plan:
    pub: SamplerPub
    reduced: Reduced


class SamplerProgram:
    """Pubs, read and checked; nothing runs before all of them are."""

    def __init__(self, program_input: ProgramInput, machine: Machine, log: JobLog) -> None:
        self._machine = machine
        self._rep_delay_s = program_input.rep_delay_s
        self._log = log
        device = machine.device
        self._plans = []
        for number, value in enumerate(program_input.pubs):
            pub = read_sampler_pub(value, program_input.shots, device)
            check_circuit(pub.circuit, device)
            if not pub.circuit.cregs:
                log.caution(f"pub {number}: the circuit has no classical register, so its result is empty")
            self._plans.append(_Plan(pub, reduce_circuit(with_bits_for_variables(pub.circuit))))

    def device_seconds(self) -> float:
        """Time that the device would be dedicated to the job."""
        total = 0.0
        for plan in self._plans:
            places = tuple(range(plan.pub.circuit.num_qubits))
            duration = circuit_duration_s(plan.pub.circuit, self._machine.device, places)
            total += plan.pub.size * plan.pub.shots * (duration + self._rep_delay_s)
        return total

    def run(self) -> PrimitiveResult[SamplerPubResult]:
        """Take all shots."""
        results = [self._run(number, plan) for number, plan in enumerate(self._plans)]
        return PrimitiveResult(results, metadata={"version": 2})

    def _run(self, number: int, plan: _Plan) -> SamplerPubResult:
        pub, reduced = plan.pub, plan.reduced
        bound = np.ravel(pub.parameter_values.bind_all(reduced.circuit)).tolist()
        for circuit in bound:
            check_angles(circuit)
        self._log.tell(
            f"pub {number}: {len(bound)} circuits on qubits {sorted(reduced.places)}, {pub.shots} shots each"
        )
        samples = self._machine.sample(bound, reduced.places, pub.shots)
        columns = _columns(pub.circuit.cregs, reduced.circuit)
        fields = _fields(columns, samples, pub.shape, pub.shots)
        return SamplerPubResult(DataBin(**fields, shape=pub.shape), metadata={"circuit_metadata": {}})


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
