"""Routes of the Runtime API that take, show, cancel and delete jobs."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from qiskit_direct_provider.service.callers import AuthenticatedCaller  # noqa: TC001 - read by FastAPI
from qiskit_direct_provider.service.context import answer, read_body, service_of
from qiskit_direct_provider.service.failures import RequestRefusedError, invalid_body
from qiskit_direct_provider.service.logins import check_client_application
from qiskit_direct_provider.service.older_inputs import shown_results
from qiskit_direct_provider.service.runtime_intake import (
    checked_tags,
    find_run,
    job_document,
    metrics_document,
    refused,
    take_job,
)
from qiskit_direct_provider.service.runtime_jobs import JobFilter
from qiskit_direct_provider.wire.runtime import (
    PAGE_SIZE,
    VERSIONS,
    JobBody,
    JobCreated,
    TagsBody,
    version_number,
)

__all__ = ["ApiVersion", "as_stored", "filter_from", "read_job_body", "router"]

router = APIRouter(include_in_schema=False)

_SHORTEST_SEARCH, _LONGEST_SEARCH = 3, 100


async def _api_version(request: Request) -> int:
    """The version that the caller wants; the oldest is that of clients from before there was the header."""
    text = request.headers.get("ibm-api-version", VERSIONS[0])
    found = version_number(text)
    known = [number for each in VERSIONS if (number := version_number(each))]
    if found is None or not known[0] <= found <= known[-1]:
        raise RequestRefusedError(
            400,
            "1337",
            f"The version {text!r} of the API is not known.",
            target="IBM-API-Version",
            target_kind="header",
            solution=f"The versions are {', '.join(VERSIONS)}.",
        )
    return found


ApiVersion = Annotated[int, Depends(_api_version)]


async def read_job_body(request: Request) -> tuple[JobBody, dict[str, Any]]:
    """The body of a new job, and its parameters."""
    body = await read_body(request)
    try:
        found = msgspec.json.decode(body, type=JobBody)
        params = msgspec.json.decode(bytes(found.params) or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid_body(error) from None
    if not isinstance(params, dict):
        raise refused(400, "params is not an object.", "params")
    return found, params


@router.post("/jobs")
async def create_job(request: Request, caller: AuthenticatedCaller, _version: ApiVersion) -> Response:
    """Store a job under an id of the service's own, and queue it."""
    check_client_application(request)
    body, params = await read_job_body(request)
    run = take_job(service_of(request), body, params, caller)
    asked = run.request
    created = JobCreated(
        id=run.id, backend=asked.backend, session_id=asked.session_id, private=asked.private or None
    )
    return answer(created)


@router.get("/jobs")
async def list_jobs(request: Request, caller: AuthenticatedCaller, version: ApiVersion) -> Response:
    """One page of the caller's jobs, newest first unless told otherwise."""
    service, wanted = service_of(request), filter_from(request)
    runs, count = service.runs.page(wanted, caller.subject, caller.crn)
    with_params = request.query_params.get("exclude_params", "true") == "false"
    jobs = [
        job_document(run, caller, version, service.runs.params(run.number) if with_params else None)
        for run in runs
    ]
    page = {"jobs": jobs, "count": count, "limit": wanted.limit, "offset": wanted.offset}
    return answer(msgspec.json.encode(page))


@router.get("/jobs/{job_id}")
async def get_job(
    job_id: str, request: Request, caller: AuthenticatedCaller, version: ApiVersion
) -> Response:
    """One job, with its parameters unless told otherwise."""
    service = service_of(request)
    run = find_run(service, job_id, caller)
    params = None
    if request.query_params.get("exclude_params") != "true" and not run.request.private:
        params = service.runs.params(run.number)
    return answer(job_document(run, caller, version, params))


@router.delete("/jobs/{job_id}")
async def delete_job(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """Forget a job that has ended."""
    service = service_of(request)
    run = find_run(service, job_id, caller)
    if not run.is_final:
        raise _conflict(
            "1337", f"Deleting a job in a non-terminal state is not possible. Job ID: {job_id}.", job_id
        )
    service.runs.remove(run.number)
    return Response(status_code=204)


@router.post("/jobs/{job_id}/cancel")
async def cancel_job(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """End a job that waits or runs."""
    service = service_of(request)
    run = find_run(service, job_id, caller)
    if run.is_final:
        raise _conflict("1306", f"Job is not cancellable. Job ID: {job_id}.", job_id)
    await service.queue.cancel(run)
    return Response(status_code=204)


@router.get("/jobs/{job_id}/results")
async def get_results(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """The result document; 204 while there is none. That of a private job can be read once.

    Its content type is that of text: QRMI's client reads nothing else, and the others look at the body alone.
    """
    service = service_of(request)
    run = find_run(service, job_id, caller)
    results = service.runs.results(run.number)
    if results is None:
        return Response(status_code=204)
    if run.request.private:
        service.runs.forget_results(run.number)
    device = service.devices.get(run.request.backend)
    version = (device and device.item.version) or "0.0.0"
    body = shown_results(results, run, service.runs.params(run.number), version)
    return Response(body, media_type="text/plain")


@router.get("/jobs/{job_id}/interim_results")
async def get_interim_results(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """What a program tells before it ends; those that there are tell nothing."""
    find_run(service_of(request), job_id, caller)
    return Response(status_code=204)


@router.get("/jobs/{job_id}/logs")
async def get_logs(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """The log, as text; 204 while there is none."""
    service = service_of(request)
    log = service.runs.log(find_run(service, job_id, caller).number)
    return Response(log, media_type="text/plain") if log else Response(status_code=204)


@router.get("/jobs/{job_id}/metrics")
async def get_metrics(
    job_id: str, request: Request, caller: AuthenticatedCaller, version: ApiVersion
) -> Response:
    """Times and usage."""
    service = service_of(request)
    return answer(metrics_document(service, find_run(service, job_id, caller), version))


@router.put("/jobs/{job_id}/tags")
async def put_tags(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """Replace the tags of a job."""
    service = service_of(request)
    run = find_run(service, job_id, caller)
    try:
        body = msgspec.json.decode(await read_body(request), type=TagsBody)
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid_body(error) from None
    service.runs.set_tags(run.number, checked_tags(body.tags))
    return Response(status_code=204)


@router.get("/tags")
async def search_tags(request: Request, caller: AuthenticatedCaller) -> Response:
    """The caller's tags that hold a text of 3 to 100 characters."""
    part = request.query_params.get("search", "")
    if not _SHORTEST_SEARCH <= len(part) <= _LONGEST_SEARCH:
        message = f"search has not {_SHORTEST_SEARCH} to {_LONGEST_SEARCH} characters."
        raise RequestRefusedError(400, "1337", message, target="search", target_kind="query", value=part)
    found = service_of(request).runs.tags_like(part, caller.subject, caller.crn)
    return answer(msgspec.json.encode({"tags": found}))


def filter_from(request: Request) -> JobFilter:
    """What the query asks for. A limit out of range is taken as the largest, as the API does it."""
    query = request.query_params
    limit, offset = _number(query.get("limit")), _number(query.get("offset"))
    pending = query.get("pending")
    return JobFilter(
        backend=query.get("backend"),
        program=query.get("program"),
        session_id=query.get("session_id"),
        pending=None if pending is None else pending.lower() == "true",
        created_after=as_stored(query.get("created_after"), "created_after"),
        created_before=as_stored(query.get("created_before"), "created_before"),
        tags=tuple(tag for tag in query.getlist("tags") if tag),
        limit=limit if limit is not None and 1 <= limit <= PAGE_SIZE else PAGE_SIZE,
        offset=offset if offset is not None and offset > 0 else 0,
        ascending=query.get("sort", "DESC").upper() == "ASC",
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004 - far beyond any count


def as_stored(text: str | None, name: str) -> str | None:
    """A date in the form in which dates are stored."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
        utc = (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        message = f"{name} is not a date in ISO 8601."
        raise RequestRefusedError(
            400, "1337", message, target=name, target_kind="query", value=text
        ) from None
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _conflict(code: str, message: str, job_id: str) -> RequestRefusedError:
    return RequestRefusedError(409, code, message, target="id", value=job_id, solution="Look at its status.")
