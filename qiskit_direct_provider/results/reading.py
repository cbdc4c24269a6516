"""From the bytes of a result document to a PrimitiveResult."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from qiskit_direct_provider.errors import ProtocolError
from qiskit_direct_provider.results import plain, tagged, version1
from qiskit_direct_provider.results.values import Allowance
from qiskit_direct_provider.wire.codec import CodecError
from qiskit_direct_provider.wire.results import ResultDocument, read_result_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit.primitives import PrimitiveResult

    from qiskit_direct_provider.expectations import CircuitRecord

__all__ = ["most_bytes", "primitive_result_from_json", "result_of"]

_ALWAYS_ALLOWED = 96 * 1024 * 1024
_MOST_PER_BYTE = 16
_BITS = 2
_POINT = 16


def most_bytes(payload_size: int) -> int:
    """Bytes that all arrays of a document may have together.

    96 MiB in any case, and 16 times the document: random bits do not compress, and those of a real device
    seldom tenfold, while a hostile document promises a thousandfold.
    """
    return max(_ALWAYS_ALLOWED, _MOST_PER_BYTE * payload_size)


def result_of(payload: bytes, circuits: Sequence[CircuitRecord]) -> PrimitiveResult:
    """Decode the result of circuits, which may be as large as what was asked for, however well it packs.

    Raises:
        ProtocolError: As `primitive_result_from_json` does.
    """
    asked = sum(_bytes_of(record) for record in circuits)
    return primitive_result_from_json(payload, max_bytes=max(most_bytes(len(payload)), 2 * asked))


def _bytes_of(record: CircuitRecord) -> int:
    """Bytes of the arrays that one circuit gives."""
    bits = [len(places) for _, places in record.fields]
    words = sum((size + 7) // 8 for size in bits) if record.meas_level == _BITS else _POINT * sum(bits)
    return words * record.shots * math.prod(record.shape)


def primitive_result_from_json(payload: bytes, *, max_bytes: int | None = None) -> PrimitiveResult:
    """Decode a result document; which of its forms it has is seen from the document.

    Bit arrays have shape ``(*pub_shape, shots, ceil(num_bits / 8))``, big-endian, bit 0 of a register in
    the lowest bit of the last byte. Only arrays, bit arrays, numbers, dates and their containers are
    built; nothing is unpickled and no class is looked up by name. A version 1 document gives pubs with
    ``quasi_dist`` (a dict from the hexadecimal word of all classical bits to its quasi-probability) or
    ``evs``.

    Args:
        payload: The document.
        max_bytes: Bytes that all its arrays may have together; None takes `most_bytes`.

    Raises:
        ProtocolError: The document is not a result, a value in it is damaged, or it is too large.
    """
    allowance = Allowance(most_bytes(len(payload)) if max_bytes is None else max_bytes)
    try:
        found = _read(read_result_document(payload), allowance)
    except (
        msgspec.DecodeError,
        CodecError,
        AttributeError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ProtocolError(f"the result document cannot be read: {error}") from error
    if found is None:
        raise ProtocolError("the result document is of no known form")
    return found


def _read(document: ResultDocument, allowance: Allowance) -> PrimitiveResult | None:
    if document.type is not None:
        if document.type != "PrimitiveResult" or document.value is None:
            return None
        return tagged.primitive_result(document.value, allowance)
    if document.results is not None:
        return plain.primitive_result(document.results, document.metadata, allowance)
    if bytes(document.quasi_dists) != b"null":
        return version1.sampler_result(document.quasi_dists, document.metadata, allowance)
    if bytes(document.values) != b"null":
        return version1.estimator_result(document.values, document.metadata, allowance)
    return None
