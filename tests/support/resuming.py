"""Jobs that tests of finding jobs again send, read and lose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from journeys import measured_x, slow_circuit

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit_direct_provider import DirectProvider

    Kernel = Callable[..., DirectProvider]

__all__ = ["WAIT_S", "held", "lose_objects", "over_all_channels", "over_both_apis", "run", "shots_in", "slow"]

WAIT_S = 60

over_both_apis = pytest.mark.parametrize("kernel", ["direct_access", "runtime"], indirect=True)
over_all_channels = pytest.mark.parametrize("kernel", ["direct_access", "runtime", "legacy"], indirect=True)


def run(provider: DirectProvider, device: str = "fake_manila", **options: Any) -> Any:
    return provider.get_backend(device).run(measured_x(), shots=50, **options)


def slow(provider: DirectProvider, **options: Any) -> Any:
    """A job that takes minutes, for a device that no other test here uses."""
    return provider.get_backend("fake_torino").run(slow_circuit(), shots=100_000, **options)


def shots_in(job: Any) -> int:
    return int(sum(job.result(timeout=WAIT_S).get_counts().values()))


def held(provider: DirectProvider) -> set[str]:
    """Jobs that the server holds."""
    client = provider._client
    return {record.job_id for record in client.jobs(client.deadline())}


def lose_objects(provider: DirectProvider, job_id: str) -> None:
    client: Any = provider._client
    client._objects.delete(f"results_{job_id}.json", client.deadline())
