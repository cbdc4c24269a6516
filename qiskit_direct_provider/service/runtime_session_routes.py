"""Routes of the Runtime API for sessions and batches."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response

from qiskit_direct_provider.service.callers import AuthenticatedCaller, Caller  # noqa: TC001 - read by FastAPI
from qiskit_direct_provider.service.context import Service, answer, device_named, read_body, service_of
from qiskit_direct_provider.service.failures import RequestRefusedError, invalid_body
from qiskit_direct_provider.service.runtime_intake import refused
from qiskit_direct_provider.service.runtime_sessions import BATCH, DEDICATED, IDLE_S, LONGEST_S, Session
from qiskit_direct_provider.wire.runtime import SessionBody, SessionChange

__all__ = ["find_session", "open_session", "router"]

router = APIRouter(include_in_schema=False)


@router.post("/sessions")
async def create_session(request: Request, caller: AuthenticatedCaller) -> Response:
    """Open a session."""
    return answer((await open_session(request, caller)).document())


@router.get("/sessions/{session_id}")
async def get_session(session_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """One session."""
    return answer(find_session(service_of(request), session_id, caller).document())


@router.patch("/sessions/{session_id}")
async def change_session(session_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """Close a session: the jobs that it has still run."""
    service = service_of(request)
    session = find_session(service, session_id, caller)
    try:
        change = msgspec.json.decode(await read_body(request), type=SessionChange)
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid_body(error) from None
    if not change.accepting_jobs:
        service.queue.close_session(session)
    return Response(status_code=204)


@router.delete("/sessions/{session_id}/close")
async def cancel_session(session_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """Cancel a session: jobs that wait are cancelled, the one that runs goes on."""
    service = service_of(request)
    service.queue.cancel_session(find_session(service, session_id, caller))
    return Response(status_code=204)


async def open_session(request: Request, caller: Caller) -> Session:
    """A new session from a request's body; the mode may be missing, as legacy clients leave it out."""
    service = service_of(request)
    try:
        body = msgspec.json.decode(await read_body(request), type=SessionBody)
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid_body(error) from None
    mode = body.mode or DEDICATED
    if mode not in {DEDICATED, BATCH}:
        raise refused(400, f"The mode {mode!r} is not one.", "mode", solution="It is dedicated or batch.")
    name = body.backend or body.backend_name
    if not name:
        raise refused(400, "A session has to name its backend.", "backend")
    device = device_named(service, name, kind="field")
    asked = body.max_session_ttl if body.max_ttl is None else body.max_ttl
    longest = LONGEST_S if asked is None else asked
    idle = IDLE_S if body.interactive_ttl is None else body.interactive_ttl
    if not 1 <= longest <= LONGEST_S or not 0 <= idle <= LONGEST_S:
        raise refused(400, f"max_ttl is not between 1 and {LONGEST_S} seconds.", "max_ttl")
    return service.sessions.add(
        Session(caller.subject, caller.crn, device.name, mode, max_ttl=longest, interactive_ttl=idle)
    )


def find_session(service: Service, session_id: str, caller: Caller) -> Session:
    """The caller's own session of that id, or 404."""
    session = service.sessions.find(session_id, caller.subject, caller.crn)
    if session is None:
        message = f"Session {session_id} not found."
        raise RequestRefusedError(
            404, "", message, target="id", value=session_id, solution="Open another one."
        )
    return session
