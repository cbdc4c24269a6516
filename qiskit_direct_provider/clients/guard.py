"""A deadline for a whole exchange, whatever trickles in.

Socket timeouts bound the wait for one piece of data, so a server that sends a byte now and then holds a
call for ever. Here the connection of the exchange is shut down when the time is over.
"""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["GuardedAdapter", "guarded"]

NEGOTIATION_GRACE_S = 0.4
NO_TIME_S = 0.01

_here = threading.local()


class _Guard:
    """The connection that this thread uses just now.

    It is held by a descriptor of its own: while TLS or a tunnel through a proxy is negotiated, the
    connection's socket changes hands, and is out of reach.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._plain: socket.socket | None = None
        self._negotiating = False
        self._expired = False
        self._over = threading.Event()
        self._lock = threading.Lock()

    def watch(self, connected: socket.socket, *, negotiating: bool = False, tunnelled: bool = False) -> None:
        """Take note of the connection; it is of no use once the time is over."""
        with self._lock:
            self._let_go()
            self._socket = socket.socket(fileno=socket.dup(connected.fileno()))
            self._plain = connected if negotiating and not tunnelled else None
            self._negotiating = negotiating
            if self._expired and not negotiating:
                self._shut()

    def expire(self) -> None:
        """The time is over.

        A negotiation mostly ends by its own timeout; one that is shut down before TLS has begun would
        leave an open socket behind, in the standard library: TLS takes over the connection first, with
        hardly any time left.
        """
        with self._lock:
            self._expired = True
            patience_s = NEGOTIATION_GRACE_S if self._negotiating else 0.0
            plain = self._plain
        while plain is not None and plain.fileno() >= 0 and not self._over.is_set():
            with contextlib.suppress(OSError):
                plain.settimeout(NO_TIME_S)
            self._over.wait(NO_TIME_S)
        if not self._over.wait(patience_s):
            with self._lock:
                self._shut()

    def close(self) -> None:
        """The exchange is over."""
        self._over.set()
        with self._lock:
            self._let_go()

    def _shut(self) -> None:
        """End reads and writes that wait on the connection; they fail at once."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@contextlib.contextmanager
def guarded(deadline: Deadline) -> Iterator[None]:
    """Shut down what this thread's request waits for when the deadline comes."""
    if math.isinf(deadline.at):
        yield
        return
    guard = _Guard()
    timer = threading.Timer(deadline.remaining(), guard.expire)
    timer.daemon = True
    _here.guard = guard
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _here.guard = None
        guard.close()


def _noted(connected: socket.socket | None, **stage: bool) -> None:
    guard: _Guard | None = getattr(_here, "guard", None)
    if guard is not None and connected is not None:
        guard.watch(connected, **stage)


class _GuardedHTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        _noted(connected)
        return connected

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        _noted(self.sock)  # a connection that is used again
        super().putrequest(*arguments, **options)


class _GuardedHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        _noted(connected, negotiating=True, tunnelled=self._tunnel_host is not None)
        return connected

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        _noted(self.sock)
        super().putrequest(*arguments, **options)


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTPConnection


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPSConnection


class GuardedAdapter(HTTPAdapter):
    """Requests' adapter over connections that `guarded` can shut down.

    Args:
        context: Certificates to trust; None takes requests' own.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context: dict[str, Any] = {} if context is None else {"ssl_context": context}
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*arguments, **{**self._context, **options})
        self.poolmanager.pool_classes_by_scheme = {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Make the pool of connections through a proxy."""
        manager = super().proxy_manager_for(*arguments, **{**self._context, **options})
        manager.pool_classes_by_scheme = {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}
        return manager
