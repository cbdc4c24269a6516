"""What the routes share."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec
from fastapi import Request, Response
from msgspec import Struct

from qiskit_direct_provider.service.failures import RequestRefusedError, not_our_body

if TYPE_CHECKING:
    from qiskit_direct_provider.service.devices import Device
    from qiskit_direct_provider.service.jobs import JobStore
    from qiskit_direct_provider.service.logins import Logins
    from qiskit_direct_provider.service.object_parts import ObjectParts
    from qiskit_direct_provider.service.objects import ObjectStore
    from qiskit_direct_provider.service.runner import Runner
    from qiskit_direct_provider.service.runtime_jobs import RuntimeJobStore
    from qiskit_direct_provider.service.runtime_queue import RuntimeQueue
    from qiskit_direct_provider.service.runtime_sessions import Sessions
    from qiskit_direct_provider.service.settings import ServiceSettings
    from qiskit_direct_provider.service.tokens import Tokens
    from qiskit_direct_provider.service.transpiler_tasks import Transpilations

__all__ = ["Service", "answer", "device_named", "read_body", "service_of"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

MAX_BODY_BYTES = 50 * 1024 * 1024
BODY_TIMEOUT_S = 30.0

StructT = TypeVar("StructT", bound=Struct)


@dataclass(frozen=True)
class Service:
    """One running service."""

    settings: ServiceSettings
    tokens: Tokens
    devices: dict[str, Device]
    jobs: JobStore
    objects: ObjectStore
    object_parts: ObjectParts
    runner: Runner
    runs: RuntimeJobStore
    sessions: Sessions
    queue: RuntimeQueue
    logins: Logins
    transpilations: Transpilations


def service_of(request: Request) -> Service:
    """The service that received a request."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def device_named(service: Service, name: str, *, kind: str = "parameter") -> Device:
    """The device of that name, or the documented 404."""
    device = service.devices.get(name)
    if device is None:
        message = f"Backend {name} not found."
        solution = "Take a name from GET /v1/backends."
        target = "backend" if kind == "field" else "name"
        raise RequestRefusedError(
            404, "1216", message, target=target, target_kind=kind, value=name, solution=solution
        )
    return device


def answer(document: Struct | bytes, status: int = 200) -> Response:
    """A JSON answer."""
    body = document if isinstance(document, bytes) else msgspec.json.encode(document)
    return Response(body, status, media_type="application/json")


async def read_body(request: Request) -> bytes:
    """The whole body, within the limits of size (413) and time (408)."""
    try:
        return await asyncio.wait_for(_collect(request), BODY_TIMEOUT_S)
    except asyncio.TimeoutError:
        solution = "Send the request again over a faster connection."
        raise not_our_body(408, "The request body took too long to arrive.", solution) from None


async def _collect(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        # The rest is read and dropped up to a point: a client that is still sending would not see the answer.
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        elif size > 4 * MAX_BODY_BYTES:
            break
    if size > MAX_BODY_BYTES:
        solution = "Put large inputs into the object store; the body only names them."
        raise not_our_body(413, f"The request body is larger than {MAX_BODY_BYTES} bytes.", solution)
    return b"".join(chunks)
