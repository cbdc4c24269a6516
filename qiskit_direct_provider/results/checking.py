"""Whether a result is that of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_direct_provider.errors import ProtocolError

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult, PubResult

    from qiskit_direct_provider.expectations import CircuitRecord

__all__ = ["check", "has_quasi_dist"]


def check(result: PrimitiveResult, circuits: Sequence[CircuitRecord]) -> None:
    """Compare pubs, registers, bits, shots and shapes of a sampler's result with what was sent.

    Raises:
        ProtocolError: Something differs; the text names the circuit and the register.
    """
    if len(result) != len(circuits):
        raise ProtocolError(f"{len(circuits)} circuits were sent, but {len(result)} results came back")
    for index, (pub, record) in enumerate(zip(result, circuits, strict=True)):
        if not has_quasi_dist(pub):
            _check_pub(pub, record, f"circuit {index} ({record.name!r})")


def has_quasi_dist(pub: PubResult) -> bool:
    """Whether this pub is of version 1, which has neither shots nor registers."""
    return "quasi_dist" in pub.data and isinstance(pub.data["quasi_dist"], dict)


def _check_pub(pub: PubResult, record: CircuitRecord, circuit: str) -> None:
    from qiskit.primitives import BitArray

    sent = {name for name, _ in record.fields}
    others = [name for name in pub.data if name not in sent and isinstance(pub.data[name], BitArray)]
    for name, places in record.fields:
        found = pub.data[name] if name in pub.data else None  # noqa: SIM401 - a DataBin has no get
        if found is None:
            raise _another(f"{circuit}: register {name!r} was sent, but {sorted(pub.data)} came back")
        if record.meas_level == 1:
            _check_values(found, record, len(places), f"{circuit}: register {name!r}")
        else:
            _check_bits(found, record, len(places), f"{circuit}: register {name!r}")
    if others:
        raise _another(f"{circuit}: register {others[0]!r} came back, but {sorted(sent)} were sent")


def _check_bits(found: Any, record: CircuitRecord, size: int, what: str) -> None:
    from qiskit.primitives import BitArray

    if not isinstance(found, BitArray):
        raise ProtocolError(f"{what} came back as {_described(found)} in place of bits")
    if (found.num_bits, found.num_shots, found.shape) != (size, record.shots, record.shape):
        raise ProtocolError(
            f"{what} of {size} bits, {record.shots} shots and shape {record.shape} came back "
            f"with {found.num_bits} bits and {found.num_shots} shots in shape {found.shape}"
        )


def _check_values(found: Any, record: CircuitRecord, size: int, what: str) -> None:
    from qiskit.primitives import BitArray

    shots = () if record.meas_return == "avg" else (record.shots,)
    expected = (*record.shape, *shots, size)
    if isinstance(found, BitArray):
        raise ProtocolError(
            f"{what} came back as bits, though meas_level=1 was asked for: the service took no notice of it"
        )
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "cf" or found.shape != expected:
        raise ProtocolError(
            f"{what} should have come back as complex values of shape {expected}, not {_described(found)}"
        )


def _described(found: Any) -> str:
    return f"{getattr(found, 'dtype', type(found).__name__)} of shape {getattr(found, 'shape', ())}"


def _another(message: str) -> ProtocolError:
    return ProtocolError(f"{message}; is this the result of another job?")
