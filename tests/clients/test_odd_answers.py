"""Answers in the spellings of other servers and other ages: the same meaning, and no second job."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from connecting import provider_for
from journeys import measured_x
from odd_bodies import JSON, ODD_BODIES, OddProxy

from qiskit_direct_provider import CloudTranspiler, DirectProvider, S3Storage, errors
from qiskit_direct_provider.clients import posting, retrying
from qiskit_direct_provider.clients import runtime as runtime_client
from qiskit_direct_provider.clients.interface import Submission
from qiskit_direct_provider.clients.runtime import MAX_INPUT_BYTES

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

    Said = Callable[..., str]

NOT_FOUND = {"detail": "Not Found"}
JOB = "/api/v1/jobs/[^/]+"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(posting, "FIRST_PAUSE_S", 0.0)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """Names what the proxy makes of an answer: a document, or a change of the one that came."""

    def named(document: object, status: int = 200, name: str = "said") -> str:
        def body(content: bytes) -> tuple[bytes, dict[str, str]]:
            found = document(json.loads(content)) if callable(document) else document
            return json.dumps(found).encode(), {":status": str(status), "Content-Type": JSON}

        monkeypatch.setitem(ODD_BODIES, name, body)
        return name

    return named


@pytest.fixture
def proxy(service: LocalService) -> Iterator[OddProxy]:
    proxy = OddProxy(service.url)
    yield proxy
    proxy.close()


@pytest.fixture
def store(own_storage: S3Storage) -> Iterator[OddProxy]:
    proxy = OddProxy(own_storage.endpoint)
    yield proxy
    proxy.close()


@pytest.fixture
def runtime(service: LocalService, proxy: OddProxy) -> Iterator[DirectProvider]:
    with provider_for(service, None, url=proxy.url, iam_url=proxy.url, channel="runtime") as provider:
        yield provider


@pytest.fixture
def lanes(
    service: LocalService, own_storage: S3Storage, proxy: OddProxy, store: OddProxy
) -> Iterator[DirectProvider]:
    behind = S3Storage(
        endpoint=store.url,
        bucket=own_storage.bucket,
        access_key_id=own_storage.access_key_id,
        secret_access_key=own_storage.secret_access_key,
        endpoint_for_service=own_storage.endpoint,
    )
    with provider_for(service, behind, url=proxy.url, iam_url=proxy.url) as provider:
        yield provider


# -- submission ----------------------------------------------------------------------------------------


def test_an_odd_member_of_an_acceptance_makes_no_second_job(service: LocalService, said: Said) -> None:
    """Not even where the server lists no tags, so that a job in doubt could not be found."""
    inner = OddProxy(service.url)
    outer = OddProxy(inner.url)
    accepted = said(lambda job: {**job, "backend": {"name": "fake_nairobi"}, "private": "no"}, 201, "odd")
    untagged = said(
        lambda page: {"jobs": [{key: job[key] for key in job.keys() - {"tags"}} for job in page["jobs"]]}
    )
    with (
        provider_for(service, None, url=outer.url, iam_url=outer.url, channel="runtime") as provider,
        inner.odd("GET", "/api/v1/jobs", untagged),
        outer.odd("POST", "/api/v1/jobs", accepted),
    ):
        job = provider.get_backend("fake_nairobi").run(measured_x(), shots=10)
        assert outer.hits == 1
        assert sum(job.result(timeout=60).get_counts().values()) == 10
    inner.close()
    outer.close()


def test_the_wrong_region_is_told(runtime: DirectProvider, proxy: OddProxy, said: Said) -> None:
    body = {"errors": [{"code": 1279, "message": "Instance crn:v1:x not found"}]}
    with (
        proxy.odd("GET", "/api/v1/backends", said(body, 404)),
        pytest.raises(errors.ApiError, match="check the instance"),
    ):
        runtime.backends()


# -- tokens --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_key_is_refused_by_any_status(
    status: int, lanes: DirectProvider, proxy: OddProxy, said: Said
) -> None:
    body = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}
    with (
        proxy.odd("POST", "/identity/token", said(body, status)),
        pytest.raises(errors.AuthenticationError, match="BXNIM0415E"),
    ):
        lanes.backends()


@pytest.mark.parametrize("odd", [{"scope": ["ibm", "openid"]}, {"refresh_token": {}}, {"expires_in": {}}])
def test_only_the_token_itself_is_needed(
    odd: dict[str, object], lanes: DirectProvider, proxy: OddProxy, said: Said
) -> None:
    with proxy.odd("POST", "/identity/token", said(lambda token: {**token, **odd})):
        assert lanes.backends()


@pytest.mark.parametrize("ttl", ["1209600", "two weeks", {}, None])
def test_only_the_id_of_a_login_is_needed(
    ttl: object, service: LocalService, proxy: OddProxy, said: Said
) -> None:
    with (
        provider_for(
            service, None, url=proxy.url, iam_url=proxy.url, channel="legacy", instance=None
        ) as provider,
        proxy.odd("POST", "/api/users/loginWithToken", said(lambda token: {**token, "ttl": ttl})),
    ):
        assert provider.backends()


# -- lists and jobs ------------------------------------------------------------------------------------


def test_lists_of_the_runtime_api(runtime: DirectProvider, proxy: OddProxy, said: Said) -> None:
    with proxy.odd("GET", "/api/v1/backends", said({"devices": None})):
        assert runtime.backends() == []
    for page in ({"jobs": None}, {"jobs": [], "count": "0", "limit": "200"}):
        with proxy.odd("GET", "/api/v1/jobs", said(page)):
            assert runtime.jobs(job_tags=["no job has this"]) == []


@pytest.mark.parametrize("status", [404, 405, 501])
def test_routes_that_older_servers_lack(
    status: int, runtime: DirectProvider, proxy: OddProxy, said: Said
) -> None:
    with proxy.odd("GET", "/api/v1/backends/fake_nairobi/properties", said(NOT_FOUND, status)):
        backend = runtime.get_backend("fake_nairobi")
        assert (backend.num_qubits, backend.properties()) == (7, None)
    job = backend.run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)
    with proxy.odd("GET", JOB + "/logs", said(NOT_FOUND, status)):
        assert job.logs() is None
    with proxy.odd("GET", JOB + "/metrics", said(NOT_FOUND, status)):
        created = job.creation_date()
        assert created is not None
        assert job.metrics()["timestamps"]["created"] == created.isoformat()
        assert "CREATING" in job.time_per_step()


def test_metrics_that_are_nothing(runtime: DirectProvider, proxy: OddProxy, said: Said) -> None:
    job = runtime.get_backend("fake_nairobi").run(measured_x(), shots=10)
    for status in (200, 204):
        with proxy.odd("GET", JOB + "/metrics", said(None, status)):
            assert set(job.metrics()) == {"timestamps", "usage"}


@pytest.mark.parametrize("channel", ["runtime", "lanes"])
def test_a_job_that_is_gone_is_deleted(
    channel: str, request: pytest.FixtureRequest, proxy: OddProxy, said: Said
) -> None:
    provider: DirectProvider = request.getfixturevalue(channel)
    job = provider.get_backend("fake_nairobi").run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)
    with proxy.odd("DELETE", "/.*/jobs/[^/]+", said(NOT_FOUND, 404)):
        job.delete()
        assert proxy.hits == 1
    job.delete()


def test_a_job_without_dates(
    lanes: DirectProvider, proxy: OddProxy, said: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the server does not say is not known; no date is made up."""
    job = lanes.get_backend("fake_nairobi").run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)
    undated = said(lambda each: {key: each[key] for key in each.keys() - {"created_time", "end_time"}})
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / "elsewhere"))
    account: dict[str, Any] = {"token": lanes._account.token, "storage": lanes._account.storage}
    with (
        DirectProvider(
            url=proxy.url, iam_url=proxy.url, instance=lanes._account.instance, **account
        ) as other,
        proxy.odd("GET", "/v1/jobs/[^/]+", undated),
    ):
        found = other.retrieve_job(job.job_id())
        assert found.creation_date() is None
        assert set(found.metrics()["timestamps"].values()) == {None}
    job.delete()


def test_a_figure_may_be_written_as_text(lanes: DirectProvider, proxy: OddProxy, said: Said) -> None:
    backend = lanes.get_backend("fake_nairobi")
    for odd in (1.5e9, "1500000000"):
        with proxy.odd(
            "GET",
            "/v1/jobs/[^/]+",
            said(lambda each, odd=odd: {**each, "usage": {"quantum_nanoseconds": odd}}),
        ):
            job = backend.run(measured_x(), shots=10)
            job.wait_for_final_state(timeout=60)
            assert job.usage() == pytest.approx(1.5)
        job.delete()


def test_a_log_that_comes_last_is_waited_for(
    lanes: DirectProvider, store: OddProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = lanes.get_backend("fake_nairobi").run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)

    def late(content: bytes) -> tuple[bytes, dict[str, str]]:
        return (b"", {":status": "404"}) if store.hits < 3 else (content, {})

    monkeypatch.setitem(ODD_BODIES, "late", late)
    with store.odd("GET", "/.*/logs_.*", "late"):
        assert job.logs() is not None
        assert store.hits == 3
    job.delete()


def test_what_a_transpiler_says_of_its_failure_is_told(
    lanes: DirectProvider, proxy: OddProxy, said: Said
) -> None:
    transpiler = CloudTranspiler(lanes, url=proxy.url)
    for result, told in (("no path to qubit 3", "no path to qubit 3"), (None, "does not say why")):
        with (
            proxy.odd("GET", "/transpile/.*", said({"state": "FAILURE", "result": result})),
            pytest.raises(errors.ApiError, match=told),
        ):
            transpiler.run(measured_x(), backend="fake_nairobi")


def test_a_transpiler_answers_for_each_circuit(lanes: DirectProvider, proxy: OddProxy, said: Said) -> None:
    transpiler = CloudTranspiler(lanes, url=proxy.url)
    for result, told in (([], "1 circuits were sent, but 0 came back"), ([{}, {}], "but 2 came back")):
        with (
            proxy.odd("GET", "/transpile/.*", said({"state": "SUCCESS", "result": result})),
            pytest.raises(errors.ProtocolError, match=told),
        ):
            transpiler.run(measured_x(), backend="fake_nairobi")


# -- what is about something else ----------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["runtime", "lanes"])
def test_an_answer_about_another_job(
    channel: str, request: pytest.FixtureRequest, proxy: OddProxy, said: Said
) -> None:
    provider: DirectProvider = request.getfixturevalue(channel)
    job = provider.get_backend("fake_nairobi").run(measured_x(), shots=10)
    other = said(lambda each: {**each, "id": "another"})
    with (
        proxy.odd("GET", "/.*/jobs/[^/]+", other),
        pytest.raises(errors.ProtocolError, match="about another job"),
    ):
        job.status()
    assert job.result(timeout=60)


def test_a_server_from_before_the_route_of_one_job(
    lanes: DirectProvider, proxy: OddProxy, said: Said
) -> None:
    job = lanes.get_backend("fake_nairobi").run(measured_x(), shots=10)
    with proxy.odd("GET", "/v1/jobs/[^/]+", said(NOT_FOUND, 404)):
        assert sum(job.result(timeout=60).get_counts().values()) == 10
        assert proxy.hits


def test_a_job_that_is_there_twice_is_told(
    runtime: DirectProvider, proxy: OddProxy, said: Said, caplog: pytest.LogCaptureFixture
) -> None:
    """The first one counts, which is the last one of the list."""
    job = runtime.get_backend("fake_nairobi").run(measured_x(), shots=10)
    client, own_id = runtime._client, job._entry.job_id
    twice = said(lambda page: {**page, "jobs": [{**page["jobs"][0], "id": "again"}, *page["jobs"]]})
    with proxy.odd("GET", "/api/v1/jobs", twice):
        assert client.find(own_id, client.deadline()) == job.job_id()
    assert f"holds job {own_id} more than once: again, {job.job_id()}" in caplog.text


def test_an_input_that_is_too_large_is_not_sent(runtime: DirectProvider, proxy: OddProxy) -> None:
    client = runtime._client
    submission = Submission("too-large", "fake_nairobi", "sampler", bytes(MAX_INPUT_BYTES + 1), 60)
    with (
        proxy.odd("POST", ".*", "empty"),
        pytest.raises(errors.InvalidInputError, match="send fewer or smaller circuits"),
    ):
        client.submit(submission, client.deadline())
    assert proxy.hits == 0


def test_a_result_that_never_comes(
    runtime: DirectProvider, proxy: OddProxy, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_client, "RESULT_PATIENCE_S", 0.0)
    job = runtime.get_backend("fake_nairobi").run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)
    with (
        proxy.odd("GET", JOB + "/results", said(NOT_FOUND, 404)),
        pytest.raises(errors.ProtocolError, match="complete, but the server has no result of it"),
    ):
        job.result(timeout=60)
    assert sum(job.result(timeout=60).get_counts().values()) == 10, "the job was not given up"


def test_half_a_result_is_none(lanes: DirectProvider, store: OddProxy, said: Said) -> None:
    job = lanes.get_backend("fake_nairobi").run([measured_x()] * 2, shots=10)
    job.wait_for_final_state(timeout=60)

    def half(whole: dict[str, Any]) -> dict[str, Any]:
        del whole["__value__"]["pub_results"][1:]
        return whole

    with (
        store.odd("GET", "/.*/results_.*", said(half)),
        pytest.raises(errors.ProtocolError, match="2 circuits were sent, but 1 results came back"),
    ):
        job.result(timeout=5)
    job.delete()


def test_what_a_refused_job_leaves_in_the_store_is_told(
    lanes: DirectProvider, proxy: OddProxy, store: OddProxy, said: Said, caplog: pytest.LogCaptureFixture
) -> None:
    backend = lanes.get_backend("fake_nairobi").load()
    with proxy.odd("POST", "/v1/jobs", said({"detail": "no"}, 403, "refused")):
        for status, told in ((403, True), (404, False)):
            caplog.clear()
            with (
                store.odd("DELETE", ".*/input_.*", said({}, status)),
                pytest.raises(errors.AuthorizationError),
            ):
                backend.run(measured_x(), shots=10)
            assert store.hits == 1
            assert ("stays in the object store" in caplog.text) == told


def test_a_login_that_gives_nothing_that_can_be_sent(
    service: LocalService, proxy: OddProxy, said: Said
) -> None:
    settings = {"url": proxy.url, "iam_url": proxy.url, "channel": "legacy", "instance": None}
    with provider_for(service, None, **settings) as provider:
        login = said(lambda token: {**token, "id": "two\nlines"})
        with (
            proxy.odd("POST", "/api/users/loginWithToken", login),
            pytest.raises(errors.ProtocolError, match="a token that cannot be sent") as caught,
        ):
            provider.backends()
        assert "two" not in str(caught.value)
        assert provider.backends()
        with proxy.odd("POST", "/api/users/logout", said({}, 401)):
            provider._client.log_out(provider._client.deadline())
            assert proxy.hits, "that it had ended by itself is no error"
