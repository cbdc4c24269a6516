"""Backends that take less in one job than their devices do."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectProvider

__all__ = ["with_limit"]


def with_limit(provider: DirectProvider, circuits: int, device: str = "fake_manila") -> DirectBackend:
    """A backend that takes so many circuits in one job."""
    backend: Any = provider.get_backend(device)
    device = backend._device
    configuration = msgspec.structs.replace(device.configuration, max_experiments=circuits)
    backend._device = dataclasses.replace(device, configuration=configuration)
    return backend  # type: ignore[no-any-return]
