"""Providers that share one journal, each as a new Python process has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from clearing import clear, clear_legacy
from connecting import provider_for

from qiskit_direct_provider import DirectProvider, S3Storage

if TYPE_CHECKING:
    from pathlib import Path

    from recorder import Recorder
    from resuming import Kernel

    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture
def kernel(
    request: pytest.FixtureRequest,
    service: LocalService,
    recorder: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Kernel]:
    """Makes providers that share one journal, each as a new Python process has it.

    All requests pass the proxy; the service itself sees its store directly.
    """
    storage = S3Storage(
        **{**service.storage, "endpoint": recorder.url}, endpoint_for_service=service.storage["endpoint"]
    )
    made: list[DirectProvider] = []
    channel = getattr(request, "param", "direct_access")
    # Jobs stay at the server where there are no lanes: each test is a tenant of its own there, if it can.
    if channel == "legacy":
        clear_legacy(service)
    instances = {"direct_access": service.crn, "runtime": f"crn:{tmp_path.name}", "legacy": None}
    dialect = {"channel": channel, "instance": instances[channel]}

    def start(home: str = "home", **arguments: Any) -> DirectProvider:
        monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / home))
        settings = {"url": recorder.url, "iam_url": recorder.url, **dialect, **arguments}
        made.append(provider_for(service, storage, **settings))
        return made[-1]

    yield start
    for provider in made:
        provider.close()
    clear(service)
