"""Result documents that are odd or hostile, one kind each (campaigns/test_mutated_results.py has many)."""

from __future__ import annotations

import json
import math
import tracemalloc

import numpy as np
import pytest
from mutants import field, npy, npy_of, packed, qiskit_form, zeros
from result_documents import MIB, read, refusal

from qiskit_direct_provider import errors
from qiskit_direct_provider.results import most_bytes, primitive_result_from_json
from qiskit_direct_provider.wire.codec import CodecError, decode_ndarray, encode_ndarray, tagged


@pytest.mark.parametrize("name", ["keys", "shape", "ndim", "_data", "__class__", "__dict__", "_FIELDS"])
def test_a_field_cannot_take_the_place_of_a_part_of_the_data_bin(name: str) -> None:
    assert "cannot be named" in refusal(qiskit_form({name: 0.5}))


@pytest.mark.parametrize("name", ["a b", "", "class", "é", "measurement_flips.c"])
def test_a_field_may_have_any_other_name(name: str) -> None:
    assert read(qiskit_form({name: 0.5}))[0].data[name] == 0.5


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        (300 * MIB, "(1, 1)"),
        (300 * MIB, f"({300 * MIB}, 1)"),
        (10, "(99999999999, 0)"),
        (10, "(99999999999, 1)"),
    ],
)
def test_a_bomb_is_not_inflated(size: int, shape: str) -> None:
    """Whether its header tells the truth or not."""
    document = json.dumps(qiskit_form({"c": field(zeros(size, shape), 8)})).encode()
    tracemalloc.start()
    with pytest.raises(errors.ProtocolError, match="larger than|does not fit"):
        primitive_result_from_json(document)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * MIB + 4 * len(document)


def test_arrays_that_are_each_allowed_are_counted_together() -> None:
    text = zeros(20 * MIB, f"({20 * MIB}, 1)")
    assert read(qiskit_form({f"c{number}": field(text, 8) for number in range(4)}))[0].data.c0.num_bits == 8
    assert "larger than" in refusal(qiskit_form(*[{"c": field(text, 8)}] * 6))
    assert "larger than" in refusal(qiskit_form(metadata={"a": [tagged("ndarray", text)] * 6}))


def test_a_large_result_that_does_not_compress_is_read() -> None:
    """The bound follows the payload: 10 MB of random bits, and anything up to 16 times the payload."""
    bits = np.random.default_rng(1).integers(0, 256, (500_000, 20), dtype=np.uint8)
    payload = json.dumps(qiskit_form({"c": field(encode_ndarray(bits)["__value__"], 160)})).encode()
    found = primitive_result_from_json(payload)[0].data.c
    np.testing.assert_array_equal(found.array, bits)
    assert most_bytes(len(payload)) >= 16 * len(payload)
    assert "larger than" in refusal(json.loads(payload), max_bytes=9_999_999)
    assert primitive_result_from_json(payload, max_bytes=10_000_000)[0].data.c == found


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_values_that_json_lacks_are_read(number: float) -> None:
    tricky = 'a "NaN" text, \\NaN'
    found = read(qiskit_form({"evs": number, "z": 1}, metadata={"m": [number], "t": tricky}))
    np.testing.assert_equal(found[0].data.evs, number)
    np.testing.assert_equal(found.metadata, {"m": [number], "t": tricky})
    plain = read({"results": [{"data": {"evs": [[0.5, number]]}, "metadata": {"m": number}}]})
    np.testing.assert_array_equal(plain[0].data.evs, [[0.5, number]])
    np.testing.assert_equal(plain[0].metadata, {"m": number})


@pytest.mark.parametrize(
    ("inside", "accepted"),
    [
        (b'"\\ud800"', False),
        (b'"\xff"', False),
        (b"[" * 100 + b"]" * 100, False),
        (b"[" * 100_000, False),
        (b"9" * 10_000, False),
        (b"1e999", False),
        (b"9" * 30, True),
        (b"[" * 40 + b"]" * 40, True),
        (b'{"a": 1, "a": 2}', True),
    ],
)
def test_odd_json_in_metadata(inside: bytes, accepted: bool) -> None:
    payload = b'{"results": [], "metadata": {"x": ' + inside + b"}}"
    if accepted:
        expected = json.loads(inside)
        assert primitive_result_from_json(payload).metadata == {"x": expected}
    else:
        with pytest.raises(errors.ProtocolError):
            primitive_result_from_json(payload)


@pytest.mark.parametrize(
    "tag",
    ["settings", "_json", "QuantumCircuit", "Result", "NoiseModel", "spmatrix", "to_json", "ExecutionSpans"],
)
def test_a_tag_that_is_not_on_the_list_stays_plain(tag: str) -> None:
    entry = {"__type__": tag, "__module__": "os", "__class__": "system", "__value__": {"spans": [1]}}
    assert read(qiskit_form(metadata={"x": entry})).metadata == {"x": entry}
    assert "cannot be read" in refusal(qiskit_form({"c": entry}))


def test_a_set_cannot_be_made_slow() -> None:
    """Numbers that share one hash would cost the square of their number."""
    numbers = [number * (2**61 - 1) for number in range(1, 30_001)]
    assert read(qiskit_form(metadata={"x": tagged("set", numbers)})).metadata["x"] == numbers
    assert read(qiskit_form(metadata={"x": tagged("set", [1, "a", 1])})).metadata["x"] == {1, "a"}


def test_integer_keys_are_numbers_again() -> None:
    found = read(qiskit_form(metadata={"x": {"__int_keys__": True, "3": "a", "b": 1}}))
    assert found.metadata == {"x": {3: "a", "b": 1}}


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        b"{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (1,), }",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (1e0,), }",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (" + b"1, " * 33 + b"), }",
        b"{'descr': '|u1', 'fortran_order': print(), 'shape': (1,), }",
        b"(" * 3000,
        b" " * 5000,
    ],
)
def test_a_header_that_numpy_would_not_write_for_numbers_is_refused(header: bytes) -> None:
    with pytest.raises(CodecError):
        decode_ndarray(packed(npy(header)))


def test_nothing_is_unpickled() -> None:
    data = npy_of(np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "not a plain number" in refusal(qiskit_form({"c": field(packed(data))}))


@pytest.mark.parametrize("text", ["AAA", "AA=A", "AA\nAA", "====", "", "AAAA!AAA", "ÄÄÄÄ"])
def test_base64_is_read_strictly(text: str) -> None:
    with pytest.raises(CodecError, match="not base64"):
        decode_ndarray(text)


def test_escaped_slashes_in_base64_are_read() -> None:
    array = np.arange(255, dtype=np.uint8).reshape(-1, 1)
    payload = json.dumps(qiskit_form({"c": field(encode_ndarray(array)["__value__"], 8)}))
    assert "/" in payload
    found = primitive_result_from_json(payload.replace("/", "\\/").encode())
    np.testing.assert_array_equal(found[0].data.c.array, array)


@pytest.mark.parametrize("size", [1, 3000, 60_000, 300_000, 2_000_000])
def test_arrays_of_all_sizes_are_writable_copies(size: int) -> None:
    array = np.random.default_rng(1).random(size)
    found = decode_ndarray(encode_ndarray(array)["__value__"])
    np.testing.assert_array_equal(found, array)
    found[0] = 2
