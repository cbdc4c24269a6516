"""The documents of a device in one file, which the local service plays back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError
from qiskit_direct_provider.files import at_home, write_whole
from qiskit_direct_provider.wire.tolerant import read_untyped

if TYPE_CHECKING:
    from qiskit_direct_provider.device import DeviceDocuments

__all__ = ["save_snapshot"]


def save_snapshot(
    documents: DeviceDocuments, file: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write ``{"configuration": {...}, "properties": {...}}``, as the service sent them.

    All members are kept, those that this package has no use for as well. Figures that are not numbers
    (NaN) become null. Only the file's owner can read it.

    Args:
        documents: The two documents of the device.
        file: Where; its folder has to be there.
        overwrite: Replace a file that is there.

    Returns:
        The absolute path of the file.

    Raises:
        UnsupportedError: The device was never calibrated, so there is nothing to simulate it with.
        InvalidInputError: The file is there already, or cannot be written.
    """
    if documents.properties is None:
        raise UnsupportedError("the device has no calibration (properties), so it cannot be played back")
    path = at_home(file).absolute()
    if path.exists() and not overwrite:
        raise InvalidInputError(f"{path} is there already; choose another name, or overwrite it")
    if not path.parent.is_dir():
        raise InvalidInputError(f"there is no folder {path.parent}")
    both = {
        "configuration": read_untyped(documents.configuration),
        "properties": read_untyped(documents.properties),
    }
    try:
        write_whole(path, msgspec.json.encode(both) + b"\n")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
