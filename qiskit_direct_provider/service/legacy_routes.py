"""Routes of the legacy platform around its jobs: login, logout, and what a user has access to."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Struct

from qiskit_direct_provider.service.callers import AuthenticatedCaller  # noqa: TC001 - read by FastAPI
from qiskit_direct_provider.service.context import answer, read_body, service_of
from qiskit_direct_provider.service.failures import RequestRefusedError, invalid_body
from qiskit_direct_provider.service.logins import ACCESS_TOKEN
from qiskit_direct_provider.service.paths import LEGACY
from qiskit_direct_provider.wire.legacy import LOGIN_PATH, LOGOUT_PATH, LoginBody

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_HUBS = b'[{"name":"local","groups":{"local":{"projects":{"local":{"isDefault":true}}}}}]'


class _Urls(Struct):
    http: str
    services: dict[str, str]


@router.post(LOGIN_PATH)
async def log_in(request: Request) -> Response:
    """Exchange an API token for an access token."""
    service = service_of(request)
    try:
        body = msgspec.json.decode(await read_body(request), type=LoginBody)
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid_body(error) from None
    token = service.logins.log_in(body.apiToken)
    if token is None:
        raise RequestRefusedError(401, "LOGIN_FAILED", "Login failed.")
    ttl_s = service.settings.token_ttl_s
    return answer(msgspec.json.encode({"id": token, "ttl": ttl_s, "userId": service.tokens.subject}))


@router.get(LOGOUT_PATH)
@router.post(LOGOUT_PATH)
async def log_out(request: Request, _caller: AuthenticatedCaller) -> Response:
    """Invalidate an access token. Clients use either method."""
    service_of(request).logins.log_out(request.headers.get(ACCESS_TOKEN, ""))
    return Response(status_code=204)


@router.get("/api/users/me")
async def get_user(request: Request, caller: AuthenticatedCaller) -> Response:
    """The user, and where services are."""
    root = str(request.base_url).rstrip("/")
    urls = _Urls(http=root + "/api", services={"runtime": root + LEGACY})
    return answer(msgspec.json.encode({"id": caller.subject, "urls": urls}))


@router.get("/api/Network")
async def get_network(_caller: AuthenticatedCaller) -> Response:
    """Hubs, groups and projects: any is accepted, this one is named."""
    return answer(_HUBS)
