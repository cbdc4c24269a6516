"""Results of pubs, with the names and the metadata that their circuits have on this side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import ProtocolError

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult, PubResult

    from qiskit_direct_provider.expectations import CircuitRecord

__all__ = ["as_sent"]


def as_sent(result: PrimitiveResult, circuits: Sequence[CircuitRecord], job_id: str) -> PrimitiveResult:
    """A result as the sender of the circuits expects it.

    Registers whose names could not travel get them back, and ``metadata["circuit_metadata"]`` of each pub
    is the metadata of its circuit, which stays on this side when the circuit travels as text.

    Args:
        result: As it came; it stays as it is.
        circuits: What is on record of the pubs; empty for a job that this side did not send.
        job_id: For the text of an error.

    Raises:
        ProtocolError: The number of pubs, or the shape of one, is not that of what was sent.
    """
    from qiskit.primitives import PrimitiveResult

    if not circuits:
        return result
    if len(result) != len(circuits):
        raise ProtocolError(
            f"job {job_id}: {len(circuits)} circuits were sent, but {len(result)} results came back"
        )
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

    own = dict(zip([name for name, _ in record.fields], _own_names(record), strict=True))
    metadata = {**pub.metadata, "circuit_metadata": dict(record.metadata)}
    data = pub.data
    if any(name != shown for name, shown in own.items()):
        fields = {own.get(name, name): value for name, value in data.items()}
        data = DataBin(**fields, shape=data.shape)
    return type(pub)(data, metadata=metadata)


def _own_names(record: CircuitRecord) -> list[str]:
    """For each register that was sent, its own name; where registers share bits, the one that was sent."""
    sent = [(name, len(bits)) for name, bits in record.fields]
    own = [(name, size) for name, size in record.registers if size]
    if [size for _, size in own] != [size for _, size in sent]:
        return [name for name, _ in sent]
    return [name for name, _ in own]
