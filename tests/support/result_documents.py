"""Result documents of one value, read or refused."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest
from mutants import qiskit_form

from qiskit_direct_provider import errors
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.results import primitive_result_from_json
from qiskit_direct_provider.wire.codec import encode_ndarray

__all__ = [
    "MIB",
    "UTC_SIX",
    "array",
    "in_metadata",
    "nested",
    "plain_pub",
    "read",
    "record",
    "refusal",
    "samples",
]

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


def in_metadata(value: Any) -> Any:
    return read(qiskit_form(metadata={"x": value, "padding": "_" * 64})).metadata["x"]


def nested(depth: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value
