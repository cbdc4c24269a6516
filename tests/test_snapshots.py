"""A device's documents in a file, and the file played back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import DirectBackend, DirectProvider, errors
from qiskit_direct_provider.device import DeviceDocuments
from qiskit_direct_provider.service.devices import find_snapshot, open_devices
from qiskit_direct_provider.snapshots import save_snapshot

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

COMMAND = [str(Path(sys.executable).parent / "qiskit-direct")]


def test_a_saved_backend_is_played_back(nairobi: DirectBackend, tmp_path: Path) -> None:
    """The same gates, numbers and timing; and jobs run."""
    file = nairobi.save_snapshot(tmp_path / "mine.json")
    assert file == tmp_path / "mine.json"
    with DirectProvider.local([file, "fake_manila"], seed=1) as provider:
        assert {backend.name for backend in provider.backends()} == {"fake_nairobi", "fake_manila"}
        copy = provider.get_backend("fake_nairobi")
        assert copy.target.operation_names == nairobi.target.operation_names
        for gate in nairobi.target.operation_names:
            assert repr(copy.target[gate]) == repr(nairobi.target[gate])
        assert copy.properties().to_dict() == nairobi.properties().to_dict()
        circuit = QuantumCircuit(2)
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.measure_all()
        counts = copy.run(transpile(circuit, copy), shots=2000).result(timeout=60).get_counts()
        assert counts["00"] + counts["11"] > 1600


def test_a_file_is_not_overwritten_unasked(nairobi: DirectBackend, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text("precious")
    with pytest.raises(errors.InvalidInputError, match="is there already"):
        nairobi.save_snapshot(file)
    assert file.read_text() == "precious"
    nairobi.save_snapshot(file, overwrite=True)
    assert json.loads(file.read_text())["configuration"]["backend_name"] == "fake_nairobi"
    with pytest.raises(errors.InvalidInputError, match="no folder"):
        nairobi.save_snapshot(tmp_path / "none" / "mine.json")
    with pytest.raises(errors.InvalidInputError, match="cannot be written: Is a directory"):
        nairobi.save_snapshot(tmp_path, overwrite=True)


def test_what_was_never_calibrated_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(errors.UnsupportedError, match="no calibration"):
        save_snapshot(DeviceDocuments(b"{}"), tmp_path / "mine.json")
    assert not list(tmp_path.iterdir())


def test_unknown_members_and_unknown_figures_are_kept(tmp_path: Path) -> None:
    documents = DeviceDocuments(b'{"new": {"deep": [1]}}', b'{"qubits": [NaN, 1e-300]}')
    saved = json.loads(save_snapshot(documents, tmp_path / "mine.json").read_text())
    assert saved == {"configuration": {"new": {"deep": [1]}}, "properties": {"qubits": [None, 1e-300]}}


def test_the_command_saves_a_backend(service: LocalService, tmp_path: Path) -> None:
    storage = service.storage
    variables = {
        "QISKIT_DIRECT_TOKEN": service.api_key,
        "QISKIT_DIRECT_URL": service.url,
        "QISKIT_DIRECT_INSTANCE": service.crn,
        "QISKIT_DIRECT_IAM_URL": service.iam_url,
        "QISKIT_DIRECT_S3_ENDPOINT": storage["endpoint"],
        "QISKIT_DIRECT_S3_BUCKET": storage["bucket"],
        "QISKIT_DIRECT_S3_ACCESS_KEY_ID": storage["access_key_id"],
        "QISKIT_DIRECT_S3_SECRET_ACCESS_KEY": storage["secret_access_key"],
    }
    done = subprocess.run(
        [*COMMAND, "snapshot", "fake_manila", "--output", "manila.json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    file = tmp_path / "manila.json"
    assert str(file) in done.stdout
    assert list(open_devices((str(file),))) == ["fake_manila"]
    assert service.api_key not in file.read_text() + done.stdout + done.stderr


def _changed(tmp_path: Path, name: str, **configuration: object) -> Path:
    source = find_snapshot("fake_manila")
    assert source.properties is not None
    document = {
        "configuration": json.loads(source.configuration.read_bytes()) | configuration,
        "properties": json.loads(source.properties.read_bytes()),
    }
    path = tmp_path / name
    path.write_text(json.dumps(document))
    return path


def test_a_broken_device_is_refused_at_the_start(tmp_path: Path) -> None:
    """Not by the first job."""
    broken = _changed(tmp_path, "broken.json", basis_gates=None)
    with pytest.raises(errors.InvalidInputError, match=r"broken\.json is not a JSON file"):
        DirectProvider.local([broken])
    odd = _changed(tmp_path, "odd.json", backend_name="../../etc")
    with pytest.raises(errors.InvalidInputError, match="is not a name"):
        open_devices((str(odd),))
    with pytest.raises(errors.InvalidInputError, match=r"none\.json cannot be read"):
        open_devices((str(tmp_path / "none.json"),))


def test_two_devices_of_one_name_are_refused(tmp_path: Path) -> None:
    first, second = (_changed(tmp_path, f"{number}.json", backend_name="mine") for number in (1, 2))
    with pytest.raises(errors.InvalidInputError, match="two different devices are called 'mine'"):
        open_devices((str(first), str(second)))
    assert list(open_devices((str(first), str(first)))) == ["mine"]
