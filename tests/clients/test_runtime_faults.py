"""Jobs whose ids the server chooses, over Runtime and legacy: sent once, found again, kept at the server."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import pytest
from apis import APIS
from connecting import provider_for
from journeys import measured_x

from qiskit_direct_provider import DirectProvider, errors
from qiskit_direct_provider.clients.interface import Submission
from qiskit_direct_provider.clients.runtime_records import nonce_tag
from qiskit_direct_provider.journal import Stage, new_entry
from qiskit_direct_provider.programs import Pub, sampler_programs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recorder import Recorder

    from qiskit_direct_provider import DirectBackend, DirectJob
    from qiskit_direct_provider.service.process import LocalService

    Kernel = Callable[..., DirectProvider]


@pytest.fixture(params=["runtime", "legacy"])
def named(request: pytest.FixtureRequest) -> str:
    """The dialects in which the server names the jobs."""
    found: str = request.param
    return found


@pytest.fixture
def route(named: str) -> str:
    """Where the jobs are."""
    return APIS[named].jobs


@pytest.fixture
def kernel(
    named: str, service: LocalService, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kernel]:
    """Makes providers; those of one home share a journal, as processes of one user do."""
    made: list[DirectProvider] = []

    def start(home: str = "home", **arguments: object) -> DirectProvider:
        monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / home))
        instance = service.crn if named == "runtime" else None
        settings = {"url": recorder.url, "iam_url": recorder.url, "channel": named, "instance": instance}
        made.append(provider_for(service, None, **{**settings, **arguments}))
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
    ("fates", "posts_and_searches"),
    [
        (["reset before"], (2, 1)),
        (["reset after"], (1, 1)),
        (["500"], (2, 1)),
        (["502", "503"], (3, 2)),
        (["page"], (2, 1)),
        (["429", "429"], (3, 0)),
        (["401"], (2, 0)),
        (["reset before", "reset after"], (2, 2)),
    ],
)
def test_a_submission_arrives_exactly_once(
    backend: DirectBackend,
    kernel: Kernel,
    recorder: Recorder,
    route: str,
    fates: list[str],
    posts_and_searches: tuple[int, int],
) -> None:
    """One list call for each doubt, none where there is no doubt, and one job in the end."""
    recorder.script("POST", route, *fates)
    before = recorder.count("GET", route)
    job = backend.run(measured_x(), shots=20)
    asked = recorder.count("POST", route), recorder.count("GET", route) - before
    assert asked == posts_and_searches
    assert with_tag(kernel(), job) == [job.job_id()]
    assert sum(job.result(timeout=60).get_counts().values()) == 20


def test_a_connection_that_never_was_is_no_doubt(
    kernel: Kernel, service: LocalService, recorder: Recorder
) -> None:
    """Nobody listens: nothing is searched for, and nothing stays on record."""
    provider = kernel(timeout=2)
    backend = provider.get_backend("fake_nairobi").load()
    recorder.close()
    provider._client.close()
    with pytest.raises(errors.TransportError) as caught:
        backend.run(measured_x(), shots=20)
    assert caught.value.unsent
    assert caught.value.job_id is None
    assert list(provider._workspace.journal.entries()) == []


def test_an_unanswered_doubt_is_resolved_by_the_next_process(
    kernel: Kernel, recorder: Recorder, route: str
) -> None:
    """The answer is lost, and so is every answer to the search: the job is on record, and adopted later."""
    backend = kernel(timeout=2).get_backend("fake_nairobi").load()
    recorder.script("POST", route, "reset after")
    recorder.script("GET", route, *["reset before"] * 6)
    with pytest.raises(errors.TransportError, match="retrieve_job") as caught:
        backend.run(measured_x(), shots=20)
    own_id = str(caught.value.job_id)
    recorder.script("GET", route)
    posts = recorder.count("POST", route)
    found = kernel().retrieve_job(own_id)
    assert found.job_id() != own_id
    assert recorder.count("POST", route) == posts
    assert sum(found.result(timeout=60).get_counts().values()) == 20


def test_what_was_written_down_and_never_sent_is_sent(kernel: Kernel, recorder: Recorder, route: str) -> None:
    backend = kernel(timeout=2).get_backend("fake_nairobi").load()
    recorder.script("POST", route, "reset before")
    recorder.script("GET", route, *["reset before"] * 6)
    with pytest.raises(errors.TransportError) as caught:
        backend.run(measured_x(), shots=20)
    recorder.script("GET", route)
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
    backend: DirectBackend, kernel: Kernel, recorder: Recorder, route: str
) -> None:
    """It holds no lane, so it is deleted only when that is asked for; what is here stays."""
    job = backend.run(measured_x(), shots=20)
    job.result(timeout=60)
    assert recorder.count("DELETE", route) == 0
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


def test_a_refusal_leaves_nothing_behind(
    backend: DirectBackend, kernel: Kernel, recorder: Recorder, route: str
) -> None:
    for fate, kind in (("400", errors.InvalidInputError), ("403", errors.AuthorizationError)):
        recorder.script("POST", route, fate)
        with pytest.raises(kind):
            backend.run(measured_x(), shots=20)
    assert list(kernel()._workspace.journal.entries()) == []


def test_a_limit_on_the_rate_of_jobs_is_waited_for(
    backend: DirectBackend, recorder: Recorder, route: str
) -> None:
    recorder.script("POST", route, *["429"] * 8)
    job = backend.run(measured_x(), shots=20, wait_for_lane="1m")
    assert recorder.count("POST", route) == 9
    recorder.script("POST", route, *["429"] * 20)
    with pytest.raises(errors.RateLimitError):
        backend.run(measured_x(), shots=20)
    assert sum(job.result(timeout=60).get_counts().values()) == 20


def test_waiting_for_many_takes_one_request_a_turn(
    backend: DirectBackend, kernel: Kernel, recorder: Recorder, route: str
) -> None:
    provider = kernel()
    jobs = [backend.run(measured_x(), shots=20) for _ in range(6)]
    before = len(recorder.seen)
    assert set(map(id, provider.wait(jobs, timeout=60))) == set(map(id, jobs))
    asked = [path for method, path in recorder.seen[before:] if method == "GET"]
    assert [path for path, _ in itertools.groupby(asked)] in ([route], [route, *asked[-1:]])


def test_what_a_sender_that_died_left_on_its_way_is_waited_for(
    kernel: Kernel, recorder: Recorder, route: str
) -> None:
    """Its successor asks before the request arrives: that is not taken for a job that was never sent."""
    dead, successor = kernel(), kernel()
    entry = new_entry(
        "sampler", (), job_id="on-its-way", backend_name="fake_nairobi", timeout_s=60, tags=("t",)
    )
    (program,) = sampler_programs([Pub(measured_x(), 20)])
    left = msgspec.structs.replace(entry, origin="a-node:1", circuits=program.circuits)
    dead._workspace.journal.begin(left, program.payload)
    request = Submission("on-its-way", "fake_nairobi", "sampler", program.payload, 60, tags=("t",))
    client = dead._client
    arriving = threading.Timer(0.5, client.submit, (request, client.deadline()))
    arriving.start()
    found = successor.retrieve_job("on-its-way")
    arriving.join()
    assert recorder.count("POST", route) == 1
    assert with_tag(successor, found) == [found.job_id()]
    assert sum(found.result(timeout=60).get_counts().values()) == 20


def test_a_job_that_failed_is_not_taken_for_the_next_one_of_its_id(
    backend: DirectBackend, kernel: Kernel, recorder: Recorder, route: str
) -> None:
    """The end of the first was read; of the second the answer is lost, and its tag is looked for."""
    first = backend.run([measured_x()] * 200, shots=100_000, job_id="again")
    first.cancel()
    with pytest.raises(errors.JobCancelledError):
        first.result(timeout=60)
    recorder.script("POST", route, "reset after")
    again = backend.run([measured_x()] * 200, shots=100_000, job_id="again")
    assert again.job_id() != first.job_id()
    assert with_tag(kernel(), again) == [again.job_id()]
    assert again.cancel()
    with pytest.raises(errors.JobCancelledError):
        again.result(timeout=60)


def test_what_was_interrupted_on_its_way_is_not_sent_twice(
    backend: DirectBackend, kernel: Kernel, recorder: Recorder, route: str
) -> None:
    """Ctrl-C while the request waits in between: who asks for the job at once must not be quicker than it."""
    provider, begun = kernel(), threading.Event()

    def hold(when: str, method: str, path: str, _: bytes) -> None:
        if (when, method, path) == ("before", "POST", route) and not begun.is_set():
            begun.set()
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(0.8)

    backend.load()
    recorder.watch = hold
    with pytest.raises(KeyboardInterrupt):
        backend.run(measured_x(), shots=20, job_id="interrupted")
    found = provider.retrieve_job("interrupted")
    assert recorder.count("POST", route) == 1
    assert with_tag(provider, found) == [found.job_id()]
    assert sum(found.result(timeout=60).get_counts().values()) == 20
