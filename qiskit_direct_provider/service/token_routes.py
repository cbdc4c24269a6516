"""Routes that turn a key into a bearer token."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Request, Response

from qiskit_direct_provider.service.callers import unauthorized
from qiskit_direct_provider.service.context import answer, read_body, service_of
from qiskit_direct_provider.service.openapi import responses
from qiskit_direct_provider.service.tokens import same_text
from qiskit_direct_provider.wire.iam import GRANT_TYPE, TOKEN_PATH, TokenAnswer, TokenFailure

__all__ = ["router"]

router = APIRouter(tags=["tokens"])

_APP_ID_CLIENT = "appid"
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type", "apikey"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": [GRANT_TYPE]},
                        "apikey": {"type": "string"},
                    },
                }
            }
        },
    }
}
_REFUSED = {
    "description": "No token.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/TokenFailure"}}},
}


@router.post(
    TOKEN_PATH,
    operation_id="create_token",
    summary="Exchange an API key for a bearer token",
    responses=responses(TokenAnswer, 408, 413) | {400: _REFUSED},
    openapi_extra=_FORM,
)
async def create_token(request: Request) -> Response:
    """Stand-in for IBM Cloud's IAM, whose form and error bodies it has."""
    form = dict(parse_qsl((await read_body(request)).decode("utf-8", "replace")))
    for name in ("grant_type", "apikey"):
        if not form.get(name):
            details = f"Property '{name}' either missing or empty."
            return _refuse("BXNIM0109E", "Property missing or empty.", details)
    if form["grant_type"] != GRANT_TYPE:
        return _refuse("BXNIM0120E", "Unsupported grant type.", f"The only one here is {GRANT_TYPE}.")
    tokens = service_of(request).tokens
    if not tokens.accepts_key(form["apikey"]):
        return _refuse("BXNIM0415E", "Provided API key could not be found.", None)
    return _token(tokens.issue())


@router.post(
    "/v1/token",
    operation_id="create_app_id_token",
    summary="Exchange App ID credentials for a bearer token",
    deprecated=True,
    responses=responses(TokenAnswer, 401),
)
async def create_app_id_token(request: Request) -> Response:
    """HTTP Basic with the client id ``appid`` and the API key as its secret."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise unauthorized("1200", "You are not authorized to perform this action.")
    tokens = service_of(request).tokens
    client_id, _, secret = _basic(credentials).partition(":")
    if not (same_text(client_id, _APP_ID_CLIENT) and tokens.accepts_key(secret)):
        raise unauthorized("1201", "Invalid credentials.")
    return _token(tokens.issue())


def _token(token: TokenAnswer) -> Response:
    """All members, those with default values included: clients rely on them."""
    members = {name: value for name, value in msgspec.structs.asdict(token).items() if value is not None}
    return answer(msgspec.json.encode(members))


def _basic(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _refuse(code: str, message: str, details: str | None) -> Response:
    failure = TokenFailure(errorCode=code, errorMessage=message, errorDetails=details)
    return Response(msgspec.json.encode(failure), 400, media_type="application/json")
