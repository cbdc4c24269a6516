"""One service for all tests that do not need their own, and a tenant of it for each test."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from service_client import Client, Service, s3_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEVICES = ("fake_nairobi", "fake_torino", "fake_melbourne", "fake_burlington", "fake_fez")


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A service that is left running."""
    running = Service(devices=DEVICES, seed=7)
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """A tenant of its own, so that no test sees another's jobs."""
    tenant = Client(service, crn=f"crn:test:{uuid.uuid4()}")
    yield tenant
    tenant.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Service]]:
    """Start further services, with any settings; those still running are stopped at the end."""
    started: list[Service] = []

    def run(**settings: Any) -> Service:
        started.append(Service(**settings))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            each.stop()
        elif each.process.stdout is not None and not each.process.stdout.closed:
            each.wait()


@pytest.fixture(scope="session")
def store(service: Service) -> Iterator[Any]:
    """A boto3 client with the right keys."""
    client = s3_client(service.endpoint["s3"])
    yield client
    client.close()


@pytest.fixture
def bucket(service: Service) -> str:
    """Name of the bucket."""
    name: str = service.endpoint["s3"]["bucket"]
    return name
