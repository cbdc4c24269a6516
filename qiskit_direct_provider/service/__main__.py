"""``python -m qiskit_direct_provider.service``: a service in the care of the process that started it.

Settings come as one JSON line on standard input, so that no secret is on the command line; the
answer is one JSON line on standard output once the service is ready. It stops when its standard
input ends.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

WRONG_SETTINGS = 2


def main() -> int:
    """Run the service; returns the exit code: 1 when it cannot listen, 2 when a setting is wrong."""
    import msgspec

    from qiskit_direct_provider.service import fork_server
    from qiskit_direct_provider.service.settings import PROCESSES, ServiceSettings

    try:
        settings = msgspec.json.decode(_first_line() or b"{}", type=ServiceSettings)
    except (msgspec.DecodeError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    if settings.executor == PROCESSES:
        fork_server.start()

    from qiskit_direct_provider.service.server import Endpoint, ServiceStartError, serve

    def announce(endpoint: Endpoint) -> None:
        sys.stdout.write(msgspec.json.encode(endpoint).decode() + "\n")
        sys.stdout.flush()

    try:
        serve(settings, announce, stop_on_eof=True)
    except ServiceStartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    return 0


def _first_line() -> bytes:
    """The first line of standard input, without reading any further: what follows is waited for elsewhere."""
    line = bytearray()
    while (character := os.read(0, 1)) not in {b"", b"\n"}:
        line += character
    return bytes(line)


if __name__ == "__main__":
    sys.exit(main())
