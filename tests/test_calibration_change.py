"""A device that is calibrated anew between transpilation and run."""

from __future__ import annotations

import json
import math
import secrets
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from connecting import free_port, provider_for
from documents import snapshot
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import S3Storage, errors
from qiskit_direct_provider.backend import CalibrationChangedWarning
from qiskit_direct_provider.service.process import LocalService
from qiskit_direct_provider.transpiler import CALIBRATED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qiskit_direct_provider import DirectBackend


class Device:
    """A device of our own, whose calibration can be changed; the service starts anew with it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "device.json"
        self._settings: dict[str, Any] = {
            "port": free_port(),
            "api_key": secrets.token_hex(16),
            "crn": "crn:v1:test",
            "s3_access_key": "ACCESS",
            "s3_secret_key": secrets.token_hex(16),
            "state": str(folder / "state"),
            "workers": 1,
        }
        configuration, properties = snapshot("manila")
        self.document = {"configuration": json.loads(configuration), "properties": json.loads(properties)}

    @contextmanager
    def served(self) -> Iterator[LocalService]:
        self._file.write_text(json.dumps(self.document))
        service = LocalService.start((str(self._file),), **self._settings)
        try:
            yield service
        finally:
            service.close()

    def calibrate_anew(self) -> None:
        self.document["properties"]["last_update_date"] = "2030-01-02T03:04:05Z"

    def break_qubit(self, qubit: int) -> None:
        item = {"date": "2030-01-02T03:04:05Z", "name": "operational", "unit": "", "value": 0}
        self.document["properties"]["qubits"][qubit].append(item)


def bell(backend: DirectBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return transpile(circuit, backend, initial_layout=[0, 1], seed_transpiler=1)


def some_time_passes(backend: DirectBackend) -> None:
    backend._fetched_at = -math.inf


def test_a_new_calibration_is_noticed(tmp_path: Path) -> None:
    device = Device(tmp_path)
    with device.served() as service, provider_for(service, S3Storage(**service.storage)) as provider:
        name = provider.backends()[0].name
        backend = provider.get_backend(name)
        isa = bell(backend)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            some_time_passes(backend)
            before = backend.run(isa, shots=10)
            before.result(timeout=60)
    device.calibrate_anew()
    with device.served() as service, provider_for(service, S3Storage(**service.storage)) as provider:
        backend.run(isa, shots=10).result(timeout=60)
        some_time_passes(backend)
        with pytest.warns(CalibrationChangedWarning, match="transpile them again") as caught:
            job = backend.run(isa, shots=10)
        assert [each.filename for each in caught] == [__file__]
        job.result(timeout=60)
        known = [backend.verify(each, circuits=isa).calibrated for each in (before, job)]
        assert known == [isa.metadata[CALIBRATED], "2030-01-02T03:04:05Z"]
        assert str(provider.retrieve_job(job.job_id()).properties().last_update_date).startswith("2030-01-02")


def test_a_qubit_that_broke_meanwhile_is_an_error(tmp_path: Path) -> None:
    device = Device(tmp_path)
    with device.served() as service, provider_for(service, S3Storage(**service.storage)) as provider:
        backend = provider.get_backend(provider.backends()[0].name)
        isa = bell(backend)
    device.calibrate_anew()
    device.break_qubit(1)
    with device.served():
        some_time_passes(backend)
        with (
            pytest.warns(CalibrationChangedWarning),
            pytest.raises(errors.InvalidCircuitError, match=r"\[0, 1\]"),
        ):
            backend.run(isa, shots=10)
