"""Broken set-ups, one by one, with real servers: the doctor names what is broken, and says what to do."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from connecting import free_port, provider_for
from findings import Check, blamed, named
from fronts import asking_for_login, front
from odd_bodies import ODD_BODIES, OddProxy

from qiskit_direct_provider import DirectProvider, S3Storage
from qiskit_direct_provider.doctor import State, culprit, examine
from qiskit_direct_provider.doctor.probe import probe_finding
from qiskit_direct_provider.service.process import LocalService

if TYPE_CHECKING:
    import trustme

    from conftest import ForeignStore

SERVICE_SIDE = "object store as the service sees it"
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
TOMORROW = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=1)


def test_a_set_up_that_works_has_no_culprit(check: Check) -> None:
    found = check(probe=True)
    assert culprit(found) is None
    assert {finding.state for finding in found} == {State.OK}
    checks = [finding.check for finding in found]
    for wanted in ("account file", "data folder", "account", "login", "API version", "instance", "backends"):
        assert wanted in checks
    assert checks[-3:] == ["object store: get", SERVICE_SIDE, SERVICE_SIDE]


def test_a_name_that_no_dns_knows(check: Check) -> None:
    where, text, advice = blamed(found := check(url="https://no-such-system.invalid", iam_url=None))
    assert (where, "no-such-system.invalid is not known" in text) == ("API: name", True)
    assert "DNS" in advice
    assert named(found, "backends").state is State.SKIPPED


def test_a_port_on_which_nothing_listens(check: Check) -> None:
    where, text, advice = blamed(check(url=f"http://127.0.0.1:{free_port()}"))
    assert (where, "Connection refused" in text) == ("API: connection", True)
    assert "firewall" in advice


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("expired", ("it has expired", "renew it")),
        ("unknown authority", ("its authority is not known", "CA bundle")),
        ("not yet", ("it is not valid yet", "check this machine's clock")),
        ("another host", ("it is for another host", "the name that it was issued for")),
    ],
)
def test_a_certificate_that_is_refused(
    check: Check, service: LocalService, authority: trustme.CA, bundle: str, kind: str, told: tuple[str, str]
) -> None:
    certificate = {
        "expired": lambda: authority.issue_cert(
            "127.0.0.1", not_before=LONG_AGO.replace(2019), not_after=LONG_AGO
        ),
        "not yet": lambda: authority.issue_cert("127.0.0.1", not_before=TOMORROW),
        "another host": lambda: authority.issue_cert("example.org"),
    }.get(kind, lambda: authority.issue_cert("127.0.0.1"))()
    with front(service.url, certificate=certificate) as url:
        found = check(url=url, verify=True if kind == "unknown authority" else bundle)
    where, text, advice = blamed(found)
    assert (where, told[0] in text, told[1] in advice) == ("API: certificate", True, True)
    assert named(found, "API: clock").state is State.OK


def test_a_certificate_that_is_accepted(
    check: Check, service: LocalService, authority: trustme.CA, bundle: str
) -> None:
    soon = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=3)
    for certificate, state in (
        (authority.issue_cert("127.0.0.1"), State.OK),
        (authority.issue_cert("127.0.0.1", not_after=soon), State.NOTE),
    ):
        with front(service.url, certificate=certificate) as url:
            found = check(url=url, verify=bundle)
        assert culprit(found) is None
        assert named(found, "API: certificate").state is state


def test_http_where_https_is_said(check: Check, service: LocalService) -> None:
    where, _, advice = blamed(check(url=service.url.replace("http:", "https:")))
    assert (where, "speaks http" in advice) == ("API: certificate", True)


def test_a_proxy_that_asks_for_a_login(check: Check) -> None:
    with asking_for_login() as proxy:
        for url, login in (("https://system.example", ""), ("http://127.0.0.1:9", "me:wrong-secret@")):
            proxies = {"http": proxy.replace("//", f"//{login}"), "https": proxy}
            where, text, advice = blamed(check(url=url, proxies=proxies))
            assert (where, "HTTP 407" in text) == ("API: proxy", True)
            assert "user:password@" in advice


def test_a_proxy_whose_address_is_none(check: Check) -> None:
    where, *_ = blamed(check(url="https://system.example", proxies={"https": "http://proxy:port"}))
    assert where == "API: proxy"


def test_a_wrong_key(check: Check) -> None:
    where, text, advice = blamed(found := check(token="a-wrong-secret"))
    assert (where, "does not accept the API key" in text) == ("login", True)
    assert "check the key" in advice
    assert named(found, "backends").state is State.SKIPPED
    assert named(found, "object store: get").state is State.OK


def test_a_wrong_instance(check: Check, service: LocalService) -> None:
    """The local service takes any; this front is as strict as real systems are."""

    def other_instances(path: str, headers: dict[str, str]) -> int | None:
        return 403 if path.startswith("/v1/") and headers.get("service-crn") != service.crn else None

    with front(service.url, refuses=other_instances) as url:
        where, text, advice = blamed(check(url=url, instance="crn:v1:bluemix:public:another::"))
        assert (where, "HTTP 403" in text, "CRN" in advice) == ("instance", True, True)
        assert culprit(check(url=url)) is None


def test_an_address_that_is_not_the_api(check: Check, service: LocalService) -> None:
    with front(service.url, refuses=lambda path, _: 200 if path == "/version" else None) as url:
        where, text, _ = blamed(check(url=url))
    assert where == "API version"
    assert "not what the API promises" in text


@pytest.mark.parametrize("body", ['"1.0.0"', '"{\\"version\\": \\"1.0.0\\"}"', '{"version": "1.0.0"}'])
def test_the_version_in_any_form(
    check: Check, service: LocalService, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        ODD_BODIES, "version", lambda _: (body.encode(), {"Content-Type": "application/json"})
    )
    proxy = OddProxy(service.url)
    with proxy.odd("GET", "/version", "version"):
        assert named(check(url=proxy.url), "API version").text == "1.0.0"
    proxy.close()


def test_a_store_that_this_machine_does_not_reach(check: Check, own_storage: S3Storage) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    where, text, _ = blamed(check(storage=changed(own_storage, endpoint=dead)))
    assert (where, "refused" in text) == ("object store: connection", True)


def test_a_store_that_the_service_does_not_reach(check: Check, own_storage: S3Storage) -> None:
    """From here, that address proves nothing; a job that fails on purpose does."""
    dead = changed(own_storage, endpoint_for_service=f"http://127.0.0.1:{free_port()}")
    silent = check(storage=dead)
    assert culprit(silent) is None
    assert named(silent, SERVICE_SIDE).state is State.NOTE
    assert "--probe" in named(silent, SERVICE_SIDE).advice
    where, text, advice = blamed(check(storage=dead, probe=True))
    assert (where, "the service did not reach it" in text) == (SERVICE_SIDE, True)
    assert "endpoint_for_service" in advice


def test_another_store_for_the_service(
    check: Check, own_storage: S3Storage, foreign_store: ForeignStore
) -> None:
    other = changed(own_storage, endpoint_for_service=foreign_store.endpoint)
    where, text, advice = blamed(check(storage=other))
    assert (where, "refuses a signed URL" in text) == (SERVICE_SIDE, True)
    assert "the same store" in advice


@pytest.mark.parametrize(
    ("changes", "code", "advised"),
    [
        ({"bucket": "no-such-bucket"}, "NoSuchBucket", "create the bucket"),
        ({"secret_access_key": "a-wrong-secret"}, "SignatureDoesNotMatch", "secret access key"),
        ({"access_key_id": "a-wrong-secret"}, "InvalidAccessKeyId", "access key id"),
    ],
)
def test_a_store_that_refuses(
    check: Check, own_storage: S3Storage, changes: dict[str, str], code: str, advised: str
) -> None:
    where, text, advice = blamed(check(storage=changed(own_storage, **changes)))
    assert (where, f"[{code}]" in text, advised in advice) == ("object store: put and get", True, True)


def test_no_store(check: Check) -> None:
    where, text, _ = blamed(check(storage=None))
    assert (where, "no job can be sent" in text) == ("object store", True)


@pytest.mark.parametrize(("ahead_s", "told"), [(86_400, "behind"), (-86_400, "ahead of")])
def test_a_clock_that_is_off_by_a_day(check: Check, service: LocalService, ahead_s: int, told: str) -> None:
    with front(service.url, clock_off_s=ahead_s) as url:
        where, text, advice = blamed(check(url=url))
    assert (where, told in text, "NTP" in advice) == ("API: clock", True, True)
    assert 86_390 < float(text.split(" s ")[0].split()[-1]) < 86_410


@pytest.fixture
def small_service() -> Iterator[LocalService]:
    service = LocalService.start(("fake_manila", "fake_lima"), paused=["fake_lima", "fake_manila"], workers=1)
    yield service
    service.close()


def test_devices_that_are_paused(check: Check, small_service: LocalService) -> None:
    own = {"token": small_service.api_key, "url": small_service.url, "iam_url": small_service.url}
    where, text, advice = blamed(check(**own, storage=S3Storage(**small_service.storage)))
    assert (where, "fake_manila is paused" in text) == ("backends", True)
    assert "wait" in advice
    with provider_for(small_service, S3Storage(**small_service.storage)) as provider:
        assert "no backend is online that could tell" in probe_finding(provider.client).text


def test_accounts_that_others_can_read(check: Check, tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    DirectProvider.save_account("a-wrong-secret", "https://a.example", filename=file)
    file.chmod(0o644)
    where, text, advice = blamed(check(filename=str(file)))
    assert (where, "mode 0644" in text) == ("account file", True)
    assert advice.startswith(f"chmod 600 {file}")


@pytest.mark.filterwarnings("ignore:others can read")
def test_a_key_that_others_can_read(check: Check, service: LocalService, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(service.api_key)
    file.chmod(0o640)
    where, text, advice = blamed(check(token={"file": str(file)}))
    assert (where, "mode 0640" in text, advice) == ("key file", True, f"chmod 600 {file}")


def test_a_data_folder_that_cannot_be_made(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path / "file" / "data"))
    where, _, advice = blamed(check())
    assert (where, "QISKIT_DIRECT_DATA" in advice) == ("data folder", True)


def test_no_account_at_all() -> None:
    *_, last = examine({})
    assert (last.check, last.state) == ("account", State.FAILED)
    assert "no token and no url" in last.text


def changed(storage: S3Storage, **changes: str) -> S3Storage:
    values = {field.name: getattr(storage, field.name) for field in dataclasses.fields(storage)}
    return S3Storage(**{**values, **changes})


def test_the_runtime_channel_needs_no_store(check: Check) -> None:
    found = check(channel="runtime", storage=None)
    assert culprit(found) is None
    assert named(found, "backends").text.startswith("online: fake_torino")
    assert not any(finding.check.startswith("object store") for finding in found)
    where, *_ = blamed(check(channel="runtime", storage=None, token="a-wrong-secret"))
    assert where == "login"
