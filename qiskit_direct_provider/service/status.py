"""What anybody may see of a running service: devices, lanes, recent jobs. No token is asked for."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Struct

from qiskit_direct_provider.service.context import Service, answer, service_of
from qiskit_direct_provider.service.runtime_jobs import StoredRun, now
from qiskit_direct_provider.service.status_page import PAGE

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from qiskit_direct_provider.service.devices import Device
    from qiskit_direct_provider.service.jobs import StoredJob

__all__ = ["is_for_people", "router", "status_page"]

_RECENT = 50
_SHOWN_OF_ID = 8
_NANOSECOND = 1e-9
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self';"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


class DeviceFacts(Struct, frozen=True, kw_only=True):
    """A device: ``taken`` of its ``lanes`` hold a job; ``queue`` jobs of the Runtime API wait."""

    name: str
    state: str
    qubits: int
    lanes: int
    taken: int
    queue: int
    calibrated: str | None


class JobFacts(Struct, frozen=True, kw_only=True):
    """A job without what is its owner's: the beginning of its id, and how it does."""

    id: str
    api: str
    device: str
    program: str
    status: str
    created: str
    ended: str | None
    quantum_s: float | None


class Status(Struct, frozen=True, kw_only=True):
    """All of it, at one time (ISO 8601, UTC)."""

    time: str
    noise: bool
    workers: int
    devices: list[DeviceFacts]
    jobs: list[JobFacts]


@router.get("/status.json")
async def get_status(request: Request) -> Response:
    """The facts of the status page."""
    response = answer(_status(service_of(request)))
    response.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    return response


def is_for_people(scope: Scope) -> bool:
    """Whether a request is a browser's for the status page; a signed one asks for the buckets."""
    if scope["type"] != "http" or scope["path"] != "/" or scope["method"] not in {"GET", "HEAD"}:
        return False
    signed = dict(scope["headers"]).get(b"authorization", b"").startswith(b"AWS")
    return not (signed or b"X-Amz-" in scope["query_string"])


async def status_page(scope: Scope, receive: Receive, send: Send) -> None:
    """The page, an ASGI application. It fetches its facts itself, and needs nothing of other servers."""
    nonce = secrets.token_urlsafe(16)
    headers = {
        "Content-Security-Policy": _POLICY.format(nonce=nonce),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    response = Response(PAGE.replace("NONCE", nonce), headers=headers, media_type="text/html")
    await response(scope, receive, send)


def _status(service: Service) -> Status:
    jobs = [
        *map(_job, service.jobs.recent(_RECENT)),
        *map(_job, service.runs.recent(_RECENT)),
    ]
    return Status(
        time=now(),
        noise=service.settings.noise,
        workers=service.settings.workers,
        devices=[_device(service, device) for device in service.devices.values()],
        jobs=sorted(jobs, key=lambda job: job.created, reverse=True)[:_RECENT],
    )


def _device(service: Service, device: Device) -> DeviceFacts:
    return DeviceFacts(
        name=device.name,
        state=device.item.status,
        qubits=msgspec.json.decode(device.configuration, type=_Size).n_qubits,
        lanes=service.settings.max_lanes,
        taken=service.jobs.count(device.name),
        queue=service.runs.waiting(device.name),
        calibrated=msgspec.json.decode(device.properties, type=_Date).last_update_date,
    )


class _Size(Struct):
    n_qubits: int


class _Date(Struct):
    last_update_date: str | None = None


def _job(job: StoredJob | StoredRun) -> JobFacts:
    is_run = isinstance(job, StoredRun)
    program = job.request.program if isinstance(job, StoredRun) else job.request.program_id
    whole = job.id if isinstance(job, StoredRun) else job.request.id
    return JobFacts(
        id=whole if len(whole) <= _SHOWN_OF_ID else whole[:_SHOWN_OF_ID] + "\u2026",
        api="runtime" if is_run else "direct access",
        device=job.request.backend,
        program=program,
        status=job.status,
        created=job.created,
        ended=job.ended,
        quantum_s=None if job.quantum_ns is None else job.quantum_ns * _NANOSECOND,
    )
