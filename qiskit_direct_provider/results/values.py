"""Arrays and metadata of result documents, by a closed list of types."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from qiskit_direct_provider.wire.codec import CodecError, decode_ndarray
from qiskit_direct_provider.wire.dates import moment

__all__ = ["Allowance"]

_DEEPEST = 64
_LARGEST_HASHED = 2**60  # larger numbers can be chosen to share one hash, which makes a set slow
_LONGEST_WORD = 64
_EXTRAPOLATOR = re.compile(r"[a-z_]{1,40}(?:_degree_\d)?")
_BACKSLASH = b"\\"
_QUOTE = ord('"')


class Allowance:
    """Reads the values of one document, whose arrays together may have so many bytes and no more."""

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes

    def array(self, raw: msgspec.Raw) -> npt.NDArray[Any]:
        """The array of an ``ndarray`` tag, or of the nested lists of the plain form."""
        text = memoryview(raw)
        if text[0] != _QUOTE:
            return self._spent(decode_ndarray(self.plain(raw)))
        try:
            return self.unpacked(text[1:-1])
        except CodecError:
            if _BACKSLASH not in bytes(text):
                raise
        return self.unpacked(msgspec.json.decode(raw, type=str))

    def unpacked(self, text: str | memoryview) -> npt.NDArray[Any]:
        """The array in base64(zlib(npy))."""
        return self._spent(decode_ndarray(text, max_bytes=self._left))

    def reserve(self, num_bytes: int) -> None:
        """Count an array that is about to be built."""
        self._left -= num_bytes
        if self._left < 0:
            raise CodecError("the arrays of this result are larger than allowed")

    def _spent(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        self.reserve(array.nbytes)
        return array

    def plain(self, raw: msgspec.Raw) -> Any:
        """A value of the plain form: ``{"date": ...}`` and ``{"complex": ...}`` are resolved."""
        return _resolved(msgspec.json.decode(raw), _plain_object, 0)

    def metadata(self, raw: msgspec.Raw) -> dict[str, Any]:
        """Metadata of the form for Qiskit.

        Arrays, dates (without a zone they are UTC), complex numbers and sets become what they are. Any
        other tagged object, such as the execution spans, stays a dict with its ``__type__``.
        """
        found = msgspec.json.decode(raw)
        text = memoryview(raw)
        if len(text) <= _DEEPEST and b"__" not in bytes(text):  # nothing to resolve, and not deep
            return _as_dict(found)
        return _as_dict(_resolved(found, self._tagged_object, 0))

    def plain_metadata(self, raw: msgspec.Raw) -> dict[str, Any]:
        """Metadata of the plain form."""
        return _as_dict(self.plain(raw))

    def _tagged_object(self, found: dict[str, Any]) -> Any:
        reader = _TAGS.get(tag) if isinstance(tag := found.get("__type__"), str) else None
        if tag == "ndarray":
            return self._array_in_metadata(found.get("__value__"))
        if reader is not None:
            return reader(found.get("__value__"))
        return _integer_keys(found) if "__int_keys__" in found else found

    def _array_in_metadata(self, value: Any) -> Any:
        if isinstance(value, str) and _EXTRAPOLATOR.fullmatch(value):
            return value  # the encoder's form of an array that holds one word
        if isinstance(value, str):
            return self.unpacked(value)
        if isinstance(value, list) and _are_words(value):
            return self._spent(np.array(value))
        return self._spent(decode_ndarray(value))


def _as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _resolved(value: Any, resolve: Callable[[dict[str, Any]], Any], depth: int) -> Any:
    """The same value with its objects resolved, from the inside out."""
    if depth > _DEEPEST:
        raise CodecError("nested too deeply")
    if isinstance(value, list):
        return [
            _resolved(entry, resolve, depth + 1) if isinstance(entry, dict | list) else entry
            for entry in value
        ]
    if isinstance(value, dict):
        return resolve({key: _resolved(entry, resolve, depth + 1) for key, entry in value.items()})
    return value


def _are_words(value: Any) -> bool:
    """Whether these are (nested lists of) short words: an array pads each to the longest."""
    if isinstance(value, list):
        return bool(value) and all(_are_words(entry) for entry in value)
    return isinstance(value, str) and len(value) <= _LONGEST_WORD


def _plain_object(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((key, value),) = found.items()
        if key == "date":
            return moment(value) or found
        if key == "complex":
            return _complex(value)
    if found.get("__type__") == "float":
        return _figure(found.get("__value__"))
    return found


def _integer_keys(found: dict[Any, Any]) -> dict[Any, Any]:
    """Keys that JSON made text of, as numbers again."""
    return {
        int(key) if re.fullmatch(r"-?\d{1,18}", key) else key: entry
        for key, entry in found.items()
        if key != "__int_keys__"
    }


def _complex(value: Any) -> complex:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - real and imaginary part
        real, imaginary = value
        if isinstance(real, int | float) and isinstance(imaginary, int | float):
            return complex(real, imaginary)
    raise CodecError("a complex number cannot be read")


def _date(value: Any) -> Any:
    found = moment(value)
    if found is None:
        raise CodecError("a date cannot be read")
    return found


def _set(value: Any) -> Any:
    if not isinstance(value, list):
        raise CodecError("a set cannot be read")
    if all(isinstance(entry, str) or _is_small(entry) for entry in value):
        return set(value)
    return value


def _is_small(entry: object) -> bool:
    return isinstance(entry, bool | int | float) and abs(entry) < _LARGEST_HASHED


def _figure(value: Any) -> float:
    if value not in {"NaN", "Infinity", "-Infinity"}:
        raise CodecError("a number cannot be read")
    return float(value)


_TAGS: dict[str, Callable[[Any], Any]] = {
    "complex": _complex,
    "datetime": _date,
    "float": _figure,
    "set": _set,
}
