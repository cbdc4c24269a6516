"""Fixtures over a local service for everybody's tests; pytest finds them by itself.

This module is imported in every run of pytest: whatever is heavy is imported when a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.provider import DirectProvider
    from qiskit_direct_provider.service.process import LocalService
    from qiskit_direct_provider.testing.proxy import FaultProxy

__all__ = [
    "direct_backend",
    "direct_data_folder",
    "direct_devices",
    "direct_provider",
    "direct_service",
    "direct_service_settings",
    "fault_proxy",
    "faulty_provider",
]


@pytest.fixture(scope="session")
def direct_devices() -> tuple[str, ...]:
    """Devices of `direct_service`; define a fixture of this name to have others."""
    return ("fake_nairobi",)


@pytest.fixture(scope="session")
def direct_service_settings() -> dict[str, Any]:
    """Further settings of `direct_service`, such as ``max_lanes``; define a fixture of this name."""
    return {"seed": 1, "workers": 1}


@pytest.fixture(scope="session")
def direct_service(
    direct_devices: tuple[str, ...], direct_service_settings: dict[str, Any]
) -> Iterator[LocalService]:
    """A local service, one for all tests; a test that leaves jobs behind leaves them to the next."""
    from qiskit_direct_provider.service.process import LocalService

    service = LocalService.start(tuple(direct_devices), **direct_service_settings)
    yield service
    service.close()


@pytest.fixture(scope="session")
def direct_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the providers keep their data instead of the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("qiskit-direct")
        patch.setenv("QISKIT_DIRECT_DATA", str(folder))
        yield folder


@pytest.fixture(scope="session")
def direct_provider(direct_service: LocalService, direct_data_folder: Path) -> Iterator[DirectProvider]:  # noqa: ARG001 - asked for so that it is set
    """A provider over `direct_service`."""
    from qiskit_direct_provider.testing.providers import provider_for

    with provider_for(direct_service) as provider:
        yield provider


@pytest.fixture(scope="session")
def direct_backend(direct_provider: DirectProvider, direct_service: LocalService) -> DirectBackend:
    """The first device of `direct_service`."""
    return direct_provider.get_backend(direct_service.devices[0])


@pytest.fixture
def fault_proxy(direct_service: LocalService) -> Iterator[FaultProxy]:
    """A proxy in front of `direct_service`, without rules; one for each test."""
    from qiskit_direct_provider.testing.proxy import FaultProxy

    with FaultProxy(direct_service.url) as proxy:
        yield proxy


@pytest.fixture
def faulty_provider(
    direct_service: LocalService,
    fault_proxy: FaultProxy,
    direct_data_folder: Path,  # noqa: ARG001 - asked for so that it is set
) -> Iterator[DirectProvider]:
    """A provider whose requests for tokens, to the API and to the object store pass `fault_proxy`."""
    from qiskit_direct_provider.testing.providers import provider_for

    with provider_for(direct_service, fault_proxy) as provider:
        yield provider
