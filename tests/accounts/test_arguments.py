"""Accounts from explicit arguments."""

from __future__ import annotations

import json
import pickle
import sys
import traceback

import pytest

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.accounts import DEFAULT_IAM_URL, Secret, resolve

KEY = "canary-key"


def storage(**changes: str) -> S3Storage:
    fields = {
        "endpoint": "https://store.example",
        "bucket": "jobs",
        "access_key_id": "canary-access",
        "secret_access_key": "canary-secret",
    }
    return S3Storage(**{**fields, **changes})


def test_secrets_show_themselves_nowhere() -> None:
    account = resolve(token=KEY, url="https://system.example", storage=storage())
    for text in (repr(account), str(account), repr(storage()), repr(Secret(KEY)), f"{Secret(KEY)}"):
        assert "canary" not in text
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(account)
    with pytest.raises(TypeError):
        json.dumps(Secret(KEY))
    assert Secret(KEY) == Secret(KEY)
    assert len({Secret(KEY), Secret(KEY)}) == 1


@pytest.mark.parametrize("token", [f"{KEY}\nInjected: header", f"{KEY}\x00", f"{KEY}é", KEY * 2000])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        DirectProvider(token, "https://system.example")
    shown = "".join(traceback.format_exception(caught.value))
    assert "canary" not in shown.replace('f"{KEY}', "")


def test_white_space_around_a_key_is_dropped() -> None:
    assert resolve(token=f" {KEY}\n", url="https://system.example").token.reveal() == KEY


@pytest.mark.parametrize(
    "url",
    [
        "system.example",
        "ftp://system.example",
        "https://",
        "https://u:p@system.example",
        "https://a.example?x=1",
        "https://a:99999",
    ],
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="the url must"):
        DirectProvider(KEY, url)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(errors.AccountError, match="no token"):
        DirectProvider(url="https://system.example")
    with pytest.raises(errors.AccountError, match="no url"):
        DirectProvider(KEY)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"channel": "carrier pigeon"}, "channel must be one of"),
        ({"storage": {"endpoint": "x"}}, "S3Storage"),
        ({"timeout": 0}, "positive number of seconds"),
        ({"iam_url": "nowhere"}, "iam_url"),
        ({"instance": "crn\nx"}, "the instance"),
    ],
)
def test_other_arguments(arguments: dict[str, object], text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        DirectProvider(KEY, "https://system.example", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("bucket", ["", "a", "../x", "with space"])
def test_a_bucket_that_is_none(bucket: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="bucket"):
        storage(bucket=bucket)


def test_the_key_goes_to_ibm_cloud_unless_the_service_is_on_this_machine() -> None:
    assert resolve(token=KEY, url="https://system.example/").iam_url == DEFAULT_IAM_URL
    for here in ("http://127.0.0.1:8290", "http://localhost:8290", "http://service.localhost:8290"):
        assert resolve(token=KEY, url=f"{here}/").iam_url == here
    assert (
        resolve(token=KEY, url="http://[::1]:8290", iam_url="https://iam.example").iam_url
        == "https://iam.example"
    )


def test_a_login_by_ntlm_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests_ntlm", None)
    proxies = {"urls": {"https": "http://proxy:3128"}, "username_ntlm": "me", "password_ntlm": KEY}
    with pytest.raises(errors.AccountError, match=r"pip install 'qiskit-direct-provider\[ntlm\]'"):
        DirectProvider(KEY, "https://system.example", proxies=proxies)


def test_plain_http_over_a_network_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="plain http to system.example"):
        resolve(token=KEY, url="http://system.example")
    with pytest.warns(UserWarning, match="certificate checks are off"):
        resolve(token=KEY, url="https://system.example", verify=False)


@pytest.mark.parametrize(
    "arguments",
    [
        {"url": "http://[::1"},
        {"url": 5},
        {"url": "http://h h/"},
        {"url": "http://\ud800/"},
        {"iam_url": 5},
        {"channel": []},
        {"timeout": "5"},
        {"timeout": True},
        {"proxies": "http://proxy"},
        {"proxies": {"http": 5}},
        {"verify": ""},
        {"verify": 0},
        {"verify": None},
        {"verify": "/no/such/bundle.pem"},
        {"cert": "/no/such/cert.pem"},
        {"cert": ("a",)},
        {"token": 5},
    ],
)
def test_arguments_of_any_kind_give_our_error(arguments: dict[str, object]) -> None:
    """An empty ``verify`` must not come to mean that nothing is verified."""
    with pytest.raises(errors.InvalidInputError):
        DirectProvider(**{"token": KEY, "url": "https://system.example", **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes", [{"bucket": 5}, {"prefix": None}, {"region": "us east!"}, {"endpoint": 5}]
)
def test_storage_of_any_kind_gives_our_error(changes: dict[str, str]) -> None:
    with pytest.raises(errors.InvalidInputError):
        storage(**changes)


@pytest.mark.parametrize("url", ["ftp://me:canary-pw@h", "me:canary-pw@host:80", "https://me:canary-pw@host"])
def test_a_password_in_a_url_is_not_repeated(url: str) -> None:
    with pytest.raises(errors.InvalidInputError) as caught:
        DirectProvider(KEY, url)
    assert "canary" not in str(caught.value)
