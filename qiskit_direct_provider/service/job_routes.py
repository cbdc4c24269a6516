"""Routes that take, show, cancel and delete jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, Request, Response

from qiskit_direct_provider.service.callers import AuthenticatedCaller, BearerScheme, Caller
from qiskit_direct_provider.service.context import Service, answer, device_named, read_body, service_of
from qiskit_direct_provider.service.failures import RequestRefusedError, invalid_body
from qiskit_direct_provider.service.openapi import json_body, responses
from qiskit_direct_provider.wire.direct_access import JobDocument, JobList, JobRequest
from qiskit_direct_provider.wire.primitives import PROGRAMS

if TYPE_CHECKING:
    from qiskit_direct_provider.service.jobs import StoredJob

__all__ = ["router"]

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[BearerScheme])

_RETRY_AFTER_S = 5


@router.post(
    "",
    operation_id="create_job",
    summary="Run a job",
    status_code=204,
    responses=responses(None, 400, 401, 404, 408, 409, 413, 423, 429, status=204),
    openapi_extra=json_body(JobRequest),
)
async def create_job(request: Request, caller: AuthenticatedCaller) -> Response:
    """Store a job, and start it. Nothing is stored unless the answer is 204."""
    service = service_of(request)
    body = await read_body(request)
    try:
        job_request = msgspec.json.decode(body, type=JobRequest)
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid_body(error) from None
    device = device_named(service, job_request.backend, kind="field")
    _check_program(job_request.program_id)
    _check_room(service, job_request)
    service.runner.launch(service.jobs.add(job_request, caller.subject, caller.crn), device)
    return Response(status_code=204)


@router.get("", operation_id="list_jobs", summary="Jobs", responses=responses(JobList, 401))
async def list_jobs(request: Request, caller: AuthenticatedCaller) -> Response:
    """The caller's jobs, oldest first."""
    jobs = service_of(request).jobs.all_of(caller.subject, caller.crn)
    return answer(JobList(jobs=[job.document() for job in jobs]))


@router.get(
    "/{job_id:path}", operation_id="get_job", summary="One job", responses=responses(JobDocument, 401, 404)
)
async def get_job(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """One job."""
    return answer(_find(service_of(request), job_id, caller).document())


@router.delete(
    "/{job_id:path}",
    operation_id="delete_job",
    summary="Delete a job",
    status_code=204,
    responses=responses(None, 401, 404, 409, status=204),
)
async def delete_job(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """Forget a finished job, which frees its lane. Its objects stay where they are."""
    service = service_of(request)
    job = _find(service, job_id, caller)
    if not job.is_final:
        message = f"Deleting a job in a non-terminal state is not possible. Job ID: {job_id}."
        raise _conflict("1337", message, job_id, "Cancel the job, or wait until it is finished.")
    service.jobs.remove(job.number)
    return Response(status_code=204)


@router.post(
    "/{job_id:path}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    status_code=204,
    responses=responses(None, 401, 404, 409, status=204),
)
async def cancel_job(job_id: str, request: Request, caller: AuthenticatedCaller) -> Response:
    """Stop a job that is not finished."""
    service = service_of(request)
    job = _find(service, job_id, caller)
    if job.is_final:
        message = f"Job is not cancellable. Job ID: {job_id}."
        raise _conflict("1306", message, job_id, "The job is finished already.")
    await service.runner.cancel(job)
    return Response(status_code=204)


def _find(service: Service, job_id: str, caller: Caller) -> StoredJob:
    job = service.jobs.find(job_id, caller.subject, caller.crn)
    if job is None:
        message = f"Job not found. Job ID: {job_id}."
        solution = "Check the id, the API key and the Service-CRN."
        raise RequestRefusedError(404, "1291", message, target="id", value=job_id, solution=solution)
    return job


def _check_program(program_id: str) -> None:
    if program_id not in PROGRAMS:
        solution = f"The programs are {' and '.join(PROGRAMS)}."
        raise RequestRefusedError(
            400,
            "1337",
            "Invalid program_id specified.",
            target="program_id",
            target_kind="field",
            value=program_id,
            solution=solution,
        )


def _check_room(service: Service, request: JobRequest) -> None:
    if service.jobs.exists(request.id):
        message = f"Job with duplicate id already exists. Job ID: {request.id}"
        raise _conflict("1231", message, request.id, "Choose another id.", kind="field")
    if service.jobs.count(request.backend) >= service.settings.max_lanes:
        message = f"The maximum number of execution lanes for backend {request.backend} has been reached."
        raise RequestRefusedError(
            429,
            "1232",
            message,
            title=message,
            target="backend",
            target_kind="field",
            value=request.backend,
            solution="Delete finished jobs, or wait until other clients do.",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        )


def _conflict(
    code: str, message: str, job_id: str, solution: str, kind: str = "parameter"
) -> RequestRefusedError:
    return RequestRefusedError(
        409, code, message, target="id", target_kind=kind, value=job_id, solution=solution
    )
