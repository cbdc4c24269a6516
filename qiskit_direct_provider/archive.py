"""Every calibration that was seen of a device, since the API keeps no history."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

from qiskit_direct_provider.device import DeviceDocuments
from qiskit_direct_provider.files import data_folder, sweep, write_whole

__all__ = ["CalibrationArchive", "archive_folder"]

logger = logging.getLogger(__name__)

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_SUFFIX = ".gz"


def archive_folder(url: str) -> Path:
    """The folder of the calibrations of one system."""
    return data_folder() / "calibrations" / hashlib.sha256(url.encode()).hexdigest()[:16]


class CalibrationArchive:
    """Documents of devices by the time of their calibration.

    One compressed file a calibration, named by time and content, so that any number of processes on a
    shared home may write: they write the same. Without a folder, the archive is kept in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._memory: dict[str, list[tuple[datetime, DeviceDocuments]]] = {}

    def add(self, name: str, moment: datetime, documents: DeviceDocuments) -> None:
        """Keep a calibration. An archive that cannot be written to is no reason to stop: the log says so."""
        if documents.properties is None:
            return
        if self._folder is None:
            kept = self._memory.setdefault(name, [])
            if (moment, documents) not in kept:
                kept.append((moment, documents))
            return
        digest = hashlib.sha256(documents.properties).hexdigest()[:16]
        file = self._device(name) / f"{moment.astimezone(timezone.utc).strftime(_STAMP)}_{digest}{_SUFFIX}"
        try:
            if not file.exists():
                _write(file, documents)
        except OSError as error:
            logger.warning("the calibration of %s was not archived in %s: %s", name, file.parent, error)

    def at(self, name: str, moment: datetime) -> DeviceDocuments | None:
        """The documents that held at a time: of the last calibration before it; None when none was seen."""
        if self._folder is None:
            kept = sorted(self._memory.get(name, ()), key=lambda entry: entry[0])
            found = [documents for stamp, documents in kept if stamp <= moment]
            return found[-1] if found else None
        for stamp, file in sorted(self._files(name), reverse=True):
            if stamp <= moment:
                with contextlib.suppress(OSError, EOFError, ValueError):
                    return _read(file)
        return None

    def moments(self, name: str) -> list[datetime]:
        """When the device was calibrated, as far as it was seen; earliest first."""
        if self._folder is None:
            return sorted(moment for moment, _ in self._memory.get(name, ()))
        return sorted(stamp for stamp, _ in self._files(name))

    def _device(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / quote(name, safe="")

    def _files(self, name: str) -> Iterator[tuple[datetime, Path]]:
        for file in self._device(name).glob(f"*{_SUFFIX}"):
            with contextlib.suppress(ValueError):
                stamp = datetime.strptime(file.name.partition("_")[0] + "+0000", f"{_STAMP}%z")
                yield stamp, file


def _write(file: Path, documents: DeviceDocuments) -> None:
    """Length of the configuration on a line of its own, then both documents, byte for byte."""
    content = b"%d\n%b%b" % (
        len(documents.configuration),
        documents.configuration,
        documents.properties or b"",
    )
    write_whole(file, gzip.compress(content, compresslevel=1, mtime=0))
    sweep(file)


def _read(file: Path) -> DeviceDocuments:
    sizes, _, packed = gzip.decompress(file.read_bytes()).partition(b"\n")
    length = int(sizes)
    return DeviceDocuments(packed[:length], packed[length:])
