"""Requests of the shape that IBM's older clients send, and what those read of the answers."""

from __future__ import annotations

import base64
import io
import time
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import requests
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.result import Result
from service_client import BELL

from qiskit_direct_provider.service.circuit_runners import sampler_params
from qiskit_direct_provider.service.legacy_programs import InvalidV1Error
from qiskit_direct_provider.service.older_inputs import as_version_2
from qiskit_direct_provider.service.runtime_jobs import RunRequest
from qiskit_direct_provider.wire.codec import encode_ndarray

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service_client import Client, Service

DEVICE = "fake_nairobi"
OBSERVED = BELL.partition("meas[0] =")[0].replace("bit[2] meas;", "")


class Legacy:
    """A client of the legacy platform that is logged in."""

    def __init__(self, service: Service) -> None:
        self.url = service.url
        self.session = requests.Session()
        self.session.trust_env = False
        body = {"apiToken": service.endpoint["api_key"]}
        token = self.session.post(service.url + "/api/users/loginWithToken", json=body).json()["id"]
        application = {"X-Qx-Client-Application": "qiskit-version-2/1.0.2/qiskit"}
        self.session.headers.update({"X-Access-Token": token, **application})

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path)

    def send(self, program: str, **params: Any) -> requests.Response:
        body = {"program_id": program, "backend": DEVICE, "params": params, "start_session": False}
        return self.session.post(self.url + "/runtime/jobs", json=body)

    def run(self, program: str, **params: Any) -> dict[str, Any]:
        answer = self.send(program, **params)
        assert answer.status_code == 200, answer.text
        path = f"/runtime/jobs/{answer.json()['id']}"
        for _ in range(600):
            job: dict[str, Any] = self.get(path).json()
            if job["state"]["status"] in {"Completed", "Failed"}:
                return job
            time.sleep(0.05)
        raise AssertionError(job)

    def result(self, program: str, **params: Any) -> dict[str, Any]:
        job = self.run(program, **params)
        assert job["status"] == "Completed", job
        found: dict[str, Any] = self.get(f"/runtime/jobs/{job['id']}/results").json()
        return found


@pytest.fixture
def legacy(service: Service) -> Iterator[Legacy]:
    found = Legacy(service)
    with found.session:
        yield found


def packed(circuit: QuantumCircuit) -> dict[str, str]:
    stream = io.BytesIO()
    qpy.dump(circuit, stream)
    value = base64.b64encode(zlib.compress(stream.getvalue())).decode()
    return {"__type__": "QuantumCircuit", "__value__": value}


def two_registers() -> QuantumCircuit:
    """Reads 5 in two registers, the first of them one bit wide."""
    a, b = ClassicalRegister(1, "a"), ClassicalRegister(2, "b")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), a, b, name="five", metadata={"k": 1})
    circuit.x([0, 2])
    circuit.measure([0, 1, 2], [0, 1, 2])
    return circuit


# -- before the first job --------------------------------------------------------------------------------


def test_what_a_legacy_client_asks_before_it_logs_in(service: Service) -> None:
    """It refuses an address whose version has no ``api-auth``."""
    assert requests.get(service.url + "/api/version", timeout=10).json()["api-auth"]


def test_the_devices_of_a_hub(legacy: Legacy) -> None:
    (hub,) = legacy.get("/api/Network").json()
    assert hub["groups"]["local"]["projects"]["local"] == {"isDefault": True}
    for path in ("/runtime/backends", "/runtime/backends/"):
        assert DEVICE in legacy.get(path + "?provider=local%2Flocal%2Flocal").json()["devices"]


def test_a_client_without_a_version_gets_the_oldest(client: Client) -> None:
    """Clients from before there was the header know devices by name alone, and usage by its first words."""
    assert DEVICE in client.get("/api/v1/backends").json()["devices"]
    body = {"program_id": "sampler", "backend": DEVICE, "params": {"pubs": [[BELL, None, 5]]}}
    job_id = client.post("/api/v1/jobs", json=body).json()["id"]
    assert "quantum_seconds" in client.get(f"/api/v1/jobs/{job_id}/metrics").json()["usage"]


def test_usage_of_an_instance(legacy: Legacy) -> None:
    before = legacy.get("/runtime/usage").json()["byInstance"][0]
    assert before["instance"] == "local/local/local"
    assert before["pendingJobs"] == 0
    legacy.run("circuit-runner", circuits=BELL, shots=10)
    assert legacy.get("/runtime/usage").json()["byInstance"][0]["usage"] > before["usage"]


def test_the_longest_time_of_a_legacy_session(legacy: Legacy) -> None:
    body = {"mode": "dedicated", "backend": DEVICE, "instance": "local/local/local", "max_session_ttl": 600}
    path = legacy.url + "/runtime/sessions"
    session = legacy.session.post(path, json=body).json()
    assert session["max_ttl"] == 600
    assert legacy.session.delete(f"{path}/{session['id']}/close").status_code == 204


def test_a_legacy_job_tells_where_it_belongs(legacy: Legacy, client: Client) -> None:
    job = legacy.run("circuit-runner", circuits=BELL, shots=5)
    assert [job[key] for key in ("hub", "group", "project")] == ["local"] * 3
    (listed,) = (each for each in legacy.get("/runtime/jobs").json()["jobs"] if each["id"] == job["id"])
    assert listed["hub"] == "local"
    assert legacy.get(f"/runtime/facade/v1/jobs/{job['id']}/type").json() == {"type": "RUNTIME"}
    assert legacy.get("/runtime/facade/v1/jobs/none/type").json()["error"]["code"] == "1291"
    assert legacy.get(f"/runtime/jobs/{job['id']}/interim_results").status_code == 204
    assert legacy.get("/runtime/jobs/none/interim_results").status_code == 404
    assert legacy.get("/api/jobs/v2?order=creationDate+DESC").json() == {"items": []}
    today = {"program_id": "sampler", "backend": DEVICE, "params": {"pubs": [[BELL, None, 5]]}}
    job_id = client.post("/api/v1/jobs", json=today).json()["id"]
    assert "hub" not in client.get(f"/api/v1/jobs/{job_id}").json()


# -- circuits of backend.run -----------------------------------------------------------------------------


def test_counts_of_circuits(legacy: Legacy) -> None:
    """What Qiskit reads: by name, register by register, each shot where it was asked for."""
    params = {"circuits": [packed(two_registers()), BELL], "shots": 200, "header": {"mine": 1}}
    job = legacy.run("circuit-runner", memory=True, meas_level=2, skip_transpilation=True, **params)
    assert job["program"] == {"id": "circuit-runner"}
    assert job["params"]["circuits"] == params["circuits"]
    document = legacy.get(f"/runtime/jobs/{job['id']}/results").json()
    result = Result.from_dict(document)
    assert (result.job_id, result.backend_name, result.success) == (job["id"], DEVICE, True)
    assert (
        result.backend_version == legacy.get(f"/runtime/backends/{DEVICE}/status").json()["backend_version"]
    )
    counts = result.get_counts("five")
    assert max(counts, key=counts.get) == "10 1"
    assert sum(counts.values()) == 200
    assert [len(result.get_memory(number)) for number in (0, 1)] == [200, 200]
    assert set(result.get_counts(1)) <= {"00", "01", "10", "11"}
    assert document["results"][0]["header"]["metadata"] == {"k": 1}


def test_one_circuit_of_the_other_runner(legacy: Legacy) -> None:
    document = legacy.result("qasm3-runner", circuits=BELL, shots=50, rep_delay=2e-4, init_qubits=False)
    (experiment,) = document["results"]
    assert sum(experiment["data"]["counts"].values()) == experiment["shots"] == 50
    assert "memory" not in experiment["data"]


@pytest.mark.parametrize(("kind", "shape"), [("single", (5, 3)), ("avg", (3,)), (None, (3,))])
def test_points_of_circuits(legacy: Legacy, kind: str | None, shape: tuple[int, ...]) -> None:
    params = {"meas_level": 1} | ({"meas_return": kind} if kind else {})
    circuits = [packed(two_registers())]
    result = Result.from_dict(legacy.result("circuit-runner", circuits=circuits, shots=5, **params))
    assert result.get_memory(0).shape == shape
    assert result.results[0].meas_level == 1


def test_a_circuit_without_results(legacy: Legacy) -> None:
    result = Result.from_dict(legacy.result("circuit-runner", circuits=[packed(QuantumCircuit(1))], shots=5))
    assert result.results[0].data.counts == {}


def test_what_the_runners_refuse(legacy: Legacy) -> None:
    for wrong, words in (
        ({}, "no circuit"),
        ({"circuits": []}, "no circuit"),
        ({"circuits": 3}, "no circuit"),
        ({"circuits": BELL, "meas_level": 0}, "meas_level"),
        ({"circuits": BELL, "init_circuit": BELL}, "init_circuit"),
    ):
        answer = legacy.send("circuit-runner", **wrong)
        assert answer.status_code == 400
        assert words in answer.json()["error"]["message"]
        with pytest.raises(InvalidV1Error, match=words):
            sampler_params(wrong)
    assert legacy.run("circuit-runner", circuits=BELL, shots="5")["state"]["reason_code"] == 6000
    job = legacy.run("circuit-runner", circuits=BELL, shots=5, noise_model={"a": 1})
    assert "noise_model" in legacy.get(f"/runtime/jobs/{job['id']}/logs").text
    assert legacy.send("another-runner", circuits=BELL).status_code == 404


# -- version 1 of the primitives -------------------------------------------------------------------------


def operator(*labels: str, coefficients: tuple[complex, ...]) -> dict[str, Any]:
    """A SparsePauliOp as clients of version 1 send it."""
    paulis = {"__type__": "settings", "__module__": "m", "__class__": "PauliList"}
    numbers = encode_ndarray(np.array(coefficients, dtype=complex))
    value = {"data": paulis | {"__value__": {"data": list(labels)}}, "coeffs": numbers}
    return {"__type__": "settings", "__module__": "m", "__class__": "SparsePauliOp", "__value__": value}


def test_observables_that_are_objects(legacy: Legacy) -> None:
    """Terms of one label are added; the parameters come back as they were sent."""
    params: dict[str, Any] = {
        "circuits": [OBSERVED],
        "observables": [operator("ZZ", "ZZ", coefficients=(0.5, 0.5))],
        "parameters": [[]],
        "parameter_values": [[]],
        "run_options": {"shots": 400},
    }
    job = legacy.run("estimator", **params)
    assert job["params"] == params
    values = legacy.get(f"/runtime/jobs/{job['id']}/results").json()
    assert 0.5 < values["values"][0] <= 1.1
    for broken in (operator("ZZ", coefficients=(1j,)), operator("ZZ", coefficients=(1, 1))):
        failed = legacy.run("estimator", **(params | {"observables": [broken]}))
        assert failed["state"]["reason_code"] == 5203
    broken = {"__type__": "settings", "__class__": "SparsePauliOp", "__value__": {"data": 3}}
    assert legacy.run("estimator", **(params | {"observables": [broken]}))["state"]["reason_code"] == 5203


def test_words_of_a_quasi_distribution(legacy: Legacy) -> None:
    """Bits where circuits are objects: IBM's client refuses a 2 in them; decimal numbers elsewhere."""
    document = legacy.result("sampler", circuits=[BELL], run_options={"shots": 200})
    assert {"0", "3"} <= set(document["quasi_dists"][0]) <= {"0", "1", "2", "3"}
    three = legacy.result("sampler", circuits=[packed(two_registers())], run_options={"shots": 200})
    assert max(three["quasi_dists"][0].items(), key=lambda item: item[1])[0] == "101"


def test_inputs_that_an_earlier_service_stored() -> None:
    """It kept version 2 of them."""
    document = b'{"version":2,"pubs":[["x",null,5]]}'
    given = as_version_2(document, RunRequest(DEVICE, "sampler", 5, "info", form="v1"))
    assert (given.program, given.document) == ("sampler", document)
