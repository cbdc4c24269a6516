"""What a backend shows, beside the tables in the docs."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import json
import logging
import math
import pickle
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from connecting import provider_for
from documents import snapshot
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import DirectBackend, DirectProvider, S3Storage, errors
from qiskit_direct_provider.archive import CalibrationArchive, archive_folder
from qiskit_direct_provider.device import DeviceDocuments, read_device
from qiskit_direct_provider.wire.direct_access import BackendItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recorder import Recorder

    from qiskit_direct_provider.service.process import LocalService

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "backend.md"


def rows(heading: str) -> list[list[str]]:
    """The rows of the table under a heading of the page, their cells stripped."""
    section = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.mark.parametrize("row", rows("Attributes"), ids=lambda row: row[0])
@pytest.mark.parametrize("device", ["fake_brisbane", "fake_torino", "fake_nairobi"])
def test_the_table_of_attributes_is_right(provider: DirectProvider, device: str, row: list[str]) -> None:
    name, _, _, types = row
    value = getattr(provider.get_backend(device), name)
    assert type(value).__name__.replace("NoneType", "None") in types.split(", ")


@pytest.mark.parametrize("row", rows("Methods"), ids=lambda row: row[0])
def test_the_table_of_methods_is_right(nairobi: DirectBackend, row: list[str]) -> None:
    method = getattr(nairobi, row[0])
    assert callable(method)
    if "UnsupportedError: " in row[1] or row[1] == "the same":
        with pytest.raises(errors.UnsupportedError):
            method()


def test_every_name_of_the_documents_is_in_the_tables() -> None:
    """The lists of the IBMBackend page and of the schemas, by name."""
    wanted = """
        name backend_version num_qubits target basis_gates gates local simulator conditional
        open_pulse memory max_shots coupling_map supported_instructions dynamic_reprate_enabled
        rep_delay_range default_rep_delay n_uchannels u_channel_lo meas_levels qubit_lo_range
        meas_lo_range dt dtm rep_times meas_kernels discriminators hamiltonian channel_bandwidth
        acquisition_latency conditional_latency meas_map max_circuits sample_name n_registers
        register_map configurable credits_required online_date display_name description tags version
        channels parametric_pulses processor_type instruction_durations instructions operations
        operation_names options provider session n_qubits max_experiments operational pending_jobs
        input_allowed quantum_volume measure_esp_enabled timing_constraints supported_features
    """
    methods = """
        acquire_channel cancel_session configuration control_channel defaults drive_channel
        get_translation_stage_plugin measure_channel open_session properties qubit_properties run
        set_options status target_history close_session
    """
    assert set(wanted.split()) <= {row[0] for row in rows("Attributes")}
    assert set(methods.split()) <= {row[0] for row in rows("Methods")}


def test_units(provider: DirectProvider) -> None:
    """Figures of fake_brisbane's document, in SI units."""
    backend = provider.get_backend("fake_brisbane")
    raw = json.loads(snapshot("brisbane")[0])
    assert backend.dt == pytest.approx(raw["dt"] * 1e-9)
    assert backend.dtm == pytest.approx(raw["dtm"] * 1e-9)
    assert backend.default_rep_delay == pytest.approx(raw["default_rep_delay"] * 1e-6)
    assert backend.rep_delay_range == pytest.approx([delay * 1e-6 for delay in raw["rep_delay_range"]])
    assert backend.rep_times == pytest.approx([time * 1e-6 for time in raw["rep_times"]])
    assert backend.qubit_lo_range[3] == pytest.approx([bound * 1e9 for bound in raw["qubit_lo_range"][3]])
    assert isinstance(backend.u_channel_lo[0][0]["scale"], complex)
    assert isinstance(backend.processor_type["revision"], str)
    assert isinstance(backend.online_date, dt.datetime)


def test_qubit_properties(torino: DirectBackend) -> None:
    properties = json.loads(snapshot("torino")[1])
    (t1,) = [item["value"] for item in properties["qubits"][7] if item["name"] == "T1"]
    assert torino.qubit_properties(7).t1 == pytest.approx(t1 * 1e-6)
    assert [each.t1 for each in torino.qubit_properties([7, 7])] == [torino.qubit_properties(7).t1] * 2


def test_pulse_names(provider: DirectProvider, torino: DirectBackend) -> None:
    brisbane = provider.get_backend("fake_brisbane")
    assert brisbane.drive_channel(3) == "d3"
    assert brisbane.measure_channel(3) == "m3"
    assert brisbane.acquire_channel(3) == "acquire3"
    first, second = brisbane.channels["u0"]["operates"]["qubits"]
    assert "u0" in brisbane.control_channel([first, second])
    for backend in (brisbane, torino):
        assert not hasattr(backend, "instruction_schedule_map")
        with pytest.raises(errors.UnsupportedError, match=r"Qiskit 2 does not have"):
            backend.defaults()
    with pytest.raises(errors.UnsupportedError):
        brisbane.drive_channel(1000)
    with pytest.raises(errors.UnsupportedError, match=r"a control channel of \[0, 100\] needs"):
        brisbane.control_channel([0, 100])


# -- the types that users know -------------------------------------------------------------------------


def test_configuration_is_what_users_know(torino: DirectBackend) -> None:
    from qiskit_ibm_runtime.models import QasmBackendConfiguration

    configuration = torino.configuration()
    assert isinstance(configuration, QasmBackendConfiguration)
    assert configuration is torino.configuration()
    assert configuration.backend_name == "fake_torino"
    assert configuration.dt == pytest.approx(torino.dt)
    assert configuration.max_experiments == torino.max_circuits
    assert "simulator" in configuration
    assert not {"measure", "reset", "delay", "if_else"} & set(configuration.basis_gates)
    assert configuration.n_qubits == configuration.num_qubits == 133


def test_properties_are_what_users_know(torino: DirectBackend) -> None:
    from qiskit_ibm_runtime.models import BackendProperties

    properties = torino.properties()
    assert isinstance(properties, BackendProperties)
    target = torino.target
    assert properties.t1(5) == pytest.approx(target.qubit_properties[5].t1)
    assert properties.readout_error(5) == target["measure"][5,].error
    pair = next(iter(target["cz"]))
    assert properties.gate_error("cz", pair) == target["cz"][pair].error
    assert properties.gate_length("cz", pair) == pytest.approx(target["cz"][pair].duration)
    assert properties.faulty_qubits() == []
    assert properties.faulty_gates() == []
    assert properties.last_update_date.tzinfo is not None


def test_status(torino: DirectBackend) -> None:
    status = torino.status()
    assert (status.operational, status.state, status.pending_jobs, status.locked) == (
        True,
        "online",
        0,
        False,
    )
    assert status.to_dict()["backend_name"] == "fake_torino"
    assert status.backend_version == torino.load().backend_version
    assert torino.operational is True
    assert torino.lanes() == 5


def test_the_version_of_a_status_that_has_none(
    torino: DirectBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IBM's simulator of this API leaves it out; the configuration has it."""
    item = BackendItem(name="fake_torino", status="online")
    monkeypatch.setattr(type(torino._client), "backend", lambda *_: item)
    unread = copy.copy(torino)
    unread.backend_version = None
    assert unread.status().backend_version == ""
    assert torino.load().status().backend_version == torino.backend_version != ""


# -- requests, copies ----------------------------------------------------------------------------------


@pytest.fixture
def watched(
    service: LocalService,
    own_storage: S3Storage,
    recorder: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DirectProvider]:
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    with provider_for(service, own_storage, url=recorder.url, iam_url=recorder.url) as provider:
        yield provider


def test_looking_for_a_name_makes_no_request(watched: DirectProvider, recorder: Recorder) -> None:
    """Neither on a backend that was only listed, nor on one that was loaded."""
    listed = watched.backends()[0]
    before = len(recorder.seen)
    for name in ("no_such_thing", "_repr_png_", "__array__", "quantum_volumes"):
        assert not hasattr(listed, name)
    assert "dt" in dir(listed)
    assert len(recorder.seen) == before
    loaded = watched.get_backend("fake_nairobi")
    before = len(recorder.seen)
    for row in rows("Attributes"):
        if row[0] != "operational":
            assert hasattr(loaded, row[0])
    assert len(recorder.seen) == before


def test_refresh_fetches_again(watched: DirectProvider, recorder: Recorder) -> None:
    backend = watched.get_backend("fake_nairobi")
    old = backend.target
    assert backend.target is old
    backend.refresh()
    assert backend.target is not old
    assert backend.properties(refresh=True) is not None
    assert recorder.count("GET", "/v1/backends/fake_nairobi/properties") == 3


def test_pickle_holds_the_device_and_no_key(provider: DirectProvider, service: LocalService) -> None:
    backend = provider.get_backend("fake_nairobi")
    backend.set_options(shots=77)
    data = pickle.dumps(backend)
    for secret in (service.api_key, service.storage["secret_access_key"]):
        assert secret.encode() not in data
    restored = pickle.loads(data)
    assert restored == backend
    assert restored.options.shots == 77
    assert restored.target.operation_names == backend.target.operation_names
    assert transpile(QuantumCircuit(2), restored) is not None
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with pytest.raises(errors.AccountError, match=r"unpickled"):
        restored.run(circuit)


def test_copies_and_equality(provider: DirectProvider, service: LocalService, own_storage: S3Storage) -> None:
    backend = provider.get_backend("fake_nairobi")
    assert copy.deepcopy(backend) is backend
    shallow = copy.copy(backend)
    shallow.set_options(shots=3)
    assert shallow == backend
    assert backend.options.shots != 3
    assert backend != provider.get_backend("fake_torino")
    assert backend != provider.get_backend("fake_nairobi", use_fractional_gates=True)
    assert len({backend, shallow, provider.get_backend("fake_nairobi")}) == 1
    with provider_for(service, own_storage) as other:
        assert other.get_backend("fake_nairobi") == backend


# -- earlier calibrations ------------------------------------------------------------------------------


def dated(name: str, date: str) -> DeviceDocuments:
    configuration, properties = snapshot(name)
    document = json.loads(properties)
    document["last_update_date"] = date
    document["qubits"][0][0] = {"date": date, "name": "T1", "unit": "us", "value": float(date[8:10])}
    return DeviceDocuments(configuration, json.dumps(document).encode())


@pytest.mark.parametrize("on_disk", [False, True])
def test_the_archive_answers_for_earlier_times(on_disk: bool, tmp_path: Path) -> None:
    archive = CalibrationArchive(tmp_path / "archive" if on_disk else None)
    for day in (10, 12, 11):
        date = dt.datetime(2026, 11, day, 8, tzinfo=dt.timezone.utc)
        for _ in range(2):
            archive.add("odd/name", date, dated("manila", f"2026-11-{day}T08:00:00Z"))
    assert [moment.day for moment in archive.moments("odd/name")] == [10, 11, 12]
    noon = dt.datetime(2026, 11, 11, 12, tzinfo=dt.timezone.utc)
    found = archive.at("odd/name", noon)
    assert found is not None
    assert read_device(found).target.qubit_properties[0].t1 == pytest.approx(11e-6)
    assert archive.at("odd/name", noon - dt.timedelta(days=5)) is None
    assert archive.at("another", noon) is None


def test_a_damaged_file_of_the_archive_is_passed_over(tmp_path: Path) -> None:
    archive = CalibrationArchive(tmp_path)
    for day in (10, 11):
        date = dt.datetime(2026, 11, day, tzinfo=dt.timezone.utc)
        archive.add("device", date, dated("manila", f"2026-11-{day}T00:00:00Z"))
    newest = max((tmp_path / "device").iterdir())
    assert newest.stat().st_mode & 0o777 == 0o600
    assert gzip.decompress(newest.read_bytes())
    newest.write_bytes(newest.read_bytes()[:100])
    found = archive.at("device", dt.datetime(2026, 12, 1, tzinfo=dt.timezone.utc))
    assert found is not None
    assert read_device(found).target.qubit_properties[0].t1 == pytest.approx(10e-6)


def test_history_of_a_backend(watched: DirectProvider, recorder: Recorder, tmp_path: Path) -> None:
    backend = watched.get_backend("fake_nairobi")
    calibrated = backend.properties().last_update_date
    assert list(archive_folder(recorder.url).rglob("*.gz"))
    assert str(archive_folder(recorder.url)).startswith(str(tmp_path))
    later = calibrated + dt.timedelta(seconds=1)
    assert backend.target_history(later).qubit_properties[0].t1 == backend.target.qubit_properties[0].t1
    assert backend.properties(datetime=later).last_update_date == calibrated
    assert backend.target_history() is backend.target
    with pytest.raises(errors.UnsupportedError, match=r"keeps no history"):
        backend.target_history(calibrated - dt.timedelta(days=1))
    archive = CalibrationArchive(archive_folder(recorder.url))
    archive.add("fake_nairobi", calibrated - dt.timedelta(days=3), dated("nairobi", "2024-05-20T00:00:00Z"))
    earlier = backend.target_history(calibrated - dt.timedelta(days=1))
    assert earlier.qubit_properties[0].t1 == pytest.approx(20e-6)


def test_an_archive_that_cannot_be_written_is_no_reason_to_stop(
    service: LocalService, own_storage: S3Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(blocked))
    with provider_for(service, own_storage) as provider:
        assert provider.get_backend("fake_nairobi").num_qubits == 7


# -- out of order --------------------------------------------------------------------------------------


def test_check_faulty_names_what_does_not_work() -> None:
    configuration, properties = snapshot("manila")
    document = json.loads(properties)
    document["qubits"][3].append(
        {"date": "2026-01-01T00:00:00Z", "name": "operational", "unit": "", "value": 0}
    )
    device = read_device(DeviceDocuments(configuration, json.dumps(document).encode()))
    assert (3,) not in device.target["measure"]
    assert not [pair for pair in device.target["cx"] if 3 in pair]
    assert device.target.num_qubits == 5
    assert len(device.target.qubit_properties) == 5


def test_check_faulty(nairobi: DirectBackend) -> None:
    good = QuantumCircuit(7)
    good.sx(0)
    nairobi.check_faulty(good)
    bad: Any = QuantumCircuit(7)
    bad.cx(0, 6)
    with pytest.raises(errors.InvalidCircuitError, match=r"'cx' on qubits \[0, 6\]"):
        nairobi.check_faulty(bad)


# -- when the documents are fetched ----------------------------------------------------------------------


def is_within(thread: threading.Thread, function: str) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code.co_name != function:
        frame = frame.f_back
    return frame is not None


def test_documents_are_fetched_once_for_all_threads(watched: DirectProvider, recorder: Recorder) -> None:
    backend = watched._backend("fake_nairobi")
    second = threading.Thread(target=backend.load)

    def meanwhile(when: str, method: str, path: str, _: bytes) -> None:
        if when == "before" and path.endswith("/configuration"):
            second.start()
            while not is_within(second, "_alone"):
                time.sleep(0.001)

    recorder.watch = meanwhile
    assert backend.load().num_qubits == 7
    second.join()
    assert recorder.count("GET", "/v1/backends/fake_nairobi/configuration") == 1


def test_nobody_waits_for_documents_without_end(service: LocalService, own_storage: S3Storage) -> None:
    with provider_for(service, own_storage, timeout=0.05) as provider:
        backend = provider._backend("fake_nairobi")
        with (
            backend._alone(),
            ThreadPoolExecutor(1) as pool,
            pytest.raises(errors.TransportError, match="did not come in time") as caught,
        ):
            pool.submit(backend.load).result()
        assert caught.value.retryable


def test_documents_that_cannot_be_looked_at_again_hold_on(
    watched: DirectProvider, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    backend = watched._backend("fake_nairobi")
    backend.load()._fetched_at = -math.inf
    recorder.script("GET", "/v1/backends/fake_nairobi/configuration", "403")
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    with caplog.at_level(logging.INFO, "qiskit_direct_provider"):
        job = backend.run(circuit, shots=10)
    assert "whether it was calibrated anew is not known" in caplog.text
    assert sum(job.result(timeout=60).get_counts().values()) == 10
