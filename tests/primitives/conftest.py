"""One service without noise for the tests of the primitives, over each dialect; its shots are seeded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from connecting import provider_for

from qiskit_direct_provider import DirectBackend, DirectProvider, S3Storage
from qiskit_direct_provider.service.process import LocalService


@pytest.fixture(scope="session")
def noiseless() -> Iterator[LocalService]:
    service = LocalService.start(("fake_nairobi", "fake_fez"), noise=False, seed=11)
    yield service
    service.close()


@pytest.fixture(scope="session")
def quiet(channel: str, noiseless: LocalService) -> Iterator[DirectProvider]:
    storage = S3Storage(**noiseless.storage) if channel == "direct_access" else None
    instance = None if channel == "legacy" else noiseless.crn
    with provider_for(noiseless, storage, channel=channel, instance=instance) as provider:
        yield provider


@pytest.fixture(scope="session")
def seven(quiet: DirectProvider) -> DirectBackend:
    """A device of 7 qubits."""
    return quiet.get_backend("fake_nairobi")


@pytest.fixture(scope="session")
def wide(quiet: DirectProvider) -> DirectBackend:
    """A device of 156 qubits with fractional gates."""
    return quiet.get_backend("fake_fez", use_fractional_gates=True)
