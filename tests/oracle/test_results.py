"""Results as qiskit-ibm-runtime writes them, read here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit_ibm_runtime import RuntimeEncoder

from qiskit_direct_provider.results import primitive_result_from_json

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def through_the_wire(result: PrimitiveResult) -> PrimitiveResult:
    return primitive_result_from_json(json.dumps(result, cls=RuntimeEncoder).encode())


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize("num_bits", [1, 8, 9, 64, 133])
def test_bit_arrays(shape: tuple[int, ...], num_bits: int) -> None:
    rng = np.random.default_rng(num_bits)
    bits = rng.integers(0, 2, size=(*shape, 50, num_bits)).astype(bool)
    sent = BitArray.from_bool_array(bits)
    data = DataBin(c=sent, d=sent, shape=shape)
    found = through_the_wire(
        PrimitiveResult([SamplerPubResult(data, metadata={"shots": 50})], metadata={"version": 2})
    )
    assert found[0].data.c == sent
    assert found[0].data.d == sent
    assert found[0].data.shape == shape
    assert found[0].metadata == {"shots": 50}


@pytest.mark.parametrize("shape", [(), (4,), (2, 2)])
def test_expectation_values(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    evs, stds = rng.random(shape), rng.random(shape)
    found = through_the_wire(PrimitiveResult([PubResult(DataBin(evs=evs, stds=stds, shape=shape))]))
    np.testing.assert_array_equal(found[0].data.evs, evs)
    np.testing.assert_array_equal(found[0].data.stds, stds)
