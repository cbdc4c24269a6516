"""A proxy that passes requests on, remembers them, and fails where it is told to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.testing.faults import FaultSettings
from qiskit_direct_provider.testing.routes import as_predicate
from qiskit_direct_provider.testing.rules import Rules
from qiskit_direct_provider.testing.server import LoopThread, Server
from qiskit_direct_provider.testing.serving import Handler
from qiskit_direct_provider.testing.upstream import Upstream

if TYPE_CHECKING:
    from qiskit_direct_provider.testing.exchanges import Exchange
    from qiskit_direct_provider.testing.faults import Fault
    from qiskit_direct_provider.testing.routes import Match

__all__ = ["FaultProxy"]


class FaultProxy:
    """Stands on the loopback interface, in front of one server.

    Use it in a ``with`` block, or call `start` and `close`. Without rules, everything passes unchanged,
    the ``Host`` header too, which the signatures of S3 requests cover.

    Args:
        upstream: Origin of the server, such as ``http://127.0.0.1:8290``.
        settings: How faults show themselves; `script` and `random` can say otherwise.
        keep_headers: Keep the headers of requests in the log; they hold keys and tokens.

    Raises:
        InvalidInputError: ``upstream`` is not an http origin.
    """

    def __init__(
        self, upstream: str, *, settings: FaultSettings | None = None, keep_headers: bool = False
    ) -> None:
        parts = urlsplit(upstream)
        if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
            raise InvalidInputError(
                f"upstream must be an origin such as http://127.0.0.1:8290, not {upstream!r}"
            )
        self.upstream = upstream.rstrip("/")
        self._settings = settings or FaultSettings()
        self._rules = Rules()
        self._exchanges: list[Exchange] = []
        self._connections = Upstream(parts.hostname, parts.port or 80)
        self._handler = Handler(self._connections, self._rules, self._exchanges.append)
        self._handler.keep_headers = keep_headers
        self._server = Server(self._handler)
        self._thread: LoopThread | None = None
        self._port = 0

    # -- life ----------------------------------------------------------------------------------------

    def start(self) -> FaultProxy:
        """Listen on a free port, in a thread of its own; a proxy that runs is left alone."""
        if self._thread is None:
            self._thread = LoopThread("fault proxy")
            self._port = self._thread.run(self._server.listen(self._port))
            self._handler.elsewhere = f"http://localhost:{self._port}"
        return self

    def close(self) -> None:
        """Reset all connections and end the thread; rules and log stay. `start` takes the same port again."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.run(self._end())
            thread.stop()

    async def _end(self) -> None:
        self._connections.close()
        await self._server.refuse()

    def __enter__(self) -> FaultProxy:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Origin to use instead of the server's.

        Raises:
            InvalidInputError: It was never started.
        """
        if not self._port:
            raise InvalidInputError("the proxy has no address before start()")
        return f"http://127.0.0.1:{self._port}"

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Refuse all connections, as a host on which nothing listens, until the end of the block."""
        thread = self.start()._thread  # noqa: SLF001 - its own
        assert thread is not None
        thread.run(self._server.refuse())
        try:
            yield
        finally:
            thread.run(self._server.listen(self._port))

    # -- rules ---------------------------------------------------------------------------------------

    def script(self, match: Match, *faults: Fault, settings: FaultSettings | None = None) -> None:
        """The n-th request that matches from now on gets the n-th fault; `Fault.PASS` lets one pass.

        Scripts go before random faults, and older scripts before newer ones.

        Args:
            match: A pair of a method and the beginning of a path, or a function such as `api` makes.
            *faults: What to do, one request after the other.
            settings: How these faults show themselves.
        """
        self._rules.add_script(as_predicate(match), faults, settings or self._settings)

    def random(
        self,
        rate: float = 0.3,
        seed: int | None = None,
        *,
        faults: Iterable[Fault] | None = None,
        match: Match = None,
        settings: FaultSettings | None = None,
    ) -> None:
        """Every request that matches meets, with this probability, one of the faults.

        The same seed and the same number of matching requests give the same faults. The seed is in the
        proxy's repr, so that a failure can be had again.

        Args:
            rate: Probability of a fault.
            seed: Seed of the draws; None makes one up.
            faults: Kinds to draw from, each as likely as the others; None takes all 24.
            match: As in `script`; None takes every request.
            settings: How these faults show themselves.

        Raises:
            InvalidInputError: The rate is no probability, or there are no faults.
        """
        self._rules.add_random(as_predicate(match), rate, seed, faults, settings or self._settings)

    def clear(self) -> None:
        """Forget all rules: everything passes."""
        self._rules.clear()

    # -- log -----------------------------------------------------------------------------------------

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What came by, in the order in which its fate was known."""
        return tuple(self._exchanges)

    def count(self, match: Match = None, *, fault: Fault | None = None) -> int:
        """How many requests came by that match, and met this fault."""
        matches = as_predicate(match)
        return sum(
            1
            for exchange in self.exchanges
            if matches(exchange.method, exchange.path) and fault in {None, exchange.fault}
        )

    def forget(self) -> None:
        """Empty the log."""
        self._exchanges.clear()

    def __repr__(self) -> str:
        where = self.url if self._port else "not started"
        return f"<FaultProxy {where} -> {self.upstream}: {self._rules!r}>"
