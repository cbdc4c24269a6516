"""Backends without a service, from the snapshots that qiskit-ibm-runtime ships."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

from documents import snapshot

from qiskit_direct_provider.archive import CalibrationArchive
from qiskit_direct_provider.backend import DirectBackend
from qiskit_direct_provider.clients.disconnected import DisconnectedClient
from qiskit_direct_provider.device import DeviceDocuments, read_device
from qiskit_direct_provider.journal import Journal, journal_folder
from qiskit_direct_provider.waiting import Poller
from qiskit_direct_provider.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["changed", "documents_of", "offline_backend"]


def documents_of(name: str) -> DeviceDocuments:
    return DeviceDocuments(*snapshot(name))


def offline_backend(documents: DeviceDocuments, name: str, *, fractional: bool = False) -> DirectBackend:
    """A backend whose client refuses every request, so that nothing can be sent unseen."""
    client = DisconnectedClient("http://nowhere.invalid")
    folder = journal_folder(client.url)
    workspace = Workspace(client, Journal(folder), Poller(client), CalibrationArchive())
    backend = DirectBackend(workspace, name, use_fractional_gates=fractional)
    backend._take(read_device(documents, use_fractional_gates=fractional))
    return pickle.loads(pickle.dumps(backend))


def changed(documents: DeviceDocuments, change: Callable[[dict[str, Any]], None]) -> DeviceDocuments:
    """The documents after a change of the calibration."""
    assert documents.properties is not None
    properties = json.loads(documents.properties)
    change(properties)
    return DeviceDocuments(documents.configuration, json.dumps(properties).encode())
