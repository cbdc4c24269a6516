"""Which of several accounts holds: argument, name, environment, default account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.accounts import Account, resolve

URL, OTHER_URL = "https://system.example", "https://other.example"
STORE = S3Storage("https://store.example", "jobs", "a", "b")


def account(token: Any = None, url: Any = None, **named: Any) -> Account:
    """The account of ``DirectProvider(token, url, ...)``."""
    return resolve(token=token, url=url, **named)


@pytest.fixture
def saved() -> None:
    """A default account and another one, of the same system, with the same store."""
    DirectProvider.save_account("from-default", URL, instance="crn:default", storage=STORE)
    DirectProvider.save_account("from-name", URL, instance="crn:name", name="lab")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TOKEN": "from-environment", "URL": URL, "INSTANCE": "crn:environment"}.items():
        monkeypatch.setenv(f"QISKIT_DIRECT_{name}", value)


@pytest.mark.usefixtures("saved", "environment")
def test_argument_before_name_before_environment_before_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert account("from-argument", name="lab").token.reveal() == "from-argument"
    assert account(name="lab").token.reveal() == "from-name"
    assert account().token.reveal() == "from-environment"
    monkeypatch.delenv("QISKIT_DIRECT_TOKEN")
    assert account().token.reveal() == "from-default"


@pytest.mark.usefixtures("saved", "environment")
def test_each_part_is_taken_from_the_first_source_that_has_it() -> None:
    found = account(instance="crn:argument", name="lab")
    assert (found.token.reveal(), found.instance, found.url) == ("from-name", "crn:argument", URL)
    assert account("from-argument").instance == "crn:environment"


@pytest.mark.usefixtures("saved")
def test_a_key_is_never_taken_to_another_system() -> None:
    """What belongs to one address is of no use, and of no business, at another."""
    with pytest.raises(errors.AccountError, match="no token"):
        account(url=OTHER_URL)
    assert account(url=f"{URL}:443/").token.reveal() == "from-default"
    assert account("from-argument", OTHER_URL).storage is None
    with pytest.raises(errors.AccountError, match="no url"):
        account("from-argument", filename="/no/such/file.json")


def test_variables_of_one_system_do_not_complete_the_account_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QISKIT_DIRECT_URL", OTHER_URL)
    DirectProvider.save_account("from-default", URL)
    with pytest.raises(errors.AccountError, match="no token"):
        account()


def test_the_default_account_of_a_channel_or_of_an_address() -> None:
    DirectProvider.save_account("direct", URL, name="a")
    DirectProvider.save_account("other", OTHER_URL, name="b")
    DirectProvider.save_account("cloud", channel="runtime", name="c")
    assert account().token.reveal() == "direct"
    assert account(url=OTHER_URL).token.reveal() == "other"
    assert account(channel="runtime").token.reveal() == "cloud"


def test_all_that_can_be_set_by_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("from-file")
    key.chmod(0o600)
    ca = tmp_path / "ca"
    ca.mkdir()
    variables = {
        "TOKEN_FILE": str(key),
        "URL": URL,
        "IAM_URL": "https://iam.example",
        "S3_ENDPOINT": "https://store.example",
        "S3_BUCKET": "jobs",
        "S3_ACCESS_KEY_ID": "a",
        "S3_SECRET_ACCESS_KEY": "b",
        "S3_REGION": "eu-de",
        "S3_ENDPOINT_FOR_SERVICE": "https://inside.example",
        "S3_PREFIX": "me/",
        "PROXY": "http://proxy:3128",
        "CA_BUNDLE": str(ca),
        "TIMEOUT": "12",
        "CLIENT_APPLICATION": "mine",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"QISKIT_DIRECT_{name}", value)
    found = account()
    assert (found.token.reveal(), found.iam_url) == ("from-file", "https://iam.example")
    assert found.storage == S3Storage(
        "https://store.example", "jobs", "a", "b", "eu-de", "https://inside.example", "me/"
    )
    assert found.http.proxies is not None
    assert found.http.proxies["https"].reveal() == "http://proxy:3128"
    assert (found.http.verify, found.http.timeout, found.client_application) == (str(ca), 12.0, "mine")
    DirectProvider.save_account("of the lab", URL, name="lab")
    monkeypatch.setenv("QISKIT_DIRECT_NAME", "lab")
    assert account().token.reveal() == "of the lab"


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("QISKIT_DIRECT_TIMEOUT", "soon", "QISKIT_DIRECT_TIMEOUT must be a number"),
        ("QISKIT_DIRECT_CHANNEL", "pigeon", "channel must be one of"),
        ("QISKIT_DIRECT_URL", "nowhere", "the url must be"),
        ("QISKIT_DIRECT_S3_BUCKET", "jobs", "set QISKIT_DIRECT_S3_ENDPOINT, QISKIT_DIRECT_S3_ACCESS_KEY_ID"),
        ("QISKIT_DIRECT_CA_BUNDLE", "/no/such/ca", "verify must be"),
        ("QISKIT_DIRECT_NAME", "nobody", "no saved account 'nobody'"),
    ],
)
@pytest.mark.usefixtures("environment")
def test_a_variable_that_cannot_be_right(
    variable: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises((errors.InvalidInputError, errors.AccountError), match=text):
        DirectProvider()


def test_without_any_account_one_error_lists_what_was_looked_at(home: Path) -> None:
    with pytest.raises(errors.AccountError) as caught:
        DirectProvider()
    text = str(caught.value)
    for part in (
        "no token and no url",
        "QISKIT_DIRECT_*",
        "QRMI_IBM_QS_*",
        str(home / ".qiskit" / "qiskit-direct.json"),
        "QISKIT_IBM_*",
        "qiskit-ibm.json",
        "save_account(token, url=...)",
        "DirectProvider.local()",
    ):
        assert part in text


# -- what qiskit-ibm-runtime saved -----------------------------------------------------------------------


@pytest.fixture
def ibm_file(home: Path) -> Path:
    """As qiskit-ibm-runtime and its fork for Direct Access write it."""
    entries = {
        "default-ibm-quantum-platform": {
            "channel": "ibm_quantum_platform",
            "url": "https://cloud.ibm.com",
            "token": "cloud-key",
            "instance": "crn:cloud",
            "verify": True,
            "private_endpoint": False,
        },
        "default-ibm-direct-access": {
            "channel": "ibm_direct_access",
            "url": URL,
            "token": "on-prem-key",
            "instance": "crn:on-prem",
            "iam_api_url": "https://iam.example",
            "s3_endpoint": "https://store.example",
            "aws_access_key_id": "a",
            "aws_secret_access_key": "b",
            "s3_bucket": "jobs",
            "s3_region": "us-east-1",
        },
        "odd": {"channel": "local"},
        "broken": 5,
    }
    file = home / ".qiskit" / "qiskit-ibm.json"
    file.parent.mkdir()
    file.write_text(json.dumps(entries))
    file.chmod(0o444)
    return file


def test_ibms_own_accounts_are_read_when_there_is_none_of_ours(ibm_file: Path) -> None:
    before = ibm_file.read_bytes()
    found = account()
    assert (found.token.reveal(), found.channel, found.instance) == (
        "on-prem-key",
        "direct_access",
        "crn:on-prem",
    )
    assert found.iam_url == "https://iam.example"
    assert found.storage == STORE
    cloud = account(channel="runtime")
    assert (cloud.token.reveal(), cloud.url) == ("cloud-key", "https://quantum.cloud.ibm.com/api/v1")
    assert account(name="default-ibm-quantum-platform") == cloud
    DirectProvider.save_account("ours", URL)
    assert account().token.reveal() == "ours"
    assert ibm_file.read_bytes() == before


@pytest.mark.parametrize("content", ["{", "[]", '{"a": {"channel": []}}', ""])
def test_a_damaged_file_of_ibm_is_passed_over(content: str, ibm_file: Path) -> None:
    ibm_file.chmod(0o600)
    ibm_file.write_text(content)
    with pytest.raises(errors.AccountError, match="no token and no url"):
        DirectProvider()


def test_ibms_own_variables_are_read_when_there_is_no_account_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "cloud-key")
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", "crn:cloud")
    found = account()
    assert (found.channel, found.token.reveal(), found.instance) == ("runtime", "cloud-key", "crn:cloud")
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "ibm_direct_access")
    monkeypatch.setenv("QISKIT_IBM_URL", URL)
    assert (account().channel, account().url) == ("direct_access", URL)
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "ibm_carrier_pigeon")
    with pytest.raises(errors.AccountError, match="no token"):
        account()
    DirectProvider.save_account("ours", URL)
    assert account().token.reveal() == "ours"
