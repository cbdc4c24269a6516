"""The input documents of the sampler."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.parameters import with_ordered_parameters
from qiskit_direct_provider.portable import portable
from qiskit_direct_provider.programs.arguments import Pub, as_pubs, check_shots
from qiskit_direct_provider.programs.limits import Limits, PreparedPub, parted
from qiskit_direct_provider.programs.openqasm import to_openqasm3
from qiskit_direct_provider.programs.program import Program
from qiskit_direct_provider.registers import with_plain_registers
from qiskit_direct_provider.transpiler import without_stamp
from qiskit_direct_provider.wire.codec import encode_ndarray
from qiskit_direct_provider.wire.primitives import PRIMITIVES_VERSION, SAMPLER, SamplerInput

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_direct_provider.registers import Fields

__all__ = ["sampler_payload", "sampler_programs"]

_LEVELS = {"classified": (2, "single"), "kerneled": (1, "single"), "avg_kerneled": (1, "avg")}


def sampler_payload(circuits: QuantumCircuit | Iterable[QuantumCircuit], *, shots: int) -> bytes:
    """The input document of a sampler job: one pub a circuit, as OpenQASM 3 on physical qubits.

    Qubit ``k`` of a circuit is qubit ``k`` of the device, whether it was transpiled or not.

    Raises:
        InvalidInputError: Not circuits, or ``shots`` is not positive.
        InvalidCircuitError: A circuit cannot be written as OpenQASM 3.
    """
    return _program([_prepared(pub) for pub in as_pubs(circuits, check_shots(shots))], None).payload


def sampler_programs(
    pubs: Sequence[Pub],
    *,
    options: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    target: Target | None = None,
) -> list[Program]:
    """The programs that sample circuits, and the records of what was asked for.

    Args:
        pubs: At least one, each circuit in the device's instruction set.
        options: Options of the sampler program, as nested mappings.
        limits: More than one job may hold is parted, in order, into several programs.
        target: The device, for the length of its ``id``.
    """
    kind = ((options or {}).get("execution") or {}).get("meas_type") or "classified"
    prepared = [_prepared(pub, target, *_LEVELS[kind]) for pub in pubs]
    return [_program(group, options) for group in parted(prepared, limits or Limits())]


def _prepared(
    pub: Pub, target: Target | None = None, meas_level: int = 2, meas_return: str = "single"
) -> PreparedPub:
    names = pub.circuit.count_ops().keys()
    sent, fields = with_plain_registers(portable(pub.circuit, target, names))
    is_as_it_was = sent is pub.circuit
    text = to_openqasm3(with_ordered_parameters(sent), names if is_as_it_was else None)
    values = _no_values() if pub.values is None else encode_ndarray(pub.values)
    own = fields if is_as_it_was else _own_registers(pub.circuit)
    record = _record(pub, own, fields, meas_level, meas_return)
    return PreparedPub(msgspec.json.encode([text, values, pub.shots]), record)


def _program(prepared: Sequence[PreparedPub], options: Mapping[str, Any] | None) -> Program:
    document = SamplerInput(
        pubs=[msgspec.Raw(each.encoded) for each in prepared],
        version=PRIMITIVES_VERSION,
        support_qiskit=True,
        options=dict(options) if options else None,
    )
    records = tuple(each.record for each in prepared)
    return Program(SAMPLER, msgspec.json.encode(document), records)


@functools.cache
def _no_values() -> dict[str, object]:
    return encode_ndarray(np.empty(0))


def _own_registers(circuit: QuantumCircuit) -> Fields:
    index = {bit: number for number, bit in enumerate(circuit.clbits)}
    return tuple((each.name, tuple(index[bit] for bit in each)) for each in circuit.cregs)


def _record(pub: Pub, registers: Fields, fields: Fields, meas_level: int, meas_return: str) -> CircuitRecord:
    circuit = pub.circuit
    return CircuitRecord(
        name=str(circuit.name),
        num_qubits=circuit.num_qubits,
        num_clbits=circuit.num_clbits,
        qubit_registers=tuple((register.name, register.size) for register in circuit.qregs),
        registers=_shown(registers, circuit.num_clbits),
        fields=fields,
        shots=pub.shots,
        shape=pub.shape,
        meas_level=meas_level,
        meas_return=meas_return,
        global_phase=_number(circuit.global_phase),
        metadata=without_stamp(circuit.metadata),
        own_registers=registers,
    )


def _number(phase: Any) -> float:
    """A phase; one that depends on parameters is of no use to a reader of counts."""
    return float(phase) if isinstance(phase, int | float) else 0.0


def _shown(registers: Fields, num_clbits: int) -> tuple[tuple[str, int], ...]:
    """Registers by which counts can be spaced: none when they are not all bits, one after the other."""
    bits = [index for _, indices in registers for index in indices]
    return tuple((name, len(indices)) for name, indices in registers) if bits == [*range(num_clbits)] else ()
