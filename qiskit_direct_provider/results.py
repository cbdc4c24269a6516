"""Result documents to Qiskit's PrimitiveResult and Result."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from qiskit_direct_provider.errors import ProtocolError
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.results_v1 import QUASI, from_v1, widened
from qiskit_direct_provider.wire.codec import CodecError, decode_ndarray, read_hex

if TYPE_CHECKING:
    from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult
    from qiskit.result import Result

__all__ = ["ResultOrigin", "primitive_result_from_json", "qiskit_result", "records_from"]

_WIDEST_REGISTER = 1_000_000
_DEEPEST = 64


@dataclass(frozen=True)
class ResultOrigin:
    """Where a result comes from, for the head of Qiskit's Result."""

    job_id: str
    backend_name: str
    backend_version: str
    date: str | None = None


def primitive_result_from_json(payload: bytes) -> PrimitiveResult:
    """Decode a result document, in the qiskit form or the plain one, whichever it is.

    Bit arrays have shape ``(*pub_shape, shots, ceil(num_bits / 8))``, big-endian, bit 0 of a register in
    the lowest bit of the last byte. Only arrays, bit arrays, numbers, dates and their containers are
    built; nothing is unpickled and no class is looked up by name.

    Raises:
        ProtocolError: The document is not a result, or a value in it is damaged.
    """
    try:
        document = _decoded(payload)
        if isinstance(document, dict) and document.get("__type__") == "PrimitiveResult":
            return _from_tagged(document["__value__"])
        if isinstance(document, dict) and isinstance(document.get("results"), list):
            return _from_plain(document)
        if isinstance(document, dict) and ({"quasi_dists", "values"} & set(document)):
            return from_v1(document)
    except (
        msgspec.DecodeError,
        CodecError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ProtocolError(f"the result document cannot be read: {error}") from error
    raise ProtocolError("the result document is of no known form")


def _decoded(payload: bytes) -> Any:
    """JSON, in which NaN may stand for a value that was not computed."""
    try:
        return msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return json.loads(payload)


# -- the qiskit form -----------------------------------------------------------------------------------


def _from_tagged(value: Mapping[str, Any]) -> PrimitiveResult:
    from qiskit.primitives import PrimitiveResult

    pubs = [_tagged_pub(entry) for entry in value["pub_results"]]
    return PrimitiveResult(pubs, metadata=_metadata(value.get("metadata")))


def _tagged_pub(entry: Mapping[str, Any]) -> PubResult:
    value = _untag(entry, "SamplerPubResult", "PubResult", "EstimatorPubResult")
    data = _untag(value["data"], "DataBin")
    fields = {name: _tagged_field(data["fields"][name]) for name in data.get("field_names", data["fields"])}
    shape = tuple(data.get("shape") or ())
    sampler = any(not isinstance(found, float | np.ndarray) for found in fields.values())
    return _pub(fields, shape, _metadata(value.get("metadata")), sampler=sampler)


def _untag(entry: Mapping[str, Any], *types: str) -> Mapping[str, Any]:
    if entry.get("__type__") not in types:
        raise CodecError(f"expected {types[0]}")
    value: Mapping[str, Any] = entry["__value__"]
    return value


def _tagged_field(entry: object) -> BitArray | npt.NDArray[Any] | float:
    if isinstance(entry, int | float) and not isinstance(entry, bool):
        return float(entry)
    if not isinstance(entry, dict):
        return decode_ndarray(entry)
    if entry.get("__type__") == "BitArray":
        value = _untag(entry, "BitArray")
        return _bit_array(decode_ndarray(_untag(value["array"], "ndarray")), value["num_bits"])
    return decode_ndarray(_untag(entry, "ndarray"))


def _bit_array(array: npt.NDArray[Any], num_bits: object) -> BitArray:
    from qiskit.primitives import BitArray

    if type(num_bits) is not int or not 0 <= num_bits <= _WIDEST_REGISTER:
        raise CodecError("num_bits is not a number of bits")
    if array.dtype != np.uint8 or array.ndim < 2 or array.shape[-1] != math.ceil(num_bits / 8):  # noqa: PLR2004
        raise CodecError("a bit array does not fit its number of bits")
    spare = -num_bits % 8
    if spare and np.any(array[..., 0] >> (8 - spare)):
        raise CodecError("a bit array has bits beyond its number of bits")
    return BitArray(array, num_bits)


# -- the plain form ------------------------------------------------------------------------------------


def _from_plain(document: Mapping[str, Any]) -> PrimitiveResult:
    from qiskit.primitives import PrimitiveResult

    pubs = [_plain_pub(entry) for entry in document["results"]]
    return PrimitiveResult(pubs, metadata=_metadata(document.get("metadata")))


def _plain_pub(entry: Mapping[str, Any]) -> PubResult:
    data = entry["data"]
    sampler = any(isinstance(value, dict) and "samples" in value for value in data.values())
    if sampler:
        found = {name: _plain_bits(value) for name, value in data.items()}
        shape = next(iter(found.values())).shape
        return _pub(found, shape, _metadata(entry.get("metadata")), sampler=True)
    values = {_spelled(name): decode_ndarray(value) for name, value in data.items()}
    shape = values["evs"].shape if "evs" in values else ()
    return _pub(values, shape, _metadata(entry.get("metadata")), sampler=False)


def _spelled(name: str) -> str:
    """The name of a field; an older release of the API misspelt this one."""
    return "ensemble_standard_error" if name == "ensamble_standard_error" else name


def _plain_bits(value: Mapping[str, Any]) -> BitArray:
    """Samples nested to ``(*pub_shape, shots)``, each in hexadecimal."""
    num_bits = value["num_bits"]
    if type(num_bits) is not int or not 0 <= num_bits <= _WIDEST_REGISTER:
        raise CodecError("num_bits is not a number of bits")
    shape, samples = _flattened(value["samples"])
    width = math.ceil(num_bits / 8)
    try:
        packed = b"".join(read_hex(sample).to_bytes(width, "big") for sample in samples)
    except OverflowError as error:
        raise CodecError("a sample has more bits than its register") from error
    return _bit_array(np.frombuffer(packed, dtype=np.uint8).reshape((*shape, width)), num_bits)


def _flattened(nested: Any) -> tuple[tuple[int, ...], list[object]]:
    """Shape and leaves of nested lists of equal lengths."""
    shape: list[int] = []
    leaves = [nested]
    while leaves and isinstance(leaves[0], list):
        length = len(leaves[0])
        if len(shape) == _DEEPEST or any(
            not isinstance(leaf, list) or len(leaf) != length for leaf in leaves
        ):
            raise CodecError("samples are nested unevenly")
        shape.append(length)
        leaves = [leaf for group in leaves for leaf in group]
    if not shape:
        raise CodecError("samples are not a list")
    return tuple(shape), leaves


# -- both ----------------------------------------------------------------------------------------------


def _pub(
    fields: Mapping[str, Any], shape: tuple[int, ...], metadata: dict[str, Any], *, sampler: bool
) -> PubResult:
    from qiskit.primitives import PubResult, SamplerPubResult

    data: DataBin = _data_bin(fields, shape)
    return (SamplerPubResult if sampler else PubResult)(data, metadata=metadata)


def _data_bin(fields: Mapping[str, Any], shape: tuple[int, ...]) -> DataBin:
    from qiskit.primitives import DataBin

    return DataBin(**fields, shape=shape)


def _metadata(value: object) -> dict[str, Any]:
    plain = _plain_value(value or {}, 0)
    return plain if isinstance(plain, dict) else {}


def _plain_value(value: object, depth: int) -> object:
    """Metadata with tags resolved where they are data; an unknown tag stays as it is."""
    if depth > _DEEPEST:
        raise CodecError("nested too deeply")
    if isinstance(value, list):
        return [_plain_value(entry, depth + 1) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("__type__") == "ndarray":
        return decode_ndarray(value.get("__value__"))
    return {key: _plain_value(entry, depth + 1) for key, entry in value.items()}


# -- Qiskit's Result -----------------------------------------------------------------------------------


def qiskit_result(
    result: PrimitiveResult, circuits: Sequence[CircuitRecord], origin: ResultOrigin, *, memory: bool = False
) -> Result:
    """Counts of every circuit, in Qiskit's bit order, with the headers of what was sent.

    With ``memory`` each shot's bits are there as well, in hexadecimal, as Qiskit keeps them.

    Raises:
        ProtocolError: The result does not belong to these circuits: their number, registers or shots differ.
    """
    from qiskit.result import Result

    if len(result) != len(circuits):
        raise ProtocolError(f"{len(circuits)} circuits were sent, but {len(result)} results came back")
    experiments = [
        _experiment(_words(pub, record, index), record, memory=memory)
        for index, (pub, record) in enumerate(zip(result, circuits, strict=True))
    ]
    return Result(
        backend_name=origin.backend_name,
        backend_version=origin.backend_version,
        job_id=origin.job_id,
        success=True,
        status="COMPLETED",
        date=origin.date,
        results=experiments,
        header={},
    )


def records_from(result: PrimitiveResult) -> tuple[CircuitRecord, ...]:
    """What can be said of the circuits of a job that this side did not send: registers, bits and shots."""
    from qiskit.primitives import BitArray

    found = []
    for index, pub in enumerate(result):
        arrays = {name: pub.data[name] for name in pub.data if isinstance(pub.data[name], BitArray)}
        sizes = [array.num_bits for array in arrays.values()]
        starts = [sum(sizes[:position]) for position in range(len(sizes))]
        fields = tuple(
            (name, tuple(range(start, start + size)))
            for name, start, size in zip(arrays, starts, sizes, strict=True)
        )
        found.append(
            CircuitRecord(
                name=f"circuit-{index}",
                num_qubits=0,
                num_clbits=sum(sizes),
                qubit_registers=(),
                registers=tuple(zip(arrays, sizes, strict=True)),
                fields=fields,
                shots=max((array.num_shots for array in arrays.values()), default=0),
            )
        )
    return tuple(found)


def _experiment(words: npt.NDArray[np.void], record: CircuitRecord, *, memory: bool) -> Any:
    from qiskit.result import MeasLevel
    from qiskit.result.models import ExperimentResult, ExperimentResultData

    distinct, numbers = np.unique(words, return_counts=True)
    counts = {_hex(word): int(number) for word, number in zip(distinct, numbers, strict=True)}
    shot_by_shot = {"memory": [_hex(word) for word in words]} if memory else {}
    return ExperimentResult(
        shots=record.shots,
        success=True,
        status="DONE",
        meas_level=MeasLevel.CLASSIFIED,
        data=ExperimentResultData(counts=counts, **shot_by_shot),
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


def _words(pub: PubResult, record: CircuitRecord, index: int) -> npt.NDArray[np.void]:
    """All classical bits of each shot as one big-endian word, clbit 0 in its lowest bit."""
    shots, width = record.shots, max(1, math.ceil(record.num_clbits / 8))
    bits = np.zeros((shots, 8 * width), dtype=np.uint8)
    for name, places in record.fields:
        array = _field(pub, name, index)
        if name == QUASI:
            array = widened(array, len(places))
        size = len(places)
        if array.num_bits != size or array.num_shots != shots or array.shape != ():
            raise ProtocolError(
                f"circuit {index}: register {name!r} of {size} bits and {shots} shots came back "
                f"with {array.num_bits} bits and {array.num_shots} shots"
            )
        bits[:, list(places)] = np.unpackbits(array.array, axis=-1)[:, ::-1][:, :size]
    packed = np.packbits(bits[:, ::-1], axis=-1)
    return np.ascontiguousarray(packed).view(np.dtype((np.void, width))).reshape(shots)


def _field(pub: PubResult, name: str, index: int) -> BitArray:
    from qiskit.primitives import BitArray

    found = getattr(pub.data, name, None)
    if not isinstance(found, BitArray):
        raise ProtocolError(
            f"circuit {index}: register {name!r} was sent, but {sorted(pub.data)} came back; "
            "is this the result of another job?"
        )
    return found


def _hex(word: np.void) -> str:
    return hex(int.from_bytes(word.tobytes(), "big"))
