"""Bodies of answers that are failures, in every shape that servers and gateways send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from qiskit_direct_provider.wire.redaction import redacted

__all__ = ["ErrorDocument", "ErrorItem", "ErrorTarget", "Failure", "read_failure"]

_LONGEST_TEXT = 500
_MOST_LOOKED_AT = 10_000


class ErrorTarget(Struct, kw_only=True):
    """What an error is about: ``type`` is ``field``, ``parameter`` or ``header``."""

    name: str
    type: str


class ErrorItem(Struct, kw_only=True, omit_defaults=True):
    """One error of the error document."""

    code: str
    message: str
    more_info: str
    location: str | None = None
    target: ErrorTarget | None = None
    value: Any = None
    solution: str | None = None


class ErrorDocument(Struct, kw_only=True, omit_defaults=True):
    """The documented body of every failure."""

    status_code: int
    title: str
    trace: str
    correlation_id: str
    errors: list[ErrorItem]


@dataclass(frozen=True)
class Failure:
    """What a failure's body says, whatever its shape was."""

    message: str
    code: str | None = None
    solution: str | None = None
    trace: str | None = None
    correlation_id: str | None = None


def read_failure(body: bytes) -> Failure:
    """Read the body of a failure: the documented object, IAM's, FastAPI's, a bare string, text or a page.

    >>> read_failure(b'{"errors": [{"code": "1291", "message": "Job not found."}], "trace": "t"}')
    Failure(message='Job not found.', code='1291', solution=None, trace='t', correlation_id=None)
    >>> read_failure(b'{"detail": "Not Found"}').message
    'Not Found'
    >>> read_failure(b"<html><title>502 Bad Gateway</title></html>").message
    '502 Bad Gateway'
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Failure(message=_plain(body.decode("utf-8", "replace")))
    if isinstance(document, Mapping):
        return _from_object(document)
    return Failure(message=_plain(document if isinstance(document, str) else ""))


def _from_object(document: Mapping[str, Any]) -> Failure:
    items = _items(document)
    first = items[0] if items else {}
    messages = [text for item in items if (text := _text(item.get("message") or item.get("msg")))]
    fallback = document.get("errorMessage") or document.get("message") or document.get("title")
    details = _text(document.get("errorDetails"))
    return Failure(
        message=_plain("; ".join(messages) or details or _text(fallback) or ""),
        code=_text(first.get("code")) or _text(document.get("errorCode")) or None,
        solution=_plain(_text(first.get("solution"))) or None,
        trace=_text(document.get("trace")) or None,
        correlation_id=_text(document.get("correlation_id")) or None,
    )


def _items(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Errors of a body: ``errors`` (documented), ``error`` (legacy), ``detail`` (FastAPI), in that order."""
    for key in ("errors", "error", "detail"):
        found = document.get(key)
        entries = found if isinstance(found, list) else [found]
        items = [{"message": entry} if isinstance(entry, str) else entry for entry in entries if entry]
        readable = [item for item in items if isinstance(item, Mapping)]
        if readable:
            return readable
    return []


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _plain(text: str) -> str:
    """One line of readable text, whatever was sent; an HTML page is cut down to its title."""
    text = text[:_MOST_LOOKED_AT]
    title = re.search(r"<title[^>]*>(.{1,200}?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title:
        text = title.group(1)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return redacted(" ".join(printable.split()))[:_LONGEST_TEXT]
