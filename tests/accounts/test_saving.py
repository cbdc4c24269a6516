"""Accounts on disk: what is saved, listed, deleted, and what a file may be like."""

from __future__ import annotations

import json
import os
import stat
import warnings
from pathlib import Path
from typing import Any

import pytest

from qiskit_direct_provider import DirectProvider, S3Storage, errors

KEY = "canary-key"
URL = "https://system.example"
STORAGE = {
    "endpoint": "https://store.example",
    "bucket": "jobs",
    "access_key_id": "canary-access",
    "secret_access_key": "canary-secret",
    "region": "eu-de",
    "endpoint_for_service": "https://store.internal",
    "prefix": "me/",
}


def save(token: Any = KEY, url: str | None = URL, **arguments: Any) -> None:
    DirectProvider.save_account(token, url, **arguments)


def test_a_saved_account_is_used_without_arguments() -> None:
    ca = Path("~/ca").expanduser()
    ca.mkdir()
    save(
        instance="crn:lab",
        iam_url="https://iam.example",
        storage=S3Storage(**STORAGE),
        proxies={"https": "http://me:canary-password@proxy:3128"},
        verify=str(ca),
        timeout=7.5,
        client_application="my-program/1.0",
    )
    account = DirectProvider()._account
    assert account.token.reveal() == "canary-key"
    assert (account.channel, account.url, account.instance) == ("direct_access", URL, "crn:lab")
    assert account.iam_url == "https://iam.example"
    assert account.storage == S3Storage(**STORAGE)
    assert account.http.proxies["https"].reveal() == "http://me:canary-password@proxy:3128"
    assert (account.http.verify, account.http.timeout) == (str(ca), 7.5)
    assert account.client_application == "my-program/1.0"


def test_no_listing_shows_a_secret() -> None:
    save(
        name="lab",
        storage=S3Storage(**STORAGE),
        proxies={
            "urls": {"http": "http://me:canary-password@proxy:3128"},
            "username_ntlm": "me",
            "password_ntlm": "canary-ntlm",
        },
    )
    provider = DirectProvider()
    for shown in (DirectProvider.saved_accounts(), provider.active_account(), repr(provider)):
        assert "canary" not in repr(shown)
    listed = DirectProvider.saved_accounts()["lab"]
    assert (listed["token"], listed["url"], listed["is_default"]) == ("***", URL, True)
    assert listed["storage"]["secret_access_key"] == "***"
    assert listed["storage"]["bucket"] == "jobs"
    assert listed["proxies"]["urls"] == {"http": "http://***@proxy:3128"}
    assert "account 'lab'" in provider.active_account()["source"]
    assert DirectProvider.saved_accounts("nobody") == {}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_file_is_for_its_owner_alone(umask: int, usual_file: Path) -> None:
    before = os.umask(umask)
    try:
        save()
        save(name="another")
    finally:
        os.umask(before)
    assert stat.S_IMODE(usual_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(usual_file.parent.stat().st_mode) == 0o700


def test_a_file_that_others_can_read_is_taken_back(usual_file: Path) -> None:
    save()
    usual_file.chmod(0o644)
    with pytest.warns(UserWarning, match="others could read the account file"):
        DirectProvider()
    assert stat.S_IMODE(usual_file.stat().st_mode) == 0o600
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DirectProvider()


def test_no_account_is_replaced_unless_that_is_said() -> None:
    save("one", name="lab")
    with pytest.raises(errors.AccountError, match="'lab' already; overwrite=True"):
        save("two", name="lab")
    assert DirectProvider(name="lab")._account.token.reveal() == "one"
    save("two", name="lab", overwrite=True)
    assert DirectProvider(name="lab")._account.token.reveal() == "two"


def test_the_default_account_is_the_first_one_until_another_is_said_to_be() -> None:
    save("one", name="first")
    save("two", name="second")
    assert DirectProvider()._account.token.reveal() == "one"
    save("two", name="second", overwrite=True, set_as_default=True)
    assert DirectProvider()._account.token.reveal() == "two"
    assert [entry["is_default"] for entry in DirectProvider.saved_accounts().values()] == [False, True]
    assert DirectProvider.delete_account()
    assert list(DirectProvider.saved_accounts()) == ["first"]
    assert DirectProvider()._account.token.reveal() == "one"


def test_one_of_several_accounts_has_to_be_named_when_none_is_the_default() -> None:
    for name in ("a", "b", "c"):
        save(name=name)
    assert DirectProvider.delete_account("a")
    with pytest.raises(errors.AccountError, match=r"several accounts \(b, c\).*pass name="):
        DirectProvider()
    assert not DirectProvider.delete_account("a")
    with pytest.raises(errors.AccountError, match="no saved account 'a'.*there is: b, c"):
        DirectProvider(name="a")


def test_another_file_can_be_named(tmp_path: Path, usual_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, by_variable = tmp_path / "x" / "mine.json", tmp_path / "variable.json"
    save("mine", filename=chosen)
    monkeypatch.setenv("QISKIT_DIRECT_CONFIG", str(by_variable))
    save("by variable")
    assert DirectProvider(filename=chosen)._account.token.reveal() == "mine"
    assert DirectProvider()._account.token.reveal() == "by variable"
    assert not usual_file.exists()
    assert DirectProvider.delete_account(filename=chosen)
    assert DirectProvider.saved_accounts(filename=chosen) == {}


def test_a_linked_file_stays_a_link(tmp_path: Path, usual_file: Path) -> None:
    usual_file.parent.mkdir()
    usual_file.symlink_to(tmp_path / "elsewhere.json")
    save()
    assert usual_file.is_symlink()
    assert "canary-key" in (tmp_path / "elsewhere.json").read_text()


@pytest.mark.parametrize(
    "content", [b'{"accounts": {"lab": {"tok', b"\x00\xff\xfe", b"[]", b'{"accounts": []}', b"[" * 100_000]
)
def test_a_damaged_file_is_put_aside_and_never_overwritten(content: bytes, usual_file: Path) -> None:
    usual_file.parent.mkdir(mode=0o700)
    usual_file.write_bytes(content)
    usual_file.chmod(0o600)
    for use in (DirectProvider, DirectProvider.saved_accounts):
        with pytest.raises(errors.AccountError, match="is damaged") as caught:
            use()
        assert type(caught.value) is errors.AccountError
    assert usual_file.read_bytes() == content
    with pytest.warns(UserWarning, match="was damaged; what it held is in") as told:
        save()
    (aside,) = usual_file.parent.glob("*.damaged-*")
    assert aside.read_bytes() == content
    assert str(aside) in str(told[0].message)
    assert DirectProvider()._account.url == URL


@pytest.mark.parametrize("storage", [5, {"endpoint": "https://s3.example"}, {**STORAGE, "colour": "red"}])
def test_half_an_object_store_is_told_by_its_members(storage: object, usual_file: Path) -> None:
    save()
    whole = json.loads(usual_file.read_text())
    whole["accounts"]["default"]["storage"] = storage
    usual_file.write_text(json.dumps(whole))
    with pytest.raises(errors.AccountError, match="its storage must have endpoint, bucket, access_key_id"):
        DirectProvider()


def test_what_a_killed_process_left_is_swept_away(usual_file: Path) -> None:
    """It may hold keys."""
    usual_file.parent.mkdir()
    left = usual_file.with_name(f".{usual_file.name}.abc.tmp")
    left.write_text(KEY)
    save()
    assert not left.exists()


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.AccountError, match="cannot be read: Not a directory"):
        DirectProvider.saved_accounts(filename=Path(__file__) / "accounts.json")
    tmp_path.chmod(0o700)
    with pytest.raises(errors.AccountError, match="cannot be read: Is a directory"):
        DirectProvider.saved_accounts(filename=tmp_path)


def test_an_account_without_a_key_is_listed(usual_file: Path) -> None:
    save()
    whole = json.loads(usual_file.read_text())
    del whole["accounts"]["default"]["token"]
    usual_file.write_text(json.dumps(whole))
    assert "token" not in DirectProvider.saved_accounts()["default"]
    with pytest.raises(errors.AccountError, match="no token"):
        DirectProvider()


def test_a_damaged_account_hides_no_other_and_is_kept(usual_file: Path) -> None:
    save("good", name="good")
    whole = json.loads(usual_file.read_text())
    whole["accounts"] |= {"bad": ["no", "account"], "worse": {"token": 5, "url": URL, "color": "red"}}
    usual_file.write_text(json.dumps(whole))
    assert DirectProvider()._account.token.reveal() == "good"
    assert "problem" in DirectProvider.saved_accounts()["bad"]
    for name in ("bad", "worse"):
        with pytest.raises((errors.AccountError, errors.InvalidInputError)):
            DirectProvider(name=name)
    save("another", name="another")
    kept = json.loads(usual_file.read_text())["accounts"]
    assert kept["bad"] == ["no", "account"]
    assert kept["worse"]["color"] == "red"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_not_read(usual_file: Path) -> None:
    save()
    os.chown(usual_file, 12345, -1)
    for use in (DirectProvider, save):
        with pytest.raises(errors.AccountError, match="belongs to another user"):
            use()


def test_a_file_of_a_later_release_is_left_alone(usual_file: Path) -> None:
    usual_file.parent.mkdir(mode=0o700)
    usual_file.write_text('{"version": 2, "accounts": {}}')
    usual_file.chmod(0o600)
    for use in (DirectProvider, save):
        with pytest.raises(errors.AccountError, match="later release"):
            use()
    assert json.loads(usual_file.read_text())["version"] == 2


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.AccountError, match="cannot be written.*QISKIT_DIRECT_CONFIG"):
        save(filename=tmp_path / "file" / "accounts.json")


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"token": ""}, errors.AccountError),
        ({"token": None}, errors.AccountError),
        ({"token": "  "}, errors.AccountError),
        ({"url": None}, errors.AccountError),
        ({"url": "system.example"}, errors.InvalidInputError),
        ({"url": "crn:v1:bluemix"}, errors.InvalidInputError),
        ({"instance": "hub/group/project"}, errors.InvalidInputError),
        ({"instance": "crn with space"}, errors.InvalidInputError),
        ({"name": ""}, errors.InvalidInputError),
        ({"name": 5}, errors.InvalidInputError),
        ({"channel": "local"}, errors.InvalidInputError),
        ({"channel": "pigeon"}, errors.InvalidInputError),
        ({"verify": "/no/such/ca"}, errors.InvalidInputError),
        ({"client_application": "a\nb"}, errors.InvalidInputError),
        ({"filename": 5}, errors.AccountError),
    ],
)
def test_what_cannot_be_right_is_not_saved(
    arguments: dict[str, Any], kind: type[Exception], usual_file: Path
) -> None:
    with pytest.raises(kind):
        DirectProvider.save_account(**{"token": "key", "url": URL, **arguments})
    assert not usual_file.exists()


def test_a_channel_with_a_usual_address_needs_none() -> None:
    save("key", None, channel="runtime", name="cloud")
    assert DirectProvider.saved_accounts()["cloud"]["url"] == "https://quantum.cloud.ibm.com/api/v1"
