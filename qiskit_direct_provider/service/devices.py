"""Device documents: the snapshots that qiskit-ibm-runtime ships, or files of one's own."""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import zlib
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.snapshot import Snapshot, read_documents
from qiskit_direct_provider.wire.direct_access import BackendItem

if TYPE_CHECKING:
    from datetime import datetime

    from qiskit_direct_provider.service.drift import DriftClock

__all__ = ["Device", "find_snapshot", "open_devices", "snapshot_names"]

_PREFIX = "fake_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Device:
    """One device as it is served: its documents as bytes, made ready once; paused, it keeps jobs waiting."""

    def __init__(self, snapshot: Snapshot, *, paused: bool = False, clock: DriftClock | None = None) -> None:
        self._snapshot = snapshot
        self._clock = clock
        self._served: tuple[Snapshot, bytes] | None = None
        self.paused = paused
        self.name = snapshot.name

    @property
    def snapshot(self) -> Snapshot:
        """Its documents as they are now."""
        return self._calibrated(None)

    def _calibrated(self, before: datetime | None) -> Snapshot:
        if self._clock is None:
            return self._snapshot
        drift = self._clock.current() if before is None else self._clock.before(before)
        return replace(self._snapshot, drift=drift) if drift.step else self._snapshot

    @cached_property
    def configuration(self) -> bytes:
        """Body of ``GET /v1/backends/{name}/configuration``."""
        configuration, _ = read_documents(self._snapshot)
        return msgspec.json.encode(_as_served(configuration, self.name))

    @property
    def properties(self) -> bytes:
        """Body of ``GET /v1/backends/{name}/properties``."""
        return self._properties(self.snapshot)

    def properties_before(self, moment: datetime) -> bytes:
        """The last calibration before a moment, or the first one that is known."""
        return self._properties(self._calibrated(moment))

    def _properties(self, snapshot: Snapshot) -> bytes:
        if self._served is None or self._served[0] != snapshot:
            self._served = snapshot, _encoded_properties(snapshot)
        return self._served[1]

    @cached_property
    def item(self) -> BackendItem:
        """The device in the list of backends."""
        version = msgspec.json.decode(self.configuration).get("backend_version")
        message = "Simulated from a snapshot of a real device's calibration."
        status = "paused" if self.paused else "online"
        return BackendItem(name=self.name, status=status, message=message, version=version, locked=False)


def open_devices(
    names: tuple[str, ...],
    paused: tuple[str, ...] = (),
    *,
    portable: bool = False,
    clock: DriftClock | None = None,
) -> dict[str, Device]:
    """The devices to serve, by name and in the given order.

    Args:
        names: Names of snapshots, and files.
        paused: Those that keep jobs waiting.
        portable: Let snapshots hold their documents, for workers on other machines.
        clock: Calibrates them.

    Raises:
        InvalidInputError: There is no such snapshot, the file is not a device, or two have one name.
    """
    snapshots = list(dict.fromkeys(find_snapshot(name) for name in names))
    taken = [snapshot.name for snapshot in snapshots]
    for name in taken:
        if taken.count(name) > 1:
            raise _invalid_input(f"two different devices are called {name!r}; change backend_name in a file")
    if portable:
        snapshots = [_packed(snapshot) for snapshot in snapshots]
    return {
        snapshot.name: Device(snapshot, paused=snapshot.name in paused, clock=clock) for snapshot in snapshots
    }


def find_snapshot(name: str) -> Snapshot:
    """The snapshot called ``fake_<device>``, or the one in the JSON file at that path."""
    folder = _folders().get(name)
    if folder is None and (name.endswith(".json") or os.sep in name or Path(name).is_file()):
        return _own_file(Path(name))
    if folder is None:
        raise _invalid_input(_unknown(name))
    short = name.removeprefix(_PREFIX)
    return Snapshot(name, folder / f"conf_{short}.json", folder / f"props_{short}.json")


def snapshot_names() -> list[str]:
    """Names of all snapshots, sorted."""
    return sorted(_folders())


def _encoded_properties(snapshot: Snapshot) -> bytes:
    if snapshot.properties is None or snapshot.packed is not None or snapshot.drift is not None:
        return msgspec.json.encode(read_documents(snapshot)[1])
    return snapshot.properties.read_bytes()


def _packed(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, packed=zlib.compress(msgspec.json.encode(read_documents(snapshot))))


@cache
def _folders() -> dict[str, Path]:
    """Snapshot folders by device name, found without importing the package, which is heavy."""
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    root = Path(spec.submodule_search_locations[0]) / "fake_provider" / "backends"
    return {_PREFIX + conf.parent.name: conf.parent for conf in root.glob("*/conf_*.json")}


def _own_file(path: Path) -> Snapshot:
    try:
        name = msgspec.json.decode(path.read_bytes())["configuration"]["backend_name"]
        snapshot = Snapshot(name, path.resolve(), None)
        # Whatever simulation will need is looked at now: a device that breaks every job is no device.
        read_calibration(snapshot)
        _as_served(read_documents(snapshot)[0], name)
    except OSError as error:
        raise _invalid_input(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise _invalid_input(f"{_not_a_device(path)}: {type(error).__name__} {error}") from error
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _invalid_input(f"{path}: backend_name {name!r} is not a name of letters, digits, '_', '-', '.'")
    return snapshot


def _as_served(configuration: dict[str, Any], name: str) -> dict[str, Any]:
    """The configuration in one form: flat ranges, text revisions, no null members of gates."""
    served = configuration | {"backend_name": name}
    served["gates"] = [_gate_as_served(gate) for gate in configuration.get("gates", [])]
    delays = configuration.get("rep_delay_range")
    if delays and isinstance(delays[0], list):
        served["rep_delay_range"] = delays[0]
    processor = configuration.get("processor_type")
    if processor and "revision" in processor:
        served["processor_type"] = processor | {"revision": str(processor["revision"])}
    return served


def _gate_as_served(gate: dict[str, Any]) -> dict[str, Any]:
    """A gate with a definition, if an empty one: clients built on qiskit-ibm-runtime drop devices without."""
    present = {key: value for key, value in gate.items() if value is not None}
    return {"parameters": [], "qasm_def": ""} | present


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, [*_folders()], n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}?" if close else f"there are {len(_folders())} snapshots."
    return f"no device snapshot is called {name!r}; {hint}"


def _not_a_device(path: Path) -> str:
    return f"{path} is not a JSON file with the members configuration and properties of a device"


def _invalid_input(message: str) -> Exception:
    # errors.py imports qiskit, which costs more than the rest of the server together
    from qiskit_direct_provider.errors import InvalidInputError

    return InvalidInputError(message)
