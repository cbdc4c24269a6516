"""Arrays in JSON: ``{"__type__": "ndarray", "__value__": base64(zlib(npy))}``, within stated bounds.

The npy header is read here rather than by NumPy's loader, and nothing is ever unpickled: what comes out
is an array of a listed type, or a `CodecError`. Large arrays are unpacked piece by piece into their final
place, so that memory never holds more than the array and one piece.
"""

from __future__ import annotations

import binascii
import math
import re
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pybase64

__all__ = ["MAX_ARRAY_BYTES", "CodecError", "decode_ndarray", "encode_ndarray", "inflate", "tagged"]

MAX_ARRAY_BYTES = 512 * 1024 * 1024

_MAGIC = b"\x93NUMPY"
_DTYPES = frozenset({"|b1", "|u1", "|i1"}) | {
    f"{order}{kind}"
    for order in "<>"
    for kind in ("u2", "u4", "u8", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16")
}
_HEADER = re.compile(
    rb"\s*\{\s*'descr':\s*'(?P<descr>[<>|][a-z]\d{1,2})',\s*'fortran_order':\s*(?P<fortran>True|False),"
    rb"\s*'shape':\s*\((?P<shape>[\d, ]*)\),?\s*\}\s*"
)
_DESCR = re.compile(rb"'descr':\s*'[<>|][a-z]\d{1,2}'")
_SHAPE = re.compile(rb"(?:\d{1,12}(?:, ?\d{1,12})*,?)?")
_LONGEST_HEADER = 4096
_MOST_DIMENSIONS = 32
_TEXT_PIECE = 64 * 1024  # a multiple of 4: whole groups of base64
_PIECE = 256 * 1024


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
    return tagged("ndarray", pybase64.b64encode_as_string(zlib.compress(buffer.getbuffer())))


def decode_ndarray(value: object, *, max_bytes: int = MAX_ARRAY_BYTES) -> npt.NDArray[Any]:
    """The array under an ``ndarray`` tag. Numbers and nested lists of numbers are taken, too.

    Args:
        value: Base64 as text or as ASCII in a buffer, a number, or nested lists.
        max_bytes: The largest array; an axis of length 0 counts as 1.

    Raises:
        CodecError: The value is damaged, has another type than numbers, or needs more than ``max_bytes``.
    """
    if isinstance(value, str):
        value = _ascii(value)
    if isinstance(value, bytes | memoryview):
        return _read_npy(value, max_bytes)
    if isinstance(value, bool | int | float | complex | list):
        return _from_lists(value)
    raise CodecError(f"an array cannot be read from {type(value).__name__}")


def inflate(text: str, *, max_bytes: int = MAX_ARRAY_BYTES) -> bytes:
    """Undo base64 and zlib, and stop as soon as more than ``max_bytes`` come out."""
    pieces, size = [], 0
    for piece in _inflated(_ascii(text)):
        size += len(piece)
        if size > max_bytes:
            raise CodecError(f"larger than {max_bytes} bytes when unpacked")
        pieces.append(piece)
    return b"".join(pieces)


def _ascii(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise CodecError("not base64") from error


def _inflated(text: bytes | memoryview) -> Iterator[bytes]:
    """Pieces of at most `_PIECE` bytes of what base64 and zlib hold."""
    if not len(text) or len(text) % 4:
        raise CodecError("not base64")
    view, decompressor = memoryview(text), zlib.decompressobj()
    for start in range(0, len(view), _TEXT_PIECE):
        packed = _unbase64(view[start : start + _TEXT_PIECE])
        while packed and not decompressor.eof:
            try:
                yield decompressor.decompress(packed, _PIECE)
            except zlib.error as error:
                raise CodecError("not zlib data") from error
            packed = decompressor.unconsumed_tail
    if not decompressor.eof:  # output that is held back leaves at least the checksum unread
        raise CodecError("zlib data ends too early")


def _unbase64(text: memoryview) -> bytes:
    try:
        return pybase64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise CodecError("not base64") from error


def _read_npy(text: bytes | memoryview, max_bytes: int) -> npt.NDArray[Any]:
    """Parse npy versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)."""
    if len(text) <= _TEXT_PIECE:
        data = _inflated_small(text)
        if data is not None:
            return _from_bytes(data, max_bytes)
    pieces = _inflated(text)
    head = next(pieces)
    for more in pieces:
        head += more
        if len(head) > _LONGEST_HEADER + len(_MAGIC):
            break
    layout, start = _layout(head, max_bytes)
    size = layout.num_bytes
    body = np.empty(size, dtype=np.uint8)
    filled = 0
    for piece in _with_first(memoryview(head)[start:], pieces):
        if filled + len(piece) > size:
            raise CodecError("npy data does not fit its shape")
        body[filled : filled + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        filled += len(piece)
    if filled != size:
        raise CodecError("npy data does not fit its shape")
    return body.view(layout.dtype).reshape(layout.shape, order=layout.order)


def _inflated_small(text: bytes | memoryview) -> bytes | None:
    """All at once, when it is at most `_PIECE` bytes."""
    if not len(text) or len(text) % 4:
        raise CodecError("not base64")
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(_unbase64(memoryview(text)), _PIECE)
    except zlib.error as error:
        raise CodecError("not zlib data") from error
    return data if decompressor.eof else None


def _from_bytes(data: bytes, max_bytes: int) -> npt.NDArray[Any]:
    layout, start = _layout(data, max_bytes)
    if layout.num_bytes != len(data) - start:
        raise CodecError("npy data does not fit its shape")
    if not layout.num_bytes:
        return np.empty(layout.shape, layout.dtype, layout.order)
    return np.ndarray(layout.shape, layout.dtype, data, start, order=layout.order).copy("K")


def _with_first(first: memoryview, rest: Iterator[bytes]) -> Iterator[bytes | memoryview]:
    yield first
    yield from rest


class _Layout(NamedTuple):
    dtype: np.dtype[Any]
    order: Literal["C", "F"]
    shape: tuple[int, ...]
    num_bytes: int
    num_bytes_bound: int


def _layout(data: bytes, max_bytes: int) -> tuple[_Layout, int]:
    """What the header says, and where the numbers begin."""
    if data[:6] != _MAGIC or len(data) < 12:  # noqa: PLR2004 - magic, version, length
        raise CodecError("not npy data")
    wide = data[6] > 1
    start = 12 if wide else 10
    (length,) = struct.unpack_from("<I" if wide else "<H", data, 8)
    if length > _LONGEST_HEADER or start + length > len(data):
        raise CodecError("npy header out of bounds")
    layout = _read_header(data[start : start + length])
    if layout.num_bytes_bound > max_bytes:
        raise CodecError(f"larger than {max_bytes} bytes when unpacked")
    return layout, start + length


@lru_cache(maxsize=256)
def _read_header(text: bytes) -> _Layout:
    """Type, order and shape, from the form that NumPy writes: no Python expression is evaluated."""
    found = _HEADER.fullmatch(text)
    if found is None:
        if b"'descr'" in text and not _DESCR.search(text):
            raise CodecError("array of a type that is not a plain number")
        raise CodecError("npy header cannot be read")
    descr = found["descr"].decode("ascii")
    if descr not in _DTYPES:
        raise CodecError("array of a type that is not a plain number")
    shape = tuple(int(size) for size in re.findall(rb"\d+", found["shape"]))
    if not _SHAPE.fullmatch(found["shape"]) or len(shape) > _MOST_DIMENSIONS:
        raise CodecError("npy shape cannot be read")
    dtype = np.dtype(descr)
    return _Layout(
        dtype,
        "F" if found["fortran"] == b"True" else "C",
        shape,
        math.prod(shape) * dtype.itemsize,
        math.prod(size or 1 for size in shape) * dtype.itemsize,
    )


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
