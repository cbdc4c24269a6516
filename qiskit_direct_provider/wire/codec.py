"""Arrays in JSON: ``{"__type__": "ndarray", "__value__": base64(zlib(npy))}``, within stated bounds.

The npy header is read here rather than by NumPy's loader, and nothing is ever unpickled: what comes out
is an array of a listed type, or a `CodecError`.
"""

from __future__ import annotations

import ast
import base64
import binascii
import math
import re
import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MAX_ARRAY_BYTES", "CodecError", "decode_ndarray", "encode_ndarray", "inflate", "tagged"]

MAX_ARRAY_BYTES = 512 * 1024 * 1024

_MAGIC = b"\x93NUMPY"
_DTYPES = frozenset({"|b1", "|u1", "|i1", *(f"<{kind}" for kind in ("u2", "u4", "u8", "i2", "i4", "i8"))}) | {
    "<f4",
    "<f8",
    "<c8",
    "<c16",
}
_LONGEST_HEADER = 4096
_MOST_DIMENSIONS = 32


class CodecError(ValueError):
    """A value that is not what its tag says, or is larger than allowed."""


def tagged(type_name: str, value: object) -> dict[str, object]:
    """A value under its type tag."""
    return {"__type__": type_name, "__value__": value}


def encode_ndarray(array: npt.NDArray[Any]) -> dict[str, object]:
    """An array as a tagged object.

    >>> decode_ndarray(encode_ndarray(np.array([[1, 2]], dtype=np.uint8))["__value__"]).tolist()
    [[1, 2]]
    """
    buffer = BytesIO()
    np.save(buffer, np.ascontiguousarray(array) if array.ndim else array, allow_pickle=False)
    return tagged("ndarray", base64.b64encode(zlib.compress(buffer.getbuffer())).decode("ascii"))


def decode_ndarray(value: object, *, max_bytes: int = MAX_ARRAY_BYTES) -> npt.NDArray[Any]:
    """The array under an ``ndarray`` tag; read-only. Numbers and nested lists of numbers are taken, too.

    Raises:
        CodecError: The value is damaged, has another type than numbers, or needs more than ``max_bytes``.
    """
    if isinstance(value, str):
        return _read_npy(inflate(value, max_bytes=max_bytes))
    if isinstance(value, bool | int | float | list):
        return _from_lists(value)
    raise CodecError(f"an array cannot be read from {type(value).__name__}")


def inflate(text: str, *, max_bytes: int = MAX_ARRAY_BYTES) -> bytes:
    """Undo base64 and zlib, and stop as soon as more than ``max_bytes`` come out."""
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CodecError("not base64") from error
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(packed, max_bytes + 1)
    except zlib.error as error:
        raise CodecError("not zlib data") from error
    if len(data) > max_bytes:
        raise CodecError(f"larger than {max_bytes} bytes when unpacked")
    if not decompressor.eof:
        raise CodecError("zlib data ends too early")
    return data


def _read_npy(data: bytes) -> npt.NDArray[Any]:
    """Parse npy versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)."""
    if data[:6] != _MAGIC or len(data) < 12:  # noqa: PLR2004 - magic, version, length
        raise CodecError("not npy data")
    wide = data[6] > 1
    start = 12 if wide else 10
    (length,) = struct.unpack_from("<I" if wide else "<H", data, 8)
    if length > _LONGEST_HEADER or start + length > len(data):
        raise CodecError("npy header out of bounds")
    dtype, fortran, shape = _read_header(data[start : start + length])
    body = memoryview(data)[start + length :]
    if math.prod(shape) * dtype.itemsize != len(body):
        raise CodecError("npy data does not fit its shape")
    flat = np.frombuffer(body, dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _read_header(text: bytes) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    try:
        header = ast.literal_eval(text.decode("latin-1").strip())
        descr, fortran, shape = header["descr"], header["fortran_order"], header["shape"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise CodecError("npy header cannot be read") from error
    if not isinstance(descr, str) or descr not in _DTYPES:
        raise CodecError("array of a type that is not a plain number")
    if not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        raise CodecError("npy shape cannot be read")
    if not all(type(size) is int and 0 <= size <= MAX_ARRAY_BYTES for size in shape):
        raise CodecError("npy shape cannot be read")
    return np.dtype(descr), fortran is True, shape


def _from_lists(value: object) -> npt.NDArray[Any]:
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise CodecError("nested lists of different lengths") from error
    if array.dtype.kind not in "biufc":
        raise CodecError("array of a type that is not a plain number")
    return array


_HEX = re.compile(r"0x[0-9a-fA-F]+")


def read_hex(sample: object) -> int:
    """A sample of the plain result form, such as ``"0x1f"``.

    >>> read_hex("0x1f")
    31
    """
    if not isinstance(sample, str) or not _HEX.fullmatch(sample):
        raise CodecError("a sample is not hexadecimal text")
    return int(sample, 16)
