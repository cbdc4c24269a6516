"""The service as one ASGI application."""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Mount

from qiskit_direct_provider.service import (
    backend_routes,
    failures,
    job_routes,
    legacy_routes,
    openapi,
    outcome,
    paths,
    runtime_backend_routes,
    runtime_job_routes,
    runtime_session_routes,
    status,
    token_routes,
    transpiler_routes,
)
from qiskit_direct_provider.service.context import Service
from qiskit_direct_provider.service.devices import open_devices
from qiskit_direct_provider.service.drift import DriftClock
from qiskit_direct_provider.service.executors import open_workers
from qiskit_direct_provider.service.hosts import HostCheck
from qiskit_direct_provider.service.jobs import JobStore
from qiskit_direct_provider.service.logins import Logins
from qiskit_direct_provider.service.object_parts import ObjectParts
from qiskit_direct_provider.service.object_routes import ObjectRoutes
from qiskit_direct_provider.service.objects import ObjectStore
from qiskit_direct_provider.service.origins import Origins
from qiskit_direct_provider.service.runner import Runner
from qiskit_direct_provider.service.runtime_jobs import RuntimeJobStore
from qiskit_direct_provider.service.runtime_queue import RuntimeQueue
from qiskit_direct_provider.service.runtime_sessions import Sessions
from qiskit_direct_provider.service.settings import PROCESSES, ServiceSettings, is_loopback
from qiskit_direct_provider.service.signatures import Credentials
from qiskit_direct_provider.service.tokens import Tokens
from qiskit_direct_provider.service.transpiler_tasks import Transpilations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

__all__ = ["build_app"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

_MAX_RESTARTS = 3
_ROUTERS = tuple(
    module.router
    for module in (token_routes, backend_routes, job_routes, legacy_routes, transpiler_routes, status)
)
_DESCRIPTION = "Direct Access (Quantum System) API on simulated devices. All numbers come from a simulation."


def build_app(settings: ServiceSettings) -> FastAPI:
    """The application. ``settings.port`` has to be the port at which clients reach it.

    Raises:
        InvalidInputError: A device is not known.
    """
    folder, is_temporary = _state_folder(settings)
    service = _assemble(settings, folder)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.runner.start()
        _resume_interrupted(service)
        service.queue.start(service.devices)
        try:
            yield
        finally:
            service.transpilations.stop()
            await service.queue.stop()
            await service.runner.stop()
            service.jobs.close()
            service.runs.close()
            service.objects.close()
            if is_temporary:
                shutil.rmtree(folder, ignore_errors=True)

    app = FastAPI(
        title="qiskit_direct_provider local service",
        version=backend_routes.API_VERSION,
        description=_DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.state.service = service
    for router in _ROUTERS:
        app.include_router(router)
    for prefix in (paths.RUNTIME, paths.LEGACY):
        for runtime in (runtime_backend_routes, runtime_job_routes, runtime_session_routes):
            app.include_router(runtime.router, prefix=prefix)
    app.add_exception_handler(failures.RequestRefusedError, failures.render_failure)
    app.add_exception_handler(Exception, failures.render_unexpected)
    if is_loopback(settings.host):
        app.add_middleware(HostCheck)
    _serve_objects(app, service)
    openapi.describe(app)
    return app


def _assemble(settings: ServiceSettings, folder: Path) -> Service:
    elsewhere = settings.executor != PROCESSES
    devices = open_devices(
        settings.devices, settings.paused, portable=elsewhere, clock=_drift_clock(settings)
    )
    workers = open_workers(settings)
    jobs = JobStore(folder)
    objects = ObjectStore(folder, settings.s3_bucket)
    origins = Origins(settings, objects)
    origins.own_ports |= jobs.remember_port(settings.port)
    runner = Runner(settings, jobs, origins, workers)
    tokens = Tokens(settings.api_key, settings.token_ttl_s)
    runs, sessions = RuntimeJobStore(folder), Sessions()
    queue = RuntimeQueue(settings, runs, sessions, runner)
    logins, transpilations = Logins(tokens, settings.token_ttl_s), Transpilations(runner)
    return Service(
        *(settings, tokens, devices, jobs, objects, ObjectParts(folder), runner, runs, sessions, queue),
        logins=logins,
        transpilations=transpilations,
    )


def _api_folders() -> set[str]:
    """What the paths of the API begin with."""
    own = [str(getattr(route, "path", "/")) for router in _ROUTERS for route in router.routes]
    return {path.split("/")[1] for path in (*own, paths.RUNTIME, paths.LEGACY)}


def _drift_clock(settings: ServiceSettings) -> DriftClock | None:
    if settings.drift_s is None:
        return None
    return DriftClock(settings.drift_s, secrets.randbits(32) if settings.seed is None else settings.seed)


def _serve_objects(app: FastAPI, service: Service) -> None:
    """Hand every path that no route matches to the object store, but for people at the front door."""
    settings = service.settings
    credentials = Credentials(settings.s3_access_key, settings.s3_secret_key)
    routes = ObjectRoutes(service.objects, service.object_parts, credentials)
    if settings.s3_bucket not in _api_folders():
        # Tried first, since it is most of the traffic, and costs as much as it takes to try all others.
        app.router.routes.insert(0, Mount(f"/{settings.s3_bucket}", routes))
    not_found = app.router.default

    async def fall_back(scope: Scope, receive: Receive, send: Send) -> None:
        handler = routes if scope["type"] == "http" else not_found
        if status.is_for_people(scope):
            handler = status.status_page
        await handler(scope, receive, send)

    app.router.default = fall_back


def _state_folder(settings: ServiceSettings) -> tuple[Path, bool]:
    if settings.state is None:
        return Path(tempfile.mkdtemp(prefix="qiskit-direct-")), True
    folder = Path(settings.state)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder, False


def _resume_interrupted(service: Service) -> None:
    """Run again what was Running when the service stopped, unless it was so often: it may be why."""
    for job, times in service.jobs.interrupted():
        device = service.devices.get(job.request.backend)
        if device is not None and times <= _MAX_RESTARTS:
            service.runner.launch(job, device)
        else:
            message = "The service was restarted while the job was running, and could not go on with it."
            service.jobs.finish(
                job.number, outcome.failed(outcome.RUN_FAILED, message, "Submit the job again.")
            )
            LOGGER.warning("job %r was running when the service stopped; it is Failed now", job.request.id)
