"""Qiskit's containers from decoded values, each checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qiskit_direct_provider.wire.codec import CodecError

if TYPE_CHECKING:
    from qiskit.primitives import BitArray, PubResult

__all__ = ["bit_array", "pub_result", "spelled"]

_WIDEST_REGISTER = 1_000_000
_SHOTS_AND_BYTES = 2
_BYTE = np.dtype(np.uint8)


@cache
def _containers() -> tuple[Any, Any, Any, Any]:
    """Qiskit's classes; asked for a thousand times, an import inside a function is felt."""
    from qiskit.primitives import BitArray, DataBin, PubResult, SamplerPubResult

    return BitArray, DataBin, PubResult, SamplerPubResult


def bit_array(array: npt.NDArray[Any], num_bits: object) -> BitArray:
    """The bits of a register.

    Raises:
        CodecError: The array is not one of bits, or does not fit their number.
    """
    if type(num_bits) is not int or not 0 <= num_bits <= _WIDEST_REGISTER:
        raise CodecError("num_bits is not a number of bits")
    if array.dtype != _BYTE or array.ndim < _SHOTS_AND_BYTES or array.shape[-1] != (num_bits + 7) // 8:
        raise CodecError("a bit array does not fit its number of bits")
    if num_bits % 8 and array.size and np.maximum.reduce(array[..., 0], axis=None) >> num_bits % 8:
        raise CodecError("a bit array has bits beyond its number of bits")
    container, _, _, _ = _containers()
    return container(array, num_bits)


def spelled(name: str) -> str:
    """The name of a field; an older release of the API misspelt this one.

    >>> spelled("ensamble_standard_error")
    'ensemble_standard_error'
    """
    return "ensemble_standard_error" if name == "ensamble_standard_error" else name


def pub_result(
    fields: Mapping[str, Any], shape: tuple[int, ...], metadata: dict[str, Any], *, sampler: bool
) -> PubResult:
    """The result of one pub.

    Raises:
        CodecError: A field has a name that a DataBin cannot hold, or another shape.
    """
    _, data_bin, pub, sampler_pub = _containers()
    for name in fields:
        if hasattr(data_bin, name):
            raise CodecError(f"a field cannot be named {name!r}: that is a part of Qiskit's DataBin")
    data = data_bin(**fields, shape=shape)
    return (sampler_pub if sampler else pub)(data, metadata=metadata)
