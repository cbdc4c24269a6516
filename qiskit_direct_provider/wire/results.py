"""Result documents of the ``sampler`` and ``estimator`` programs.

There are three forms: tagged objects for Qiskit, plain JSON, and the retired version 1. Which one a
document has is seen from the document. Parts whose meaning depends on their neighbours stay views of the
payload (`msgspec.Raw`), so that the text of a large array is never copied.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from msgspec import Raw, Struct

__all__ = [
    "Array",
    "BitField",
    "Complex",
    "Field",
    "Figure",
    "PlainPub",
    "ResultDocument",
    "TaggedPub",
    "TaggedResult",
    "read_result_document",
]

_NONE = Raw(b"null")
_VALUE = {"value": "__value__"}
_TYPE_AND_VALUE = {"type": "__type__", "value": "__value__"}

# A text of JSON, or one of the words that JSON lacks and Python's encoder writes. The last quote is optional,
# or else each quote of a damaged document would cost a search to its end.
_BARE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|(?P<word>NaN|-?Infinity)', re.DOTALL)


class Array(Struct, tag_field="__type__", tag="ndarray", rename=_VALUE):
    """``value`` is base64(zlib(npy)), or nested lists."""

    value: Raw


class BitContent(Struct):
    """The content of a bit array."""

    array: Array
    num_bits: int


class BitField(Struct, tag_field="__type__", tag="BitArray", rename=_VALUE):
    """The bits of a register."""

    value: BitContent


class Complex(Struct, tag_field="__type__", tag="complex", rename=_VALUE):
    """Real and imaginary part."""

    value: tuple[float, float]


class Figure(Struct, tag_field="__type__", tag="float", rename=_VALUE):
    """What `read_result_document` makes of a bare ``NaN`` or ``Infinity``."""

    value: Literal["NaN", "Infinity", "-Infinity"]


Field = Array | BitField | Complex | Figure | bool | int | float | list[object]


class BinContent(Struct):
    """The content of a DataBin; ``field_types`` of older encoders is not looked at."""

    fields: dict[str, Field]
    field_names: list[str] | None = None
    shape: list[int] | None = None


class Bin(Struct, tag_field="__type__", tag="DataBin", rename=_VALUE):
    """The data of a pub."""

    value: BinContent


class PubContent(Struct):
    """The content of a pub's result."""

    data: Bin
    metadata: Raw = _NONE


class TaggedPub(Struct, rename=_TYPE_AND_VALUE):
    """The result of one pub, in the form for Qiskit."""

    type: Literal["PubResult", "SamplerPubResult", "EstimatorPubResult"]
    value: PubContent


class TaggedResult(Struct):
    """The result of all pubs, in the form for Qiskit."""

    pub_results: list[TaggedPub]
    metadata: Raw = _NONE


class PlainPub(Struct):
    """The result of one pub, in the plain form."""

    data: dict[str, Raw]
    metadata: Raw = _NONE


class ResultDocument(Struct, rename=_TYPE_AND_VALUE):
    """Any of the three forms: ``type`` and ``value``, ``results``, or version 1's two lists."""

    type: str | None = None
    value: TaggedResult | None = None
    results: list[PlainPub] | None = None
    quasi_dists: Raw = _NONE
    values: Raw = _NONE
    metadata: Raw = _NONE


_DECODER = msgspec.json.Decoder(ResultDocument)


def read_result_document(payload: bytes) -> ResultDocument:
    """Decode JSON, in which a bare ``NaN`` or ``Infinity`` may stand for a number.

    Of equal keys in one object the last counts. Bytes that are not UTF-8 and lone surrogates are refused
    wherever their text is used.

    Raises:
        msgspec.DecodeError: Not JSON, or of no known form.
    """
    try:
        return _DECODER.decode(payload)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if b"NaN" not in payload and b"Infinity" not in payload:
            raise
    return _DECODER.decode(_BARE.sub(_figure, payload))


def _figure(match: re.Match[bytes]) -> bytes:
    word = match["word"]
    return b'{"__type__":"float","__value__":"' + word + b'"}' if word else match[0]
