"""The input documents of the sampler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.parameters import with_ordered_parameters
from qiskit_direct_provider.programs.arguments import Pub, as_pubs, check_shots
from qiskit_direct_provider.programs.openqasm import to_openqasm3
from qiskit_direct_provider.programs.program import Program
from qiskit_direct_provider.registers import with_plain_registers
from qiskit_direct_provider.wire.codec import encode_ndarray
from qiskit_direct_provider.wire.primitives import PRIMITIVES_VERSION, SAMPLER, SamplerInput

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["Limits", "sampler_payload", "sampler_programs"]

LARGEST_PAYLOAD = 50_000_000

_LEVELS = {"classified": (2, "single"), "kerneled": (1, "single"), "avg_kerneled": (1, "avg")}


@dataclass(frozen=True)
class Limits:
    """How much one job may hold.

    Attributes:
        circuits: Most circuits; None for any number.
        payload_bytes: Largest input document, in bytes.
        executions: Most shots of all circuits and parameter sets together; None for any number.
    """

    circuits: int | None = None
    payload_bytes: int = LARGEST_PAYLOAD
    executions: int | None = None


def sampler_payload(circuits: QuantumCircuit | Iterable[QuantumCircuit], *, shots: int) -> bytes:
    """The input document of a sampler job: one pub a circuit, as OpenQASM 3 on physical qubits.

    Qubit ``k`` of a circuit is qubit ``k`` of the device, whether it was transpiled or not.

    Raises:
        InvalidInputError: Not circuits, or ``shots`` is not positive.
        InvalidCircuitError: A circuit cannot be written as OpenQASM 3.
    """
    return _program([_Prepared.of(pub) for pub in as_pubs(circuits, check_shots(shots))], None).payload


def sampler_programs(
    pubs: Sequence[Pub], *, options: Mapping[str, Any] | None = None, limits: Limits | None = None
) -> list[Program]:
    """The programs that sample circuits, and the records of what was asked for.

    Args:
        pubs: At least one, each circuit in the device's instruction set.
        options: Options of the sampler program, as nested mappings.
        limits: More than one job may hold is parted, in order, into several programs.
    """
    kind = ((options or {}).get("execution") or {}).get("meas_type") or "classified"
    prepared = [_Prepared.of(pub, *_LEVELS[kind]) for pub in pubs]
    return [_program(group, options) for group in _parted(prepared, limits or Limits())]


@dataclass(frozen=True)
class _Prepared:
    """A pub as it travels, and its record."""

    encoded: bytes
    record: CircuitRecord

    @classmethod
    def of(cls, pub: Pub, meas_level: int = 2, meas_return: str = "single") -> _Prepared:
        sent, fields = with_plain_registers(pub.circuit)
        text = to_openqasm3(with_ordered_parameters(sent))
        values = None if pub.values is None else encode_ndarray(pub.values)
        encoded = msgspec.json.encode([text, values, pub.shots])
        return cls(encoded, _record(pub, fields, meas_level, meas_return))

    @property
    def executions(self) -> int:
        sets = 1
        for size in self.record.shape:
            sets *= size
        return sets * self.record.shots


def _parted(prepared: Sequence[_Prepared], limits: Limits) -> list[list[_Prepared]]:
    """Groups, in order, that each fit into one job; what fits into none is a group of its own."""
    groups: list[list[_Prepared]] = []
    size = executions = 0
    for each in prepared:
        full = (
            not groups
            or len(groups[-1]) == limits.circuits
            or size + len(each.encoded) > limits.payload_bytes
            or (limits.executions is not None and executions + each.executions > limits.executions)
        )
        if full:
            groups.append([])
            size = executions = 0
        groups[-1].append(each)
        size += len(each.encoded) + 1
        executions += each.executions
    return groups


def _program(prepared: Sequence[_Prepared], options: Mapping[str, Any] | None) -> Program:
    document = SamplerInput(
        pubs=[msgspec.Raw(each.encoded) for each in prepared],
        version=PRIMITIVES_VERSION,
        support_qiskit=True,
        shots=prepared[0].record.shots,
        options=dict(options) if options else None,
    )
    records = tuple(each.record for each in prepared)
    return Program(SAMPLER, msgspec.json.encode(document), records)


def _record(
    pub: Pub, fields: tuple[tuple[str, tuple[int, ...]], ...], meas_level: int, meas_return: str
) -> CircuitRecord:
    circuit = pub.circuit
    return CircuitRecord(
        name=circuit.name,
        num_qubits=circuit.num_qubits,
        num_clbits=circuit.num_clbits,
        qubit_registers=tuple((register.name, register.size) for register in circuit.qregs),
        registers=_shown_registers(circuit),
        fields=fields,
        shots=pub.shots,
        shape=pub.shape,
        meas_level=meas_level,
        meas_return=meas_return,
        global_phase=_number(circuit.global_phase),
        metadata=dict(circuit.metadata or {}),
    )


def _number(phase: Any) -> float:
    """A phase; one that depends on parameters is of no use to a reader of counts."""
    return float(phase) if isinstance(phase, int | float) else 0.0


def _shown_registers(circuit: QuantumCircuit) -> tuple[tuple[str, int], ...]:
    """Registers by which counts can be spaced: none when they are not all bits, one after the other."""
    bits = [circuit.find_bit(bit).index for register in circuit.cregs for bit in register]
    in_order = bits == list(range(circuit.num_clbits))
    return tuple((register.name, register.size) for register in circuit.cregs) if in_order else ()
