"""No failure on the way to an account shows a secret, not even a traceback with variables."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qiskit_direct_provider import DirectProvider, errors

URL = "https://system.example"
STORE = {
    "endpoint": "https://store.example",
    "access_key_id": "canary-access",
    "secret_access_key": "canary-secret",
}


def shown(call: Callable[[], object]) -> str:
    """All that can be seen of the failure of a call, but for the frames of this file."""
    with pytest.raises(errors.DirectError) as caught:
        call()
    found: BaseException | None = caught.value
    texts = []
    while found is not None:
        trace = traceback.TracebackException.from_exception(found, capture_locals=True)
        texts += [repr(found), str(found)]
        texts += [repr(frame.locals) for frame in trace.stack if "/tests/" not in frame.filename]
        found = found.__cause__ or found.__context__
    return "\n".join(texts)


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(mode=0o700)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    file.chmod(0o600)


@pytest.mark.parametrize(
    "content",
    [
        '{"accounts": {"lab": {"token": "canary-key", ',
        {"accounts": {"lab": {"token": "canary-key", "url": URL, "storage": {**STORE, "bucket": "?"}}}},
        {"accounts": {"lab": {"token": "canary-key", "url": URL, "storage": {**STORE, "odd": 1}}}},
        {"accounts": {"lab": {"token": "canary-key", "url": "nowhere"}}},
        {"accounts": {"lab": {"token": "canary-key\u0007", "url": URL}}},
        {"accounts": {"lab": {"token": "canary-key", "url": URL, "verify": "/no/such"}}},
        {"accounts": {"a": {"token": "canary-key"}, "b": {"token": "canary-key"}}},
        {"accounts": {"lab": ["canary-key"]}},
        {"version": 9, "accounts": {"lab": {"token": "canary-key"}}},
    ],
)
def test_of_a_saved_account(content: Any, usual_file: Path) -> None:
    write(usual_file, content)
    assert "canary" not in shown(DirectProvider)


def test_of_an_account_of_ibm(home: Path) -> None:
    entry = {"channel": "ibm_direct_access", "token": "canary-key", "url": URL, "s3_endpoint": "nowhere"}
    secrets = {"aws_access_key_id": "canary-access", "aws_secret_access_key": "canary-secret"}
    write(home / ".qiskit" / "qiskit-ibm.json", {"lab": {**entry, **secrets, "s3_bucket": "jobs"}})
    assert "canary" not in shown(DirectProvider)


@pytest.mark.parametrize(
    "variables",
    [
        {"QISKIT_DIRECT_TOKEN": "canary-key"},
        {"QISKIT_DIRECT_TOKEN": "canary-key\u0007", "QISKIT_DIRECT_URL": URL},
        {"QISKIT_DIRECT_TOKEN": "canary-key", "QISKIT_DIRECT_S3_SECRET_ACCESS_KEY": "canary-secret"},
        {"QISKIT_DIRECT_TOKEN": "canary-key", "QISKIT_DIRECT_TIMEOUT": "soon"},
        {"a_QRMI_IBM_QS_IAM_APIKEY": "canary-key", "a_QRMI_IBM_QS_AWS_SECRET_ACCESS_KEY": "canary-secret"},
        {"IBMQRUN_IAM_APIKEY": "canary-key"},
        {"QRMI_PLUGIN_ERROR": "it failed", "QISKIT_IBM_TOKEN": "canary-key"},
    ],
)
def test_of_variables(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for call in (DirectProvider, DirectProvider.from_environment):
        assert "canary" not in shown(call)


def test_of_a_command(tmp_path: Path) -> None:
    script = tmp_path / "print-key"
    script.write_text("echo canary-key; exit 3")
    assert "canary" not in shown(lambda: DirectProvider({"command": f"sh {script}"}, URL))


@pytest.mark.parametrize(
    "arguments",
    [
        {"token": "canary-key", "url": "nowhere"},
        {"token": "canary-key", "name": "nobody"},
        {"token": "canary-key", "url": URL, "channel": "pigeon"},
        {"token": "canary-key", "url": URL, "proxies": {"https": "http://me:canary-pw@proxy"}, "cert": "/no"},
        {"token": "  ", "url": URL},
        {"token": "canary-key", "url": ""},
        {"name": "", "token": "canary-key"},
    ],
)
def test_of_arguments(arguments: dict[str, Any]) -> None:
    assert "canary" not in shown(lambda: DirectProvider(**arguments))


def test_a_blank_argument_is_not_filled_in_from_elsewhere() -> None:
    DirectProvider.save_account("saved", URL)
    for arguments in ({"token": ""}, {"token": " ", "url": URL}, {"url": ""}, {"name": ""}):
        with pytest.raises(errors.DirectError):
            DirectProvider(**arguments)  # type: ignore[arg-type]
