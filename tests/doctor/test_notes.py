"""Set-ups that are unusual or half broken: what the doctor says of them, and that it goes on."""

from __future__ import annotations

import errno
import fcntl
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from connecting import free_port
from findings import Check, blamed, named
from fronts import front
from odd_bodies import JSON, ODD_BODIES, OddProxy

from qiskit_direct_provider import DirectProvider
from qiskit_direct_provider.clients import retrying
from qiskit_direct_provider.doctor import State, culprit, probe

if TYPE_CHECKING:
    import trustme
    from recorder import Recorder

    from qiskit_direct_provider.service.process import LocalService

SERVICE_SIDE = "object store as the service sees it"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_WAIT_S", 0.0)


@pytest.fixture
def odd(service: LocalService) -> Iterator[OddProxy]:
    proxy = OddProxy(service.url)
    yield proxy
    proxy.close()


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Names what a proxy makes of an answer."""

    def say(document: object, status: int = 200) -> str:
        def body(content: bytes) -> tuple[bytes, dict[str, str]]:
            found = document(json.loads(content)) if callable(document) else document
            return json.dumps(found).encode(), {":status": str(status), "Content-Type": JSON}

        monkeypatch.setitem(ODD_BODIES, "said", body)
        return "said"

    return say


# -- the way -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["https", "socks5h"])
def test_a_proxy_that_cannot_be_looked_through(check: Check, service: LocalService, scheme: str) -> None:
    """Something listens there; whether it is such a proxy shows with the login."""
    proxy = service.url.replace("http:", f"{scheme}:")
    found = check(url="https://system.example", iam_url=service.url, proxies={"https": proxy})
    assert named(found, "API: proxy").state is State.NOTE
    assert f"it speaks {scheme}" in named(found, "API: proxy").text
    assert named(found, "login").state is State.OK


def test_a_proxy_that_lets_everything_through(check: Check, service: LocalService) -> None:
    """Keys that go on in plain http can be read behind it."""
    with front(service.url) as proxy:
        found = check(url="http://system.example", iam_url=service.url, proxies={"http": proxy})
    assert (named(found, "API: proxy").state, named(found, "API: proxy").text) == (
        State.OK,
        f"{proxy.removeprefix('http://')} lets it through",
    )
    assert named(found, "API: certificate").state is State.NOTE
    assert "system.example:80 is plain http" in named(found, "API: certificate").text


def test_a_proxy_that_opens_no_tunnel(check: Check, service: LocalService) -> None:
    with front(service.url) as proxy:
        where, text, advice = blamed(check(url="https://system.example", proxies={"https": proxy}))
    assert (where, text) == ("API: proxy", "the proxy refused system.example:443 (HTTP 501)")
    assert "NO_PROXY" in advice


def test_a_server_that_hangs_up(check: Check, recorder: Recorder) -> None:
    recorder.script("GET", "/", "reset before")
    where, text, _ = blamed(check(url=recorder.url))
    assert (where, "does not speak HTTP, or hung up" in text) == ("API: connection", True)


def test_a_clock_that_is_off_by_a_minute(check: Check, service: LocalService) -> None:
    with front(service.url, clock_off_s=60) as url:
        found = check(url=url)
    assert culprit(found) is None
    assert named(found, "API: clock").state is State.NOTE
    assert "behind the host's" in named(found, "API: clock").text


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_certificates_that_are_not_checked(
    check: Check, service: LocalService, authority: trustme.CA
) -> None:
    with front(service.url, certificate=authority.issue_cert("example.org")) as url:
        found = check(url=url, verify=False)
    assert culprit(found) is None
    assert (named(found, "API: certificate").state, named(found, "API: certificate").text) == (
        State.NOTE,
        "is not checked",
    )


@pytest.mark.parametrize("files", [1, 2])
def test_a_client_certificate_is_shown(
    check: Check, service: LocalService, authority: trustme.CA, bundle: str, tmp_path: Path, files: int
) -> None:
    """By a server that lets nobody in without one."""
    mine, chain, key = authority.issue_cert("me@example.org"), tmp_path / "chain.pem", tmp_path / "key.pem"
    mine.private_key_pem.write_to_path(key)
    if files == 1:
        mine.private_key_pem.write_to_path(chain)
    mine.cert_chain_pems[0].write_to_path(chain, append=True)
    certificate = authority.issue_cert("127.0.0.1")
    with front(service.url, certificate=certificate, asks_for=authority) as url:
        assert (
            culprit(check(url=url, verify=bundle, cert=str(chain) if files == 1 else (str(chain), str(key))))
            is None
        )
        where, *_ = blamed(check(url=url, verify=bundle))
    assert where in {"API: certificate", "API: connection"}


# -- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "state"), [("mine.json", State.OK), ("mine.json/below", State.FAILED)])
def test_the_account_file(check: Check, tmp_path: Path, place: str, state: State) -> None:
    DirectProvider.save_account("a-wrong-secret", "https://a.example", filename=tmp_path / "mine.json")
    found = named(check(filename=str(tmp_path / place)), "account file")
    assert found.state is state
    assert ("mode 0600" if state is State.OK else "Not a directory") in found.text


def test_a_key_file_of_ones_own(check: Check, service: LocalService, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_text(service.api_key)
    found = check(token={"file": str(file)})
    assert culprit(found) is None
    assert named(found, "key file").text == f"{file}, mode 0600"


def test_jobs_that_others_can_look_into(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data" / "jobs" / "system"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / "data"))
    found = named(check(), "data folder")
    assert (found.state, str(folder) in found.text) == (State.NOTE, True)
    assert found.advice.startswith(f"chmod 700 {folder}")


def test_a_disk_without_locks(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    found = named(check(), "data folder")
    assert (found.state, "cannot be locked" in found.text) == (State.NOTE, True)
    assert "QISKIT_DIRECT_DATA" in found.advice


def test_an_account_that_cannot_be_right(check: Check) -> None:
    (last,) = [each for each in check(instance="crn with space") if each.check == "account"]
    assert (last.state, "instance" in last.text) == (State.FAILED, True)
    assert "accounts save --overwrite" in last.advice


# -- the service ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["right", "a-wrong-secret"])
def test_the_legacy_channel_logs_in_with_the_backends(
    check: Check, service: LocalService, token: str
) -> None:
    known = {} if token == "right" else {"token": token}
    found = check(channel="legacy", instance=None, storage=None, **known)
    assert named(found, "instance").state is State.NOTE
    if token == "right":
        assert named(found, "login").state is State.SKIPPED
        assert culprit(found) is None
    else:
        assert blamed(found)[0] == "login"


def test_a_token_endpoint_that_is_none(check: Check) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    assert blamed(check(iam_url=dead))[0] == "token endpoint: connection"


def test_a_token_endpoint_that_says_something_else(check: Check, odd: OddProxy) -> None:
    with odd.odd("POST", "/identity/token", "page"):
        where, _, advice = blamed(check(iam_url=odd.url))
    assert (where, "is that where keys are exchanged" in advice) == ("login", True)


def test_a_server_without_a_version(check: Check, odd: OddProxy, says: Callable[..., str]) -> None:
    with odd.odd("GET", "/version", says({"detail": "Not Found"}, 404)):
        found = check(url=odd.url)
    assert culprit(found) is None
    assert named(found, "API version").state is State.NOTE
    assert not any(finding.check == "API: clock" for finding in found), "the answers have no date"


def test_backends_that_cannot_be_listed(check: Check, odd: OddProxy, says: Callable[..., str]) -> None:
    with odd.odd("GET", "/v1/backends", says({"detail": "gone"}, 410)):
        where, text, _ = blamed(check(url=odd.url))
    assert (where, "gone" in text) == ("backends", True)
    with odd.odd("GET", "/v1/backends", says({"backends": []})):
        where, text, advice = blamed(check(url=odd.url))
    assert (where, text, "CRN" in advice) == ("backends", "the account sees none", True)


def test_documents_that_cannot_be_read(check: Check, odd: OddProxy, says: Callable[..., str]) -> None:
    """One damaged device is a note; the others can be used. Where all are, nothing is said to be readable."""
    with odd.odd("GET", "/v1/backends/fake_nairobi/configuration", says([])):
        found = check(url=odd.url)
    assert culprit(found) is None
    notes = [each for each in found if each.check == "documents"]
    assert [each.state for each in notes] == [State.NOTE, State.OK]
    assert notes[0].text.startswith("fake_nairobi: ")
    assert notes[1].text == "6 of 7 backends can be read"
    with odd.odd("GET", "/v1/backends/.*/configuration", says([])):
        assert {each.state for each in check(url=odd.url) if each.check == "documents"} == {State.NOTE}


def test_a_store_that_forgets(
    check: Check, own_storage: object, odd: OddProxy, says: Callable[..., str]
) -> None:
    with odd.odd("GET", ".*/doctor_.*", says("another object")):
        found = check(storage=behind(own_storage, odd.url))
    assert "what was put is not there" in named(found, "object store: get").text
    with odd.odd("GET", ".*/doctor_.*", says("another object")):
        found = check(storage=behind(own_storage, odd.url, for_service=True))
    assert "has another object" in named(found, SERVICE_SIDE).text


def behind(storage: object, url: str, *, for_service: bool = False) -> object:
    """The same store, of which one side is reached through a proxy."""
    values = {**vars(storage), ("endpoint_for_service" if for_service else "endpoint"): url}
    return type(storage)(**values)


# -- the job that tells --------------------------------------------------------------------------------


def test_a_probe_that_is_refused(check: Check, odd: OddProxy, says: Callable[..., str]) -> None:
    with odd.odd("POST", "/v1/jobs", says({"detail": "not today"}, 403)):
        found = check(url=odd.url, probe=True)
    assert culprit(found) is None
    assert (found[-1].check, found[-1].state) == (SERVICE_SIDE, State.NOTE)
    assert "was refused" in found[-1].text
    assert "not today" in found[-1].text


def test_a_probe_without_an_end(
    check: Check, odd: OddProxy, says: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "PAUSE_S", 2 * probe.LIMIT_S)
    with odd.odd("GET", "/v1/jobs/[^/]+", says(lambda job: {**job, "status": "Running"})):
        found = check(url=odd.url, probe=True)
    assert culprit(found) is None
    assert (found[-1].check, found[-1].state) == (SERVICE_SIDE, State.NOTE)
    assert "has not ended within a minute" in found[-1].text
