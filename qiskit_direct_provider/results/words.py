"""Bits of registers to words of all classical bits, shot by shot."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from qiskit.primitives import PubResult

    from qiskit_direct_provider.expectations import CircuitRecord

__all__ = ["hexadecimals", "shot_words"]

_PIECE_BYTES = 8 * 1024 * 1024
_NUMBER = np.dtype(">u8")

Word: TypeAlias = "int | bytes"


def shot_words(pub: PubResult, record: CircuitRecord, index: int) -> list[Word]:
    """Words of one set of parameter values, with clbit 0 in the lowest bit.

    They are numbers where 64 bits hold them, and big-endian bytes otherwise: what is fastest to count.

    Args:
        pub: A result that was checked against the record.
        record: The circuit.
        index: Of the set, in C order of the record's shape.
    """
    rows = {
        name: array.reshape(math.prod(record.shape), record.shots, array.shape[-1])[index]
        for name, array in ((name, pub.data[name].array) for name, _ in record.fields)
    }
    whole = _only_register(rows, record)
    if whole is not None:
        return _listed(whole)
    width = max(1, math.ceil(record.num_clbits / 8))
    step = max(1, _PIECE_BYTES // (8 * width))
    words: list[Any] = []
    for start in range(0, record.shots, step):
        piece = {name: array[start : start + step] for name, array in rows.items()}
        words += _listed(_joined(piece, record, min(step, record.shots - start), width))
    return words


def _only_register(rows: dict[str, npt.NDArray[Any]], record: CircuitRecord) -> npt.NDArray[Any] | None:
    """The bytes of a register that is all there is, with its bits in order: they are the words."""
    if len(record.fields) != 1:
        return None
    ((name, places),) = record.fields
    found, size = rows[name], record.num_clbits
    if not size or places != tuple(range(size)):
        return None
    if size % 8 and found.size and found[:, 0].max() >> size % 8:
        return None  # made by Qiskit's ~, for one: what is beyond the register is to be cut off
    return found


def _joined(
    rows: dict[str, npt.NDArray[Any]], record: CircuitRecord, shots: int, width: int
) -> npt.NDArray[np.uint8]:
    """Each register's bits at the places of the circuit's classical bits."""
    bits = np.zeros((shots, 8 * width), dtype=np.uint8)
    for name, places in record.fields:
        if not places:
            continue
        found = np.unpackbits(rows[name][:, ::-1], axis=-1, bitorder="little")[:, : len(places)]
        if places == tuple(range(places[0], places[0] + len(places))):
            bits[:, places[0] : places[0] + len(places)] = found
        else:
            bits[:, list(places)] = found
    return np.packbits(bits, axis=-1, bitorder="little")[:, ::-1]


def _listed(rows: npt.NDArray[Any]) -> list[Word]:
    width = rows.shape[-1]
    if width <= _NUMBER.itemsize:
        numbers = np.zeros((len(rows), _NUMBER.itemsize), dtype=np.uint8)
        numbers[:, _NUMBER.itemsize - width :] = rows
        return cast("list[Word]", numbers.view(_NUMBER).ravel().tolist())
    words = np.ascontiguousarray(rows).view(np.dtype((np.void, width))).ravel().tolist()
    return cast("list[Word]", words)


def hexadecimals(words: Iterable[Word]) -> list[str]:
    """Words as Qiskit's results write them.

    >>> hexadecimals([31, 0])
    ['0x1f', '0x0']
    >>> hexadecimals([bytes([0, 31]), bytes(2)])
    ['0x1f', '0x0']
    """
    found = list(words)
    if found and isinstance(found[0], int):
        return list(map(hex, cast("list[int]", found)))
    return ["0x" + (word.hex().lstrip("0") or "0") for word in cast("list[bytes]", found)]
