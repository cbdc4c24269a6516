"""The legacy platform and the transpiler, as the service serves them, over bare HTTP."""

from __future__ import annotations

import base64
import io
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from qiskit import QuantumCircuit, qpy
from service_client import BELL

from qiskit_direct_provider.service.legacy_programs import InvalidV1Error, v2_params

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service_client import Service

APPLICATION = {"x-qx-client-application": "qiskit-version-2/0.39.2/tests"}
JOB = {"program_id": "sampler", "backend": "fake_nairobi", "params": {"circuits": BELL}}
OBSERVED = BELL.partition("meas[0] =")[0].replace("bit[2] meas;", "")


@pytest.fixture
def session(service: Service) -> Iterator[requests.Session]:
    """A user who is logged in."""
    with requests.Session() as found:
        found.trust_env = False
        answer = found.post(
            service.url + "/api/users/loginWithToken", json={"apiToken": service.endpoint["api_key"]}
        )
        found.headers.update({"x-access-token": answer.json()["id"], **APPLICATION})
        yield found


def ended(session: requests.Session, url: str, **body: Any) -> dict[str, Any]:
    answer = session.post(url + "/runtime/jobs", json=JOB | body)
    assert answer.status_code == 200, answer.text
    job_id = answer.json()["id"]
    for _ in range(600):
        job: dict[str, Any] = session.get(f"{url}/runtime/jobs/{job_id}").json()
        if job["status"] in {"Completed", "Failed"}:
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def result(session: requests.Session, url: str, job: dict[str, Any]) -> Any:
    return session.get(f"{url}/runtime/jobs/{job['id']}/results").json()


def test_a_wrong_token_does_not_log_in(service: Service) -> None:
    for body, status in (({"apiToken": "wrong"}, 401), ({}, 400), ({"apiToken": 3}, 400)):
        answer = requests.post(service.url + "/api/users/loginWithToken", json=body, timeout=10)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]


def test_the_api_token_does_for_an_access_token(service: Service) -> None:
    headers = {"x-access-token": service.endpoint["api_key"]}
    assert requests.get(service.url + "/runtime/jobs", headers=headers, timeout=10).status_code == 200
    for headers in ({"x-access-token": "made up"}, {}):
        assert requests.get(service.url + "/runtime/jobs", headers=headers, timeout=10).status_code == 401


@pytest.mark.parametrize("method", ["get", "post"])
def test_either_method_logs_out(service: Service, session: requests.Session, method: str) -> None:
    assert session.get(service.url + "/api/users/me").json()["urls"]["services"]["runtime"]
    assert session.get(service.url + "/api/Network").json()[0]["groups"]
    assert getattr(session, method)(service.url + "/api/users/logout").status_code == 204
    assert session.get(service.url + "/api/users/me").status_code == 401


def test_shapes_of_its_time(service: Service, session: requests.Session) -> None:
    """Names of devices alone, camel case in the state, errors under one key; the client names itself."""
    assert "fake_nairobi" in session.get(service.url + "/runtime/backends").json()["devices"]
    failed = ended(session, service.url, params={"circuits": "OPENQASM 3; nonsense"})
    assert failed["state"]["reasonCode"] == 1603
    assert session.get(service.url + "/runtime/jobs/nobody").json()["error"]["code"] == "1291"
    session.headers["x-qx-client-application"] = "curl"
    assert session.post(service.url + "/runtime/jobs", json=JOB).status_code == 400


def test_version_1(service: Service, session: requests.Session) -> None:
    url = service.url
    quasi = result(
        session, url, ended(session, url, params={"circuits": [BELL, BELL], "run_options": {"shots": 100}})
    )
    assert [sum(each.values()) for each in quasi["quasi_dists"]] == pytest.approx([1, 1])
    assert quasi["metadata"][0]["shots"] == 100
    assert set(quasi["quasi_dists"][0]) <= {"0", "1", "2", "3"}
    params = {"circuits": OBSERVED, "observables": [{"ZZ": 1.0}]}
    values = result(session, url, ended(session, url, program_id="estimator", params=params))
    assert 0.5 < values["values"][0] <= 1.1
    for wrong in (
        {"circuits": []},
        {"circuits": BELL, "parameter_values": [[], []]},
        {"circuits": BELL, "parameter_values": 5},
        {"circuits": BELL, "run_options": {"shots": "5"}},
        {"circuits": BELL, "run_options": {"shots": -5}},
        {"circuits": 3},
    ):
        assert session.post(url + "/runtime/jobs", json=JOB | {"params": wrong}).status_code == 400


def test_the_variance_of_version_1_is_of_one_shot(service: Service, session: requests.Session) -> None:
    """A client divides it by the shots, which are those that were asked for: 4 / 400 for a spread of 2."""
    params = {"circuits": OBSERVED, "observables": [{"XI": 2.0}], "run_options": {"shots": 400}}
    values = result(session, service.url, ended(session, service.url, program_id="estimator", params=params))
    (metadata,) = values["metadata"]
    assert metadata["shots"] == 400
    # 4 less the square of the value, whose spread is 0.1: below 1e-11 that it exceeds 0.7.
    assert 3.5 < metadata["variance"] <= 4


def test_version_1_with_several_values_of_one_parameter(service: Service, session: requests.Session) -> None:
    """What version 2 makes of it is told value by value."""
    text = 'OPENQASM 3; include "stdgates.inc"; input float t; bit[1] c; rz(t) $0; x $0; '
    observed = {"circuits": text.replace("bit[1] c; ", ""), "observables": ["Z"]}
    sampled = {"circuits": text + "c[0] = measure $0;", "run_options": {"shots": 10}}
    for program, params, name in (("sampler", sampled, "quasi_dists"), ("estimator", observed, "values")):
        params["parameter_values"] = [[0.1, 0.2]]
        job = ended(session, service.url, program_id=program, params=params)
        document = result(session, service.url, job)
        assert [len(document[key]) for key in (name, "metadata")] == [2, 2]


def test_version_1_names_circuits_and_observables_by_number() -> None:
    """One list of each, and another of which is meant, as often as one likes."""
    given = {"circuits": ["A", "B"], "observables": [{"Z": 1}, {"X": 1}]}
    chosen = {"circuit_indices": [1, 0, 1], "observable_indices": [0, 0, 1]}
    pubs = v2_params(given | chosen, "estimator")["pubs"]
    assert pubs == [["B", {"Z": 1}, None], ["A", {"Z": 1}, None], ["B", {"X": 1}, None]]
    assert [pub[0] for pub in v2_params(given | chosen, "sampler")["pubs"]] == ["B", "A", "B"]
    for wrong, words in (
        ({"circuit_indices": [2]}, "indices of circuits"),
        ({"circuit_indices": 1}, "indices of circuits"),
        ({"circuit_indices": ["1"]}, "indices of circuits"),
        ({"circuit_indices": [0], "observable_indices": [0, 1]}, "as many observables as circuits"),
        ({"observables": None}, "no observable"),
    ):
        with pytest.raises(InvalidV1Error, match=words):
            v2_params(given | wrong, "estimator")


def test_a_job_can_open_its_session(service: Service, session: requests.Session) -> None:
    body = JOB | {"start_session": "True", "session_time": "soon"}
    refused = session.post(service.url + "/runtime/jobs", json=body)
    assert (refused.status_code, "session_time" in refused.json()["error"]["message"]) == (400, True)
    alone = ended(session, service.url, start_session="False")
    assert "session_id" not in alone
    job = ended(session, service.url, start_session="True", session_time=60)
    path = f"{service.url}/runtime/sessions/{job['session_id']}"
    assert session.get(path).json()["max_ttl"] == 60
    assert session.delete(path + "/close").status_code == 204
    assert session.get(path).json()["state"] == "closed"


# -- the transpiler --------------------------------------------------------------------------------------


def task(service: Service, query: str = "", **body: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {service.endpoint['api_key']}"}
    return requests.post(f"{service.url}/transpile{query}", json=body, headers=headers, timeout=10)


def done(service: Service, answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {service.endpoint['api_key']}"}
    for _ in range(600):
        path = f"{service.url}/transpile/{answer.json()['task_id']}"
        state: dict[str, Any] = requests.get(path, headers=headers, timeout=10).json()
        if state["state"] != "PENDING":
            return state
        time.sleep(0.05)
    raise AssertionError(state)


def test_transpiled_in_the_form_in_which_it_came(service: Service) -> None:
    """The query wins over the body; OpenQASM gives OpenQASM, QPY gives QPY."""
    text = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[0]; cx q[0],q[1];'
    state = done(
        service,
        task(
            service,
            "?backend=fake_nairobi&ai=AUTO&optimization_level=1",
            qasm_circuits=text,
            backend="nowhere",
        ),
    )
    (one,) = state["result"]
    assert one["qasm"].startswith("OPENQASM 3")
    assert "\n" not in one["qasm"]
    assert one["qpy"] is None
    assert sorted(one["layout"]["initial"]) == list(range(7))
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    stream = io.BytesIO()
    qpy.dump([circuit, circuit], stream)
    binary = base64.b64encode(stream.getvalue()).decode()
    state = done(
        service,
        task(service, "?optimization_level=0", backend_coupling_map=[[0, 1], [1, 2]], qpy_circuits=binary),
    )
    assert [each["qasm"] for each in state["result"]] == [None, None]


def test_what_the_transpiler_refuses(service: Service) -> None:
    good = {"qasm_circuits": "OPENQASM 3; qubit q;", "backend": "fake_nairobi"}
    for change, status in (
        ({"backend": "nowhere"}, 404),
        ({"backend": None}, 422),
        ({"qasm_circuits": None}, 422),
        ({"optimization_level": 4}, 422),
        ({"use_ai": "perhaps"}, 422),
        ({"ai_layout_mode": "wild"}, 422),
        ({"backend_coupling_map": [[0, 1, 2]]}, 422),
        ({"qiskit_transpile_options": {"callback": "x"}}, 422),
        ({"qasm_circuits": 5}, 422),
    ):
        answer = task(service, **(good | change))
        assert (answer.status_code, bool(answer.json()["detail"])) == (status, True), change
    assert done(service, task(service, **(good | {"qasm_circuits": "nonsense"}))) == {
        "state": "FAILURE",
        "result": None,
    }
    assert requests.post(service.url + "/transpile", json=good, timeout=10).status_code == 401
    headers = {"Authorization": f"Bearer {service.endpoint['api_key']}"}
    assert requests.get(service.url + "/transpile/none", headers=headers, timeout=10).status_code == 404


def test_the_transpiler_opens_no_files(service: Service, tmp_path: Path) -> None:
    """A program that includes a file fails, even though the file is a piece of a program."""
    secret = tmp_path / "secret.inc"
    secret.write_text("creg found[3];\n")
    for header in ('OPENQASM 2.0; include "qelib1.inc";', 'OPENQASM 3.0; include "stdgates.inc";'):
        text = f'{header} qreg q[1]; include "{secret}"; h q[0];'
        answer = task(service, qasm_circuits=text, backend="fake_nairobi", optimization_level=0)
        assert done(service, answer) == {"state": "FAILURE", "result": None}


def test_the_transpiler_refuses_what_would_fill_the_memory(service: Service) -> None:
    """Within the time that `done` waits: the reader of Qiskit needs minutes, if it lives."""
    text = "OPENQASM 3.0; qubit[30000000] q;"
    answer = task(service, qasm_circuits=text, backend="fake_nairobi")
    assert done(service, answer) == {"state": "FAILURE", "result": None}


@pytest.mark.parametrize("place", [{"backend": "fake_nairobi"}, {"backend_coupling_map": [[0, 1], [1, 0]]}])
def test_the_transpiler_leaves_branches_in(service: Service, place: dict[str, Any]) -> None:
    """A comment about another version of OpenQASM does not matter."""
    text = (
        'OPENQASM 3.0; // formerly OPENQASM 2.0\ninclude "stdgates.inc"; qubit[2] q; bit[2] c;'
        " h q[0]; c[0] = measure q[0]; if (c[0]) { x q[1]; } c[1] = measure q[1];"
    )
    state = done(service, task(service, "?optimization_level=1", qasm_circuits=text, **place))
    assert state["state"] == "SUCCESS"
    assert "if (c[0])" in state["result"][0]["qasm"]
