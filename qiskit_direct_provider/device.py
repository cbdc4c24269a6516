"""A device: its documents, and what follows from them."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.clients.interface import QueuedBackend
from qiskit_direct_provider.errors import ProtocolError
from qiskit_direct_provider.instruction_set import without_broken
from qiskit_direct_provider.target import build_target, read_documents
from qiskit_direct_provider.wire.backend import FrequencyRanges, read_frequency_ranges
from qiskit_direct_provider.wire.tolerant import read_untyped

if TYPE_CHECKING:
    from qiskit.transpiler import Target

    from qiskit_direct_provider.wire.backend import Calibration, Configuration
    from qiskit_direct_provider.wire.direct_access import BackendItem

__all__ = ["BackendStatus", "Device", "DeviceDocuments", "read_device"]


@dataclass(frozen=True)
class DeviceDocuments:
    """The two documents of a device, as JSON; the second is None where a device was never calibrated."""

    configuration: bytes = field(repr=False)
    properties: bytes | None = field(repr=False, default=None)


@dataclass(frozen=True)
class BackendStatus:
    """State of a device at one moment.

    Attributes:
        operational: Whether it takes jobs: online, not paused, not retired.
        pending_jobs: Length of the queue; 0 where the API has none.
        status_msg: ``online``, ``paused`` or ``offline``, and the operators' message if there is one.
        state: The same word alone.
        locked: Whether a reservation holds the device; None when the service does not say.
    """

    backend_name: str
    backend_version: str
    operational: bool
    pending_jobs: int
    status_msg: str
    state: str = ""
    message: str | None = None
    locked: bool | None = None

    @classmethod
    def of(cls, item: BackendItem) -> BackendStatus:
        """The status that the service's details give."""
        text = f"{item.status}: {item.message}" if item.message else item.status
        return cls(
            backend_name=item.name,
            backend_version=item.version or "",
            operational=item.status.strip().lower() == "online",
            pending_jobs=(item.pending_jobs or 0) if isinstance(item, QueuedBackend) else 0,
            status_msg=text,
            state=item.status,
            message=item.message,
            locked=item.locked,
        )

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)

    def _repr_html_(self) -> str:
        from qiskit_direct_provider.views.status import status_html

        return status_html(
            self.backend_name,
            self.state,
            message=self.message,
            version=self.backend_version,
            pending_jobs=self.pending_jobs,
            locked=self.locked,
        )


@dataclass(frozen=True)
class Device:
    """What the documents of a device say.

    Attributes:
        issues: A line for everything that could not be read, was left out, or had to be interpreted.
    """

    documents: DeviceDocuments
    configuration: Configuration
    calibration: Calibration | None
    target: Target
    issues: tuple[str, ...]

    @functools.cached_property
    def sound_target(self) -> Target:
        """The target without the places of which the calibration says that they do not work."""
        return without_broken(self.target)

    @functools.cached_property
    def raw_configuration(self) -> dict[str, Any]:
        """The whole configuration document; for members that are only looked at."""
        found: dict[str, Any] = read_untyped(self.documents.configuration)
        return found

    @functools.cached_property
    def frequency_ranges(self) -> tuple[FrequencyRanges, tuple[str, ...]]:
        """Frequency ranges in hertz, and what had to be interpreted."""
        issues: list[str] = []
        return read_frequency_ranges(self.documents.configuration, issues), tuple(issues)


def read_device(documents: DeviceDocuments, *, use_fractional_gates: bool = False) -> Device:
    """Read the documents of a device.

    Raises:
        ProtocolError: They do not describe a device.
    """
    issues: list[str] = []
    configuration, calibration = _read(documents, issues)
    target = build_target(configuration, calibration, issues, use_fractional_gates=use_fractional_gates)
    return Device(documents, configuration, calibration, target, tuple(issues))


def _read(documents: DeviceDocuments, issues: list[str]) -> tuple[Configuration, Calibration | None]:
    try:
        return read_documents(documents.configuration, documents.properties, issues)
    except ProtocolError as error:
        why = str(error)
    # Not chained: the frames below hold the documents, in which a proxy may have repeated what it was told.
    raise ProtocolError(why)
