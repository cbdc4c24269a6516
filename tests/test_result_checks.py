"""Results beside what was sent: shapes, interleaved registers, IQ values, version 1."""

from __future__ import annotations

import copy
import dataclasses
import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit.result import Counts, MeasLevel, Result

from qiskit_direct_provider import errors
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.pub_results import as_sent
from qiskit_direct_provider.results import (
    ResultOrigin,
    check,
    primitive_result_from_json,
    qiskit_result,
    records_from,
)
from qiskit_direct_provider.service.encoding import encode_result

ORIGIN = ResultOrigin("job", "device", "1.0.0")


def record(**changes: Any) -> CircuitRecord:
    """A circuit of two registers, ``a`` of 2 bits and ``b`` of 1, three shots."""
    regular = CircuitRecord(
        name="bell",
        num_qubits=5,
        num_clbits=3,
        qubit_registers=(("q", 5),),
        registers=(("a", 2), ("b", 1)),
        fields=(("a", (0, 1)), ("b", (2,))),
        shots=3,
        metadata={"who": 1},
    )
    return dataclasses.replace(regular, **changes)


def result_of(*pubs: DataBin) -> PrimitiveResult:
    return PrimitiveResult([SamplerPubResult(pub) for pub in pubs])


@st.composite
def jobs(draw: st.DrawFn) -> tuple[CircuitRecord, dict[str, np.ndarray[Any, Any]]]:
    """Registers over any of the circuit's bits, any shape, any shots, and the bits that come back."""
    sizes = draw(st.lists(st.integers(1, 11), min_size=1, max_size=4))
    order = list(range(sum(sizes)))
    if draw(st.booleans()):
        order = draw(st.permutations(order))
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    shots = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    starts = np.cumsum([0, *sizes])
    fields = tuple(
        (f"r{number}", tuple(order[start : start + size]))
        for number, (start, size) in enumerate(zip(starts, sizes, strict=False))
    )
    bits = {name: rng.integers(0, 2, (*shape, shots, len(places))).astype(bool) for name, places in fields}
    registers = tuple((name, len(places)) for name, places in fields)
    found = CircuitRecord("name", 3, sum(sizes), (("q", 3),), registers, fields, shots, shape=shape)
    return found, bits


@settings(max_examples=150, deadline=None)
@given(jobs(), st.booleans())
def test_every_shot_of_every_set_is_in_its_place(
    job: tuple[CircuitRecord, dict[str, np.ndarray[Any, Any]]], support_qiskit: bool
) -> None:
    """Through either form of the document; one experiment a set of parameter values, in C order."""
    sent, bits = job
    arrays = {name: BitArray.from_bool_array(found, order="little") for name, found in bits.items()}
    payload = encode_result(
        result_of(DataBin(**arrays, shape=sent.shape)), "sampler", support_qiskit=support_qiskit
    )
    result = qiskit_result(primitive_result_from_json(payload), [sent], ORIGIN, memory=True)
    indices = list(np.ndindex(sent.shape))
    assert len(result.results) == len(indices)
    for number, index in enumerate(indices):
        expected = []
        for shot in range(sent.shots):
            word = ["0"] * sent.num_clbits
            for name, places in sent.fields:
                for place, bit in zip(places, bits[name][index][shot], strict=True):
                    word[place] = "1" if bit else "0"
            text = "".join(reversed(word))
            cuts = np.cumsum([0, *[size for _, size in reversed(sent.registers)]])
            expected.append(" ".join(text[a:b] for a, b in pairwise(cuts)))
        assert result.get_memory(number) == expected
        assert result.get_counts(number) == {word: expected.count(word) for word in expected}
        assert result.results[number].header["name"] == "name"


def test_the_result_is_what_qiskits_own_class_makes_of_the_same_data() -> None:
    rng = np.random.default_rng(5)
    wide = record(
        num_clbits=15,
        registers=(("a", 9), ("b", 6)),
        fields=(("a", tuple(range(9))), ("b", tuple(range(9, 15)))),
        shots=40,
    )
    data = DataBin(
        a=BitArray.from_bool_array(rng.integers(0, 2, (40, 9)).astype(bool)),
        b=BitArray.from_bool_array(rng.integers(0, 2, (40, 6)).astype(bool)),
    )
    ours = qiskit_result(result_of(data, data), [wide, wide], ORIGIN, memory=True)
    theirs = Result.from_dict(ours.to_dict())
    assert type(theirs) is Result
    assert ours.get_counts() == theirs.get_counts()
    assert ours.get_memory(1) == theirs.get_memory(1)
    counts, expected = ours.get_counts(0), theirs.get_counts(0)
    assert isinstance(counts, Counts)
    assert type(copy.copy(counts)) is type(expected)
    assert vars(copy.copy(counts)) == vars(expected)
    assert (counts.int_outcomes(), counts.hex_outcomes()) == (
        expected.int_outcomes(),
        expected.hex_outcomes(),
    )


@pytest.mark.parametrize("shape", [(), (2,), (2, 2)])
@pytest.mark.parametrize("meas_return", ["single", "avg"])
def test_iq_values_become_the_memory_of_level_1(shape: tuple[int, ...], meas_return: str) -> None:
    """Registers go to the slots of their bits; a slot that was not measured is 0."""
    rng = np.random.default_rng(2)
    shots = (3,) if meas_return == "single" else ()
    a = rng.random((*shape, *shots, 2)) + 1j * rng.random((*shape, *shots, 2))
    b = rng.random((*shape, *shots, 1)) * 1e6 - 1j
    sent = record(
        num_clbits=4,
        fields=(("a", (3, 0)), ("b", (2,))),
        shape=shape,
        meas_level=1,
        meas_return=meas_return,
    )
    payload = encode_result(result_of(DataBin(a=a, b=b, shape=shape)), "sampler", support_qiskit=True)
    result = qiskit_result(primitive_result_from_json(payload), [sent], ORIGIN)
    assert len(result.results) == max(1, int(np.prod(shape)))
    for number, index in enumerate(np.ndindex(shape)):
        found = result.get_memory(number)
        assert found.shape == (*shots, 4)
        np.testing.assert_array_equal(found[..., 3], a[index][..., 0])
        np.testing.assert_array_equal(found[..., 0], a[index][..., 1])
        np.testing.assert_array_equal(found[..., 2], b[index][..., 0])
        np.testing.assert_array_equal(found[..., 1], 0)
        experiment = result.results[number]
        assert experiment.meas_level == MeasLevel.KERNELED
        assert experiment.meas_return == meas_return
        assert np.shape(experiment.data.memory) == (*shots, 4, 2)
        assert not hasattr(experiment.data, "counts")
    json.dumps(result.to_dict()["results"][0]["data"])


def bits(*values: int, size: int = 2) -> BitArray:
    return BitArray.from_samples(list(values), size)


A, B = bits(1, 2, 3), bits(0, 1, 1, size=1)


@pytest.mark.parametrize(
    ("data", "changes", "text"),
    [
        (DataBin(a=A), {}, "circuit 0 ('bell'): register 'b' was sent, but ['a'] came back"),
        (DataBin(a=A, b=B, c=B), {}, "register 'c' came back, but ['a', 'b'] were sent"),
        (DataBin(a=B, b=B), {}, "register 'a' of 2 bits, 3 shots and shape () came back with 1 bits"),
        (DataBin(a=A, b=B), {"shots": 4}, "register 'a' of 2 bits, 4 shots"),
        (DataBin(a=A, b=B), {"shape": (1,)}, "shape (1,) came back"),
        (DataBin(a=A, b=np.zeros((3, 1))), {}, "register 'b' came back as float64 of shape (3, 1)"),
        (DataBin(a=A, b=B), {"meas_level": 1}, "register 'a' came back as bits, though meas_level=1"),
        (
            DataBin(a=np.zeros((2, 2), complex), b=np.zeros((3, 1), complex)),
            {"meas_level": 1},
            "complex values of shape (3, 2), not complex128 of shape (2, 2)",
        ),
    ],
)
def test_a_result_that_is_not_of_this_circuit_is_refused(
    data: DataBin, changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(errors.ProtocolError) as caught:
        check(result_of(data), [record(**changes)])
    assert text in str(caught.value)


def test_values_of_another_shape_are_refused() -> None:
    found = PrimitiveResult([PubResult(DataBin(evs=np.zeros(2), stds=np.zeros(2), shape=(2,)))])
    assert as_sent(found, [record(shape=(2,))], "a-job")[0].metadata == {"circuit_metadata": {"who": 1}}
    with pytest.raises(errors.ProtocolError, match=r"a-job: pub 0 has shape \(3,\), but .* \(2,\) came back"):
        as_sent(found, [record(shape=(3,))], "a-job")


def test_bits_beyond_a_register_do_not_reach_the_counts() -> None:
    """Qiskit's ``~`` leaves ones in the spare bits of the first byte."""
    sent = record(num_clbits=2, registers=(("a", 2),), fields=(("a", (0, 1)),))
    assert qiskit_result(result_of(DataBin(a=~A)), [sent], ORIGIN).get_counts() == {"10": 1, "01": 1, "00": 1}


def test_records_of_a_job_that_was_not_sent_here() -> None:
    shaped = BitArray(np.zeros((2, 3, 1), np.uint8), 2)
    iq = np.zeros((2, 3, 4), complex)
    found = records_from(
        result_of(DataBin(a=shaped, shape=(2,)), DataBin(c=iq, shape=(2,)), DataBin(c=iq, shape=(2, 3)))
    )
    assert [(each.shape, each.shots, each.meas_level, each.meas_return) for each in found] == [
        ((2,), 3, 2, "single"),
        ((2,), 3, 1, "single"),
        ((2, 3), 0, 1, "avg"),
    ]
    assert len(qiskit_result(result_of(DataBin(a=shaped, shape=(2,))), found[:1], ORIGIN).results) == 2


def test_a_sampler_result_of_version_1_gives_rounded_counts() -> None:
    """Negative quasi-probabilities count as 0, and all counts sum to the shots."""
    document = {
        "quasi_dists": [{"0": 0.7, "7": 0.34, "1": -0.04}],
        "metadata": [{"shots": 100, "circuit_metadata": {}}],
    }
    found = primitive_result_from_json(json.dumps(document).encode())
    assert type(found[0]) is PubResult
    assert found[0].data.quasi_dist == {"0x0": 0.7, "0x7": 0.34, "0x1": -0.04}
    assert found[0].metadata["shots"] == 100
    result = qiskit_result(found, [record(shots=100)], ORIGIN, memory=True)
    assert result.get_counts() == {"0 00": 67, "1 11": 33}
    assert qiskit_result(found, records_from(found), ORIGIN).get_counts() == {"000": 67, "111": 33}
    with pytest.raises(errors.ProtocolError, match="has 2 classical bits, but its result has more"):
        qiskit_result(found, [record(num_clbits=2)], ORIGIN)


def test_an_estimator_result_of_version_1_gives_evs_and_stds() -> None:
    document = {"values": [0.5, 0.25], "metadata": [{"variance": 0.64, "shots": 400}, {}]}
    first, second = primitive_result_from_json(json.dumps(document).encode())
    assert (float(first.data.evs), float(first.data.stds)) == (0.5, 0.04)
    assert list(second.data) == ["evs"]
