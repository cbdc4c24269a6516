"""What the client does when the network, a gateway or the service fails it, over each dialect.

Two tests are of lanes, which only Direct Access has; what only servers that name the jobs can do wrong is in
`test_runtime_faults.py`.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from apis import APIS
from connecting import provider_for
from qiskit import QuantumCircuit

from qiskit_direct_provider import errors

if TYPE_CHECKING:
    from pathlib import Path

    from apis import Api
    from recorder import Recorder

    from qiskit_direct_provider import DirectBackend, DirectJob, DirectProvider, S3Storage
    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture
def api(channel: str) -> Api:
    return APIS[channel]


def over(channel: str, service: LocalService, storage: S3Storage, **arguments: object) -> DirectProvider:
    known = {"channel": channel, "instance": None if channel == "legacy" else service.crn}
    return provider_for(service, storage if channel == "direct_access" else None, **known, **arguments)


@pytest.fixture
def flaky(
    channel: str, service: LocalService, own_storage: S3Storage, recorder: Recorder
) -> Iterator[DirectProvider]:
    with over(channel, service, own_storage, url=recorder.url, iam_url=recorder.url) as provider:
        yield provider


@pytest.fixture
def lanes(service: LocalService, own_storage: S3Storage, recorder: Recorder) -> Iterator[DirectProvider]:
    """Over Direct Access alone."""
    with over("direct_access", service, own_storage, url=recorder.url, iam_url=recorder.url) as provider:
        yield provider


@pytest.fixture
def backend(flaky: DirectProvider) -> DirectBackend:
    return flaky.get_backend("fake_nairobi")


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


@pytest.fixture
def made_of(
    channel: str, service: LocalService, own_storage: S3Storage
) -> Iterator[Callable[[DirectJob], int]]:
    """How many jobs the service made of one, seen past the proxy."""
    with over(channel, service, own_storage) as provider:

        def count(job: DirectJob) -> int:
            (part,) = job.tracked
            client = provider._client
            return sum(1 for each in client.jobs(client.deadline()) if each.journal_id == part.journal_id)

        yield count


@pytest.mark.parametrize(
    ("fates", "posts"),
    [
        (["reset before"], 2),
        (["reset after"], 1),
        (["500"], 2),
        (["502", "503"], 3),
        (["page"], 2),
        (["reset after", "reset after"], 1),
        (["reset before", "reset after"], 2),
        (["redirect"], 1),
    ],
)
def test_a_submission_arrives_exactly_once(
    backend: DirectBackend,
    recorder: Recorder,
    api: Api,
    made_of: Callable[[DirectJob], int],
    fates: list[str],
    posts: int,
) -> None:
    """Whatever becomes of the answer, there is one job; it is looked for before another POST."""
    recorder.script("POST", api.jobs, *fates)
    try:
        job = backend.run(measured_x(), shots=20)
    except errors.ProtocolError:
        assert fates == ["redirect"], "only a redirect is not worth another try"
        assert recorder.count("POST", api.jobs) == posts
        return
    assert made_of(job) == 1
    assert recorder.count("POST", api.jobs) == posts
    assert sum(job.result(timeout=60).get_counts().values()) == 20


def test_a_full_lane_that_is_our_own_lost_job_is_no_refusal(
    lanes: DirectProvider, provider: DirectProvider, recorder: Recorder
) -> None:
    """The lost POST took the last lane: the job is found, no second one is tried."""
    brisbane = lanes.get_backend("fake_brisbane")
    held = [brisbane.run(measured_x(), shots=10) for _ in range(4)]
    recorder.script("POST", "/v1/jobs", "reset after")
    job = brisbane.run(measured_x(), shots=10)
    client = provider._client
    assert [one.job_id for one in client.jobs(client.deadline())].count(job.job_id()) == 1
    assert recorder.count("POST", "/v1/jobs") == 5
    for one in [*held, job]:
        one.result(timeout=60)


def test_polling_survives_an_outage(backend: DirectBackend, recorder: Recorder, api: Api) -> None:
    job = backend.run(measured_x(), shots=20)
    recorder.script("GET", api.jobs + "/", "reset before", "503", "page", "reset after", "500")
    assert sum(job.result(timeout=60, wait=0.01).get_counts().values()) == 20


def test_a_result_is_kept_when_its_lane_cannot_be_freed(lanes: DirectProvider, recorder: Recorder) -> None:
    job = lanes.get_backend("fake_nairobi").run(measured_x(), shots=20)
    recorder.script("DELETE", "/v1/jobs/", *["400"] * 6)
    assert sum(job.result(timeout=60).get_counts().values()) == 20
    recorder.script("DELETE", "/v1/jobs/")
    job.delete()


def test_an_expired_token_is_renewed_once(flaky: DirectProvider, recorder: Recorder, api: Api) -> None:
    flaky.backends()
    recorder.script("GET", api.backends, "401")
    assert flaky.backends()
    assert recorder.count("POST", api.login) == 2
    recorder.script("GET", api.backends, "401", "401")
    with pytest.raises(errors.AuthenticationError, match="check the token"):
        flaky.backends()
    assert recorder.count("POST", api.login) == 3


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        ("403", errors.AuthorizationError),
        ("423", errors.BackendReservedError),
        ("413", errors.InvalidInputError),
        ("422", errors.InvalidInputError),
        ("404", errors.ApiError),
        ("418", errors.ApiError),
    ],
)
def test_a_refusal_is_believed_at_once(
    flaky: DirectProvider, recorder: Recorder, api: Api, fate: str, kind: type[errors.DirectError]
) -> None:
    recorder.script("GET", api.backends, fate)
    with pytest.raises(kind, match="Gateway") as caught:
        flaky.backends()
    assert caught.value.status == int(fate)
    assert recorder.count("GET", api.backends) == 1


def test_a_busy_server_is_asked_again(flaky: DirectProvider, recorder: Recorder, api: Api) -> None:
    recorder.script("GET", api.backends, "429", "503", "reset after", "page")
    assert flaky.backends()
    assert recorder.seen.count(("GET", api.backends)) == 5


def test_no_redirect_is_followed(flaky: DirectProvider, recorder: Recorder, api: Api) -> None:
    recorder.script("GET", api.backends, *["redirect"] * 6)
    with pytest.raises(errors.ProtocolError, match="redirect"):
        flaky.backends()
    assert {path for _, path in recorder.seen} == {api.login, api.backends}


def test_a_file_of_passwords_does_not_replace_the_token(
    flaky: DirectProvider, recorder: Recorder, api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    flaky.backends()
    sent = recorder.headers[-1]
    assert sent[api.header].startswith("Bearer ") or api.header != "authorization"
    assert not sent.get("authorization", "").startswith("Basic")


def test_a_silent_server_does_not_hold_a_call(
    channel: str, service: LocalService, own_storage: S3Storage
) -> None:
    """A server that accepts and says nothing: the call is back by its own time limit."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []
        stop = threading.Event()

        def accept() -> None:
            listener.settimeout(0.1)
            while not stop.is_set():
                try:
                    kept.append(listener.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            started = time.monotonic()
            with (
                over(channel, service, own_storage, url=url, iam_url=service.url, timeout=1) as provider,
                pytest.raises(errors.TransportError, match="no answer within the time limit"),
            ):
                provider.backends()
            assert time.monotonic() - started < 4
        finally:
            stop.set()
            thread.join()
            for connection in kept:
                connection.close()
