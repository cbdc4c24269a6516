"""Plain results and those of version 1, bits, and words of shots: what is read, what refused."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult
from result_documents import (
    MIB,
    UTC_SIX,
    in_metadata,
    nested,
    plain_pub,
    read,
    record,
    refusal,
    samples,
)

from qiskit_direct_provider import errors
from qiskit_direct_provider.results import (
    plain,
    primitive_result_from_json,
    qiskit_result,
    words,
)
from qiskit_direct_provider.results.building import bit_array
from qiskit_direct_provider.results.experiments import ResultOrigin
from qiskit_direct_provider.results.version1 import rounded_counts
from qiskit_direct_provider.results.words import hexadecimals, shot_words
from qiskit_direct_provider.wire.codec import CodecError, tagged

if TYPE_CHECKING:
    from collections.abc import Sequence

# -- the plain form ------------------------------------------------------------------------------------


def test_kinds_of_plain_pubs() -> None:
    """Bits give the shape before expectation values do; a pub with neither is a sampler's."""
    bits = {"samples": [["0x1", "0x0"]], "num_bits": 1}
    for data, kind, shape in (
        ({"c": bits}, SamplerPubResult, (1,)),
        ({"evs": [0.5], "c": bits}, SamplerPubResult, (1,)),
        ({"evs": [0.5, 1], "stds": [0, 0]}, PubResult, (2,)),
        ({"evs": 0.5}, PubResult, ()),
        ({"c": [[{"complex": [1, 2]}]]}, SamplerPubResult, ()),
    ):
        (pub,) = read(plain_pub(**data))
        assert (type(pub), pub.data.shape) == (kind, shape)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"date": "2026-11-20T06:00:00Z"}, UTC_SIX),
        ({"date": "soon"}, {"date": "soon"}),
        ({"day": "2026-11-20T06:00:00Z"}, {"day": "2026-11-20T06:00:00Z"}),
        ({"date": "2026-11-20T06:00:00Z", "n": 1}, {"date": "2026-11-20T06:00:00Z", "n": 1}),
        ({"complex": [1, 2.5]}, 1 + 2.5j),
        ([{"complex": [1, 2]}], [1 + 2j]),
        ({"a": {"complex": [1, 2]}}, {"a": 1 + 2j}),
        ({"__type__": "set", "__value__": [1]}, {"__type__": "set", "__value__": [1]}),
        (tagged("float", "-Infinity"), -math.inf),
    ],
)
def test_values_of_the_plain_form(value: Any, expected: Any) -> None:
    assert read(plain_pub({"x": value}))[0].metadata == {"x": expected}


@pytest.mark.parametrize("value", [{"complex": [1]}, {"complex": 1}, tagged("float", "x")])
def test_damaged_values_of_the_plain_form(value: Any) -> None:
    assert "number cannot be read" in refusal(plain_pub({"x": value}))


@pytest.mark.parametrize(
    ("nested", "num_bits", "expected"),
    [
        (["0x1", "0x0"], 1, [[1], [0]]),
        (["0x1FF", "0xab"], 9, [[1, 255], [0, 171]]),
        (["0x00ff", "0x0ff", "0xff"], 8, [[255], [255], [255]]),
        (["0x001", "0x1ab"], 9, [[0, 1], [1, 171]]),
        (["0x0", "0x00"], 0, [[], []]),
        ([["0x1"], ["0x0"]], 1, [[[1]], [[0]]]),
        ([], 3, np.zeros((0, 1)).tolist()),
    ],
)
def test_samples(nested: Any, num_bits: int, expected: Any) -> None:
    found = read(samples(nested, num_bits))[0].data.c
    assert found.num_bits == num_bits
    assert found.array.tolist() == expected
    assert found.array.dtype == np.uint8


@pytest.mark.parametrize(
    ("nested", "num_bits", "text"),
    [
        (["0x1ff"], 8, "a sample has more bits than its register"),
        (["0x1"], 0, "a sample has more bits than its register"),
        (["0x2"], 1, "bits beyond"),
        (["0x"], 8, "not hexadecimal text"),
        (["0xg"], 8, "not hexadecimal text"),
        (["0xg", "0x1ff"], 8, "not hexadecimal text"),
        (["0Xff"], 8, "not hexadecimal text"),
        (["ff"], 8, "not hexadecimal text"),
        (["1xff"], 8, "not hexadecimal text"),
        ([255], 8, "not hexadecimal text"),
        (["0x1", None], 8, "not hexadecimal text"),
        ("0x1", 8, "samples are not a list"),
        ({}, 8, "samples are not a list"),
        ([["0x1"], []], 8, "nested unevenly"),
        ([["0x1"], "0"], 8, "nested unevenly"),
        ([["0x1"], ["0x1", "0x2"]], 8, "nested unevenly"),
        (["0x1"], True, "num_bits is not a number of bits"),
        (["0x1"], "8", "num_bits is not a number of bits"),
        (["0x1"], -1, "num_bits is not a number of bits"),
        (["0x1"], 1_000_001, "num_bits is not a number of bits"),
        (["0x1"], None, "num_bits is not a number of bits"),
    ],
)
def test_damaged_samples(nested: Any, num_bits: Any, text: str) -> None:
    assert text in refusal(samples(nested, num_bits))


def test_the_widest_register() -> None:
    found = read(samples(["0x1"], 1_000_000))[0].data.c
    assert found.array.shape == (1, 125_000)
    assert found.array[0, -1] == 1
    assert bit_array(np.zeros((1, 125_000), np.uint8), 1_000_000).num_bits == 1_000_000


def test_samples_are_counted_to_the_byte() -> None:
    document = samples(["0x1", "0x2", "0x3"], 16)
    assert read(document, max_bytes=6)[0].data.c.num_shots == 3
    assert "larger than allowed" in refusal(document, max_bytes=5)


def test_how_deep_samples_may_be() -> None:
    shape, leaves = plain._flattened(nested(32, list))
    assert (shape, leaves) == ((1,) * 32, [1])
    with pytest.raises(CodecError, match="nested unevenly"):
        plain._flattened(nested(33, list))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"no samples": 1}, "cannot be read from dict"),
        (["samples"], "not a plain number"),
        ("text!", "not base64"),
    ],
)
def test_damaged_fields_of_the_plain_form(value: Any, text: str) -> None:
    assert text in refusal(plain_pub(c=value))


# -- bits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "num_bits", "text"),
    [
        (np.zeros((2, 1), np.uint8), True, "not a number of bits"),
        (np.zeros((2, 1), np.uint8), -1, "not a number of bits"),
        (np.zeros((2, 125_001), np.uint8), 1_000_001, "not a number of bits"),
        (np.zeros((2, 1), np.int8), 1, "does not fit"),
        (np.zeros((1,), np.uint8), 1, "does not fit"),
        (np.zeros((2, 2), np.uint8), 8, "does not fit"),
        (np.zeros((2, 1), np.uint8), 9, "does not fit"),
        (np.array([[0], [4]], np.uint8), 2, "beyond"),
        (np.array([[2, 0]], np.uint8), 9, "beyond"),
    ],
)
def test_arrays_that_are_no_bits(values: Any, num_bits: Any, text: str) -> None:
    with pytest.raises(CodecError, match=text):
        bit_array(values, num_bits)


@pytest.mark.parametrize(
    ("values", "num_bits"),
    [
        (np.array([[3], [0]], np.uint8), 2),
        (np.array([[255], [0]], np.uint8), 8),
        (np.array([[1, 255]], np.uint8), 9),
        (np.zeros((2, 0), np.uint8), 0),
        (np.zeros((0, 1), np.uint8), 3),
    ],
)
def test_arrays_that_are_bits(values: Any, num_bits: int) -> None:
    found = bit_array(values, num_bits)
    assert type(found) is BitArray
    assert found.num_bits == num_bits
    assert found.array is values or found.array.tolist() == values.tolist()


# -- words of shots ------------------------------------------------------------------------------------


def expected_words(bits: np.ndarray[Any, Any]) -> list[int]:
    return [sum(int(bit) << place for place, bit in enumerate(row)) for row in bits]


@pytest.mark.parametrize("piece", [1, 16, 100, 8 * MIB])
@pytest.mark.parametrize("sizes", [(3,), (8,), (9, 4), (60, 4), (60, 5), (0, 3)])
def test_words_do_not_depend_on_pieces(
    monkeypatch: pytest.MonkeyPatch, piece: int, sizes: Sequence[int]
) -> None:
    """As numbers up to 64 bits, as bytes beyond."""
    monkeypatch.setattr(words, "_PIECE_BYTES", piece)
    width = sum(sizes)
    bits = np.random.default_rng(1).integers(0, 2, (2, 11, width)).astype(bool)
    order = list(range(width))[::-1]
    starts = np.cumsum([0, *sizes])
    fields = {
        f"r{at}": tuple(order[a : a + size]) for at, (a, size) in enumerate(zip(starts, sizes, strict=False))
    }
    arrays = {
        name: BitArray.from_bool_array(bits[..., list(places)], order="little")
        for name, places in fields.items()
        if places
    }
    arrays |= {
        name: BitArray(np.zeros((2, 11, 0), np.uint8), 0) for name, places in fields.items() if not places
    }
    sent = record(num_clbits=width, fields=tuple(fields.items()), shots=11, shape=(2,))
    for index in range(2):
        found = shot_words(SamplerPubResult(DataBin(**arrays, shape=(2,))), sent, index)
        numbers = [word if isinstance(word, int) else int.from_bytes(word, "big") for word in found]
        assert numbers == expected_words(bits[index])
        assert all(isinstance(word, int) == (width <= 64) for word in found)
        assert hexadecimals(found) == [hex(number) for number in numbers]


def test_a_long_word_of_zeros() -> None:
    assert hexadecimals([bytes(9), bytes([*bytes(8), 16]), bytes([1, *bytes(8)])]) == [
        "0x0",
        "0x10",
        "0x1" + "0" * 16,
    ]
    assert hexadecimals([0, 2**64 - 1]) == ["0x0", "0x" + "f" * 16]
    assert hexadecimals([]) == []


# -- version 1 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quasi_dist", "shots", "expected"),
    [
        ({}, 10, {}),
        ({"0x0": -1.0}, 10, {}),
        ({"0x0": 0.0}, 10, {}),
        ({"0x0": 0.0, "0x1": 1.0}, 10, {"0x1": 10}),
        ({"0x0": 0.999, "0x1": 0.001}, 10, {"0x0": 10}),
        ({"0x0": 1 / 3, "0x1": 1 / 3, "0x2": 1 / 3}, 10, {"0x0": 4, "0x1": 3, "0x2": 3}),
        ({"0x0": 2.0, "0x1": 2.0}, 4, {"0x0": 2, "0x1": 2}),
        ({"0x0": 0.55, "0x1": 0.45}, 3, {"0x0": 2, "0x1": 1}),
        ({"0x0": 1.0}, 0, {}),
    ],
)
def test_rounded_counts(quasi_dist: dict[str, float], shots: int, expected: dict[str, int]) -> None:
    assert rounded_counts(quasi_dist, shots) == expected


def test_quasi_probabilities_that_are_not_finite() -> None:
    with pytest.raises(CodecError, match="not finite"):
        rounded_counts({"0x0": math.inf}, 10)
    found = primitive_result_from_json(b'{"quasi_dists": [{"0": Infinity}], "metadata": [{"shots": 3}]}')
    sent = record(num_clbits=1, registers=(("c", 1),), fields=(("c", (0,)),))
    with pytest.raises(errors.ProtocolError, match="circuit 'n': quasi-probabilities are not finite"):
        qiskit_result(found, [sent], ResultOrigin("j", "d", "1"))


@pytest.mark.parametrize(
    ("dists", "text"),
    [
        ({"0": 1}, "not a list"),
        ([[]], "quasi-distribution"),
        ([{"x": 1}], "quasi-distribution"),
        ([{"-1": 1}], "quasi-distribution"),
        ([{"1" * 2001: 1}], "quasi-distribution"),
        ([{"0": "1"}], "number"),
        ([{"0": True}], "number"),
        ([{"0": None}], "number"),
    ],
)
def test_damaged_distributions(dists: Any, text: str) -> None:
    assert text in refusal({"quasi_dists": dists})
    assert text.replace("quasi-distribution", "number") in refusal({"values": dists})


def test_results_of_version_1() -> None:
    found = read({"quasi_dists": [{"10": 1}, {"9" * 2000: 1}], "metadata": [{"shots": 3}]})
    assert found.metadata == {"version": 1}
    assert [each.metadata for each in found] == [{}, {}]
    assert found[0].data.quasi_dist == {"0xa": 1.0}
    assert type(found[0].data.quasi_dist["0xa"]) is float
    about = [{"variance": 0, "shots": 1}, {"variance": 1, "shots": 0}, {"variance": -1, "shots": 9}, 3]
    found = read({"values": [0, 1, 2, 3], "metadata": about})
    assert found.metadata == {"version": 1}
    assert [list(each.data) for each in found] == [["evs", "stds"], ["evs"], ["evs"], ["evs"]]
    assert float(found[0].data.stds) == 0.0
    assert found[1].metadata == {"variance": 1, "shots": 0}
    assert found[3].metadata == {}
    assert type(found[0]) is PubResult
    for metadata in ([{"shots": 3}], {"shots": 3}, 7, [{}] * 5):
        assert [each.metadata for each in read({"values": [0, 1], "metadata": metadata})] == [{}, {}]


def test_no_variance_of_an_unknown_number_of_shots() -> None:
    found = read({"values": [1, 2], "metadata": [{"variance": 4}, {"shots": 4}]})
    assert [list(each.data) for each in found] == [["evs"], ["evs"]]


def test_a_sampler_that_measured_nothing() -> None:
    sent = record(num_clbits=0, registers=(), fields=(), shots=4)
    result = PrimitiveResult([SamplerPubResult(DataBin())])
    counts = qiskit_result(result, [sent], ResultOrigin("j", "d", "1")).results[0].data.counts
    assert counts == {"0x0": 4}


def test_times_of_other_zones_are_the_same_moment() -> None:
    found = in_metadata(tagged("datetime", "2026-11-20T08:00:00+02:00"))
    assert found.utcoffset() == timedelta(hours=2)
    assert found == UTC_SIX


def test_words_of_version_1_are_bits_or_decimal() -> None:
    """A zero in front tells bits; what has other lengths or digits is decimal."""
    given = [{"00": 0.5, "11": 0.5}, {"0": 0.5, "1": 0.5}, {"0": 0.5, "10": 0.5}, {"10": 0.5, "11": 0.5}, {}]
    words = [set(each.data.quasi_dist) for each in read({"quasi_dists": given})]
    assert words == [{"0x0", "0x3"}, {"0x0", "0x1"}, {"0x0", "0xa"}, {"0xa", "0xb"}, set()]


def test_bits_of_version_1_go_back_to_their_places() -> None:
    """They were counted as they were sent: here bit 2 first."""
    found = read({"quasi_dists": [{"1": 1 / 3, "6": 2 / 3}], "metadata": [{"shots": 3}]})
    sent = record(num_clbits=3, shots=3, registers=(("b", 1), ("a", 2)), fields=(("b", (2,)), ("a", (0, 1))))
    counts = qiskit_result(found, [sent], ResultOrigin("j", "d", "1")).results[0].data.counts
    assert counts == {"0x4": 1, "0x3": 2}
