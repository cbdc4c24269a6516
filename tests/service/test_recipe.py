"""The recipe of the legacy platform's documentation, run with curl: only hosts, tokens and ids differ.

The commands below are those of the recipe, word for word; a shell that splits no words runs them, since
the recipe leaves variables unquoted.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from service_client import Service

LOGIN = r"""
curl -H "Content-Type: application/json" -d "{\"apiToken\": \"$token\"}" "https://auth.quantum-computing.ibm.com/api/users/loginWithToken"
"""
TRANSPILE = r"""
curl -X POST \
"https://cloud-transpiler.quantum.ibm.com/transpile" \
-H 'accept: application/json' \
-H 'authorization: Bearer '$token \
-d '{
"qasm_circuits": "'$qasm_string'",
"backend": "ibm_peekskill",
"optimization_level": 3,
"use_ai": false
}'
"""
TASK = r"""
curl -X GET \
"https://cloud-transpiler.quantum.ibm.com/transpile/${task_id}" \
-H 'accept: application/json' \
-H 'Authorization: Bearer '$token
"""
SUBMIT = r"""
curl -X POST \
"https://api.quantum-computing.ibm.com/runtime/jobs" \
-H 'Content-Type: application/json' \
-H 'x-access-token: '$api_key \
-H 'x-qx-client-application: qiskit-version-2/0.39.2/your_application' \
-d '{
"program_id": "sampler",
"backend": "ibm_peekskill",
"hub": "ibm-q-internal",
"group": "dev-sys-software",
"project": "internal-test",
"start_session": "False",
"params": {"circuits": "'$resulting_qasm'"}
}'
"""
SESSION = r"""
curl -X POST "https://api.quantum-computing.ibm.com/runtime/sessions" \
-H 'Accept: application/json' \
-H 'x-access-token: '$api_key \
-H 'Content-Type: application/json' \
-d '{
"backend": "ibm_peekskill",
"instance": "ibm-q-internal/dev-sys-software/internal-test"
}'
"""
IN_SESSION = r"""
curl -H 'Content-Type: application/json' -H "x-access-token: $auth_id" -H 'x-qx-client-application: qiskit-version-2/0.39.2/YOUR_APPlication' -d '{"program_id": "sampler","backend": "ibm_cusco","hub": "ibm-q-internal","group": "dev-sys-software","project": "internal-test","session_id": "YOUR_SESSION_ID","params": {"circuits": "OPENQASM 3;include \"stdgates.inc\";qreg q[1];creg c[1];x q[0];c[0] = measure q[0];"}}' 'https://api.quantum-computing.ibm.com/runtime/jobs'
"""  # noqa: E501 - word for word
STATUS = r"""
curl -H "x-access-token: $auth_id" 'https://api.quantum-computing.ibm.com/runtime/jobs/'$job_id
"""
RESULTS = r"""
curl -H "x-access-token: $auth_id" 'https://api.quantum-computing.ibm.com/runtime/jobs/'$job_id'/results'
"""
LOGOUT = r"""
curl -H "x-access-token: $auth_id" 'https://auth.quantum-computing.ibm.com/api/users/logout'
"""
QASM = r"OPENQASM 3; include \"stdgates.inc\"; qreg q[1]; creg c[1]; x q[0]; c[0] = measure q[0]; "
HOSTS = re.compile(r"https://[a-z-]+\.(?:quantum-computing|quantum)\.ibm\.com")


def device(name: str, folder: Path) -> str:
    """A snapshot under the name that the recipe uses."""
    import qiskit_ibm_runtime

    short = name.removeprefix("ibm_")
    found = Path(qiskit_ibm_runtime.__file__).parent / "fake_provider" / "backends" / short
    configuration = json.loads((found / f"conf_{short}.json").read_text())
    properties = json.loads((found / f"props_{short}.json").read_text())
    file = folder / f"{name}.json"
    document = {"configuration": {**configuration, "backend_name": name}, "properties": properties}
    file.write_text(json.dumps(document))
    return str(file)


def curl(service: Service, command: str, **variables: str) -> Any:
    """Run one command; the JSON that it prints, or None when it prints nothing."""
    script = "IFS=\n" + HOSTS.sub(service.url, command).replace("curl ", "curl -s --noproxy '*' ", 1)
    script = script.replace("YOUR_SESSION_ID", variables.get("session_id", ""))
    done = subprocess.run(
        ["bash", "-c", script], env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, check=True
    )
    return json.loads(done.stdout) if done.stdout else None


def until(ask: Callable[[], dict[str, Any]], member: str, *wanted: str) -> dict[str, Any]:
    deadline = time.monotonic() + 300
    while (found := ask())[member] not in wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def hosts() -> None:
    assert len(HOSTS.findall(LOGIN + TRANSPILE + TASK + SUBMIT + SESSION + IN_SESSION + LOGOUT)) == 7


def test_the_recipe(start: Callable[..., Service], tmp_path: Path, hosts: None) -> None:
    names = ("ibm_peekskill", "ibm_cusco")
    service = start(devices=[device(name, tmp_path) for name in names], seed=3, noise=False)
    token = service.endpoint["api_key"]
    auth_id = curl(service, LOGIN, token=token)["id"]
    known = {"auth_id": auth_id, "api_key": auth_id}

    task_id = curl(service, TRANSPILE, token=token, qasm_string=QASM)["task_id"]
    task = until(lambda: curl(service, TASK, token=token, task_id=task_id), "state", "SUCCESS", "FAILURE")
    (transpiled,) = task["result"]
    assert len(transpiled["layout"]["initial"]) == 27

    resulting_qasm = json.dumps(transpiled["qasm"])[1:-1]
    job_id = curl(service, SUBMIT, resulting_qasm=resulting_qasm, **known)["id"]
    done = until(lambda: curl(service, STATUS, job_id=job_id, **known), "status", "Completed", "Failed")
    assert done["status"] == "Completed", done
    assert curl(service, RESULTS, job_id=job_id, **known)["quasi_dists"] == [{"1": 1.0}]

    session_id = curl(service, SESSION, **known)["id"]
    job_id = curl(service, IN_SESSION, session_id=session_id, **known)["id"]
    done = until(lambda: curl(service, STATUS, job_id=job_id, **known), "status", "Completed", "Failed")
    assert (done["status"], done["session_id"]) == ("Completed", session_id)
    assert curl(service, RESULTS, job_id=job_id, **known)["quasi_dists"] == [{"1": 1.0}]

    assert curl(service, LOGOUT, **known) is None
    refused = curl(service, STATUS, job_id=job_id, **known)
    assert refused["error"]["status"] == 401
