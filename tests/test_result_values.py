"""Values of result documents one by one: what each becomes, what is refused, and where the bounds are."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from mutants import field, qiskit_form
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_direct_provider import errors
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.results import (
    most_bytes,
    plain,
    primitive_result_from_json,
    qiskit_result,
    reading,
    result_of,
    words,
)
from qiskit_direct_provider.results.building import bit_array
from qiskit_direct_provider.results.experiments import ResultOrigin
from qiskit_direct_provider.results.version1 import rounded_counts
from qiskit_direct_provider.results.words import hexadecimals, shot_words
from qiskit_direct_provider.wire.codec import CodecError, encode_ndarray, tagged

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 1024 * 1024
UTC_SIX = datetime(2026, 11, 20, 6, tzinfo=timezone.utc)


def read(document: Any, **options: Any) -> Any:
    return primitive_result_from_json(json.dumps(document).encode(), **options)


def refusal(document: Any, **options: Any) -> str:
    with pytest.raises(errors.ProtocolError) as caught:
        read(document, **options)
    return str(caught.value)


def array(values: Any, dtype: str = "f8") -> dict[str, Any]:
    return encode_ndarray(np.array(values, dtype=dtype))


def plain_pub(metadata: Any = None, **data: Any) -> dict[str, Any]:
    return {"results": [{"data": data, "metadata": metadata}]}


def samples(nested: Any, num_bits: Any) -> dict[str, Any]:
    return plain_pub(c={"samples": nested, "num_bits": num_bits})


def record(**changes: Any) -> CircuitRecord:
    regular = CircuitRecord("n", 1, 9, (("q", 1),), (("c", 9),), (("c", tuple(range(9))),), 5)
    return CircuitRecord(**{**vars(regular), **changes})


# -- the document --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"__type__": "PrimitiveResult"},
        {"__type__": "NoiseModel", "__value__": {"pub_results": []}},
        {"__type__": "NoiseModel"},
        {"__value__": {"pub_results": []}},
        {"values": None, "quasi_dists": None},
        {},
    ],
)
def test_documents_of_no_known_form(document: Any) -> None:
    assert refusal(document) == "the result document is of no known form"


def test_how_large_a_result_may_be() -> None:
    """96 MiB, 16 times the document, or twice what was asked for, whichever is most."""
    assert most_bytes(0) == most_bytes(6 * MIB) == 96 * MIB
    assert most_bytes(6 * MIB + 1) == 96 * MIB + 16
    assert reading._bytes_of(record()) == 2 * 5
    assert reading._bytes_of(record(fields=(("a", (0,)), ("b", (1, 2))), shape=(2, 3))) == 2 * 5 * 6
    assert reading._bytes_of(record(fields=(("a", tuple(range(8))),))) == 5
    assert reading._bytes_of(record(meas_level=1)) == 16 * 9 * 5


def test_twice_what_was_asked_for_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "most_bytes", lambda _: 0)
    asked = [record(fields=(("c", (0,)),), shots=20), record(shots=10)]
    allowed, larger = (
        json.dumps(qiskit_form({"evs": array([0] * size, "u1")})).encode() for size in (80, 81)
    )
    assert result_of(allowed, asked)[0].data.evs.size == 80
    with pytest.raises(errors.ProtocolError, match="larger than"):
        result_of(larger, asked)


# -- the form for Qiskit -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "entry", "expected"),
    [
        ("PubResult", 0.5, PubResult),
        ("EstimatorPubResult", 0.5, PubResult),
        ("SamplerPubResult", 0.5, SamplerPubResult),
        ("PubResult", field(array([[1]], "u1")["__value__"]), SamplerPubResult),
    ],
)
def test_kinds_of_pubs(kind: str, entry: Any, expected: type) -> None:
    """One with bits is a sampler's, whatever it is called."""
    document = qiskit_form({"c": entry})
    document["__value__"]["pub_results"][0]["__type__"] = kind
    assert type(read(document)[0]) is expected


def test_fields_of_pubs() -> None:
    entries = {"a": tagged("complex", [1, -2.5]), "b": True, "c": 3, "d": tagged("ndarray", [[0.5], [1]])}
    data = read(qiskit_form(entries))[0].data
    assert (data.a, data.b, data.c, data.d.tolist()) == (1 - 2.5j, True, 3, [[0.5], [1.0]])
    assert read(qiskit_form({"a": array([1, 2])}, shape=(2,)))[0].data.shape == (2,)
    assert read(qiskit_form({"a": array([1, 2])}))[0].data.shape == ()


def test_announced_fields_are_there() -> None:
    document = qiskit_form({"a": 1, "b": 2})
    content = document["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]
    content["field_names"] = ["b", "a"]
    assert read(document)[0].data.b == 2
    content["field_names"] = None
    content["shape"] = None
    assert read(document)[0].data.b == 2
    content["field_names"] = ["a"]
    assert "fields ['a'] are announced, but ['a', 'b'] are there" in refusal(document)


def test_arrays_are_counted_to_the_byte() -> None:
    """Packed ones, nested lists, and those in the metadata alike."""
    ten = array(range(10))
    for entry in (ten, tagged("ndarray", [0.5] * 10)):
        assert read(qiskit_form({"a": entry}), max_bytes=80)[0].data.a.size == 10
        assert "larger than" in refusal(qiskit_form({"a": entry}), max_bytes=79)
        assert read(qiskit_form(metadata={"a": entry}), max_bytes=80).metadata["a"].size == 10
        assert "larger than" in refusal(qiskit_form(metadata={"a": entry}), max_bytes=79)
    assert "larger than 79 bytes when unpacked" in refusal(qiskit_form({"a": ten}), max_bytes=79)
    assert read(qiskit_form({"a": ten, "b": ten}), max_bytes=160)[0].data.b.size == 10
    assert "larger than 79 bytes when unpacked" in refusal(qiskit_form({"a": ten, "b": ten}), max_bytes=159)
    assert "larger than allowed" in refusal(
        qiskit_form(metadata={"a": tagged("ndarray", ["word"] * 10)}), max_bytes=159
    )


# -- metadata ------------------------------------------------------------------------------------------


def in_metadata(value: Any) -> Any:
    return read(qiskit_form(metadata={"x": value, "padding": "_" * 64})).metadata["x"]


def refused_in_metadata(value: Any) -> str:
    return refusal(qiskit_form(metadata={"x": value}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (tagged("complex", [1, -2.5]), 1 - 2.5j),
        (tagged("datetime", "2026-11-20T06:00:00+00:00"), UTC_SIX),
        (tagged("datetime", "2026-11-20T06:00:00"), UTC_SIX),
        (tagged("datetime", "2026-11-20T07:00:00+01:00"), UTC_SIX),
        (tagged("float", "Infinity"), math.inf),
        (tagged("set", ["a", 1.5, True]), {"a", 1.5, True}),
        (tagged("set", [2**60 - 1, 1 - 2**60]), {2**60 - 1, 1 - 2**60}),
        (tagged("set", [2**60]), [2**60]),
        (tagged("set", [-(2**60)]), [-(2**60)]),
        (tagged("set", [[1], "a"]), [[1], "a"]),
        (tagged("ndarray", "linear"), "linear"),
        (tagged("ndarray", "polynomial_degree_1"), "polynomial_degree_1"),
        (tagged("ndarray", "a" * 40), "a" * 40),
        ({"__int_keys__": True, "-3": 1, "x": 2, "9" * 18: 3, "9" * 19: 4}, None),
        ({"3": 1}, {"3": 1}),
        ({"date": "2026-11-20T06:00:00Z"}, {"date": "2026-11-20T06:00:00Z"}),
        ({"__type__": 3, "a": tagged("complex", [1, 2])}, {"__type__": 3, "a": 1 + 2j}),
        ([tagged("complex", [1, 2]), [tagged("complex", [3, 4])]], [1 + 2j, [3 + 4j]]),
    ],
)
def test_values_in_metadata(value: Any, expected: Any) -> None:
    if isinstance(value, dict) and "__int_keys__" in value:
        expected = {-3: 1, "x": 2, int("9" * 18): 3, "9" * 19: 4}
    assert in_metadata(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (array([[1, 2]])["__value__"], [[1.0, 2.0]]),
        (3, 3),
        ([], []),
        ([1, 2], [1, 2]),
        (["a", "bc"], ["a", "bc"]),
        ([["a"], ["b"]], [["a"], ["b"]]),
        (["w" * 64], ["w" * 64]),
    ],
)
def test_arrays_in_metadata(value: Any, expected: Any) -> None:
    found = in_metadata(tagged("ndarray", value))
    assert isinstance(found, np.ndarray)
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (tagged("complex", [1]), "a complex number cannot be read"),
        (tagged("complex", [1, "2"]), "a complex number cannot be read"),
        (tagged("complex", ["1", 2]), "a complex number cannot be read"),
        (tagged("complex", [1, 2, 3]), "a complex number cannot be read"),
        (tagged("complex", "12"), "a complex number cannot be read"),
        (tagged("complex", {"1": 1, "2": 2}), "a complex number cannot be read"),
        (tagged("datetime", "soon"), "a date cannot be read"),
        (tagged("datetime", 3), "a date cannot be read"),
        (tagged("float", "1.5"), "a number cannot be read"),
        (tagged("set", "ab"), "a set cannot be read"),
        (tagged("set", {"a": 1}), "a set cannot be read"),
        (tagged("ndarray", "a" * 41), "not base64"),
        (tagged("ndarray", "Linear"), "not base64"),
        (tagged("ndarray", ["w" * 65]), "not a plain number"),
        (tagged("ndarray", ["a", 1]), "not a plain number"),
        (tagged("ndarray", [["a"], []]), "nested lists of different lengths"),
        (tagged("ndarray", {"a": 1}), "an array cannot be read from dict"),
        (tagged("ndarray", None), "an array cannot be read from NoneType"),
    ],
)
def test_damaged_values_in_metadata(value: Any, text: str) -> None:
    assert text in refused_in_metadata(value)


@pytest.mark.parametrize("metadata", [[1], "text", 3, None, True])
def test_metadata_that_is_no_object_counts_as_none(metadata: Any) -> None:
    document = qiskit_form({"a": 1})
    document["__value__"]["metadata"] = metadata
    assert read(document).metadata == {}
    assert read({"results": [], "metadata": metadata}).metadata == {}


def nested(depth: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("form", ["qiskit", "plain"])
def test_how_deep_metadata_may_be(kind: type, form: str) -> None:
    """The value under the key ``x`` is one level down; a number in an object is one more."""

    def document(depth: int) -> Any:
        metadata = {"x": nested(depth, kind)}
        return qiskit_form(metadata=metadata) if form == "qiskit" else {"results": [], "metadata": metadata}

    deepest = 64 if kind is list else 63
    assert read(document(deepest)).metadata == {"x": nested(deepest, kind)}
    assert "nested too deeply" in refusal(document(deepest + 1))


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


# -- version 1 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quasi_dist", "shots", "expected"),
    [
        ({}, 10, {}),
        ({"0x0": -1.0}, 10, {}),
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
