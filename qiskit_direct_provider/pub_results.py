"""Results of pubs, with the names and the metadata that their circuits have on this side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_direct_provider.errors import ProtocolError

if TYPE_CHECKING:
    from qiskit.primitives import DataBin, PrimitiveResult, PubResult

    from qiskit_direct_provider.expectations import CircuitRecord

__all__ = ["as_sent"]


def as_sent(result: PrimitiveResult, circuits: Sequence[CircuitRecord], job_id: str) -> PrimitiveResult:
    """A result as the sender of the circuits expects it.

    Registers that could not travel as they are (by their names, or since they share bits or have none) are
    as the circuit has them, and ``metadata["circuit_metadata"]`` of each pub is the metadata of its circuit,
    which stays on this side when the circuit travels as text.

    Args:
        result: As it came, of as many pubs; it stays as it is.
        circuits: What is on record of the pubs; empty for a job that this side did not send.
        job_id: For the text of an error.

    Raises:
        ProtocolError: The shape of a pub is not that of what was sent.
    """
    from qiskit.primitives import PrimitiveResult

    if not circuits:
        return result
    pubs = []
    for number, (pub, record) in enumerate(zip(result, circuits, strict=True)):
        if tuple(pub.data.shape) != tuple(record.shape):
            raise ProtocolError(
                f"job {job_id}: pub {number} has shape {tuple(record.shape)}, "
                f"but a result of shape {tuple(pub.data.shape)} came back"
            )
        pubs.append(_with_own_names(pub, record))
    return PrimitiveResult(pubs, metadata=result.metadata)


def _with_own_names(pub: PubResult, record: CircuitRecord) -> PubResult:
    from qiskit.primitives import DataBin

    metadata = {**pub.metadata, "circuit_metadata": dict(record.metadata)}
    data = pub.data
    if record.own_registers != record.fields and all(name in data for name, _ in record.fields):
        data = DataBin(**_by_register(data, record), shape=data.shape)
    return type(pub)(data, metadata=metadata)


def _by_register(data: DataBin, record: CircuitRecord) -> dict[str, Any]:
    """The user's registers, then what belongs to none of them.

    A register that shares bits with another one, or has none, is put together from those that were sent.
    One whose name a result cannot have keeps the name that was sent, as far as it has bits of its own.
    """
    found: dict[str, Any] = {}
    for name, bits in record.own_registers:
        sent = next((field for field, places in record.fields if places == bits), None)
        label = name if _can_be_shown(name) else sent
        if label is not None:
            found[label] = data[sent] if sent is not None else _gathered(data, record, bits)
    theirs = {bit for _, bits in record.own_registers for bit in bits}
    spent = {field for field, places in record.fields if theirs.issuperset(places)}
    return {**found, **{name: value for name, value in data.items() if name not in spent}}


def _can_be_shown(name: str) -> bool:
    """Whether a DataBin takes this name: it refuses those of its own members."""
    from qiskit.primitives import DataBin

    try:
        return name in DataBin(**{name: None})
    except (TypeError, ValueError):
        return False


def _gathered(data: DataBin, record: CircuitRecord, bits: Sequence[int]) -> Any:
    """Some classical bits, in this order, out of the registers that were sent; bits or IQ values."""
    from qiskit.primitives import BitArray

    arrays = [data[name] for name, _ in record.fields]
    sent = [bit for _, places in record.fields for bit in places]
    columns = [sent.index(bit) for bit in bits]
    if not isinstance(arrays[0], BitArray):
        return np.concatenate(arrays, axis=-1)[..., columns]
    if not columns:
        return BitArray(np.zeros((*arrays[0].shape, arrays[0].num_shots, 0), dtype=np.uint8), 0)
    return BitArray.concatenate_bits(arrays).slice_bits(columns)
