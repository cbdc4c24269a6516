"""A healthy device and sick ones, each behind a service of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from documents import snapshot
from sickness import doubled

from qiskit_direct_provider import DirectBackend, S3Storage
from qiskit_direct_provider.service.process import LocalService

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def sick_nairobi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectBackend]:
    """The device with twice the errors that its calibration on the healthy one states."""
    file: Path = tmp_path_factory.mktemp("sick") / "device.json"
    configuration, properties = (json.loads(each) for each in snapshot("nairobi"))
    file.write_text(json.dumps({"configuration": configuration, "properties": doubled(properties)}))
    with ExitStack() as stack:
        service = LocalService.start((str(file),), seed=7, workers=1)
        stack.callback(service.close)
        provider = stack.enter_context(provider_for(service, S3Storage(**service.storage)))
        yield provider.backends()[0]
