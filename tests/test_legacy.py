"""The legacy platform, as a user meets it: login and logout, hub, group and project, version 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from journeys import measured_x
from qiskit import ClassicalRegister, QuantumCircuit

from qiskit_direct_provider import DirectProvider, Session, errors
from qiskit_direct_provider.job_settings import JobSettings
from qiskit_direct_provider.programs.sampler_v1 import sampler_v1_program

if TYPE_CHECKING:
    from recorder import Recorder

    from qiskit_direct_provider.service.process import LocalService

INSTANCE = "ibm-q/open/main"


@pytest.fixture
def legacy(service: LocalService, recorder: Recorder) -> Iterator[DirectProvider]:
    with provider_for(
        service, None, url=recorder.url, iam_url=recorder.url, channel="legacy", instance=INSTANCE
    ) as provider:
        yield provider


def test_login_jobs_and_logout(legacy: DirectProvider, recorder: Recorder, service: LocalService) -> None:
    """The API token goes to the login alone; its access token ends with the block, and then is refused."""
    backend = legacy.get_backend("fake_manila")
    job = backend.run(measured_x(), shots=10)
    assert sum(job.result(timeout=60).get_counts().values()) == 10
    assert [path for method, path in recorder.seen if method == "POST"] == [
        "/api/users/loginWithToken",
        "/runtime/jobs",
    ]
    sent = dict(zip(recorder.seen, recorder.headers, strict=True))["POST", "/runtime/jobs"]
    assert sent["x-qx-client-application"] == "qiskit-version-2/0.39.2/qiskit-direct-provider"
    assert "authorization" not in sent
    body = recorder.bodies[recorder.seen.index(("POST", "/runtime/jobs"))]
    assert b'"hub":"ibm-q","group":"open","project":"main"' in body
    assert service.api_key not in str(recorder.headers)
    token = sent["x-access-token"]
    legacy.logout()
    assert recorder.count("POST", "/api/users/logout") == 1
    assert ask(recorder, token) == 401
    assert legacy.backends()
    assert recorder.count("POST", "/api/users/loginWithToken") == 2


def ask(recorder: Recorder, token: str) -> int:
    import requests

    session = requests.Session()
    session.trust_env = False
    answer = session.get(recorder.url + "/runtime/jobs", headers={"x-access-token": token}, timeout=10)
    return answer.status_code


def test_leaving_the_block_logs_out(service: LocalService, recorder: Recorder) -> None:
    with provider_for(
        service, None, url=recorder.url, iam_url=recorder.url, channel="legacy", instance=None
    ) as one:
        one.backends()
    assert recorder.seen[-1] == ("POST", "/api/users/logout")
    with provider_for(service, None, url=recorder.url, iam_url=recorder.url, channel="legacy", instance=None):
        pass
    assert recorder.count("POST", "/api/users/logout") == 1


def test_a_token_that_ended_is_renewed(legacy: DirectProvider, recorder: Recorder) -> None:
    legacy.backends()
    recorder.script("GET", "/runtime/backends", "401")
    assert legacy.backends()
    assert recorder.count("POST", "/api/users/loginWithToken") == 2


def test_wrong_accounts_are_refused(service: LocalService) -> None:
    wrong = provider_for(service, None, token="wrong", channel="legacy", instance=INSTANCE)
    with wrong, pytest.raises(errors.AuthenticationError, match="did not accept this API token"):
        wrong.backends()
    with pytest.raises(errors.InvalidInputError, match="hub/group/project"):
        provider_for(service, None, channel="legacy", instance="just-a-hub")
    with pytest.raises(errors.AccountError, match="no instance"):
        provider_for(service, None, channel="runtime", instance=None)


def test_lists_and_sessions(legacy: DirectProvider) -> None:
    backend = legacy.get_backend("fake_manila")
    assert backend.status().pending_jobs == 0
    assert "fake_manila" in [each.name for each in legacy.backends()]
    with Session(backend) as session:
        job = backend.run(measured_x(), shots=10, session=session, job_tags=["old"])
        job.result(timeout=60)
    assert [found.job_id() for found in legacy.jobs(job_tags=["old"])] == [job.job_id()]
    with pytest.raises(errors.JobNotFoundError):
        legacy.retrieve_job("nobody")


def test_version_1_gives_the_same_counts_in_the_same_order(legacy: DirectProvider) -> None:
    """Two registers: the outcome is one number there, with the first register in its lowest bits."""
    circuit = QuantumCircuit(5)
    low, high = ClassicalRegister(3, "low"), ClassicalRegister(2, "high")
    circuit.add_register(low)
    circuit.add_register(high)
    circuit.x([0, 3])
    circuit.measure(range(5), range(5))
    backend = legacy.get_backend("fake_manila")
    job = backend.launch([sampler_v1_program([circuit, measured_x()], shots=400)], JobSettings.of())
    counts = job.result(timeout=60).get_counts(0)
    assert sum(counts.values()) == 400
    assert max(counts, key=lambda bits: counts[bits]) == "01 001"
    assert sum(job.result().get_counts(1).values()) == 400
