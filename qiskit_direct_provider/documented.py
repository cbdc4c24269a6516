"""A device as its documents describe it: fetched when needed, watched for new calibrations, kept."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors, notices
from qiskit_direct_provider.device import Device, DeviceDocuments, read_device
from qiskit_direct_provider.forking import ThreadLock
from qiskit_direct_provider.models import configuration_model, properties_model
from qiskit_direct_provider.notices import CalibrationChangedWarning
from qiskit_direct_provider.snapshots import save_snapshot
from qiskit_direct_provider.wire.dates import moment

if TYPE_CHECKING:
    from qiskit.transpiler import Target
    from qiskit_ibm_runtime.models import BackendProperties, QasmBackendConfiguration
    from typing_extensions import Self

    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["CalibrationChangedWarning", "Documented"]

logger = logging.getLogger(__name__)

LOOK_AGAIN_AFTER_S = 300.0


class Documented:
    """The part of a backend that has the documents of its device.

    Attributes:
        name: The device's name.
        description: What its owner says of it; None until its documents are there, or where they say nothing.
        backend_version: Version of its configuration; None until its documents are there.
        online_date: Since when it is in use; None until its documents are there, or where they say nothing.
    """

    name: str
    description: str | None
    backend_version: str | None
    online_date: dt.datetime | None

    def _prepare(self, workspace: Workspace, *, use_fractional_gates: bool) -> None:
        self._workspace = workspace
        self._use_fractional_gates = use_fractional_gates
        self._lock = ThreadLock()
        self._device: Device | None = None
        self._fetched_at = -math.inf
        self._models: dict[Any, Any] = {}

    def load(self) -> Self:
        """Fetch the device's documents now, if that has not been done.

        Raises:
            BackendNotFoundError: The service does not know the name.
            ProtocolError: The documents do not describe a device.
        """
        if self._device is None:
            with self._alone():
                if self._device is None:
                    self._take(self._fetch())
        return self

    @property
    def is_loaded(self) -> bool:
        """Whether the documents were fetched."""
        return self._device is not None

    @property
    def workspace(self) -> Workspace:
        """The client, journal, poller and archive that this backend works with."""
        return self._workspace

    def refresh(self) -> None:
        """Fetch the documents again, and build the target anew. The old one stays what it was."""
        with self._alone():
            self._take(self._fetch())

    def save_snapshot(self, file: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write configuration and calibration as they are now to a file that the local service plays back.

        ``DirectProvider.local([file])`` and ``qiskit-direct serve --device FILE`` take it.

        Args:
            file: Where; its folder has to be there.
            overwrite: Replace a file that is there.

        Returns:
            The absolute path of the file.

        Raises:
            UnsupportedError: The device was never calibrated.
            InvalidInputError: The file is there already, or cannot be written.
        """
        return save_snapshot(self._loaded().documents, file, overwrite=overwrite)

    @property
    def issues(self) -> tuple[str, ...]:
        """What in the documents could not be read, was left out, or had to be interpreted."""
        device = self._loaded()
        return (*device.issues, *device.frequency_ranges[1])

    @property
    def target(self) -> Target:
        """Gates, errors, durations, couplings and timing of the device."""
        return self._loaded().target

    def target_history(self, datetime: dt.datetime | None = None) -> Target:
        """The target at a time, from the calibrations that this user's processes have seen.

        Raises:
            UnsupportedError: None from before that time was seen; the API itself keeps no history.
        """
        return self.target if datetime is None else self._device_at(datetime).target

    def configuration(self) -> QasmBackendConfiguration:
        """The configuration as qiskit-ibm-runtime's class, in SI units; the first call takes a second."""
        return self._model("configuration", self._loaded())

    def properties(
        self,
        refresh: bool = False,  # noqa: FBT001, FBT002 - Qiskit users' spelling
        datetime: dt.datetime | None = None,
    ) -> BackendProperties | None:
        """The calibration as qiskit-ibm-runtime's class: ``t1(q)``, ``gate_error(gate, qubits)`` and so on.

        Args:
            refresh: Fetch the documents anew first.
            datetime: The calibration that held at this time, from those that this user's processes have
                seen; a time without a zone is local.

        Returns:
            None when the device was never calibrated.

        Raises:
            UnsupportedError: None from before ``datetime`` was seen; the API itself keeps no history.
        """
        if refresh:
            self.refresh()
        if datetime is None:
            return self._model("properties", self._loaded())
        return properties_model(self._device_at(datetime), self.name)

    @property
    def client(self) -> Client:
        """The connection; for the parts of this package that build upon backends."""
        return self._workspace.client

    @property
    def _client(self) -> Client:
        return self._workspace.client

    # -- parts ---------------------------------------------------------------------------------------

    def _loaded(self) -> Device:
        device = self.load()._device  # noqa: SLF001 - its own
        assert device is not None
        return device

    @property
    def _calibrated(self) -> str | None:
        calibration = self._loaded().calibration
        return calibration.last_update_date if calibration else None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time fetches; the others wait for it, within the time limit of a call."""
        if not self._lock.acquire(self._client.deadline().remaining()):
            raise errors.TransportError(f"{self.name}: the documents did not come in time", retryable=True)
        try:
            yield
        finally:
            self._lock.release()

    def _current(self) -> Device:
        """The device, looked at again when that was a while ago: it may have been calibrated anew."""
        device = self._loaded()
        if time.monotonic() - self._fetched_at < LOOK_AGAIN_AFTER_S or device.calibration is None:
            return device
        try:
            self.refresh()
        except errors.DirectError as error:
            logger.info("%s: whether it was calibrated anew is not known: %s", self.name, error)
            return device
        new = self._loaded()
        before, after = (each.calibration and each.calibration.last_update_date for each in (device, new))
        if before != after:
            notices.warn(
                f"{self.name} was calibrated anew at {after}; circuits were transpiled for the calibration "
                f"of {before}: transpile them again for the best result",
                CalibrationChangedWarning,
            )
        return new

    def _fetch(self) -> Device:
        deadline = self._client.deadline()
        documents = DeviceDocuments(
            configuration=self._client.configuration(self.name, deadline),
            properties=self._client.properties(self.name, deadline),
        )
        device = read_device(documents, use_fractional_gates=self._use_fractional_gates)
        self._workspace.archive.add(self.name, _calibrated_at(device), documents)
        return device

    def _take(self, device: Device) -> None:
        self._device = device
        self._fetched_at = time.monotonic()
        self._models = {}
        self.description = device.configuration.description
        self.backend_version = device.configuration.backend_version
        self.online_date = moment(device.configuration.online_date)

    def _model(self, kind: str, device: Device) -> Any:
        if kind not in self._models:
            fractional = self._use_fractional_gates
            self._models[kind] = (
                properties_model(device, self.name)
                if kind == "properties"
                else configuration_model(device, self.name, use_fractional_gates=fractional)
            )
        return self._models[kind]

    def _history_at(self, wanted: dt.datetime) -> DeviceDocuments | None:
        """The documents of a time from a server that keeps history; the configuration is today's."""
        found = self._client.properties_at(self.name, wanted, self._client.deadline())
        return None if found is None else DeviceDocuments(self._loaded().documents.configuration, found)

    def _device_at(self, moment_wanted: dt.datetime) -> Device:
        if not isinstance(moment_wanted, dt.datetime):
            raise errors.InvalidInputError(f"datetime must be a datetime, not {moment_wanted!r}")
        try:
            wanted = moment_wanted if moment_wanted.tzinfo else moment_wanted.astimezone()
        except (ValueError, OverflowError) as error:
            raise errors.InvalidInputError(f"datetime {moment_wanted} is out of range") from error
        self._loaded()
        documents = self._history_at(wanted) or self._workspace.archive.at(self.name, wanted)
        if documents is None:
            seen = self._workspace.archive.moments(self.name)
            since = f"the first one seen is of {seen[0].isoformat()}" if seen else "none was seen"
            raise errors.UnsupportedError(
                f"no calibration of {self.name} from before {wanted.isoformat()} is archived here; {since}. "
                "This API keeps no history: only calibrations that were loaded are known"
            )
        return read_device(documents, use_fractional_gates=self._use_fractional_gates)


def _calibrated_at(device: Device) -> dt.datetime:
    stated = moment(device.calibration.last_update_date) if device.calibration else None
    return stated or dt.datetime.now(dt.timezone.utc)
