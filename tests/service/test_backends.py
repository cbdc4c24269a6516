"""What the service says about itself and its devices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests
from service_client import Client, Service, error_of

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.devices import Device, find_snapshot, open_devices, snapshot_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_versions_need_no_token(service: Service) -> None:
    """Version and versions are open, as a health check has to be."""
    version = requests.get(service.url + "/version", timeout=10).json()["version"]
    assert version in requests.get(service.url + "/versions", timeout=10).json()["versions"]


def test_backends_are_listed_in_the_order_of_the_settings(client: Client) -> None:
    """Each item says that the device is online and not locked."""
    backends = client.get("/v1/backends").json()["backends"]
    names = ["fake_nairobi", "fake_torino", "fake_melbourne", "fake_burlington", "fake_fez"]
    assert [backend["name"] for backend in backends] == names
    assert {(backend["status"], backend["locked"]) for backend in backends} == {("online", False)}
    assert client.get("/v1/backends/fake_torino").json() == backends[1]


def test_configuration_has_the_served_form(client: Client) -> None:
    """The name is the one that jobs use; ranges are flat, revisions are text, gates are complete."""
    configuration = client.get("/v1/backends/fake_torino/configuration").json()
    assert configuration["backend_name"] == "fake_torino"
    assert configuration["n_qubits"] == 133
    assert isinstance(configuration["processor_type"]["revision"], str)
    assert {"cz", "sx", "rz", "reset"} <= {gate["name"] for gate in configuration["gates"]}
    assert all(gate["parameters"] is not None for gate in configuration["gates"])
    assert all(isinstance(gate["qasm_def"], str) for gate in configuration["gates"])
    low, high = configuration["rep_delay_range"]
    assert low < high


def test_properties_are_those_of_the_snapshot(client: Client) -> None:
    """Properties keep the real device's own name."""
    properties = client.get("/v1/backends/fake_torino/properties").json()
    assert properties["backend_name"] == "ibm_torino"
    assert len(properties["qubits"]) == 133


def test_lanes(client: Client) -> None:
    """All lanes belong to this entrance."""
    lanes = client.get("/v1/backends/fake_torino/lanes").json()
    assert lanes == {"hpc_workload_manager": {"lanes": 5}, "ibm_quantum_compute": {"lanes": 0}}


@pytest.mark.parametrize("tail", ["", "/configuration", "/properties", "/lanes"])
def test_unknown_backend_is_1216(client: Client, tail: str) -> None:
    """Each route of a device answers 404 for a name that is not there."""
    assert error_of(client.get("/v1/backends/fake_none" + tail)) == (404, "1216")


@pytest.mark.parametrize("path", ["/v1/backends/fake_torino/defaults", "/v1/none", "/none", "/none/at/all"])
def test_unknown_route_is_not_found(client: Client, path: str) -> None:
    """Paths that are no part of the API answer as the framework does."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_wrong_method_is_not_allowed(client: Client) -> None:
    """A known path with another method is 405."""
    answer = client.session.put(client.url + "/v1/jobs", timeout=10)
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})


@pytest.mark.parametrize("name", snapshot_names())
def test_every_snapshot_can_be_served(name: str) -> None:
    """All snapshots that qiskit-ibm-runtime ships have both documents, and are served by their name."""
    device = Device(find_snapshot(name))
    assert json.loads(device.configuration)["backend_name"] == name
    assert len(json.loads(device.properties)["qubits"]) == json.loads(device.configuration)["n_qubits"]
    assert device.item.version


@pytest.mark.newest
def test_snapshot_names_are_all_found() -> None:
    """No snapshot is lost."""
    assert len(snapshot_names()) >= 68


def test_unknown_device_names_its_neighbours() -> None:
    """A mistyped name is an error that helps."""
    with pytest.raises(InvalidInputError, match="did you mean fake_torino"):
        open_devices(("fake_torin",))


def test_own_device_from_a_file(start: Callable[..., Service], tmp_path: Path) -> None:
    """A JSON file of configuration and properties is a device, too."""
    source = find_snapshot("fake_nairobi")
    assert source.properties is not None
    configuration = json.loads(source.configuration.read_bytes()) | {"backend_name": "mine"}
    document = {"configuration": configuration, "properties": json.loads(source.properties.read_bytes())}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    client = Client(start(devices=(str(path),), workers=1))
    assert client.get("/v1/backends/mine/configuration").json()["backend_name"] == "mine"
    samples = client.sample(["OPENQASM 3.0; bit[1] c; c[0] = measure $0;"], backend="mine")
    assert len(samples[0]["data"]["c"]["samples"]) == 4096
    client.close()


def test_several_ranges_of_delays(tmp_path: Path) -> None:
    """Some older devices have a list of them: it is served, and held to, in the form of the others."""
    source = find_snapshot("fake_nairobi")
    assert source.properties is not None
    configuration = json.loads(source.configuration.read_bytes())
    configuration |= {"backend_name": "old", "rep_delay_range": [[10.0, 300.0], [400.0, 500.0]]}
    document = {"configuration": configuration, "properties": json.loads(source.properties.read_bytes())}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document))
    device = open_devices((str(path),))["old"]
    assert json.loads(device.configuration)["rep_delay_range"] == [10.0, 300.0]
    assert read_calibration(device.snapshot).rep_delay_range_s == pytest.approx((1e-5, 3e-4))


def test_file_that_is_no_device(tmp_path: Path) -> None:
    """A file of another kind is refused by name."""
    path = tmp_path / "other.json"
    path.write_text('{"configuration": {}}')
    with pytest.raises(InvalidInputError, match=r"other\.json is not a JSON file"):
        open_devices((str(path),))


def test_other_host_names_are_refused(service: Service) -> None:
    """A page in a browser cannot reach the service under its own name."""
    answer = requests.get(service.url + "/version", headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 421
    assert (
        requests.get(service.url + "/version", headers={"Host": "localhost:1"}, timeout=10).status_code == 200
    )
    for host, status in (("[::1]:1", 200), ("[::2]:1", 421)):
        found = requests.get(service.url + "/version", headers={"Host": host}, timeout=10)
        assert found.status_code == status, host
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


def test_pages_of_other_sites_are_refused(service: Service) -> None:
    """Those of the service itself, which show how to call it, are not."""
    for origin, status in (("http://evil.example", 403), ("null", 403), (service.url, 200)):
        answer = requests.get(service.url + "/version", headers={"Origin": origin}, timeout=10)
        assert answer.status_code == status, origin
