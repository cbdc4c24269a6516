"""Results of the legacy programs that ran circuits: dictionaries of Qiskit's ``Result``."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from qiskit.primitives import BitArray

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qiskit import QuantumCircuit
    from qiskit.primitives import PrimitiveResult, SamplerPubResult

__all__ = ["encode_counts"]


def encode_counts(
    result: PrimitiveResult[SamplerPubResult],
    circuits: Iterable[QuantumCircuit],
    shots: Iterable[int],
    backend: str,
    *,
    memory: bool,
) -> bytes:
    """One experiment a circuit: counts, each shot where ``memory`` asks for it, or points of the IQ plane."""
    experiments = []
    for pub, circuit, number in zip(result, circuits, shots, strict=True):
        level, data = _data(pub, circuit, memory=memory)
        experiments.append(
            {
                "shots": number,
                "success": True,
                "status": "DONE",
                "meas_level": level,
                "data": data,
                "header": _header(circuit),
            }
        )
    date = datetime.now(timezone.utc).isoformat()
    document = {"backend_name": backend, "success": True, "status": "COMPLETED", "date": date}
    return msgspec.json.encode(document | {"results": experiments}, enc_hook=str)


def _data(pub: SamplerPubResult, circuit: QuantumCircuit, *, memory: bool) -> tuple[int, dict[str, Any]]:
    fields = [(_places(circuit, name), value) for name, value in pub.data.items()]
    if any(not isinstance(value, BitArray) for _, value in fields):
        return 1, {"memory": _points(fields, circuit.num_clbits)}
    words = _words(fields, circuit.num_clbits)
    data: dict[str, Any] = {"counts": dict(Counter(words))}
    return 2, data | {"memory": words} if memory else data


def _places(circuit: QuantumCircuit, name: str) -> list[int]:
    (register,) = (each for each in circuit.cregs if each.name == name)
    return [circuit.find_bit(bit).index for bit in register]


def _words(fields: list[tuple[list[int], Any]], num_clbits: int) -> list[str]:
    """The word of each shot, in hexadecimal: the circuit's first bit is the lowest."""
    if not fields:
        return []
    table = np.zeros((fields[0][1].num_shots, num_clbits), dtype=np.uint8)
    for places, value in fields:
        bits = np.unpackbits(value.array, axis=-1, bitorder="big")[:, ::-1]
        table[:, places] = bits[:, : value.num_bits]
    rows = np.packbits(table, axis=1, bitorder="little")[:, ::-1]
    return [hex(int.from_bytes(row.tobytes(), "big")) for row in rows]


def _points(fields: list[tuple[list[int], Any]], num_clbits: int) -> list[Any]:
    """Real and imaginary part of each bit's point, for each shot or for their mean."""
    table = np.zeros((*np.asarray(fields[0][1]).shape[:-1], num_clbits), dtype=complex)
    for places, value in fields:
        table[..., places] = value
    found: list[Any] = np.stack([table.real, table.imag], axis=-1).tolist()
    return found


def _labels(registers: Iterable[Any]) -> list[list[Any]]:
    return [[register.name, index] for register in registers for index in range(register.size)]


def _header(circuit: QuantumCircuit) -> dict[str, Any]:
    return {
        "name": circuit.name,
        "n_qubits": circuit.num_qubits,
        "memory_slots": circuit.num_clbits,
        "qreg_sizes": [[register.name, register.size] for register in circuit.qregs],
        "creg_sizes": [[register.name, register.size] for register in circuit.cregs],
        "clbit_labels": _labels(circuit.cregs),
        "qubit_labels": _labels(circuit.qregs),
        "global_phase": float(circuit.global_phase) if not circuit.parameters else 0.0,
        "metadata": circuit.metadata or {},
    }
