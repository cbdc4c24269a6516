"""Running the service: a socket, a ready message, a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import uvicorn
from msgspec import Struct

from qiskit_direct_provider.service.app import build_app
from qiskit_direct_provider.service.fault_layer import FaultLayer, OpenProtocol
from qiskit_direct_provider.service.faults import Faults
from qiskit_direct_provider.service.settings import ServiceSettings, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Endpoint", "ServiceStartError", "StoreEndpoint", "serve"]

_GRACE_S = 1
_UVICORN: dict[str, Any] = {
    "log_level": "warning",
    # Paths and queries of the object store are secrets.
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "lifespan": "on",
    "timeout_keep_alive": 75,
    "timeout_graceful_shutdown": _GRACE_S,
}


class StoreEndpoint(Struct, frozen=True, kw_only=True):
    """How to reach the object store."""

    endpoint: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    region: str


class Endpoint(Struct, frozen=True, kw_only=True):
    """How to reach a running service; holds its secrets."""

    url: str
    api_key: str
    crn: str
    iam_url: str
    s3: StoreEndpoint
    devices: list[str]

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r}, ...)"


class ServiceStartError(Exception):
    """The service cannot start; the message says why."""


def serve(
    settings: ServiceSettings, announce: Callable[[Endpoint], None], *, stop_on_eof: bool = False
) -> None:
    """Run the service until SIGINT or SIGTERM.

    Args:
        settings: How to run it.
        announce: Called once connections are accepted.
        stop_on_eof: Also stop when standard input ends, as it does when the parent process dies.

    Raises:
        ServiceStartError: The address is not free.
        InvalidInputError: A device is not known.
    """
    listener = _listen(settings)
    port = listener.getsockname()[1]
    settings = msgspec.structs.replace(settings, port=port)
    with listener:
        if settings.faults is None:
            app = build_app(settings)
            endpoint = _endpoint(settings, [*app.state.service.devices])
            config = uvicorn.Config(app, **_UVICORN)
            _Server(config, lambda: announce(endpoint), stop_on_eof=stop_on_eof).run(sockets=[listener])
            return
        with tempfile.TemporaryDirectory(prefix="qiskit-direct-") as folder:
            kept = msgspec.structs.replace(settings, state=settings.state or folder)
            _serve_with_faults(kept, listener, announce, stop_on_eof=stop_on_eof)


def _serve_with_faults(
    settings: ServiceSettings,
    listener: socket.socket,
    announce: Callable[[Endpoint], None],
    *,
    stop_on_eof: bool,
) -> None:
    """Run, and run again over the same state as often as a fault restarts the service."""
    assert settings.faults is not None
    said = False

    def say_once(endpoint: Endpoint) -> None:
        nonlocal said
        if not said:
            announce(endpoint)
        said = True

    layer = FaultLayer(Faults(settings.faults))
    while True:
        app = build_app(settings)
        ready = partial(say_once, _endpoint(settings, [*app.state.service.devices]))
        config = uvicorn.Config(layer, http=OpenProtocol, **_UVICORN)
        server = _Server(config, ready, stop_on_eof=stop_on_eof)
        layer.app, layer.restart = app, server.restart
        # The listener stays open: who connects meanwhile waits for the next run.
        server.run(sockets=[listener.dup()])
        if not server.is_restarting:
            return


class _Server(uvicorn.Server):
    """Uvicorn with a ready callback, and with signals that mean success."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], *, stop_on_eof: bool) -> None:
        super().__init__(config)
        self._ready = ready
        self._stop_on_eof = stop_on_eof
        self.is_restarting = False

    def restart(self) -> None:
        """End all connections and this run, as a crash would; the next one finds the state."""
        self.is_restarting = True
        for listening in self.servers:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal; Uvicorn's own version raises it again afterwards, and so ends with an error."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        if self._stop_on_eof:
            threading.Thread(target=_await_eof, args=(loop, self._stop), daemon=True).start()
        yield

    def _stop(self, *_: Any) -> None:
        self.is_restarting = False
        self.should_exit = True


def _await_eof(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop)


def _listen(settings: ServiceSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except OSError as error:
        reason = error.strerror or str(error)
        advice = "choose another port, or 0 for a free one"
        raise ServiceStartError(
            f"cannot listen on {settings.host}:{settings.port}: {reason}; {advice}"
        ) from error
    return listener


def _endpoint(settings: ServiceSettings, devices: list[str]) -> Endpoint:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if not is_loopback(settings.host) and settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with
        host = socket.gethostname()
    url = f"http://{host}:{settings.port}"
    store = StoreEndpoint(
        endpoint=url,
        bucket=settings.s3_bucket,
        access_key_id=settings.s3_access_key,
        secret_access_key=settings.s3_secret_key,
        region=settings.s3_region,
    )
    return Endpoint(
        url=url, api_key=settings.api_key, crn=settings.crn, iam_url=url, s3=store, devices=devices
    )
