"""Keys become tokens, and only valid tokens open anything."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import jwt
import pytest
import requests
from service_client import GRANT_TYPE, Client, Service, error_of

from qiskit_direct_provider.service.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

PROTECTED = [
    ("GET", "/v1/backends"),
    ("GET", "/v1/backends/fake_nairobi"),
    ("GET", "/v1/backends/fake_nairobi/configuration"),
    ("GET", "/v1/backends/fake_nairobi/properties"),
    ("GET", "/v1/backends/fake_nairobi/lanes"),
    ("POST", "/v1/jobs"),
    ("GET", "/v1/jobs"),
    ("GET", "/v1/jobs/x"),
    ("DELETE", "/v1/jobs/x"),
    ("POST", "/v1/jobs/x/cancel"),
]


def ask(service: Service, form: dict[str, str]) -> requests.Response:
    """Ask for a token."""
    return requests.post(service.url + "/identity/token", data=form, timeout=10)


def test_token_has_the_documented_members(service: Service) -> None:
    """A key gives a bearer token with its life in seconds and its end as a Unix time."""
    answer = ask(service, {"grant_type": GRANT_TYPE, "apikey": service.endpoint["api_key"]})
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert abs(body["expiration"] - time.time() - 3600) < 30
    assert body["scope"] == "ibm_openid"
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert {"sub", "iat", "exp"} <= set(claims)
    assert service.endpoint["api_key"] not in body["access_token"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": GRANT_TYPE, "apikey": "wrong"}, "BXNIM0415E"),
        ({"grant_type": GRANT_TYPE, "apikey": "&=%"}, "BXNIM0415E"),
        ({"grant_type": GRANT_TYPE}, "BXNIM0109E"),
        ({"apikey": "x"}, "BXNIM0109E"),
        ({"grant_type": "password", "apikey": "x"}, "BXNIM0120E"),
        ({}, "BXNIM0109E"),
    ],
)
def test_refusals_have_the_form_of_iam(service: Service, form: dict[str, str], code: str) -> None:
    """The token endpoint answers 400 with IAM's own error body."""
    answer = ask(service, form)
    assert answer.status_code == 400
    assert set(answer.json()) == {"errorCode", "errorMessage", "errorDetails"}
    assert answer.json()["errorCode"] == code


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x.y.z", "Basic YTpi", "apikey nocolon", "apikey a:b"]
)
def test_no_valid_token_is_1201(service: Service, method: str, path: str, header: str | None) -> None:
    """Every route of the API refuses anything but a valid token, before it looks at anything else."""
    headers = {} if header is None else {"Authorization": header}
    answer = requests.request(method, service.url + path, headers=headers, data=b"{", timeout=10)
    assert error_of(answer) == (401, "1201")


def test_token_signed_with_another_secret_is_refused(client: Client) -> None:
    """A token whose claims are right and whose signature is not opens nothing."""
    claims = jwt.decode(client.token(), options={"verify_signature": False})
    for forged in (jwt.encode(claims, "x" * 32, "HS256"), jwt.encode(claims, None, "none")):
        answer = client.get("/v1/backends", headers={"Authorization": f"Bearer {forged}"})
        assert error_of(answer) == (401, "1201")


def test_expired_token_is_refused(start: Callable[..., Service]) -> None:
    """A token lives as long as it said."""
    client = Client(start(token_ttl_s=1, workers=1))
    assert client.get("/v1/backends").status_code == 200
    time.sleep(2.5)  # the end of a token is rounded up to a whole second
    assert error_of(client.get("/v1/backends")) == (401, "1201")
    client.session.close()
    client.store.close()


def test_tokens_know_their_subject_until_they_expire() -> None:
    """The pure rules: subject from the key, None after expiry."""
    tokens = Tokens("key", 60)
    assert tokens.subject_of(tokens.issue().access_token) == tokens.subject
    past = Tokens("key", 60, now=lambda: time.time() - 61)
    assert past.subject_of(past.issue().access_token) is None


def test_app_id_tokens_work(service: Service) -> None:
    """The deprecated App ID entrance: 1200 without credentials, 1201 with wrong ones."""
    url = service.url + "/v1/token"
    assert error_of(requests.post(url, timeout=10)) == (401, "1200")
    wrong = base64.b64encode(b"appid:no").decode()
    for header in (f"Basic {wrong}", "Basic ***"):
        answer = requests.post(url, headers={"Authorization": header}, timeout=10)
        assert error_of(answer) == (401, "1201")
    answer = requests.post(url, auth=("appid", service.endpoint["api_key"]), timeout=10)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert requests.get(service.url + "/v1/backends", headers=headers, timeout=10).status_code == 200


def test_shared_key_works(service: Service) -> None:
    """The deprecated shared key is taken on every call."""
    headers = {"Authorization": f"apikey anybody:{service.endpoint['api_key']}"}
    assert requests.get(service.url + "/v1/backends", headers=headers, timeout=10).status_code == 200
