"""The proxy's listening socket, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from qiskit_direct_provider.testing.serving import Client
from qiskit_direct_provider.testing.upstream import BUFFER_BYTES

if TYPE_CHECKING:
    from qiskit_direct_provider.testing.serving import Handler

__all__ = ["LoopThread", "Server"]

T = TypeVar("T")

_HOST = "127.0.0.1"
_BACKLOG = 512


class LoopThread:
    """One event loop in one daemon thread."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Server:
    """Accepts connections on the loopback interface; all methods run in the loop."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, port: int = 0) -> int:
        """Accept connections; returns the port."""
        self._server = await asyncio.start_server(
            self._connected, _HOST, port, limit=BUFFER_BYTES, backlog=_BACKLOG
        )
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def refuse(self) -> None:
        """Refuse new connections, and reset those that are open."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Transports tell of their end in the loop's next rounds.
        for _ in range(3):
            await asyncio.sleep(0)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        task, client = asyncio.current_task(), Client(reader, writer)
        assert task is not None
        self._tasks.add(task)
        try:
            await self._handler.serve(client)
            client.close()
        except asyncio.CancelledError:  # only `refuse` cancels; asyncio would log it if it went on
            client.reset()
        finally:
            self._tasks.discard(task)
