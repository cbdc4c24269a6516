"""Reading documents of which a part may be malformed: what can be read is kept, the rest is reported."""

from __future__ import annotations

import json
import math
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

__all__ = ["read", "read_untyped"]

S = TypeVar("S", bound=msgspec.Struct)

_MOST_ISSUES = 100


def read(document: bytes, shape: type[S], issues: list[str]) -> S:
    """Decode a JSON object; when it does not fit as a whole, fit it member by member.

    A member that cannot be read takes its default, an entry of a list that cannot be read is left out, a
    number that was written as text is a number; each adds a line to ``issues``. The regular case costs one
    typed decode.

    Raises:
        msgspec.DecodeError: Not a JSON object, or a member without a default cannot be read.
    """
    try:
        return msgspec.json.decode(document, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raw = read_untyped(document)
    if not isinstance(raw, Mapping):
        raise msgspec.ValidationError(f"expected an object, got {type(raw).__name__}")
    return _salvage(raw, shape, "", issues)


def read_untyped(document: bytes) -> Any:
    """Decode JSON in which NaN or Infinity may stand for a figure that is not known: it becomes null.

    Raises:
        msgspec.DecodeError: Not JSON.
    """
    try:
        return msgspec.json.decode(document)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except msgspec.DecodeError as error:
        try:
            return json.loads(document, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            raise error from None


def _salvage(raw: Mapping[str, Any], shape: type[S], path: str, issues: list[str]) -> S:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in raw:
            continue
        where = f"{path}.{field.encode_name}" if path else field.encode_name
        try:
            values[field.name] = _fit(raw[field.encode_name], field.type, where, issues)
        except msgspec.ValidationError as error:
            if field.required:
                raise
            if raw[field.encode_name] is not None:
                _report(issues, f"{where}: {error}")
    try:
        return shape(**values)
    except TypeError as error:
        raise msgspec.ValidationError(f"{path or 'the document'}: {error}") from error


def _fit(value: Any, shape: Any, path: str, issues: list[str]) -> Any:
    """A value in its shape; lists and objects are taken apart when they do not fit as a whole."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        options = [option for option in typing.get_args(shape) or () if option is not type(None)]
        if isinstance(value, list) and typing.get_origin(shape) is list:
            return _fit_entries(value, options[0], path, issues)
        if isinstance(value, Mapping) and isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            return _salvage(value, shape, path, issues)
        if typing.get_origin(shape) not in {list, dict, tuple} and len(options) == 1:
            return _fit(value, options[0], path, issues)
        interpreted = _interpreted(value, shape)
        if interpreted is None:
            raise
        _report(issues, f"{path}: {value!r:.60} was taken as {interpreted!r:.60}")
        return interpreted


def _interpreted(value: Any, shape: Any) -> Any:
    """A number or a flag that was written as text, or a whole number with a point; None when neither."""
    try:
        found = msgspec.convert(value, shape, strict=False)
    except msgspec.ValidationError:
        return None
    return None if isinstance(found, float) and not math.isfinite(found) else found


def _fit_entries(entries: list[Any], shape: Any, path: str, issues: list[str]) -> list[Any]:
    """The entries that fit. Where position has a meaning (lists of lists) an empty list takes the place."""
    found = []
    for index, entry in enumerate(entries):
        where = f"{path}[{index}]"
        try:
            found.append(_fit(entry, shape, where, issues))
        except msgspec.ValidationError as error:
            _report(issues, f"{where}: {error}")
            if typing.get_origin(shape) is list:
                found.append([])
    return found


def _report(issues: list[str], text: str) -> None:
    if len(issues) < _MOST_ISSUES:
        issues.append(text)
