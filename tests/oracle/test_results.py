"""Results as qiskit-ibm-runtime writes them, read here and by its own decoder: both find the same."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder
from qiskit_ibm_runtime.execution_span import ExecutionSpans, SliceSpan

from qiskit_direct_provider.results import primitive_result_from_json

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def assert_equal(ours: Any, theirs: Any) -> None:
    """The same types, shapes and values, all the way down."""
    if isinstance(theirs, np.ndarray):
        assert isinstance(ours, np.ndarray)
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_array_equal(ours, theirs)
        assert ours.flags.writeable == theirs.flags.writeable
    elif isinstance(theirs, BitArray):
        assert (ours.num_bits, ours.shape) == (theirs.num_bits, theirs.shape)
        assert_equal(ours.array, theirs.array)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            assert_equal(ours[key], theirs[key])
    elif isinstance(theirs, list):
        assert isinstance(ours, list)
        for one, other in zip(ours, theirs, strict=True):
            assert_equal(one, other)
    else:
        assert type(ours) is type(theirs)
        np.testing.assert_equal(ours, theirs)


def assert_same(sent: PrimitiveResult) -> PrimitiveResult:
    """Encode, decode both ways, compare; ours is returned."""
    text = json.dumps(sent, cls=RuntimeEncoder)
    ours, theirs = primitive_result_from_json(text.encode()), json.loads(text, cls=RuntimeDecoder)
    assert_equal(ours.metadata, theirs.metadata)
    for one, other in zip(ours, theirs, strict=True):
        assert isinstance(one, type(other))
        assert one.data.shape == other.data.shape
        assert_equal(dict(one.data.items()), dict(other.data.items()))
        assert_equal(one.metadata, other.metadata)
    return ours


shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(
    shapes, st.lists(st.integers(1, 140), min_size=1, max_size=3), st.integers(1, 30), st.integers(0, 2**32)
)
def test_samplers(shape: tuple[int, ...], sizes: list[int], shots: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = {
        f"r{number}": BitArray.from_bool_array(rng.integers(0, 2, (*shape, shots, size)).astype(bool))
        for number, size in enumerate(sizes)
    }
    pub = SamplerPubResult(DataBin(**arrays, shape=shape), metadata={"circuit_metadata": {"shots": shots}})
    assert_same(PrimitiveResult([pub, pub], metadata={"version": 2}))


@pytest.mark.parametrize(
    "dtype", ["f8", "f4", "f2", ">f8", "c16", "c8", "i8", "i2", "u1", "u8", "?", ">i4", ">c16"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (1, 2, 1, 2)])
def test_arrays_of_all_types_and_shapes(dtype: str, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    fields = {"evs": values, "turned": np.asfortranarray(values)}
    assert_same(PrimitiveResult([PubResult(DataBin(**fields, shape=shape), metadata={"a": values})]))


def test_large_arrays() -> None:
    rng = np.random.default_rng(1)
    kerneled = rng.random((3, 4000, 5)) + 1j
    bits = BitArray(rng.integers(0, 256, (20_000, 20), dtype=np.uint8), 160)
    data = DataBin(iq=kerneled, turned=np.asfortranarray(kerneled), shape=(3,))
    assert_same(PrimitiveResult([SamplerPubResult(data), SamplerPubResult(DataBin(c=bits))]))


def test_scalars() -> None:
    fields = {"evs": 0.5, "stds": np.float64(0.1), "shots": 5, "z": 1 + 2j, "none": float("nan"), "yes": True}
    assert_same(PrimitiveResult([PubResult(DataBin(**fields))]))


def test_metadata() -> None:
    metadata = {
        "when": datetime(2026, 11, 20, 6, 0, 1, tzinfo=timezone.utc),
        "z": 1 - 2j,
        "set": {1, 2, 3},
        "array": np.arange(6.0).reshape(2, 3),
        "words": np.array([["exponential", "linear"]], dtype=object),
        "word": np.array("linear", dtype=object),
        "nested": [{"a": [1, None, "é", 1e300, 10**30]}, []],
        "figures": [float("nan"), float("inf"), -float("inf")],
    }
    pub = PubResult(DataBin(evs=np.zeros(2), shape=(2,)), metadata=metadata)
    assert_same(PrimitiveResult([pub], metadata={"version": 2, "resilience": metadata}))


def test_execution_spans_stay_plain() -> None:
    """Under their tags, with dates as dates."""
    start, stop = datetime(2026, 11, 20, tzinfo=timezone.utc), datetime(2026, 11, 21, tzinfo=timezone.utc)
    spans = ExecutionSpans([SliceSpan(start, stop, {0: ((3,), slice(0, 3))})])
    sent = PrimitiveResult([], metadata={"execution": {"execution_spans": spans}})
    found = primitive_result_from_json(json.dumps(sent, cls=RuntimeEncoder).encode()).metadata["execution"]
    span = {"start": start, "stop": stop, "data_slices": {"0": [[3], 0, 3]}}
    assert found["execution_spans"] == {
        "__type__": "ExecutionSpans",
        "__value__": {"spans": [{"__type__": "ExecutionSpan", "__value__": span}]},
    }


def test_the_plain_form() -> None:
    """The examples of the published documentation, in the values that they stand for."""
    sampler = (
        '{"results":[{"data":{"c":{"samples":["0x0","0x3","0x1"],"num_bits":2}},"metadata":{"circuit_metadata":{}}}],'
        '"metadata":{"execution":{"execution_spans":[[{"date":"2026-11-20T06:00:00.1"},{"date":"2026-11-20T06:00:02.4"},'
        '{"0":[[3],[0,1],[0,3]]}]]},"version":2}}'
    )
    found = primitive_result_from_json(sampler.encode())
    assert found[0].data.c == BitArray.from_samples([0, 3, 1], 2)
    (start, _, slices) = found.metadata["execution"]["execution_spans"][0]
    assert start == datetime(2026, 11, 20, 6, 0, 0, 100_000, tzinfo=timezone.utc)
    assert slices == {"0": [[3], [0, 1], [0, 3]]}
    estimator = (
        '{"results":[{"data":{"evs":[0.5,NaN],"stds":[0.01,0.02],"ensamble_standard_error":[0.01,0.02]},"metadata":{}}],'
        '"metadata":{"version":2}}'
    )
    data = primitive_result_from_json(estimator.encode())[0].data
    assert data.shape == (2,)
    np.testing.assert_array_equal(data.evs, [0.5, np.nan])
    np.testing.assert_array_equal(data.ensemble_standard_error, [0.01, 0.02])


@pytest.mark.parametrize("shape", [(), (2,), (2, 2)])
def test_iq_values_of_the_plain_form(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).random((*shape, 3, 2)) * 1j

    def nested(entry: Any) -> Any:
        return [nested(each) for each in entry] if np.ndim(entry) else {"complex": [entry.real, entry.imag]}

    document = {"results": [{"data": {"c": nested(values)}, "metadata": {}}], "metadata": {}}
    found = primitive_result_from_json(json.dumps(document).encode())[0]
    assert type(found) is SamplerPubResult
    assert_equal(found.data.c, values)
