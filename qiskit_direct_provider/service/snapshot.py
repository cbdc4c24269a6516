"""Where the documents of a device lie, and what is in them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from qiskit_direct_provider.service.drift import Drift, drifted

__all__ = ["Snapshot", "read_documents"]


@dataclass(frozen=True)
class Snapshot:
    """Where the documents of a device lie. ``properties`` is None when one file holds both.

    ``packed`` holds them themselves, for workers that do not see these files; ``drift`` makes it a later
    calibration of the same device.
    """

    name: str
    configuration: Path
    properties: Path | None
    packed: bytes | None = field(default=None, repr=False)
    drift: Drift | None = None


def read_documents(snapshot: Snapshot) -> tuple[dict[str, Any], dict[str, Any]]:
    """Configuration and properties as they are in the files, the properties drifted."""
    configuration, properties = _as_they_are(snapshot)
    if snapshot.drift is not None:
        properties = drifted(properties, snapshot.name, snapshot.drift)
    return configuration, properties


def _as_they_are(snapshot: Snapshot) -> tuple[dict[str, Any], dict[str, Any]]:
    if snapshot.packed is not None:
        configuration, properties = msgspec.json.decode(zlib.decompress(snapshot.packed))
        return configuration, properties
    first = msgspec.json.decode(snapshot.configuration.read_bytes())
    if snapshot.properties is None:
        return first["configuration"], first["properties"]
    return first, msgspec.json.decode(snapshot.properties.read_bytes())
