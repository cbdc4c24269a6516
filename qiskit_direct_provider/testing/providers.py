"""Providers over a local service, with or without a proxy in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_direct_provider.provider import DirectProvider
    from qiskit_direct_provider.service.process import LocalService
    from qiskit_direct_provider.testing.proxy import FaultProxy

__all__ = ["provider_for"]


def provider_for(service: LocalService, proxy: FaultProxy | None = None, **arguments: Any) -> DirectProvider:
    """A provider that reaches a local service: API, token endpoint and object store.

    Args:
        service: The service.
        proxy: Goes between the provider and all three; the service itself sees the store directly.
        **arguments: Arguments of `DirectProvider` that are to differ, such as ``timeout``.
    """
    from qiskit_direct_provider.accounts import S3Storage
    from qiskit_direct_provider.provider import DirectProvider

    own = service.storage["endpoint"]
    storage = {**service.storage, "endpoint": proxy.url if proxy else own, "endpoint_for_service": own}
    settings: dict[str, Any] = {
        "token": service.api_key,
        "url": proxy.url if proxy else service.url,
        "instance": service.crn,
        "iam_url": proxy.url if proxy else service.iam_url,
        "storage": S3Storage(**storage),
        "proxies": {},  # the environment's would be asked for this machine's own addresses
    }
    return DirectProvider(**{**settings, **arguments})
