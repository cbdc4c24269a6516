"""A server of the standard library that is silent about clients that went away."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer

__all__ = ["QuietServer"]


class QuietServer(ThreadingHTTPServer):
    """Clients of tests are killed, refuse certificates or have read enough; other errors are printed."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
