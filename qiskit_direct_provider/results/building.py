"""Qiskit's containers from decoded values, each checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qiskit_direct_provider.wire.codec import CodecError

if TYPE_CHECKING:
    from qiskit.primitives import BitArray, PubResult

__all__ = ["bit_array", "pub_result"]

_WIDEST_REGISTER = 1_000_000
_SHOTS_AND_BYTES = 2


def bit_array(array: npt.NDArray[Any], num_bits: object) -> BitArray:
    """The bits of a register.

    Raises:
        CodecError: The array is not one of bits, or does not fit their number.
    """
    from qiskit.primitives import BitArray

    if type(num_bits) is not int or not 0 <= num_bits <= _WIDEST_REGISTER:
        raise CodecError("num_bits is not a number of bits")
    width = math.ceil(num_bits / 8)
    if array.dtype != np.uint8 or array.ndim < _SHOTS_AND_BYTES or array.shape[-1] != width:
        raise CodecError("a bit array does not fit its number of bits")
    if num_bits % 8 and array.size and np.maximum.reduce(array[..., 0], axis=None) >> num_bits % 8:
        raise CodecError("a bit array has bits beyond its number of bits")
    return BitArray(array, num_bits)


def pub_result(
    fields: Mapping[str, Any], shape: tuple[int, ...], metadata: dict[str, Any], *, sampler: bool
) -> PubResult:
    """The result of one pub.

    Raises:
        CodecError: A field has a name that a DataBin cannot hold, or another shape.
    """
    from qiskit.primitives import DataBin, PubResult, SamplerPubResult

    for name in fields:
        if hasattr(DataBin, name):
            raise CodecError(f"a field cannot be named {name!r}: that is a part of Qiskit's DataBin")
    data = DataBin(**fields, shape=shape)
    return (SamplerPubResult if sampler else PubResult)(data, metadata=metadata)
