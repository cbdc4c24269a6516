"""Failures in the documented error envelope."""

from __future__ import annotations

import re
import secrets
import string
import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec
from fastapi import Request, Response

from qiskit_direct_provider.service.paths import is_legacy
from qiskit_direct_provider.wire.failures import ErrorDocument, ErrorItem, ErrorTarget

__all__ = ["RequestRefusedError", "invalid_body", "not_our_body", "render_failure", "render_unexpected"]

_MORE_INFO = "https://cloud.ibm.com/apidocs/quantum-computing#error-handling"
_PLACES = {"field": "body", "parameter": "path", "query": "query", "header": "header"}
_TARGET_TYPES = {"field": "field", "parameter": "parameter", "query": "parameter", "header": "header"}
_ALPHABET = string.ascii_lowercase + string.digits
_PATH_IN_TEXT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


@dataclass
class RequestRefusedError(Exception):
    """An answer that is a failure; see `render_failure` for its shape.

    Attributes:
        status: HTTP status.
        code: Code of the error registry, as text.
        message: What went wrong.
        title: Headline of the envelope.
        target: Name of the field, parameter or header that is at fault.
        target_kind: ``field`` of the body, ``parameter`` of the path, ``query`` or ``header``.
        value: What was sent there.
        solution: What to do.
        headers: Further headers of the answer.
    """

    status: int
    code: str
    message: str
    title: str = "validation failed"
    target: str | None = None
    target_kind: str = "parameter"
    value: str | None = None
    solution: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def document(self) -> ErrorDocument:
        """The body of the answer."""
        item = ErrorItem(
            code=self.code,
            message=self.message,
            more_info=_MORE_INFO,
            target=ErrorTarget(name=self.target, type=_TARGET_TYPES[self.target_kind])
            if self.target
            else None,
            location=self._location(),
            value=self.value,
            solution=self.solution,
        )
        return ErrorDocument(
            status_code=self.status,
            title=self.title,
            trace=str(uuid.uuid4()),
            correlation_id="".join(secrets.choice(_ALPHABET) for _ in range(20)),
            errors=[item],
        )

    def _location(self) -> str | None:
        return f"{_PLACES[self.target_kind]}.{self.target}" if self.target else None


def invalid_body(error: Exception) -> RequestRefusedError:
    """400 for a body that does not fit its schema."""
    text = str(error)
    found = _PATH_IN_TEXT.search(text)
    missing = _MISSING.search(text)
    parts = [found["path"].strip(".") if found else "", missing["name"] if missing else ""]
    return RequestRefusedError(
        400,
        "1337",
        _PATH_IN_TEXT.sub("", text) or "The body is nested too deeply.",
        target=".".join(part for part in parts if part) or None,
        target_kind="field",
        solution="Correct the request body and send it again.",
    )


def not_our_body(status: int, message: str, solution: str) -> RequestRefusedError:
    """A body that is too large or too slow to be read at all."""
    return RequestRefusedError(status, "1337", message, solution=solution)


async def render_failure(_request: Request, failure: Exception) -> Response:
    """Answer for an `RequestRefusedError`."""
    assert isinstance(failure, RequestRefusedError)  # it is registered for these alone
    if is_legacy(_request.url.path):
        error = {"error": {"status": failure.status, "code": failure.code, "message": failure.message}}
        return Response(msgspec.json.encode(error), failure.status, media_type="application/json")
    return _answer(failure)


async def render_unexpected(_request: Request, _error: Exception) -> Response:
    """Answer for anything that nobody thought of; what it was stays in the server's own log."""
    message = "An internal error occurred."
    return _answer(
        RequestRefusedError(500, "9999", message, title="server error", solution="Try again later.")
    )


def _answer(failure: RequestRefusedError) -> Response:
    body: Any = msgspec.json.encode(failure.document())
    return Response(body, failure.status, failure.headers, media_type="application/json")
