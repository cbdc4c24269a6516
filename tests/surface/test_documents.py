"""What packages read from a backend: configuration, properties, target, timing, and a hundred small names."""

from __future__ import annotations

import json
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest
from documents import folders, snapshot
from qiskit.circuit import Delay, Measure, Reset
from qiskit.providers import BackendV2, QubitProperties
from qiskit.transpiler import CouplingMap, InstructionDurations

import qiskit_direct_provider
from qiskit_direct_provider import DirectBackend, DirectProvider
from qiskit_direct_provider.attributes import attribute
from qiskit_direct_provider.device import Device, DeviceDocuments, read_device
from qiskit_direct_provider.models import configuration_model

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS: dict[str, Any] = {
    "backend_name": "nairobi",
    "simulator": False,
    "conditional": False,
    "memory": True,
    "multi_meas_enabled": True,
    "max_shots": None,
    "max_experiments": None,
}
DEVICES = ["fake_nairobi", "fake_torino", "fake_brisbane"]


@pytest.fixture(params=DEVICES)
def backend(request: pytest.FixtureRequest, provider: DirectProvider) -> DirectBackend:
    return provider.get_backend(request.param)


# -- configuration and properties ----------------------------------------------------------------------


def test_the_configuration_has_what_packages_read(backend: DirectBackend) -> None:
    configuration = backend.configuration()
    assert configuration.simulator is False
    assert configuration.n_qubits == configuration.num_qubits == backend.num_qubits
    assert configuration.backend_name == backend.name
    assert isinstance(configuration._data, dict)
    assert configuration.conditional is False
    assert configuration.multi_meas_enabled is True
    assert configuration.max_shots >= 10_000
    pairs = {tuple(pair) for pair in configuration.coupling_map}
    assert pairs == {tuple(pair) for pair in backend.coupling_map.get_edges()}
    assert {"measure", "delay", "reset", *configuration.basis_gates} <= set(
        configuration.supported_instructions
    )
    assert configuration.to_dict()["backend_name"] == backend.name


def test_the_properties_have_what_packages_read(backend: DirectBackend) -> None:
    properties, target = backend.properties(), backend.target
    assert set(properties._qubits) == set(range(backend.num_qubits))
    assert len(properties.qubits) == backend.num_qubits
    gate = next(name for name in ("cx", "cz", "ecr") if name in target.operation_names)
    assert set(properties._gates[gate]) == set(target[gate])
    assert {each.gate for each in properties.gates} >= {"sx", "x", gate}
    pair = next(iter(target[gate]))
    assert properties.gate_error(gate, pair) == target[gate][pair].error
    assert properties.gate_property(gate, pair, "gate_error")[0] == target[gate][pair].error
    assert properties.qubit_property(0, "T1")[0] == pytest.approx(target.qubit_properties[0].t1)
    assert properties.readout_error(0) == target["measure"][0,].error
    assert properties.faulty_qubits() == []
    assert properties.faulty_gates() == []
    assert properties.is_qubit_operational(0)
    assert properties.is_gate_operational(gate, pair)


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_basis_gates_are_gates(folder: Path) -> None:
    """A third of the documents list ``reset``; at most 8 names, where one compiler stops at 10."""
    document = json.loads(snapshot(folder.name)[0])
    document["basis_gates"] += [
        "measure",
        "delay",
        "reset",
        "if_else",
        "for_loop",
        "while_loop",
        "switch_case",
    ]
    device = read_device(DeviceDocuments(json.dumps(document).encode(), None))
    configuration = configuration_model(device, folder.name, use_fractional_gates=False)
    for names in (configuration.basis_gates, attribute(device, "basis_gates")):
        assert 3 <= len(names) <= 8
        assert all(device.target.operation_from_name(name).name == name for name in names)
        assert not {"measure", "delay", "reset", "rx", "rzz"} & set(names)
        assert not [name for name in names if name in document["basis_gates"][-7:]]


def test_a_configuration_of_few_words_has_what_packages_read_as_well() -> None:
    """Real documents leave members out."""
    full, properties = snapshot("nairobi")
    members = ("n_qubits", "basis_gates", "gates", "dt")
    document = {name: value for name, value in json.loads(full).items() if name in members}
    device = read_device(DeviceDocuments(json.dumps(document).encode(), properties))
    configuration = configuration_model(device, "nairobi", use_fractional_gates=False)
    coupled = {tuple(pair) for pair in configuration.coupling_map}
    assert coupled == set(device.target["cx"])
    assert {"measure", "delay", "cx"} <= set(configuration.supported_instructions)
    found = {name: getattr(configuration, name) for name in DEFAULTS}
    assert found == DEFAULTS
    assert {name: attribute(device, name) for name in set(DEFAULTS) - {"backend_name"}} == {
        name: value for name, value in DEFAULTS.items() if name != "backend_name"
    }


def test_fractional_gates_are_basis_gates_only_where_they_were_asked_for(provider: DirectProvider) -> None:
    for wanted in (False, True):
        backend = provider.get_backend("fake_fez", use_fractional_gates=wanted)
        for names in (backend.basis_gates, backend.configuration().basis_gates):
            assert ("rzz" in names) is ("rzz" in backend.target.operation_names)
            assert ("rx" in names) is ("rx" in backend.target.operation_names)


def test_max_circuits_and_max_experiments_are_equal(backend: DirectBackend) -> None:
    assert backend.max_circuits == backend.configuration().max_experiments == backend.max_experiments


# -- target --------------------------------------------------------------------------------------------


def test_delay_reset_measure_and_id_are_there_where_the_device_has_them(backend: DirectBackend) -> None:
    target = backend.target
    everywhere = {(qubit,) for qubit in range(backend.num_qubits)}
    for name, kind in {"delay": Delay, "reset": Reset, "measure": Measure}.items():
        assert isinstance(target.operation_from_name(name), kind)
        assert set(target[name]) == everywhere
    assert set(target["id"]) == everywhere


def test_the_time_step_is_set(backend: DirectBackend) -> None:
    assert backend.dt == backend.target.dt == backend.configuration().dt
    assert 1e-10 < backend.dt < 1e-7
    assert backend.target.seconds_to_dt(100 * backend.dt) == 100


def test_every_qubit_has_its_properties(backend: DirectBackend) -> None:
    found = backend.target.qubit_properties
    assert len(found) == backend.num_qubits
    assert all(isinstance(each, QubitProperties) for each in found)
    assert all(each.t1 > 1e-6 and each.t2 > 1e-7 for each in found)
    assert all(each.frequency is None or each.frequency > 1e9 for each in found)
    assert backend.qubit_properties(0) is not None


def test_a_qubit_without_figures_has_an_entry_all_the_same() -> None:
    configuration, properties = snapshot("manila")
    document = json.loads(properties)
    document["qubits"] = [document["qubits"][0], []]
    for calibration in (json.dumps(document).encode(), None):
        device = read_device(DeviceDocuments(configuration, calibration))
        assert [type(each) for each in device.target.qubit_properties] == [QubitProperties] * 5


def test_gates_and_readout_have_errors_and_durations(backend: DirectBackend) -> None:
    target = backend.target
    pairs = next(name for name in ("cx", "cz", "ecr") if name in target.operation_names)
    for name in ("sx", "x", "measure", pairs):
        for qubits, properties in target[name].items():
            assert 0 < properties.error <= 1, (name, qubits)
            assert 1e-9 < properties.duration < 1e-4, (name, qubits)


def test_the_target_answers_what_packages_ask(backend: DirectBackend) -> None:
    target = backend.target
    assert isinstance(target.build_coupling_map(), CouplingMap)
    assert isinstance(target.durations(), InstructionDurations)
    assert isinstance(backend.instruction_durations, InstructionDurations)
    assert target.timing_constraints().granularity == target.granularity >= 1
    assert target.has_angle_bounds() is False
    assert isinstance(target.get_non_global_operation_names(), list)
    assert isinstance(target.description, str)
    assert target.description.upper()


def test_a_device_of_one_qubit_has_a_coupling_map() -> None:
    """Aer's `from_backend` calls a method on it."""
    device = read_device(DeviceDocuments(*snapshot("armonk")))
    assert isinstance(device.target.build_coupling_map(), CouplingMap)
    assert isinstance(device.target.description, str)


# -- small names ---------------------------------------------------------------------------------------


def test_the_backend_is_a_backendv2_of_version_2(backend: DirectBackend) -> None:
    assert isinstance(backend, BackendV2)
    assert backend.version == 2
    assert backend.get_translation_stage_plugin() == "qiskit_direct"
    assert backend.get_scheduling_stage_plugin() == "default"
    assert isinstance(backend.options.shots, int)
    assert isinstance(backend.provider, DirectProvider)
    assert isinstance(backend.backend_version, str)
    assert backend.max_shots == backend.configuration().max_shots


@pytest.mark.parametrize(
    "name", ["service", "calibration_id", "_repr_png_", "_repr_mimebundle_", "_ipython_display_"]
)
def test_names_that_packages_look_for_may_be_absent(backend: DirectBackend, name: str) -> None:
    assert not hasattr(backend, name)


def test_a_backend_shows_itself(backend: DirectBackend) -> None:
    assert str(backend) == repr(backend) == f"<DirectBackend '{backend.name}'>"
    assert {"run", "target", "dt", "coupling_map"} <= set(dir(backend))
    assert vars(backend)["name"] == backend.name


def test_class_and_module_names_are_no_other_vendors() -> None:
    """Packages look for these words there, and take a backend for IBM's cloud or for a simulator."""
    package = qiskit_direct_provider
    modules = [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    assert f"{package.__name__}.verification.twin" in modules
    kinds: list[type[Any]] = [DirectBackend, DirectProvider, qiskit_direct_provider.DirectJob, Device]
    names = [f"{base.__module__}.{base.__qualname__}" for kind in kinds for base in kind.__mro__]
    assert not [
        name for name in (*modules, *names) if any(word in name.lower() for word in ("ibm", "fake", "aer"))
    ]


@pytest.mark.skipif(not hasattr(DirectProvider, "backend"), reason="provider.backend comes with the accounts")
def test_a_providers_backend_is_called_as_other_services_are(provider: DirectProvider) -> None:
    found = provider.backend("fake_nairobi", use_fractional_gates=False)
    assert found == provider.get_backend("fake_nairobi") == provider.backend.fake_nairobi
