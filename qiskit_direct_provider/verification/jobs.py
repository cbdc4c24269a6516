"""The circuits of a job, out of the input document that the journal keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.wire.codec import CodecError, decode_ndarray

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["circuits_of"]


def circuits_of(
    payloads: Iterable[bytes | None], names: Iterable[str], num_qubits: int
) -> list[QuantumCircuit]:
    """The circuits of a sampler job, bound, on the qubits of the device.

    Args:
        payloads: The input documents of the job's parts, in order; None where one is not on record.
        names: Of the circuits of all parts; their text has none.
        num_qubits: Of the device: the text names only the qubits that are used.

    Raises:
        UnsupportedError: They are not on record here, or cannot be read back.
    """
    found = []
    known = iter(names)
    for payload in payloads:
        if payload is None:
            raise UnsupportedError(
                "the circuits of this job are not on record here; pass them: verify(job, circuits=...)"
            )
        document = msgspec.json.decode(payload)
        for text, values, *_ in document["pubs"]:
            circuit = _loaded(text, num_qubits)
            circuit.name = next(known, circuit.name)
            found += _bound(circuit, values)
    return found


def _loaded(text: str, num_qubits: int) -> QuantumCircuit:
    from qiskit import QuantumCircuit, qasm3

    try:
        circuit = qasm3.loads(text)
    except Exception as error:
        raise UnsupportedError(
            f"a circuit of this job cannot be read back ({error}); pass them: verify(job, circuits=...)"
        ) from error
    whole = QuantumCircuit(num_qubits, name=circuit.name)
    whole.add_bits(circuit.clbits)
    for register in circuit.cregs:
        whole.add_register(register)
    composed: QuantumCircuit = whole.compose(circuit, range(circuit.num_qubits), circuit.clbits)
    return composed


def _bound(circuit: QuantumCircuit, values: Any) -> list[QuantumCircuit]:
    if not circuit.num_parameters:
        return [circuit]
    try:
        rows = decode_ndarray(values["__value__"]).reshape(-1, circuit.num_parameters)
    except (CodecError, TypeError, KeyError, ValueError) as error:
        raise UnsupportedError(f"the parameter values of this job cannot be read back: {error}") from error
    return [circuit.assign_parameters(row.tolist()) for row in rows]
