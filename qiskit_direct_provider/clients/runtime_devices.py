"""Devices of the Runtime API."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from qiskit_direct_provider.clients._http import Answer, Request, Sender, as_json
from qiskit_direct_provider.clients.optional import document_or_none
from qiskit_direct_provider.clients.paths import path_of
from qiskit_direct_provider.clients.records import liberally, readable
from qiskit_direct_provider.clients.runtime_records import backend_item, backend_state
from qiskit_direct_provider.wire.runtime import RuntimeDevice, RuntimeDevices, StatusDocument

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.wire.direct_access import BackendItem

__all__ = ["RuntimeDevicesClient"]


class RuntimeDevicesClient:
    """The part of a client that is about devices."""

    _sender: Sender

    def backends(self, deadline: Deadline) -> list[BackendItem]:
        """All backends. A server that lists names alone is asked for each one's status."""
        found = self._sender.send(Request("GET", "/backends"), deadline, as_json(RuntimeDevices))
        devices = found.devices or []
        names = [entry for entry in devices if bytes(entry).startswith(b'"')]
        named = [self.backend(msgspec.json.decode(name, type=str), deadline) for name in names]
        objects = [entry for entry in devices if not bytes(entry).startswith(b'"')]
        return [*named, *map(backend_item, readable(objects, RuntimeDevice))]

    def backend(self, name: str, deadline: Deadline) -> BackendItem:
        """State, message and queue of one backend."""
        request = Request("GET", path_of("/backends", name, "status"))
        return backend_state(name, self._sender.send(request, deadline, liberally(StatusDocument)))

    def configuration(self, name: str, deadline: Deadline) -> bytes:
        """The configuration document."""
        request = Request("GET", path_of("/backends", name, "configuration"))
        return self._sender.send(request, deadline, Answer.document)

    def properties(self, name: str, deadline: Deadline) -> bytes | None:
        """The calibration document; None where there is none: 404, or an empty document."""
        return document_or_none(self._sender, path_of("/backends", name, "properties"), deadline)

    def properties_at(self, name: str, moment: datetime, deadline: Deadline) -> bytes | None:
        """The last calibration document from before a time."""
        before = moment.astimezone(timezone.utc).isoformat()
        path = path_of("/backends", name, "properties") + "?" + urlencode({"updated_before": before})
        return document_or_none(self._sender, path, deadline)

    def lanes(self, name: str, deadline: Deadline) -> int | None:  # noqa: ARG002 - Client's signature
        """None: this API has a queue in place of lanes."""
        return None
