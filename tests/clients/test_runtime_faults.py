"""Jobs of the Runtime API, whose ids the server chooses: sent once, found again, kept at the server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from journeys import measured_x
from recorder import Recorder

from qiskit_direct_provider import DirectProvider, errors
from qiskit_direct_provider.clients.runtime_records import nonce_tag
from qiskit_direct_provider.journal import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qiskit_direct_provider import DirectBackend, DirectJob
    from qiskit_direct_provider.service.process import LocalService

    Kernel = Callable[..., DirectProvider]

JOBS = "/api/v1/jobs"


@pytest.fixture
def proxy(service: LocalService) -> Iterator[Recorder]:
    proxy = Recorder(service.url)
    yield proxy
    proxy.close()


@pytest.fixture
def kernel(
    service: LocalService, proxy: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kernel]:
    """Makes providers; those of one home share a journal, as processes of one user do."""
    made: list[DirectProvider] = []

    def start(home: str = "home", **arguments: object) -> DirectProvider:
        monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / home))
        settings = {"url": proxy.url, "iam_url": proxy.url, "channel": "runtime", **arguments}
        made.append(provider_for(service, None, **settings))
        return made[-1]

    yield start
    for provider in made:
        provider.close()


@pytest.fixture
def backend(kernel: Kernel) -> DirectBackend:
    return kernel().get_backend("fake_nairobi")


def with_tag(provider: DirectProvider, job: DirectJob) -> list[str]:
    """All jobs of the server that carry the tag of a job."""
    client = provider._client
    return [record.job_id for record in client.jobs(client.deadline()) if record.own_id == job._entry.job_id]


@pytest.mark.parametrize(
    ("fates", "posts", "searches"),
    [
        (["reset before"], 2, 1),
        (["reset after"], 1, 1),
        (["500"], 2, 1),
        (["502", "503"], 3, 2),
        (["page"], 2, 1),
        (["429", "429"], 3, 0),
        (["401"], 2, 0),
        (["reset before", "reset after"], 2, 2),
    ],
)
def test_a_submission_arrives_exactly_once(
    backend: DirectBackend, kernel: Kernel, proxy: Recorder, fates: list[str], posts: int, searches: int
) -> None:
    """One list call for each doubt, none where there is no doubt, and one job in the end."""
    proxy.script("POST", JOBS, *fates)
    before = proxy.count("GET", JOBS)
    job = backend.run(measured_x(), shots=20)
    assert proxy.count("POST", JOBS) == posts
    assert proxy.count("GET", JOBS) - before == searches
    assert with_tag(kernel(), job) == [job.job_id()]
    assert sum(job.result(timeout=60).get_counts().values()) == 20


def test_a_connection_that_never_was_is_no_doubt(
    kernel: Kernel, service: LocalService, proxy: Recorder
) -> None:
    """Nobody listens: nothing is searched for, and nothing stays on record."""
    provider = kernel(timeout=2)
    backend = provider.get_backend("fake_nairobi").load()
    proxy.close()
    provider._client.close()
    with pytest.raises(errors.TransportError) as caught:
        backend.run(measured_x(), shots=20)
    assert caught.value.unsent
    assert caught.value.job_id is None
    assert list(provider._workspace.journal.entries()) == []


def test_an_unanswered_doubt_is_resolved_by_the_next_process(kernel: Kernel, proxy: Recorder) -> None:
    """The answer is lost, and so is every answer to the search: the job is on record, and adopted later."""
    backend = kernel(timeout=2).get_backend("fake_nairobi").load()
    proxy.script("POST", JOBS, "reset after")
    proxy.script("GET", JOBS, *["reset before"] * 6)
    with pytest.raises(errors.TransportError, match="retrieve_job") as caught:
        backend.run(measured_x(), shots=20)
    own_id = str(caught.value.job_id)
    proxy.script("GET", JOBS)
    posts = proxy.count("POST", JOBS)
    found = kernel().retrieve_job(own_id)
    assert found.job_id() != own_id
    assert proxy.count("POST", JOBS) == posts
    assert sum(found.result(timeout=60).get_counts().values()) == 20


def test_what_was_written_down_and_never_sent_is_sent(kernel: Kernel, proxy: Recorder) -> None:
    backend = kernel(timeout=2).get_backend("fake_nairobi").load()
    proxy.script("POST", JOBS, "reset before")
    proxy.script("GET", JOBS, *["reset before"] * 6)
    with pytest.raises(errors.TransportError) as caught:
        backend.run(measured_x(), shots=20)
    proxy.script("GET", JOBS)
    provider = kernel()
    found = provider.retrieve_job(str(caught.value.job_id))
    assert with_tag(provider, found) == [found.job_id()]
    assert found._entry.stage is Stage.ACCEPTED


def test_a_job_is_known_by_either_id_here_and_elsewhere(backend: DirectBackend, kernel: Kernel) -> None:
    job = backend.run(measured_x(), shots=20, name="mine", job_tags=["t"])
    job.result(timeout=60)
    own_id = job._entry.job_id
    for provider, name in ((kernel(), "mine"), (kernel("elsewhere"), None)):
        for job_id in (job.job_id(), own_id):
            found = provider.retrieve_job(job_id)
            assert (found.job_id(), found.name(), found.tags) == (job.job_id(), name, ["t"])
            assert sum(found.result(timeout=60).get_counts().values()) == 20
    with pytest.raises(errors.JobNotFoundError):
        kernel().retrieve_job("nobody")


def test_reading_a_result_leaves_the_job_at_the_server(
    backend: DirectBackend, kernel: Kernel, proxy: Recorder
) -> None:
    """It holds no lane, so it is deleted only when that is asked for; what is here stays."""
    job = backend.run(measured_x(), shots=20)
    job.result(timeout=60)
    assert proxy.count("DELETE", JOBS) == 0
    assert with_tag(kernel(), job) == [job.job_id()]
    job.delete()
    assert with_tag(kernel(), job) == []
    assert sum(kernel().retrieve_job(job.job_id()).result(timeout=60).get_counts().values()) == 20


def test_a_wrong_id_in_the_answer_is_found_out(backend: DirectBackend, kernel: Kernel) -> None:
    """The server does not know the id that it seemed to give: the job is searched for by its tag."""
    job = backend.run(measured_x(), shots=20)
    right = job.job_id()
    journal = kernel()._workspace.journal
    journal.advance(job._entry.job_id, server_id="wrong0wrong0wrong0wr")
    found = kernel().retrieve_job(job._entry.job_id)
    assert found.job_id() == "wrong0wrong0wrong0wr"
    assert sum(found.result(timeout=60).get_counts().values()) == 20
    assert found.job_id() == right


def test_the_same_chosen_id_is_the_same_job(backend: DirectBackend) -> None:
    first = backend.run(measured_x(), shots=20, job_id="chosen-1")
    assert backend.run(measured_x(), shots=20, job_id="chosen-1").job_id() == first.job_id()
    with pytest.raises(errors.DuplicateJobError):
        backend.run(measured_x(), shots=21, job_id="chosen-1")


def test_tags_travel_without_ours(backend: DirectBackend, kernel: Kernel) -> None:
    job = backend.run(measured_x(), shots=20, job_tags=["a", "b"])
    assert job.update_tags(["c"]) == ["c"]
    client = kernel()._client
    record = client.job(job.job_id(), client.deadline())
    assert (record.tags, record.own_id) == (("c",), job._entry.job_id)
    for tags in (list("12345678"), ["x" * 87], [""]):
        with pytest.raises(errors.InvalidInputError, match="tags"):
            backend.run(measured_x(), shots=20, job_tags=tags)
    assert nonce_tag("1") == "qdp-1"


def test_a_refusal_leaves_nothing_behind(backend: DirectBackend, kernel: Kernel, proxy: Recorder) -> None:
    for fate, kind in (("400", errors.InvalidInputError), ("403", errors.AuthorizationError)):
        proxy.script("POST", JOBS, fate)
        with pytest.raises(kind):
            backend.run(measured_x(), shots=20)
    assert list(kernel()._workspace.journal.entries()) == []


def test_a_limit_on_the_rate_of_jobs_is_waited_for(backend: DirectBackend, proxy: Recorder) -> None:
    proxy.script("POST", JOBS, *["429"] * 8)
    job = backend.run(measured_x(), shots=20, wait_for_lane="1m")
    assert proxy.count("POST", JOBS) == 9
    proxy.script("POST", JOBS, *["429"] * 20)
    with pytest.raises(errors.RateLimitError):
        backend.run(measured_x(), shots=20)
    assert sum(job.result(timeout=60).get_counts().values()) == 20


def test_waiting_for_many_takes_one_request_a_turn(
    backend: DirectBackend, kernel: Kernel, proxy: Recorder
) -> None:
    provider = kernel()
    jobs = [backend.run(measured_x(), shots=20) for _ in range(6)]
    before = len(proxy.seen)
    assert set(map(id, provider.wait(jobs, timeout=60))) == set(map(id, jobs))
    asked = [path for method, path in proxy.seen[before:] if method == "GET"]
    assert [path for path, _ in itertools.groupby(asked)] in ([JOBS], [JOBS, *asked[-1:]])
