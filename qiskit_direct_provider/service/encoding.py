"""Result documents, in the form for Qiskit and in the plain one."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from qiskit.primitives import BitArray, PrimitiveResult, PubResult

from qiskit_direct_provider.service.spans import plain_spans, tagged_spans
from qiskit_direct_provider.wire.codec import encode_ndarray, tagged
from qiskit_direct_provider.wire.primitives import SAMPLER

__all__ = ["SPANS", "encode_result"]

SPANS = "spans"
"""Key of a result's metadata under which the spans are, as objects."""


def encode_result(result: PrimitiveResult[Any], program_id: str, *, support_qiskit: bool) -> bytes:
    """The result document of a job, as JSON."""
    is_sampler = program_id == SAMPLER
    document = (
        _tagged_form(result, is_sampler=is_sampler)
        if support_qiskit
        else _plain(result, is_sampler=is_sampler)
    )
    return msgspec.json.encode(document)


def _tagged_form(result: PrimitiveResult[Any], *, is_sampler: bool) -> dict[str, object]:
    kind = "SamplerPubResult" if is_sampler else "PubResult"
    pubs = [tagged(kind, {"data": _data_bin(pub), "metadata": pub.metadata}) for pub in result]
    metadata: dict[str, object] = {"version": 2}
    if is_sampler:
        spans = tagged_spans(result.metadata.get(SPANS, ()))
        metadata = {"execution": {"execution_spans": spans}, "version": 2}
    return tagged("PrimitiveResult", {"pub_results": pubs, "metadata": metadata})


def _data_bin(pub: PubResult) -> dict[str, object]:
    fields = {name: _field(value) for name, value in pub.data.items()}
    return tagged("DataBin", {"field_names": list(fields), "shape": list(pub.data.shape), "fields": fields})


def _field(value: Any) -> object:
    if isinstance(value, BitArray):
        return tagged("BitArray", {"array": encode_ndarray(value.array), "num_bits": value.num_bits})
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else encode_ndarray(array)


def _plain(result: PrimitiveResult[Any], *, is_sampler: bool) -> dict[str, object]:
    pubs = [
        {"data": {name: _plain_field(value) for name, value in pub.data.items()}, "metadata": pub.metadata}
        for pub in result
    ]
    metadata: dict[str, object] = {"version": 2}
    if is_sampler:
        spans = plain_spans(result.metadata.get(SPANS, ()))
        metadata = {"execution": {"execution_spans": spans}, "version": 2}
    return {"results": pubs, "metadata": metadata}


def _plain_field(value: Any) -> object:
    if isinstance(value, BitArray):
        return {"samples": _samples(value), "num_bits": value.num_bits}
    array = np.asarray(value)
    if np.iscomplexobj(array):
        return _nested([{"complex": [each.real, each.imag]} for each in array.ravel().tolist()], array.shape)
    return array.tolist()


def _nested(items: list[Any], shape: tuple[int, ...]) -> object:
    """Items as lists in lists."""
    objects = np.empty(len(items), dtype=object)
    objects[:] = items
    return objects.reshape(shape).tolist()


def _samples(bits: BitArray) -> object:
    """Hexadecimal words without leading zeros, nested like the pub with shots last."""
    rows = bits.array.reshape(-1, bits.array.shape[-1])
    words = [hex(int.from_bytes(row.tobytes(), "big")) for row in rows]
    return _nested(words, bits.array.shape[:-1])
