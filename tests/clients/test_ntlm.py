"""A proxy that lets nobody through who has not logged in with NTLM."""

from __future__ import annotations

import base64
import contextlib
import http.client
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from connecting import provider_for
from quiet import QuietServer

from qiskit_direct_provider import DirectProvider, S3Storage, errors

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

spnego = pytest.importorskip("spnego")

USER, PASSWORD = "LAB\\me", "canary-password"


class Proxy(BaseHTTPRequestHandler):
    """NTLM is a login of a connection: three messages, and all that follows is let through."""

    protocol_version = "HTTP/1.1"
    passed: list[str]

    def setup(self) -> None:
        super().setup()
        self.login = spnego.server(protocol="ntlm")

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind, _, message = self.headers.get("Proxy-Authorization", "").partition(" ")
        answer = b""
        if not self.login.complete:
            if kind != "NTLM":
                return self.refuse("NTLM")
            try:
                answer = self.login.step(base64.b64decode(message)) or b""
            except spnego.exceptions.SpnegoError:
                return self.refuse("Basic")
            if not self.login.complete:
                return self.refuse(f"NTLM {base64.b64encode(answer).decode()}")
        self.passed.append(self.path)
        return self.forward(body)

    def refuse(self, challenge: str) -> None:
        self.send_response_only(407)
        self.send_header("Proxy-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def forward(self, body: bytes) -> None:
        target = urlsplit(self.path)
        with contextlib.closing(http.client.HTTPConnection(target.netloc, timeout=30)) as upstream:
            headers = {name: value for name, value in self.headers.items() if not name.startswith("Proxy-")}
            upstream.request(self.command, target.path, body, headers)
            answer = upstream.getresponse()
            content = answer.read()
        self.send_response_only(answer.status)
        for name in ("Content-Type", "ETag"):
            if answer.getheader(name):
                self.send_header(name, str(answer.getheader(name)))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names that http.server calls

    def log_message(self, *_: object) -> None:
        """Tests print what they need."""


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """Its address, and what passed."""
    users = tmp_path / "users"
    users.write_text(f"LAB:me:{PASSWORD}\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    passed: list[str] = []
    server = QuietServer(("127.0.0.1", 0), type("Handler", (Proxy,), {"passed": passed}))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", passed
    server.shutdown()
    server.server_close()


def through(proxy: str, service: LocalService, storage: S3Storage, password: str) -> DirectProvider:
    proxies = {"urls": {"http": proxy}, "username_ntlm": USER, "password_ntlm": password}
    return provider_for(service, storage, proxies=proxies, timeout=20)


def test_requests_pass_once_they_have_logged_in(
    proxy: tuple[str, list[str]], service: LocalService, own_storage: S3Storage
) -> None:
    address, passed = proxy
    with through(address, service, own_storage, PASSWORD) as provider:
        assert {backend.name for backend in provider.backends()} == set(service.devices)
    assert any(path.endswith("/v1/backends") for path in passed)


def test_a_wrong_password_is_told_and_not_repeated(
    proxy: tuple[str, list[str]], service: LocalService, own_storage: S3Storage
) -> None:
    address, passed = proxy
    with (
        through(address, service, own_storage, "canary-wrong") as provider,
        pytest.raises(errors.DirectError, match="407") as caught,
    ):
        provider.backends()
    assert "canary" not in str(caught.value)
    assert passed == []


@pytest.mark.parametrize(
    "addresses",
    [
        {"url": "https://system.example"},
        {"url": "http://127.0.0.1:1", "iam_url": "https://iam.example"},
        {"url": "http://127.0.0.1:1", "storage": S3Storage("https://s3.example", "jobs", "a", "b")},
    ],
    ids=["api", "login", "store"],
)
@pytest.mark.parametrize("scheme", ["https", "all"])
def test_no_tunnel_is_opened_with_ntlm(
    proxy: tuple[str, list[str]], addresses: dict[str, Any], scheme: str
) -> None:
    """It cannot be; one sentence says so before any request, and before such an account is saved."""
    address, passed = proxy
    login = {"username_ntlm": USER, "password_ntlm": PASSWORD}
    proxies = {"urls": {scheme: address}, **login}
    for use in (DirectProvider, DirectProvider.save_account):
        with pytest.raises(errors.AccountError, match="lets plain http through, and not https://") as caught:
            use("a-key-12345", **addresses, proxies=proxies)
        assert "canary" not in str(caught.value)
    assert passed == []
    direct = DirectProvider("a-key-12345", **addresses, proxies={"urls": {"http": address}, **login})
    assert direct.account.http.ntlm is not None
    direct.close()


@pytest.mark.parametrize("half", [{"username_ntlm": USER}, {"password_ntlm": PASSWORD}])
def test_half_a_login_is_refused(half: dict[str, str]) -> None:
    with pytest.raises(errors.InvalidInputError, match="both username_ntlm and password_ntlm"):
        DirectProvider("key", "https://system.example", proxies={"urls": {"https": "http://proxy"}, **half})
