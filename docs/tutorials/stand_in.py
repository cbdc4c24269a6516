"""A stand-in for a system of your own: devices with the names that the tutorial uses, on this machine."""

from __future__ import annotations

import json
import tempfile
from importlib.util import find_spec
from pathlib import Path

from qiskit_direct_provider.service.process import LocalService

SNAPSHOTS = Path(find_spec("qiskit_ibm_runtime").submodule_search_locations[0], "fake_provider", "backends")


def start_service() -> LocalService:
    """Two small devices and a simulator, made from snapshots that qiskit-ibm-runtime ships."""
    folder = Path(tempfile.mkdtemp(prefix="tutorial-"))
    files = [
        _device(folder, "ibmq_belem", "belem"),
        _device(folder, "ibmq_vigo", "vigo"),
        _device(folder, "ibmq_qasm_simulator", "manila", simulator=True),
    ]
    return LocalService.start(tuple(map(str, files)), seed=11, workers=1)


def _device(folder: Path, name: str, snapshot: str, **changes: object) -> Path:
    configuration, properties = (
        json.loads((SNAPSHOTS / snapshot / f"{kind}_{snapshot}.json").read_text())
        for kind in ("conf", "props")
    )
    device = {"configuration": {**configuration, "backend_name": name, **changes}, "properties": properties}
    file = folder / f"{name}.json"
    file.write_text(json.dumps(device))
    return file
