"""The OpenAPI document, whose schemas come from the same structs that read and write the bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from qiskit_direct_provider.wire.direct_access import (
    BackendItem,
    BackendList,
    JobDocument,
    JobList,
    JobRequest,
    Lanes,
    VersionDocument,
    VersionList,
)
from qiskit_direct_provider.wire.failures import ErrorDocument
from qiskit_direct_provider.wire.iam import TokenAnswer, TokenFailure

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["describe", "json_body", "responses"]

_STRUCTS: tuple[type[Struct], ...] = (
    BackendItem,
    BackendList,
    ErrorDocument,
    JobDocument,
    JobList,
    JobRequest,
    Lanes,
    TokenAnswer,
    TokenFailure,
    VersionDocument,
    VersionList,
)
_REF = "#/components/schemas/{name}"
_MEANINGS = {
    400: "The request is not valid.",
    401: "The token is missing, malformed or expired.",
    404: "Not found.",
    408: "The body took too long to arrive.",
    409: "The state does not allow this.",
    413: "The body is too large.",
    423: "The backend is reserved.",
    429: "All lanes of the backend are taken.",
}


def responses(
    model: type[Struct] | None, *failures: int, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """The responses of a route: its success, its documented failures, and 500."""
    success: dict[str, Any] = {"description": "Success."}
    if model is not None:
        success["content"] = _content(model)
    documented: dict[int | str, dict[str, Any]] = {code: _failure(_MEANINGS[code]) for code in failures}
    return {status: success, **documented, 500: _failure("Internal error.")}


def json_body(model: type[Struct]) -> dict[str, Any]:
    """The request body of a route."""
    return {"requestBody": {"required": True, "content": _content(model)}}


def describe(app: FastAPI) -> None:
    """Make ``app.openapi()`` complete."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for operations in document["paths"].values():
        for operation in operations.values():
            # FastAPI announces its own validation error for every path parameter; ours never fail
            operation["responses"].pop("422", None)
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=_REF)
    components = document.setdefault("components", {})
    components["schemas"] = schemas
    return document


def _content(model: type[Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=model.__name__)}}}


def _failure(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": _content(ErrorDocument)}
