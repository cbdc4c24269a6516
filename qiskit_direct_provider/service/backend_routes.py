"""Routes that describe the API and its devices."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from qiskit_direct_provider.service.callers import AuthenticatedCaller, BearerScheme
from qiskit_direct_provider.service.context import answer, device_named, service_of
from qiskit_direct_provider.service.openapi import responses
from qiskit_direct_provider.wire.direct_access import (
    BackendItem,
    BackendList,
    Lanes,
    LaneShare,
    VersionDocument,
    VersionList,
)

__all__ = ["API_VERSION", "router"]

API_VERSION = "2025-08-15"

_VERSIONS = ["2025-08-01", API_VERSION]

router = APIRouter(tags=["backends"])
_open_routes = APIRouter()
_routes = APIRouter(prefix="/v1/backends", dependencies=[BearerScheme])


@_open_routes.get(
    "/version", operation_id="get_version", summary="Version", responses=responses(VersionDocument)
)
async def get_version() -> Response:
    """The newest version of the API. Needs no token, and so shows that the service is up."""
    return answer(VersionDocument(version=API_VERSION))


@_open_routes.get(
    "/versions", operation_id="list_versions", summary="Versions", responses=responses(VersionList)
)
async def list_versions() -> Response:
    """All versions of the API that are understood."""
    return answer(VersionList(versions=_VERSIONS))


@_routes.get("", operation_id="list_backends", summary="Backends", responses=responses(BackendList, 401))
async def list_backends(request: Request, _caller: AuthenticatedCaller) -> Response:
    """All devices."""
    devices = service_of(request).devices.values()
    return answer(BackendList(backends=[device.item for device in devices]))


@_routes.get(
    "/{name}", operation_id="get_backend", summary="One backend", responses=responses(BackendItem, 401, 404)
)
async def get_backend(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """One device."""
    return answer(device_named(service_of(request), name).item)


@_routes.get(
    "/{name}/configuration",
    operation_id="get_backend_configuration",
    summary="Configuration",
    responses=responses(None, 401, 404),
)
async def get_configuration(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """What the device is: qubits, gates, couplings, timing."""
    return answer(device_named(service_of(request), name).configuration)


@_routes.get(
    "/{name}/properties",
    operation_id="get_backend_properties",
    summary="Properties",
    responses=responses(None, 401, 404),
)
async def get_properties(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """How the device was when it was last calibrated."""
    return answer(device_named(service_of(request), name).properties)


@_routes.get(
    "/{name}/lanes", operation_id="get_backend_lanes", summary="Lanes", responses=responses(Lanes, 401, 404)
)
async def get_lanes(name: str, request: Request, _caller: AuthenticatedCaller) -> Response:
    """How many jobs the device takes at a time; stored jobs count, whatever their status."""
    service = service_of(request)
    device_named(service, name)
    share = LaneShare(lanes=service.settings.max_lanes)
    return answer(Lanes(hpc_workload_manager=share, ibm_quantum_compute=LaneShare(lanes=0)))


router.include_router(_open_routes)
router.include_router(_routes)
