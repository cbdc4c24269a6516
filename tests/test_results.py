"""Result documents to Qiskit's results."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

from qiskit_direct_provider import errors
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.results import ResultOrigin, primitive_result_from_json, qiskit_result, result_of
from qiskit_direct_provider.wire.codec import encode_ndarray, tagged

ORIGIN = ResultOrigin("job", "device", "1.0.0")

# Published as an example of the API: one pub, register c of 2 bits, shots 0, 3, 1.
EXAMPLE = (
    "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3"
    "S8wpTgWKF2ckFqQC+RrGOgqGmjoKtQpkAy4GZkYAyRsbuw=="
)


def qiskit_form(array: object, num_bits: object = 2, **data: Any) -> bytes:
    bits = tagged("BitArray", {"array": tagged("ndarray", array), "num_bits": num_bits})
    content = {"field_names": ["c"], "shape": [], "fields": {"c": bits}, **data}
    pub = tagged("SamplerPubResult", {"data": tagged("DataBin", content), "metadata": {}})
    return json.dumps(tagged("PrimitiveResult", {"pub_results": [pub], "metadata": {"version": 2}})).encode()


def plain_form(samples: object, num_bits: object = 2) -> bytes:
    data = {"c": {"samples": samples, "num_bits": num_bits}}
    return json.dumps({"results": [{"data": data, "metadata": {}}], "metadata": {"version": 2}}).encode()


def record(shots: int, *sizes: int) -> CircuitRecord:
    names = (
        [(f"c{number}", size) for number, size in enumerate(sizes)] if len(sizes) > 1 else [("c", sizes[0])]
    )
    starts = np.concatenate([[0], np.cumsum(sizes)])
    bits = tuple(tuple(range(start, start + size)) for start, size in zip(starts, sizes, strict=False))
    fields = tuple((name, places) for (name, _), places in zip(names, bits, strict=True))
    return CircuitRecord("name", 5, sum(sizes), (("q", 5),), tuple(names), fields, shots)


@pytest.mark.parametrize("payload", [qiskit_form(EXAMPLE), plain_form(["0x0", "0x3", "0x1"])])
def test_both_forms_of_the_published_example(payload: bytes) -> None:
    result = primitive_result_from_json(payload)
    assert result.metadata == {"version": 2}
    assert result[0].data.c.get_counts() == {"00": 1, "11": 1, "01": 1}
    counts = qiskit_result(result, [record(3, 2)], ORIGIN, memory=True)
    assert counts.get_counts() == {"00": 1, "11": 1, "01": 1}
    assert counts.get_memory() == ["00", "11", "01"]
    assert counts.results[0].data.memory == ["0x0", "0x3", "0x1"]


def test_estimator_forms() -> None:
    fields = {"evs": 0.5, "stds": tagged("ndarray", encode_ndarray(np.float64(0.01))["__value__"])}
    data = tagged("DataBin", {"field_names": ["evs", "stds"], "shape": [], "fields": fields})
    pub = tagged("PubResult", {"data": data, "metadata": {"target_precision": 0.015625}})
    payload = json.dumps(tagged("PrimitiveResult", {"pub_results": [pub], "metadata": {}})).encode()
    result = primitive_result_from_json(payload)
    assert (float(result[0].data.evs), float(result[0].data.stds)) == (0.5, 0.01)
    data["__value__"] |= {"field_names": ["evs", "ensamble_standard_error"]}  # as older releases spell it
    data["__value__"]["fields"] = {"evs": 0.5, "ensamble_standard_error": 0.02}
    payload = json.dumps(tagged("PrimitiveResult", {"pub_results": [pub], "metadata": {}})).encode()
    assert primitive_result_from_json(payload)[0].data.ensemble_standard_error == 0.02
    plain = {
        "results": [{"data": {"evs": [0.5, 0.25], "ensamble_standard_error": [0.1, 0.2]}, "metadata": {}}]
    }
    pub_result = primitive_result_from_json(json.dumps(plain).encode())[0]
    assert pub_result.data.shape == (2,)
    assert pub_result.data.ensemble_standard_error.tolist() == [0.1, 0.2]


@given(
    shots=st.integers(1, 40),
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    seed=st.integers(0, 2**32 - 1),
)
def test_registers_make_up_qiskits_words(shots: int, sizes: list[int], seed: int) -> None:
    """Register k's bits follow those of the registers before it; counts have a space between registers."""
    rng = np.random.default_rng(seed)
    bools = [rng.integers(0, 2, size=(shots, size)).astype(bool) for size in sizes]
    arrays = [BitArray.from_bool_array(found, order="little") for found in bools]
    names = [name for name, _ in record(shots, *sizes).registers]
    pub = SamplerPubResult(DataBin(**dict(zip(names, arrays, strict=True)), shape=()))
    result = qiskit_result(PrimitiveResult([pub]), [record(shots, *sizes)], ORIGIN, memory=True)
    expected = [
        " ".join("".join("1" if bit else "0" for bit in found[shot][::-1]) for found in reversed(bools))
        for shot in range(shots)
    ]
    assert result.get_memory() == expected
    assert result.get_counts() == {word: expected.count(word) for word in set(expected)}


def test_registers_are_found_by_the_name_that_was_sent() -> None:
    """In any order, and never by position: a register of another name is another job's."""
    arrays = [BitArray.from_samples([1, 1], 2), BitArray.from_samples([0, 1], 1)]
    pub = SamplerPubResult(DataBin(c1=arrays[1], c0=arrays[0], shape=()))
    result = qiskit_result(PrimitiveResult([pub]), [record(2, 2, 1)], ORIGIN)
    assert result.get_counts() == {"0 01": 1, "1 01": 1}
    other = SamplerPubResult(DataBin(d0=arrays[0], d1=arrays[1], shape=()))
    with pytest.raises(errors.ProtocolError, match="'c0' was sent"):
        qiskit_result(PrimitiveResult([other]), [record(2, 2, 1)], ORIGIN)


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ([record(3, 2), record(3, 2)], "2 circuits were sent, but 1 results"),
        ([record(4, 2)], "came back with 2 bits and 3 shots"),
        ([record(3, 3)], "came back with 2 bits"),
        ([record(3, 1, 1)], "is this the result of another job"),
    ],
)
def test_the_result_of_another_job_is_noticed(records: list[CircuitRecord], text: str) -> None:
    with pytest.raises(errors.ProtocolError, match=text):
        qiskit_result(primitive_result_from_json(qiskit_form(EXAMPLE)), records, ORIGIN)


def bits_of(values: list[list[int]]) -> object:
    return encode_ndarray(np.array(values, dtype=np.uint8))["__value__"]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"__type__": "PrimitiveResult", "__value__": null}',
        b'{"__type__": "NoiseModel", "__value__": {}}',
        b'{"results": [5]}',
        qiskit_form("not base64!"),
        qiskit_form("AAAA"),
        qiskit_form(EXAMPLE[:40]),
        qiskit_form(bits_of([[255], [0]])),
        qiskit_form(bits_of([[1], [0]]), num_bits=9),
        qiskit_form(bits_of([[1], [0]]), num_bits=-1),
        qiskit_form(bits_of([[1], [0]]), num_bits="2"),
        qiskit_form(encode_ndarray(np.zeros((2, 1)))["__value__"]),
        qiskit_form(EXAMPLE, field_names=["d"]),
        plain_form(["0x0", "0x4"]),
        plain_form(["0x0", "3"]),
        plain_form(["0x0", 3]),
        plain_form([["0x0"], ["0x0", "0x1"]]),
        plain_form("0x0"),
        plain_form(["0x0"], num_bits=None),
        b'{"__type__": "PrimitiveResult", "__value__": {"pub_results": ['
        + b"[" * 5000
        + b"]" * 5000
        + b"]}}",
    ],
)
def test_damaged_documents_give_our_error(payload: bytes) -> None:
    with pytest.raises(errors.ProtocolError):
        primitive_result_from_json(payload)


def test_nothing_is_unpickled() -> None:
    """An npy of objects is refused by its header."""
    import base64
    import io
    import zlib

    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    packed = base64.b64encode(zlib.compress(buffer.getvalue())).decode()
    with pytest.raises(errors.ProtocolError, match="not a plain number"):
        primitive_result_from_json(qiskit_form(packed))


def test_pub_results_of_samplers_and_others() -> None:
    assert isinstance(primitive_result_from_json(qiskit_form(EXAMPLE))[0], SamplerPubResult)
    data = tagged("DataBin", {"field_names": ["evs"], "shape": [], "fields": {"evs": 1.0}})
    payload = tagged("PrimitiveResult", {"pub_results": [tagged("PubResult", {"data": data})]})
    found = primitive_result_from_json(json.dumps(payload).encode())[0]
    assert type(found) is PubResult


def test_a_result_may_be_as_large_as_what_was_asked_for() -> None:
    """Bits that are all alike pack a thousandfold, which only a record makes credible."""
    record = CircuitRecord("zeros", 1, 8 * 50, (), (), (("c", tuple(range(8 * 50))),), 3_000_000)
    bits = np.zeros((3_000_000, 50), dtype=np.uint8)
    field = tagged("BitArray", {"array": encode_ndarray(bits), "num_bits": 8 * 50})
    data = tagged("DataBin", {"field_names": ["c"], "shape": [], "fields": {"c": field}})
    pubs = [tagged("SamplerPubResult", {"data": data, "metadata": {}})]
    payload = json.dumps(tagged("PrimitiveResult", {"pub_results": pubs, "metadata": {}})).encode()
    assert len(payload) < 1_000_000
    with pytest.raises(errors.ProtocolError, match="larger than"):
        primitive_result_from_json(payload)
    assert result_of(payload, [record])[0].data.c.num_shots == 3_000_000
