"""Values of result documents one by one: what each becomes, what is refused, and where the bounds are."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from mutants import field, qiskit_form
from qiskit.primitives import PubResult, SamplerPubResult
from result_documents import MIB, UTC_SIX, array, in_metadata, nested, read, record, refusal

from qiskit_direct_provider import errors
from qiskit_direct_provider.results import (
    most_bytes,
    reading,
    result_of,
)
from qiskit_direct_provider.wire.codec import tagged

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
    assert "larger than 79 bytes when unpacked" in refusal(qiskit_form(metadata={"a": ten}), max_bytes=79)
    assert read(qiskit_form({"a": ten, "b": ten}), max_bytes=160)[0].data.b.size == 10
    assert "larger than 79 bytes when unpacked" in refusal(qiskit_form({"a": ten, "b": ten}), max_bytes=159)
    assert "larger than allowed" in refusal(
        qiskit_form(metadata={"a": tagged("ndarray", ["word"] * 10)}), max_bytes=159
    )


# -- metadata ------------------------------------------------------------------------------------------


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
