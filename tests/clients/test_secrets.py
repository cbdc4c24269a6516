"""No key, token, signature or password turns up in a log, an error, an object or a file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from canaries import Everything, canary
from parrot import TOKEN_WAYS, WAYS, Parrot, basic
from qiskit import QuantumCircuit

from qiskit_direct_provider import CloudTranspiler, DirectProvider, S3Storage, Session, errors
from qiskit_direct_provider.clients import posting, retrying
from qiskit_direct_provider.journal import JobEntry, Stage

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectJob
    from qiskit_direct_provider.backend import DirectBackend

WAYS_TO_CONNECT = ("directly", "through a proxy", "through a tunnel")


@pytest.fixture
def everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Everything]:
    """All that is logged at DEBUG by whomever, and all that is written."""
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    monkeypatch.setattr(retrying, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(posting, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(posting, "SETTLING_S", 0.0)
    monkeypatch.setattr(retrying, "ATTEMPTS", 2)
    monkeypatch.setattr(posting, "ATTEMPTS", 2)
    everything, root = Everything(), logging.getLogger()
    level = root.level
    levels = {name: logging.getLogger(name).level for name in list(root.manager.loggerDict)}
    for name in ("", *levels):
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(everything)
    yield everything
    root.removeHandler(everything)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def kept() -> dict[str, str]:
    """The secrets of one user."""
    names = ("key", "bearer", "access key", "secret key", "proxy password")
    found = {name: canary(name.replace(" ", "")) for name in names}
    found["proxy basic"] = basic("somebody", found["proxy password"])
    return found


@pytest.fixture
def parrot(kept: dict[str, str]) -> Iterator[Parrot]:
    parrot = Parrot(kept["bearer"])
    yield parrot
    parrot.close()


def connected(parrot: Parrot, kept: dict[str, str], how: str, **dialect: str) -> DirectProvider:
    """A provider all of whose requests come to the parrot."""
    proxy = f"http://somebody:{kept['proxy password']}@{parrot.origin}"
    url = {"directly": parrot.url, "through a proxy": "http://127.0.0.2:9"}.get(how, "https://127.0.0.2:9")
    storage = S3Storage(url, "bucket", kept["access key"], kept["secret key"])
    proxies = None if how == "directly" else {"http": proxy, "https": proxy}
    return DirectProvider(kept["key"], url, storage=storage, proxies=proxies, timeout=0.25, **dialect)


def calls(provider: DirectProvider, nairobi: DirectBackend) -> dict[str, Callable[[], object]]:
    """Everything that sends something."""
    backend = provider._backend("fake_nairobi")
    backend._take(nairobi.load()._device)
    client = provider._client
    job = _job(provider, nairobi)
    return {
        "backends": provider.backends,
        "get_backend": lambda: provider.get_backend("fake_nairobi"),
        "backend status": backend.status,
        "lanes": backend.lanes,
        "run": lambda: backend.run(measured_x(), shots=10),
        "retrieve_job": lambda: provider.retrieve_job("another"),
        "jobs": provider.jobs,
        "status": job.status,
        "error_message": job.error_message,
        "result": lambda: _job(provider, nairobi).result(timeout=0.15, wait=0.05),
        "stored result": lambda: client.result(job.job_id(), client.deadline(0.1)),
        "logs": job.logs,
        "cancel": lambda: _job(provider, nairobi).cancel(),
        "delete": lambda: _job(provider, nairobi).delete(),
        "tags": lambda: _job(provider, nairobi).update_tags(["a"]),
        "metrics": job.metrics,
        "session": lambda: Session(backend).open(),
        "known session": lambda: client.close_session("known", client.deadline()),
        "transpiler": lambda: CloudTranspiler(provider, provider.account.url).run(
            measured_x(), backend="b", timeout=0.2
        ),
        "logout": provider.logout,
        "close": provider.close,
    }


def _job(provider: DirectProvider, nairobi: DirectBackend) -> DirectJob:
    entry = JobEntry(
        job_id="one",
        backend_name=nairobi.name,
        program_id="sampler",
        stage=Stage.ACCEPTED,
        intended=datetime.now().astimezone(),
        circuits=(),
        timeout_s=60,
    )
    provider._workspace.journal.begin(entry, b"{}")
    return provider._job(entry)


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def examine(provider: DirectProvider, nairobi: DirectBackend, everything: Everything, way: str) -> int:
    """Make all calls, and look at what they leave; the number of errors."""
    raised = 0
    job = _job(provider, nairobi)
    for name, call in calls(provider, nairobi).items():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                everything.note(f"answer of {name}, {way}", repr(call()))
            except errors.DirectError as error:
                raised += 1
                everything.error(error, f"{name}, {way}")
        for warning in warned:
            everything.note(f"warning of {name}", str(warning.message))
    client: Any = provider._client
    things = {
        "provider": provider,
        "account": provider._account,
        "storage": provider._account.storage,
        "http": provider._account.http,
        "client": client,
        "sender": client._sender,
        "tokens": client._tokens,
        "store": getattr(client, "_objects", None),
        "workspace": provider._workspace,
        "job": job,
        "backend": job.backend(),
    }
    for name, thing in things.items():
        everything.thing(thing, name)
    return raised


@pytest.mark.parametrize("how", WAYS_TO_CONNECT)
def test_no_answer_brings_a_secret_to_light(
    how: str,
    everything: Everything,
    parrot: Parrot,
    kept: dict[str, str],
    nairobi: DirectBackend,
    tmp_path: Path,
) -> None:
    """Whatever the servers say, and however they repeat what they were told: 0 hits."""
    raised = 0
    ways = [*[(way, "sound") for way in WAYS], *[("refuses", way) for way in TOKEN_WAYS]]
    for way, token_way in ways if how == "directly" else ways[::4]:
        parrot.way, parrot.token_way = way, token_way
        with connected(parrot, kept, how) as provider:
            raised += examine(provider, nairobi, everything, f"{way}, token {token_way}")
    assert raised > 3 * len(ways) // (1 if how == "directly" else 4)
    everything.folder(tmp_path)
    signatures = {f"signature {number}": text for number, text in enumerate(parrot.signatures)}
    assert how != "directly" or len(signatures) + len(kept) >= 40
    assert len(everything.texts) > 1000
    assert everything.hits(kept | signatures) == set()


@pytest.mark.parametrize(("channel", "instance"), [("runtime", "crn"), ("legacy", "hub/group/project")])
def test_nor_does_one_of_another_dialect(
    channel: str,
    instance: str,
    everything: Everything,
    parrot: Parrot,
    kept: dict[str, str],
    nairobi: DirectBackend,
) -> None:
    raised = 0
    ways = [*[(way, "sound") for way in WAYS][::4], *[("refuses", way) for way in TOKEN_WAYS][1::2]]
    for way, token_way in ways:
        parrot.way, parrot.token_way = way, token_way
        with connected(parrot, kept, "directly", channel=channel, instance=instance) as provider:
            raised += examine(provider, nairobi, everything, f"{way}, token {token_way}")
    assert raised > 3 * len(ways)
    assert everything.hits(kept) == set()


@pytest.mark.parametrize(
    "change",
    [
        {"url": None},
        {"url": "ftp://host"},
        {"verify": "/does/not/exist"},
        {"cert": "/does/not/exist"},
        {"timeout": -1},
        {"channel": "carrier pigeon"},
        {"iam_url": "nothing"},
        {"storage": 5},
        {"instance": "line\nbreak"},
        {"token": "with\nbreak"},
        {"token": "\u00e9"},
        {"token": "x" * 9000},
        {"bucket": "/"},
        {"region": "/"},
        {"prefix": "\n"},
        {"endpoint": "http://"},
        {"endpoint_for_service": "http://a:b"},
        {"access_key_id": "\n\u00e9"},
        {"secret_access_key": "a\nb"},
    ],
)
def test_no_refused_argument_brings_a_secret_to_light(
    change: dict[str, Any], everything: Everything, kept: dict[str, str]
) -> None:
    secret = {
        "token": kept["key"],
        "access_key_id": kept["access key"],
        "secret_access_key": kept["secret key"],
    }
    asked = {
        **secret,
        **{name: f"{secret.get(name, '')}{value}" for name, value in change.items() if name in secret},
    }
    stored = {"endpoint": "https://store", "bucket": "bucket", **change}
    names = {"endpoint", "bucket", "region", "prefix", "endpoint_for_service"}
    arguments = {
        "url": "https://host",
        "proxies": {"https": f"http://somebody:{kept['proxy password']}@127.0.0.1:9"},
        **{name: value for name, value in change.items() if name not in names | set(secret)},
    }

    def connect() -> DirectProvider:
        storage = S3Storage(
            access_key_id=asked["access_key_id"],
            secret_access_key=asked["secret_access_key"],
            **{name: value for name, value in stored.items() if name in names},
        )
        return DirectProvider(asked["token"], **{"storage": storage, **arguments})

    with pytest.raises(errors.DirectError) as caught:
        connect()
    everything.error(caught.value, str(change))
    assert everything.hits(kept) == set()


def test_a_leak_is_found(kept: dict[str, str]) -> None:
    """The search itself: a variable in a frame, below another error."""
    everything = Everything()
    frame: dict[str, Any] = {}
    exec(compile("def leak(given):\n raise ValueError", "a/file.py", "exec"), frame)  # noqa: S102 - not of a test
    with pytest.raises(ValueError, match="^$") as caught:
        frame["leak"](kept["key"])
    everything.error(caught.value, "here")
    assert everything.hits(kept) == {"key: variables at file.py:2 leak of ValueError in here"}
