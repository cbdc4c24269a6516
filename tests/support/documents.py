"""Documents of real devices, from the snapshots that qiskit-ibm-runtime ships."""

from __future__ import annotations

import importlib.util
from pathlib import Path

__all__ = ["folders", "snapshot"]


def folders() -> list[Path]:
    """One folder a device."""
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "fake_provider", "backends")
    return sorted(path.parent for path in folder.glob("*/conf_*.json"))


def snapshot(name: str) -> tuple[bytes, bytes]:
    """Configuration and properties of a device, as the wire has them."""
    (folder,) = [folder for folder in folders() if folder.name == name]
    return next(folder.glob("conf_*.json")).read_bytes(), min(folder.glob("props_*.json")).read_bytes()
