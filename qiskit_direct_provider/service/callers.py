"""Who is calling: checked before anything else of a request is looked at."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from qiskit_direct_provider.service.context import Service, service_of
from qiskit_direct_provider.service.failures import RequestRefusedError
from qiskit_direct_provider.service.logins import ACCESS_TOKEN
from qiskit_direct_provider.service.paths import LEGACY_INSTANCE, RUNTIME, is_legacy
from qiskit_direct_provider.service.tokens import same_text

__all__ = ["AuthenticatedCaller", "Caller", "unauthorized"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

# Only announces the scheme in the OpenAPI document; the check itself is ours, for its documented errors.
_BEARER = HTTPBearer(auto_error=False, description="Token of POST /identity/token.")


@dataclass(frozen=True)
class Caller:
    """Whose jobs a request may see: the key's owner together with the service instance that was named."""

    subject: str
    crn: str


def unauthorized(code: str, message: str) -> RequestRefusedError:
    """401; ``title`` follows the official simulator."""
    title = "authentication failed" if code == "1200" else "Invalid credentials."
    solution = "Get a new token from POST /identity/token and send it as 'Authorization: Bearer <token>'."
    return RequestRefusedError(
        401,
        code,
        message,
        title=title,
        target="Authorization",
        target_kind="header",
        solution=solution,
        headers={"WWW-Authenticate": "Bearer"},
    )


async def _authenticate(request: Request) -> Caller:
    service = service_of(request)
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        subject = service.tokens.subject_of(credentials.strip())
    elif scheme.lower() == "apikey":
        subject = _key_subject(service, request, credentials.strip())
    else:
        subject = service.logins.subject_of(request.headers.get(ACCESS_TOKEN, ""))
    if subject is None:
        raise unauthorized("1201", "Invalid credentials.")
    return Caller(subject, _checked_crn(service, request))


def _key_subject(service: Service, request: Request, credentials: str) -> str | None:
    """Deprecated ``apikey {client_id}:{shared_token}``; every client id shares the API key.

    The Runtime API takes the key alone: its clients fall back to it where they get no token.
    """
    client_id, colon, key = credentials.partition(":")
    if not colon and request.url.path.startswith(RUNTIME + "/"):
        client_id, key = "anybody", credentials
    return service.tokens.subject if client_id and service.tokens.accepts_key(key) else None


def _checked_crn(service: Service, request: Request) -> str:
    if is_legacy(request.url.path):
        return LEGACY_INSTANCE
    crn = request.headers.get("service-crn", "")
    if not same_text(crn, service.settings.crn):
        _warn_of_crn(crn)
    return crn


@lru_cache(maxsize=64)
def _warn_of_crn(crn: str) -> None:
    """Say it once for each: a client that polls would fill the log."""
    LOGGER.warning("a client's Service-CRN is %s", "another one" if crn else "missing")


AuthenticatedCaller = Annotated[Caller, Depends(_authenticate)]
BearerScheme = Depends(_BEARER)
