"""Bearer tokens: renewed before they end, once for all threads; the key goes to the token endpoint alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from connecting import provider_for
from qiskit import QuantumCircuit
from recorder import Recorder
from stalling import StallingServer

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.clients import retrying
from qiskit_direct_provider.service.process import LocalService

LIFE_S = 2
THREADS = 8


@pytest.fixture(scope="module")
def short_lived() -> Iterator[LocalService]:
    service = LocalService.start(("fake_nairobi",), workers=1, noise=False, token_ttl_s=LIFE_S)
    yield service
    service.close()


@pytest.fixture
def iam(short_lived: LocalService) -> Iterator[Recorder]:
    yield from _recorded(short_lived.url)


@pytest.fixture
def api(short_lived: LocalService) -> Iterator[Recorder]:
    yield from _recorded(short_lived.url)


def _recorded(url: str) -> Iterator[Recorder]:
    recorder = Recorder(url)
    yield recorder
    recorder.close()


def busy(provider: DirectProvider, seconds: float) -> tuple[int, list[BaseException]]:
    """Ask all the time, from all threads; how often that was, and what went wrong."""
    ends = time.monotonic() + seconds
    counts, failures = [0] * THREADS, []

    def ask(number: int) -> None:
        while time.monotonic() < ends:
            try:
                provider.backends()
            except errors.DirectError as error:
                failures.append(error)
            counts[number] += 1
            time.sleep(0.02)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), failures


@pytest.mark.parametrize("seconds", [10, pytest.param(300, marks=pytest.mark.campaign)])
def test_tokens_of_two_seconds(seconds: int, short_lived: LocalService, iam: Recorder, api: Recorder) -> None:
    """Nobody sees a 401, and there are at most 1.05 renewals in the life of a token."""
    storage = S3Storage(**short_lived.storage)
    with provider_for(short_lived, storage, url=api.url, iam_url=iam.url) as provider:
        calls, failures = busy(provider, seconds)
    assert not failures
    assert calls > 20 * seconds
    assert iam.count("POST", "/identity/token") - 1 <= 1.05 * seconds / LIFE_S


@pytest.mark.parametrize("skew_s", [-86_400, 86_400])
def test_a_wrong_wall_clock_changes_nothing(
    skew_s: float, short_lived: LocalService, iam: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = time.time
    with provider_for(short_lived, S3Storage(**short_lived.storage), iam_url=iam.url) as provider:
        provider.backends()
        monkeypatch.setattr(time, "time", lambda: right() + skew_s)
        _, failures = busy(provider, 3)
    assert not failures
    assert iam.count("POST", "/identity/token") in {2, 3}


@pytest.mark.parametrize(
    ("fate", "kind", "asked"),
    [
        ("400", errors.AuthenticationError, 1),
        ("401", errors.AuthenticationError, 1),
        ("403", errors.AuthorizationError, 1),
        ("500", errors.ApiError, retrying.ATTEMPTS),
        ("page", errors.ProtocolError, retrying.ATTEMPTS),
        ("redirect", errors.ProtocolError, 1),
        ("reset after", errors.TransportError, retrying.ATTEMPTS),
    ],
)
def test_no_token_no_request(  # noqa: PLR0917 - fixtures are parameters
    fate: str,
    kind: type[errors.DirectError],
    asked: int,
    short_lived: LocalService,
    iam: Recorder,
    api: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What fails at the token endpoint is said as it is, and nothing is sent to the API instead."""
    monkeypatch.setattr(retrying, "FIRST_WAIT_S", 0.001)
    iam.script("POST", "/identity/token", *[fate] * 50)
    storage = S3Storage(**short_lived.storage)
    with (
        provider_for(short_lived, storage, url=api.url, iam_url=iam.url) as provider,
        pytest.raises(kind) as caught,
    ):
        provider.backends()
    assert short_lived.api_key not in str(caught.value)
    assert iam.count("POST", "/identity/token") == asked
    assert not api.seen


def test_a_slow_token_endpoint_holds_nobody(short_lived: LocalService) -> None:
    """Eight threads wait for one exchange; all are back by the time limit."""
    with (
        StallingServer("slow body") as slow,
        provider_for(short_lived, S3Storage(**short_lived.storage), iam_url=slow.url, timeout=1) as provider,
    ):
        started = time.monotonic()
        calls, failures = busy(provider, 0.1)
        assert time.monotonic() - started < 4
    assert {type(error) for error in failures} == {errors.TransportError}
    assert calls == len(failures) == THREADS


def test_the_key_goes_to_the_token_endpoint_alone(
    short_lived: LocalService, iam: Recorder, api: Recorder
) -> None:
    """Neither the API nor the object store sees the key, and the store sees no bearer token."""
    own = S3Storage(**short_lived.storage)
    store = Recorder(own.endpoint)
    storage = S3Storage(
        **{**short_lived.storage, "endpoint": store.url, "endpoint_for_service": own.endpoint}
    )
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    try:
        with provider_for(short_lived, storage, url=api.url, iam_url=iam.url) as provider:
            job = provider.get_backend("fake_nairobi").run(circuit, shots=10)
            api.script("GET", "/v1/jobs", "401")
            job.result(timeout=60)
            job.logs()
    finally:
        store.close()
    assert api.seen
    assert store.seen
    assert {path for _, path in iam.seen} == {"/identity/token"}
    assert short_lived.api_key not in repr([api.headers, api.bodies, store.headers, store.bodies])
    assert short_lived.api_key in repr(iam.bodies)
    assert not any("Bearer" in repr(headers) or "service-crn" in headers for headers in store.headers)
    secret = own.secret_access_key.reveal()
    assert secret not in repr([api.headers, api.bodies, store.headers, store.bodies, iam.bodies])
