"""Jobs that tests of finding jobs again send, read and lose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from apis import APIS
from journeys import measured_x, slow_circuit

if TYPE_CHECKING:
    from collections.abc import Callable

    from recorder import Recorder

    from qiskit_direct_provider import DirectProvider

    Kernel = Callable[..., DirectProvider]

__all__ = [
    "JOBS",
    "WAIT_S",
    "has_lanes",
    "held",
    "lose_objects",
    "over_all_channels",
    "posts",
    "run",
    "shots_in",
    "slow",
]

WAIT_S = 60
JOBS = tuple(api.jobs for api in APIS.values())

over_all_channels = pytest.mark.parametrize("kernel", list(APIS), indirect=True)


def run(provider: DirectProvider, device: str = "fake_manila", **options: Any) -> Any:
    return provider.get_backend(device).run(measured_x(), shots=50, **options)


def slow(provider: DirectProvider, **options: Any) -> Any:
    """A job that takes minutes, for a device that no other test here uses."""
    return provider.get_backend("fake_torino").run(slow_circuit(), shots=100_000, **options)


def shots_in(job: Any) -> int:
    return int(sum(job.result(timeout=WAIT_S).get_counts().values()))


def posts(proxy: Recorder) -> int:
    """How often a job was sent, over whatever dialect."""
    return sum(proxy.count("POST", jobs) for jobs in JOBS)


def has_lanes(provider: DirectProvider) -> bool:
    """Whether the server forgets a job once its result was read."""
    return provider.active_account()["channel"] == "direct_access"


def held(provider: DirectProvider) -> set[str]:
    """Jobs that the server holds, by the ids that they have on this side."""
    client = provider._client
    return {record.journal_id for record in client.jobs(client.deadline())}


def lose_objects(provider: DirectProvider, job_id: str) -> None:
    """Of a job that was read, what is left elsewhere: its result in the store, or the job at the server."""
    client: Any = provider._client
    if has_lanes(provider):
        client._objects.delete(f"results_{job_id}.json", client.deadline())
    else:
        client.delete(provider.retrieve_job(job_id).job_id(), client.deadline())
