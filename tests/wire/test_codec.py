"""Arrays in JSON: each bound from both sides, on the way for small arrays and on that for large ones."""

from __future__ import annotations

import base64
import random
import zlib
from typing import Any

import numpy as np
import pytest
from mutants import npy, npy_of, packed

from qiskit_direct_provider.wire.codec import (
    CodecError,
    decode_ndarray,
    encode_ndarray,
    inflate,
    read_hex,
)

MIB = 1024 * 1024
HEADER = b"{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }"


def header(shape: str = "1,", descr: str = "|u1", fortran: str = "False") -> bytes:
    return HEADER % (descr.encode(), fortran.encode(), shape.encode())


def wide_npy(text: bytes, body: bytes, version: int = 2) -> bytes:
    """An npy file of version 2 or 3, whose header has four bytes for its length."""
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(4, "little") + text + body


def noise(size: int) -> bytes:
    """Bytes that do not compress, so that a large array has a large text."""
    return random.Random(size).randbytes(size)  # noqa: S311 - not a secret


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(CodecError) as caught:
        decode_ndarray(packed(data), **options)
    return str(caught.value)


# -- headers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 3])
def test_versions_with_wide_headers(version: int) -> None:
    assert decode_ndarray(packed(wide_npy(header("2,"), b"\x05\x06", version))).tolist() == [5, 6]
    assert decode_ndarray(packed(wide_npy(header("0,") + b" " * 300, b"", version))).shape == (0,)


@pytest.mark.parametrize("wide", [False, True])
def test_the_longest_header(wide: bool) -> None:
    text = header("3,")
    made = wide_npy if wide else npy
    assert decode_ndarray(packed(made(text.ljust(4096), b"abc"))).tobytes() == b"abc"
    assert refusal(made(text.ljust(4097), b"abc")) == "npy header out of bounds"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x00\x00x", b"\x93NUMPX" + npy(header())[6:], b" " * 100],
)
def test_what_is_no_npy(data: bytes) -> None:
    assert refusal(data) == "not npy data"


def test_headers_that_are_cut_off() -> None:
    whole = npy(header("0,"), b"")
    assert decode_ndarray(packed(whole)).size == 0
    assert refusal(whole[:-1]) == "npy header out of bounds"
    assert refusal(wide_npy(header("0,"), b"")[:-1]) == "npy header out of bounds"
    assert refusal(npy(b"", b"12")) == "npy header cannot be read"


@pytest.mark.parametrize(
    "descr",
    [
        *("|b1", "|u1", "|i1", "<u2", ">u4", "<u8", ">i2", "<i4", ">i8"),
        *("<f2", ">f4", "<f8", ">f8", "<c8", ">c16"),
    ],
)
def test_plain_numbers(descr: str) -> None:
    size = np.dtype(descr).itemsize
    assert decode_ndarray(packed(npy(header(descr=descr), bytes(size)))).dtype == np.dtype(descr)


@pytest.mark.parametrize("descr", ["<u1", "|u2", "<b1", "|O", "<f16", "<c32", "<U5", "|S3", "|V2", "<m8"])
def test_types_that_are_not_listed(descr: str) -> None:
    assert refusal(npy(header(descr=descr), bytes(32))) == "array of a type that is not a plain number"


def test_types_that_are_no_names() -> None:
    text = b"{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (1,), }"
    assert refusal(npy(text)) == "array of a type that is not a plain number"
    assert refusal(npy(header() + b"x")) == "npy header cannot be read"
    assert refusal(npy(b"{'fortran_order': False}")) == "npy header cannot be read"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("", ()), ("1,", (1,)), ("1", (1,)), ("1, 1", (1, 1)), ("1,1,", (1, 1)), ("1, " * 31 + "1", (1,) * 32)],
)
def test_shapes(shape: str, expected: tuple[int, ...]) -> None:
    assert decode_ndarray(packed(npy(header(shape)))).shape == expected


@pytest.mark.parametrize(
    "shape", [",", "1 1", "1,,1", "1,  1", " 1", "1, " * 32 + "1", "0" * 13 + "1,", "1,, "]
)
def test_shapes_that_numpy_does_not_write(shape: str) -> None:
    assert refusal(npy(header(shape))) == "npy shape cannot be read"


@pytest.mark.parametrize("size", [3, 300])
def test_the_order_of_axes(size: int) -> None:
    """Small and large arrays, in both orders and both byte orders."""
    array = np.random.default_rng(1).random((size, size)).astype(">f8")
    for each in (array, np.asfortranarray(array)):
        found = decode_ndarray(packed(npy_of(each)))
        np.testing.assert_array_equal(found, each)
        assert found.flags.f_contiguous == each.flags.f_contiguous
        assert found.flags.writeable


# -- sizes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "descr", "size"),
    [("4, 5", "<f8", 160), ("0, 1000", "<f8", 8000), ("0, 0", "|u1", 1), ("", "<c16", 16)],
)
def test_the_largest_array_is_exact(shape: str, descr: str, size: int) -> None:
    """An axis of length 0 counts as 1."""
    count = int(np.prod([int(each) for each in shape.split(",")])) if shape else 1
    data = npy(header(shape, descr), bytes(count * np.dtype(descr).itemsize))
    assert decode_ndarray(packed(data), max_bytes=size).size == count
    assert refusal(data, max_bytes=size - 1) == f"larger than {size - 1} bytes when unpacked"


def test_half_a_gibibyte_unless_said_otherwise() -> None:
    """What the header says is refused before any of it is unpacked."""
    assert refusal(npy(header(f"{512 * MIB + 1},"))) == f"larger than {512 * MIB} bytes when unpacked"
    assert refusal(npy(header(f"{512 * MIB},"))) == "npy data does not fit its shape"


@pytest.mark.parametrize("size", [10, 60_000, 400_000])
@pytest.mark.parametrize("extra", [-1, 1, 300_000])
def test_data_that_does_not_fit_its_shape(size: int, extra: int) -> None:
    if size + extra > 0:
        data = npy(header(f"{size},"), noise(size + extra))
        assert refusal(data) == "npy data does not fit its shape"


@pytest.mark.parametrize("size", [47_000, 49_152, 98_304, 262_144, 500_000, 1_000_000])
@pytest.mark.parametrize("repeated", [False, True])
def test_large_arrays_piece_by_piece(size: int, repeated: bool) -> None:
    """Of bytes that do not compress, and of many pieces from little text."""
    body = noise(size) if not repeated else noise(1000) * (size // 1000)
    data = npy(header(f"{len(body)},"), body)
    assert decode_ndarray(packed(data)).tobytes() == body
    assert decode_ndarray(memoryview(packed(data).encode())).tobytes() == body
    assert inflate(packed(data)) == data


def test_blocks_without_content_do_no_harm() -> None:
    """So many that the first pieces of text hold nothing at all, not even the header."""
    data = npy(header("100000,"), noise(100_000))
    whole = zlib.compress(data)
    empty = b"\x00\x00\x00\xff\xff" * 30_000
    text = base64.b64encode(whole[:2] + empty + whole[2:]).decode()
    assert decode_ndarray(text).tobytes() == data[-100_000:]
    assert inflate(text) == data


def test_only_so_much_is_unpacked() -> None:
    data = noise(300_000)
    assert inflate(packed(data), max_bytes=300_000) == data
    with pytest.raises(CodecError, match="larger than 299999 bytes when unpacked"):
        inflate(packed(data), max_bytes=299_999)
    assert inflate(packed(b"")) == b""


# -- text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 100_000])
def test_damaged_text(size: int) -> None:
    """Whatever is damaged, on both ways."""
    data = npy(header(f"{size},"), noise(size))
    whole = zlib.compress(data)
    text = packed(data)
    for damaged, message in (
        (text[:-1], "not base64"),
        (text[:-4] + "!AAA", "not base64"),
        (text[:-4] + "ÄAAA", "not base64"),
        ("", "not base64"),
        (base64.b64encode(b"x" + whole).decode(), "not zlib data"),
        (base64.b64encode(whole[:-8]).decode(), "zlib data ends too early"),
    ):
        for read in (decode_ndarray, inflate):
            with pytest.raises(CodecError, match=f"^{message}$"):
                read(damaged)


@pytest.mark.parametrize("size", [10, 100_000])
def test_what_follows_the_end_of_zlib_is_left(size: int) -> None:
    data = npy(header(f"{size},"), noise(size))
    text = base64.b64encode(zlib.compress(data) + b"more" * 60_000).decode()
    assert decode_ndarray(text).tobytes() == data[-size:]
    assert inflate(text) == data


# -- values that are no text ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [True, 3, 0.5, 1j, [1, 2], [[True]], [1.5, 2], [1, 2j], [], [2**63]])
def test_numbers_and_lists(value: Any) -> None:
    np.testing.assert_array_equal(decode_ndarray(value), np.asarray(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1], []], "nested lists of different lengths"),
        (["a"], "not a plain number"),
        ([10**30], "not a plain number"),
        ([None], "not a plain number"),
        ({}, "an array cannot be read from dict"),
        (None, "an array cannot be read from NoneType"),
        (bytearray(b"AAAA"), "an array cannot be read from bytearray"),
    ],
)
def test_what_is_no_array(value: Any, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        decode_ndarray(value)


@pytest.mark.parametrize(
    "array",
    [np.float64(0.5), np.zeros((0, 3)), np.arange(6).reshape(2, 3)[:, ::2], np.asfortranarray(np.eye(3))],
)
def test_every_array_can_be_written(array: Any) -> None:
    """In C order, as one that has no gaps."""
    document = encode_ndarray(np.asarray(array))
    assert document["__type__"] == "ndarray"
    found = decode_ndarray(document["__value__"])
    np.testing.assert_array_equal(found, array)
    assert found.shape == np.shape(array)
    assert found.flags.c_contiguous


def test_objects_are_not_written() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        encode_ndarray(np.array([{}], dtype=object))


@pytest.mark.parametrize(
    ("sample", "number"), [("0x0", 0), ("0x1f", 31), ("0xABCDEF", 0xABCDEF), ("0x00f", 15)]
)
def test_samples_in_hexadecimal(sample: str, number: int) -> None:
    assert read_hex(sample) == number


@pytest.mark.parametrize("sample", ["", "0x", "1f", "0x1g", "0X1", "-0x1", "0x1 ", 31, None, b"0x1"])
def test_what_is_no_sample(sample: object) -> None:
    with pytest.raises(CodecError, match="a sample is not hexadecimal text"):
        read_hex(sample)
