"""However a server stalls, a call is back by its time limit, and nothing of it stays behind."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from connecting import provider_for
from qiskit import QuantumCircuit
from stalling import StallingServer

from qiskit_direct_provider import DirectBackend, DirectJob, DirectProvider, S3Storage, errors
from qiskit_direct_provider.clients.deadline import Deadline

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

TIMEOUTS_S = (0.1, 1.0, 3.0)
GRACE_S = 1.0


@dataclass(frozen=True)
class Stall:
    """What is stalled, by the name of a behaviour of `StallingServer`."""

    behaviour: str
    part: str = "api"
    alternative: str = ""


STALLS = {
    "accepted, never answered": Stall("silence"),
    "half headers": Stall("half headers"),
    "a byte of the headers a second": Stall("slow headers"),
    "a byte of the body a second": Stall("slow body"),
    "100 Continue without end": Stall("100-continue"),
    "Retry-After of six hours": Stall("429 for six hours", alternative="503 for six hours"),
    "redirect loop": Stall("redirect loop"),
    "TLS handshake": Stall("silence", "tls", alternative="slow handshake"),
    "object store": Stall("silence", "store", alternative="slow body"),
    "CONNECT of a proxy": Stall("silence", "proxy", alternative="slow tunnel"),
}


@dataclass(frozen=True)
class Parts:
    """A backend and a job over one connection."""

    provider: DirectProvider
    backend: DirectBackend
    job: DirectJob
    timeout_s: float


CALLS: dict[str, Callable[[Parts], object]] = {
    "backends": lambda parts: parts.provider.backends(),
    "get_backend": lambda parts: parts.provider.get_backend("fake_nairobi"),
    "run": lambda parts: parts.backend.run(measured_x(), shots=10),
    "result": lambda parts: parts.job.result(timeout=parts.timeout_s, wait=0.05),
    "status": lambda parts: (parts.job.status(), parts.job.cancel()),
    "logs": lambda parts: (parts.job.logs(), parts.job.delete()),
}


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


@pytest.fixture(scope="module")
def sent(channel_nairobi: DirectBackend) -> Iterator[DirectJob]:
    """A job that has ended, and whose result nobody has fetched."""
    job = channel_nairobi.run(measured_x(), shots=10)
    job.wait_for_final_state(timeout=60)
    yield job
    job.delete()


def stalled(
    service: LocalService, storage: S3Storage, channel: str, server: StallingServer, part: str
) -> Callable[[float], DirectProvider]:
    """Makes providers of which one part leads to the stalling server."""
    arguments: dict[str, Any] = {
        "api": {"url": server.url, "iam_url": service.url},
        "tls": {"url": f"https://{server.origin}", "iam_url": service.url},
        "store": {"storage": _at(storage, server.url)},
        "proxy": {
            "url": "https://127.0.0.2:9",
            "iam_url": service.url,
            "proxies": {"https": f"http://user:password@{server.origin}"},
        },
    }[part]
    dialect: dict[str, Any] = {
        "direct_access": {"storage": storage},
        "runtime": {"storage": None, "channel": "runtime"},
        "legacy": {"storage": None, "channel": "legacy", "instance": None},
    }[channel]
    settings: dict[str, Any] = {**dialect, **arguments}
    return lambda timeout_s: provider_for(service, **settings, timeout=timeout_s)


def _at(storage: S3Storage, endpoint: str) -> S3Storage:
    return S3Storage(
        endpoint=endpoint,
        bucket=storage.bucket,
        access_key_id=storage.access_key_id,
        secret_access_key=storage.secret_access_key,
    )


def took_s(make: Callable[[float], DirectProvider], call: str, timeout_s: float, sent: DirectJob) -> float:
    """How long a call took; it must end with an error of ours, if it is one that comes to the stall."""
    with make(timeout_s) as provider:
        with contextlib.suppress(errors.DirectError):
            provider._client._tokens.headers(Deadline.after(20))  # as after some use
        backend = provider._backend("fake_nairobi")
        backend._take(sent.backend().load()._device)
        job = provider._job(unread(sent))
        started = time.monotonic()
        with contextlib.suppress(errors.DirectError):
            CALLS[call](Parts(provider, backend, job, timeout_s))
            assert provider._client.url == sent._workspace.client.url, "a stalled service answered"
            assert call not in {"run", "result", "logs"}, "a stalled store answered"
        return time.monotonic() - started


def unread(sent: DirectJob) -> Any:
    """The entry of a job, as another process has it that saw nothing of its end."""
    return msgspec.structs.replace(sent._entry, status=None)


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name != "stalling"}


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (channel, name)
        for channel in ("direct_access", "runtime", "legacy")
        for name, stall in STALLS.items()
        if channel == "direct_access" or stall.part != "store"  # only Direct Access has a store
    ],
    indirect=["channel"],
)
def test_a_call_is_back_in_time(
    channel: str, name: str, service: LocalService, own_storage: S3Storage, sent: DirectJob
) -> None:
    """Six calls with three time limits each: back a second later at the most, no thread left."""
    stall = STALLS[name]
    before = threads()
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(StallingServer(behaviour))
            for behaviour in (stall.behaviour, stall.alternative)
            if behaviour
        ]
        makers = [stalled(service, own_storage, channel, server, stall.part) for server in servers]
        pool = stack.enter_context(ThreadPoolExecutor(max_workers=36))
        asked = {
            (call, timeout_s, number): pool.submit(took_s, make, call, timeout_s, sent)
            for call in CALLS
            for timeout_s in TIMEOUTS_S
            for number, make in enumerate(makers)
        }
        took = {key: future.result(30) for key, future in asked.items()}
        assert all(server.connections for server in servers)
        # All at once on a busy machine, a thread may wait for a processor: who is late is asked again alone.
        late = {}
        for (call, timeout_s, number), seconds in took.items():
            if seconds > timeout_s + GRACE_S:
                alone = min(took_s(makers[number], call, timeout_s, sent) for _ in range(2))
                if alone > timeout_s + GRACE_S:
                    late[call, timeout_s, number] = (round(seconds, 2), round(alone, 2))
    assert not late
    give_up = time.monotonic() + 2
    while (left := threads() - before) and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not left
