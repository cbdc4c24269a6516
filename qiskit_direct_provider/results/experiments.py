"""Qiskit's Result, from a PrimitiveResult and what was sent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qiskit_direct_provider.errors import ProtocolError
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.results.checking import check, has_quasi_dist
from qiskit_direct_provider.results.version1 import rounded_counts
from qiskit_direct_provider.results.words import hexadecimals, shot_words
from qiskit_direct_provider.wire.codec import CodecError

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult, PubResult
    from qiskit.result import Result
    from qiskit.result.models import ExperimentResult

__all__ = ["ResultOrigin", "merged", "qiskit_result", "records_from"]


@dataclass(frozen=True)
class ResultOrigin:
    """Where a result comes from, for the head of Qiskit's Result."""

    job_id: str
    backend_name: str
    backend_version: str
    date: str | None = None


def qiskit_result(
    result: PrimitiveResult, circuits: Sequence[CircuitRecord], origin: ResultOrigin, *, memory: bool = False
) -> Result:
    """Counts of every circuit, in Qiskit's bit order, with the headers of what was sent.

    A circuit with sets of parameter values gives one experiment a set, in C order of the sets. With
    ``memory`` each shot's bits are there as well, in hexadecimal, as Qiskit keeps them. At measurement
    level 1 there are no counts: the memory holds ``[real, imaginary]`` of each shot (or of their mean) and
    classical bit, in the units of the device. A version 1 result gives rounded counts and no memory.

    Raises:
        ProtocolError: The result does not belong to these circuits: their number, registers, bits, shots
            or shapes differ.
    """
    from qiskit_direct_provider.results.formatted import DirectResult

    check(result, circuits)
    experiments = [
        experiment
        for pub, record in zip(result, circuits, strict=True)
        for experiment in _experiments(pub, record, memory=memory)
    ]
    return DirectResult(
        backend_name=origin.backend_name,
        backend_version=origin.backend_version,
        job_id=origin.job_id,
        success=True,
        status="COMPLETED",
        date=origin.date,
        results=experiments,
        header={},
    )


def _experiments(pub: PubResult, record: CircuitRecord, *, memory: bool) -> Iterator[ExperimentResult]:
    if has_quasi_dist(pub):
        yield _experiment(record, counts=_quasi_counts(pub.data["quasi_dist"], record))
        return
    if record.meas_level == 1:
        for values in _slots(pub, record):
            yield _experiment(record, memory=values.tolist())
        return
    for index in range(math.prod(record.shape)):
        words = shot_words(pub, record, index)
        tally = Counter(words)
        names = hexadecimals(tally)
        data: dict[str, Any] = {"counts": dict(zip(names, tally.values(), strict=True))}
        if memory and len(tally) == len(words):  # no shot like another: both are in the same order
            data["memory"] = names
        elif memory:
            named = dict(zip(tally, names, strict=True))
            data["memory"] = [named[word] for word in words]
        yield _experiment(record, **data)


def _experiment(record: CircuitRecord, **data: Any) -> ExperimentResult:
    from qiskit.result import MeasLevel
    from qiskit.result.models import ExperimentResult, ExperimentResultData

    return ExperimentResult(
        shots=record.shots,
        success=True,
        status="DONE",
        meas_level=MeasLevel(record.meas_level),
        meas_return=record.meas_return if record.meas_level == 1 else None,
        data=ExperimentResultData(**data),
        header=_header(record),
    )


def _header(record: CircuitRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "n_qubits": record.num_qubits,
        "memory_slots": record.num_clbits,
        "qreg_sizes": [[name, size] for name, size in record.qubit_registers],
        "creg_sizes": [[name, size] for name, size in record.registers],
        "global_phase": record.global_phase,
        "metadata": dict(record.metadata),
    }


def _slots(pub: PubResult, record: CircuitRecord) -> Iterator[npt.NDArray[np.float64]]:
    """Real and imaginary parts of each set: ``(shots, clbits, 2)``, or ``(clbits, 2)`` for means."""
    shots = () if record.meas_return == "avg" else (record.shots,)
    sets = math.prod(record.shape)
    for index in range(sets):
        values = np.zeros((*shots, record.num_clbits, 2))
        for name, places in record.fields:
            found = pub.data[name].reshape(sets, *shots, len(places))[index]
            values[..., list(places), 0] = found.real
            values[..., list(places), 1] = found.imag
        yield values


def _quasi_counts(quasi_dist: dict[str, float], record: CircuitRecord) -> dict[str, int]:
    if any(int(word, 16) >> record.num_clbits for word in quasi_dist):
        raise ProtocolError(
            f"circuit {record.name!r} has {record.num_clbits} classical bits, but its result has more"
        )
    try:
        return rounded_counts(_in_places(quasi_dist, record), record.shots)
    except CodecError as error:
        raise ProtocolError(f"circuit {record.name!r}: {error}") from error


def _in_places(quasi_dist: dict[str, float], record: CircuitRecord) -> dict[str, float]:
    """Version 1 counts the bits register by register, as they were sent."""
    places = [place for _, register in record.fields for place in register]
    if places == sorted(places):
        return quasi_dist
    return {
        hex(sum((int(word, 16) >> sent & 1) << place for sent, place in enumerate(places))): share
        for word, share in quasi_dist.items()
    }


def merged(results: Sequence[PrimitiveResult]) -> PrimitiveResult:
    """The results of the parts of a job, in order, as one; with the metadata of the first."""
    from qiskit.primitives import PrimitiveResult

    if len(results) == 1:
        return results[0]
    return PrimitiveResult([pub for result in results for pub in result], metadata=results[0].metadata)


def records_from(result: PrimitiveResult) -> tuple[CircuitRecord, ...]:
    """What can be said of the circuits of a job that this side did not send: registers, bits and shots."""
    return tuple(_record_from(pub, f"circuit-{index}") for index, pub in enumerate(result))


def _record_from(pub: PubResult, name: str) -> CircuitRecord:
    from qiskit.primitives import BitArray

    if has_quasi_dist(pub):
        width = max((int(word, 16).bit_length() for word in pub.data["quasi_dist"]), default=0)
        shots = pub.metadata.get("shots")
        return CircuitRecord(
            name, 0, width, (), (), (), shots=shots if type(shots) is int and 0 <= shots < 2**31 else 0
        )
    arrays = {name: pub.data[name] for name in pub.data if isinstance(pub.data[name], BitArray)}
    if not arrays:
        return _values_record_from(pub, name)
    first = next(iter(arrays.values()))
    sizes = {name: array.num_bits for name, array in arrays.items()}
    return _record(name, sizes, shots=first.num_shots, shape=first.shape)


def _values_record_from(pub: PubResult, name: str) -> CircuitRecord:
    """Of IQ values: with one axis after the shape of the sets they are means, with two they are shots."""
    shape = pub.data.shape
    arrays = {
        name: value
        for name, value in pub.data.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "c" and 1 <= value.ndim - len(shape) <= 2  # noqa: PLR2004 - one or two dimensions more
    }
    if not arrays:
        return _record(name, {}, shots=0)
    first = next(iter(arrays.values()))
    average = first.ndim == len(shape) + 1
    return _record(
        name,
        {name: array.shape[-1] for name, array in arrays.items()},
        shots=0 if average else first.shape[-2],
        shape=shape,
        meas_level=1,
        meas_return="avg" if average else "single",
    )


def _record(name: str, sizes: dict[str, int], *, shots: int, **rest: Any) -> CircuitRecord:
    starts = np.cumsum([0, *sizes.values()]).tolist()
    places = [tuple(range(start, start + size)) for start, size in zip(starts, sizes.values(), strict=False)]
    return CircuitRecord(
        name=name,
        num_qubits=0,
        num_clbits=sum(sizes.values()),
        qubit_registers=(),
        registers=tuple(sizes.items()),
        fields=tuple(zip(sizes, places, strict=True)),
        shots=shots,
        **rest,
    )
