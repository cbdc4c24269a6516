"""Routes of the legacy platform around its jobs: login, logout, and what a user has access to."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Struct

from qiskit_direct_provider.service.backend_routes import API_VERSION
from qiskit_direct_provider.service.callers import AuthenticatedCaller  # noqa: TC001 - read by FastAPI
from qiskit_direct_provider.service.context import answer, read_body, service_of
from qiskit_direct_provider.service.failures import RequestRefusedError, invalid_body
from qiskit_direct_provider.service.logins import ACCESS_TOKEN
from qiskit_direct_provider.service.paths import LEGACY, LEGACY_PLACE
from qiskit_direct_provider.service.runtime_intake import find_run
from qiskit_direct_provider.service.runtime_jobs import JobFilter
from qiskit_direct_provider.wire.legacy import LOGIN_PATH, LOGOUT_PATH, LoginBody

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_NANOSECOND = 1e-9
_INSTANCE = "/".join([LEGACY_PLACE] * 3)
_HUBS = [{"name": LEGACY_PLACE, "groups": {LEGACY_PLACE: {"projects": {LEGACY_PLACE: {"isDefault": True}}}}}]


class _Urls(Struct):
    http: str
    services: dict[str, str]


@router.get("/api/version")
async def get_version() -> Response:
    """What clients look at before they log in: whether this is an address to log in at."""
    return answer(msgspec.json.encode({"api-auth": API_VERSION}))


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


@router.get("/api/jobs/v2")
async def list_older_jobs(_caller: AuthenticatedCaller) -> Response:
    """Jobs of the service before Runtime: there are none."""
    return answer(b'{"items":[]}')


@router.get(LEGACY + "/facade/v1/jobs/{job_id}/type")
async def get_job_type(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """Of which of two services a job is: the one before Runtime is not here."""
    find_run(service_of(request), job_id, caller)
    return answer(b'{"type":"RUNTIME"}')


@router.get(LEGACY + "/usage")
async def get_usage(request: Request, caller: AuthenticatedCaller) -> Response:
    """Device time that the stored jobs used; nothing bounds it."""
    runs = service_of(request).runs
    _, pending = runs.page(JobFilter(pending=True), caller.subject, caller.crn)
    used_s = round(runs.used_ns(caller.subject, caller.crn) * _NANOSECOND, 9)
    usage = {"instance": _INSTANCE, "quota": None, "usage": used_s, "pendingJobs": pending}
    return answer(msgspec.json.encode({"byInstance": [usage | {"maxPendingJobs": None}]}))


@router.get("/api/Network")
async def get_network(_caller: AuthenticatedCaller) -> Response:
    """Hubs, groups and projects: any is accepted, this one is named."""
    return answer(msgspec.json.encode(_HUBS))
