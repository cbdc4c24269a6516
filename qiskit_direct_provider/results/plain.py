"""The plain form of results: numbers in lists, samples in hexadecimal."""

from __future__ import annotations

import binascii
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_direct_provider.results.building import bit_array, pub_result, spelled
from qiskit_direct_provider.wire.codec import CodecError, decode_ndarray, read_hex

if TYPE_CHECKING:
    from msgspec import Raw
    from qiskit.primitives import BitArray, PrimitiveResult, PubResult

    from qiskit_direct_provider.results.values import Allowance
    from qiskit_direct_provider.wire.results import PlainPub

__all__ = ["primitive_result"]

_DEEPEST = 32
_WIDEST_REGISTER = 1_000_000


def primitive_result(pubs: list[PlainPub], metadata: Raw, allowance: Allowance) -> PrimitiveResult:
    """All pubs, in their order."""
    from qiskit.primitives import PrimitiveResult

    return PrimitiveResult(
        [_pub(pub, allowance) for pub in pubs], metadata=allowance.plain_metadata(metadata)
    )


def _pub(pub: PlainPub, allowance: Allowance) -> PubResult:
    fields = {spelled(name): _field(allowance.plain(raw), allowance) for name, raw in pub.data.items()}
    bits = [value for value in fields.values() if not isinstance(value, np.ndarray)]
    leading = bits[0] if bits else fields.get("evs")
    return pub_result(
        fields,
        () if leading is None else leading.shape,
        allowance.plain_metadata(pub.metadata),
        sampler=bool(bits) or "evs" not in fields,
    )


def _field(value: Any, allowance: Allowance) -> Any:
    if isinstance(value, dict) and "samples" in value:
        return _bits(value["samples"], value.get("num_bits"), allowance)
    return decode_ndarray(value)


def _bits(nested: Any, num_bits: object, allowance: Allowance) -> BitArray:
    """Samples nested to ``(*pub_shape, shots)``, each in hexadecimal."""
    if type(num_bits) is not int or not 0 <= num_bits <= _WIDEST_REGISTER:
        raise CodecError("num_bits is not a number of bits")
    shape, samples = _flattened(nested)
    width = math.ceil(num_bits / 8)
    allowance.reserve(width * len(samples))
    packed = _packed(samples, width)
    return bit_array(np.frombuffer(bytearray(packed), dtype=np.uint8).reshape((*shape, width)), num_bits)


def _packed(samples: list[Any], width: int) -> bytes:
    """Big-endian words of ``width`` bytes."""
    digits = 2 * width
    if all(
        isinstance(sample, str) and sample[:2] == "0x" and 2 < len(sample) <= digits + 2  # noqa: PLR2004 - 0x
        for sample in samples
    ):
        text = "".join([sample[2:].rjust(digits, "0") for sample in samples])
        try:
            return binascii.unhexlify(text)
        except ValueError as error:
            raise CodecError("a sample is not hexadecimal text") from error
    try:
        return b"".join(read_hex(sample).to_bytes(width, "big") for sample in samples)
    except OverflowError as error:
        raise CodecError("a sample has more bits than its register") from error


def _flattened(nested: Any) -> tuple[tuple[int, ...], list[Any]]:
    """Shape and leaves of nested lists of equal lengths."""
    shape: list[int] = []
    leaves = [nested]
    while leaves and isinstance(leaves[0], list):
        length = len(leaves[0])
        if len(shape) == _DEEPEST or any(
            not isinstance(leaf, list) or len(leaf) != length for leaf in leaves
        ):
            raise CodecError("samples are nested unevenly")
        shape.append(length)
        leaves = [leaf for group in leaves for leaf in group]
    if not shape:
        raise CodecError("samples are not a list")
    return tuple(shape), leaves
