"""A deadline for a whole exchange, whatever trickles in.

Socket timeouts bound the wait for one piece of data, so a server that sends a byte now and then holds a
call for ever. Here the connection of the exchange is shut down when the time is over.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["GuardedAdapter", "guarded"]

_here = threading.local()


class _Guard:
    """The connection that this thread uses just now."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        self._expired = False
        self._lock = threading.Lock()

    def watch(self, connection: HTTPConnection) -> None:
        """Take note of the connection; it is of no use once the time is over."""
        with self._lock:
            self._connection = connection
            if self._expired:
                _shut(connection)

    def expire(self) -> None:
        """The time is over."""
        with self._lock:
            self._expired = True
            if self._connection is not None:
                _shut(self._connection)


def _shut(connection: HTTPConnection) -> None:
    """End reads and writes that wait on a connection; they fail at once."""
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


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


def _noted(connection: HTTPConnection) -> None:
    guard: _Guard | None = getattr(_here, "guard", None)
    if guard is not None:
        guard.watch(connection)


class _GuardedHTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _noted(self)

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        _noted(self)  # a connection that is used again
        super().putrequest(*arguments, **options)


class _GuardedHTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _noted(self)

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        _noted(self)
        super().putrequest(*arguments, **options)


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTPConnection


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPSConnection


class GuardedAdapter(HTTPAdapter):
    """Requests' adapter over connections that `guarded` can shut down."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Make the pool of connections through a proxy."""
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}
        return manager
