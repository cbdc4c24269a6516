"""Routes of the Runtime API that describe devices and the service instance."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from fastapi import APIRouter, Request, Response

from qiskit_direct_provider.service.callers import AuthenticatedCaller  # noqa: TC001 - read by FastAPI
from qiskit_direct_provider.service.context import Service, answer, device_named, service_of
from qiskit_direct_provider.service.runtime_job_routes import ApiVersion, as_stored
from qiskit_direct_provider.wire.runtime import (
    VERSIONS,
    DeviceStatus,
    RuntimeDevice,
    StatusDocument,
)

if TYPE_CHECKING:
    from qiskit_direct_provider.service.devices import Device

__all__ = ["device_status", "router"]

_NANOSECOND = 1e-9
_OBJECTS_SINCE = 20250101

router = APIRouter(include_in_schema=False)


@router.get("/versions")
async def list_versions() -> Response:
    """All versions of the API that are understood."""
    *older, newest = VERSIONS
    versions = [{"version": each, "status": "deprecated"} for each in older]
    return answer(msgspec.json.encode({"versions": [*versions, {"version": newest, "status": "live"}]}))


@router.get("/backends")
@router.get("/backends/")
async def list_backends(request: Request, _caller: AuthenticatedCaller, version: ApiVersion) -> Response:
    """All devices: names alone in the oldest version, objects since. Legacy clients end the path so."""
    service = service_of(request)
    if version < _OBJECTS_SINCE:
        return answer(msgspec.json.encode({"devices": list(service.devices)}))
    with_wait = "wait_time_seconds" in request.query_params.get("fields", "")
    found = [_device(service, device, with_wait=with_wait) for device in service.devices.values()]
    return answer(msgspec.json.encode({"devices": found}))


@router.get("/backends/{name}/configuration")
async def get_configuration(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """What the device is."""
    return answer(device_named(service_of(request), name).configuration)


@router.get("/backends/{name}/properties")
async def get_properties(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """The calibration, or the last one before ``updated_before``; null when there was none."""
    device = device_named(service_of(request), name)
    before = as_stored(request.query_params.get("updated_before"), "updated_before")
    document = device.properties
    if before is not None:
        document = device.properties_before(datetime.fromisoformat(before.replace("Z", "+00:00")))
    made = as_stored(msgspec.json.decode(document).get("last_update_date"), "last_update_date")
    return answer(b"null" if before and made and made > before else document)


@router.get("/backends/{name}/status")
async def get_status(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """Whether the device takes jobs, and how long its queue is."""
    service = service_of(request)
    return answer(device_status(service, device_named(service, name)))


@router.get("/backends/{name}/defaults")
async def get_defaults(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """Pulse defaults, which no device has any more."""
    device_named(service_of(request), name)
    return answer(b"null")


@router.get("/instance")
async def get_instance(request: Request, caller: AuthenticatedCaller) -> Response:
    """The service instance of the caller. Some figures are texts, as the API has them."""
    names = list(service_of(request).devices)
    return answer(msgspec.json.encode({"instance_id": caller.crn, "plan_id": "local", "backends": names}))


@router.get("/instances/configuration")
async def get_instance_configuration(_caller: AuthenticatedCaller) -> Response:
    """Limits of the instance: none."""
    return answer(b'{"instance_limit":null}')


@router.get("/instances/usage")
async def get_usage(request: Request, caller: AuthenticatedCaller) -> Response:
    """Device time that the stored jobs of the caller used."""
    seconds = service_of(request).runs.used_ns(caller.subject, caller.crn) * _NANOSECOND
    usage = {
        "instance_id": caller.crn,
        "plan_id": "local",
        "usage_consumed_seconds": round(seconds, 9),
        "usage_limit_seconds": None,
        "usage_limit_reached": False,
    }
    return answer(msgspec.json.encode(usage))


def device_status(service: Service, device: Device) -> StatusDocument:
    """A device's state and the length of its queue."""
    item = device.item
    return StatusDocument(
        state=not device.paused,
        status="maintenance" if device.paused else "active",
        message=item.message,
        length_queue=service.runs.waiting(device.name),
        backend_version=item.version,
    )


def _device(service: Service, device: Device, *, with_wait: bool) -> RuntimeDevice:
    configuration = msgspec.json.decode(device.configuration)
    processor = configuration.get("processor_type") or {}
    return RuntimeDevice(
        name=device.name,
        status=DeviceStatus(name="paused" if device.paused else "online", reason="available"),
        is_simulator=False,
        qubits=configuration["n_qubits"],
        queue_length=service.runs.waiting(device.name),
        processor_type={key: str(processor[key]) for key in ("family", "revision") if key in processor},
        wait_time_seconds=0.0 if with_wait else None,
    )
