"""Ways to reach a service under test."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from qiskit_direct_provider import DirectProvider

if TYPE_CHECKING:
    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService

__all__ = ["free_port", "provider_for"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def provider_for(service: LocalService, storage: S3Storage | None, **arguments: object) -> DirectProvider:
    """A provider with explicit arguments, as a user of a real system makes it."""
    settings = {"token": service.api_key, "url": service.url, "instance": service.crn, "storage": storage}
    return DirectProvider(**{**settings, **arguments})  # type: ignore[arg-type]
