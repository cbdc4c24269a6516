"""Certificates: what is not vouched for is refused, and only what was said explicitly counts."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from quiet import QuietServer

from qiskit_direct_provider import DirectProvider, errors

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)


class Answers(http.server.BaseHTTPRequestHandler):
    """A token for everybody, and no backends."""

    protocol_version = "HTTP/1.1"
    said: list[dict[str, str]]

    def do_GET(self) -> None:
        self.said.append(dict(self.headers.items()))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"access_token": "a-bearer-token", "expires_in": 60, "backends": []}'
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - names that http.server calls

    def log_message(self, *_: object) -> None:
        """Tests print what they need."""


@contextlib.contextmanager
def serving(
    certificate: trustme.LeafCert, asks_for: trustme.CA | None = None
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server with that certificate, which may want one of an authority; its address, and what it heard."""
    said: list[dict[str, str]] = []
    server = QuietServer(("127.0.0.1", 0), type("Handler", (Answers,), {"said": said}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if asks_for is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        asks_for.configure_trust(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def ask(url: str, **settings: object) -> None:
    with DirectProvider("an-api-key", url, timeout=10, **settings) as provider:  # type: ignore[arg-type]
        assert provider.backends() == []


def test_a_private_authority_is_named_by_verify(authority: trustme.CA, ca_file: str) -> None:
    with serving(authority.issue_cert("127.0.0.1")) as (url, said):
        ask(url, verify=ca_file)
    assert said[-1]["Authorization"] == "Bearer a-bearer-token"


def test_a_private_authority_is_trusted_beside_the_public_ones(
    authority: trustme.CA, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's certificate is private, that of the place where keys are exchanged is public."""
    public, public_file = trustme.CA(), tmp_path / "public.pem"
    public.cert_pem.write_to_path(public_file)
    monkeypatch.setattr("certifi.where", lambda: str(public_file))
    with (
        serving(authority.issue_cert("127.0.0.1")) as (url, said),
        serving(public.issue_cert("127.0.0.1")) as (iam_url, asked),
    ):
        ask(url, iam_url=iam_url, verify=ca_file)
        assert (len(said), len(asked)) == (1, 1)
    with serving(trustme.CA().issue_cert("127.0.0.1")) as (iam_url, asked):
        with pytest.raises(errors.TransportError, match="certificate was not accepted"):
            ask("https://127.0.0.1:9", iam_url=iam_url, verify=ca_file)
        assert not asked


def test_a_folder_of_authorities(authority: trustme.CA, ca_file: str, tmp_path: Path) -> None:
    """As ``openssl rehash`` makes it."""
    folder = tmp_path / "authorities"
    folder.mkdir()
    made = subprocess.run(
        ["openssl", "x509", "-noout", "-hash", "-in", ca_file], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("there is no openssl here")
    (folder / f"{made.stdout.strip()}.0").symlink_to(ca_file)
    with serving(authority.issue_cert("127.0.0.1")) as (url, said):
        ask(url, verify=str(folder))
    assert said


def test_a_client_certificate_is_shown(authority: trustme.CA, ca_file: str, tmp_path: Path) -> None:
    mine, key = tmp_path / "mine.pem", tmp_path / "mine.key"
    certificate = authority.issue_cert("me@example.org")
    certificate.cert_chain_pems[0].write_to_path(mine)
    certificate.private_key_pem.write_to_path(key)
    with serving(authority.issue_cert("127.0.0.1"), asks_for=authority) as (url, said):
        ask(url, verify=ca_file, cert=(str(mine), str(key)))
        seen = len(said)
        assert seen
        with pytest.raises(errors.TransportError):
            ask(url, verify=ca_file)
        assert len(said) == seen


@pytest.mark.parametrize("argument", ["verify", "cert"])
def test_a_file_without_certificates_is_refused_at_once(argument: str, tmp_path: Path) -> None:
    file = tmp_path / "no.pem"
    file.write_text("nothing of the kind")
    with pytest.raises(errors.InvalidInputError, match=f"^{argument}: "):
        DirectProvider("an-api-key", "https://127.0.0.1:9", **{argument: str(file)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("unknown authority", "verify='/path/to/ca.pem'"),
        ("another authority", "verify='/path/to/ca.pem'"),
        ("self-signed", "verify='/path/to/ca.pem'"),
        ("expired", "has expired; the operators have to renew it"),
        ("not yet valid", "not valid yet; is this machine's clock right?"),
        ("another host", "use the name that it was issued for"),
        ("another address", "use the name that it was issued for"),
    ],
)
def test_a_bad_certificate_is_refused(
    kind: str, told: str, authority: trustme.CA, ca_file: str, tmp_path: Path
) -> None:
    """Not even the key's exchange begins, and the message says what to do."""
    later = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=1000)
    certificate = {
        "expired": lambda: authority.issue_cert(
            "127.0.0.1", not_after=LONG_AGO, not_before=LONG_AGO.replace(2019)
        ),
        "not yet valid": lambda: authority.issue_cert(
            "127.0.0.1", not_before=later, not_after=later.replace(2100)
        ),
        "another host": lambda: authority.issue_cert("example.org"),
        "another address": lambda: authority.issue_cert("127.0.0.3"),
    }.get(kind, lambda: authority.issue_cert("127.0.0.1"))()
    another = tmp_path / "another.pem"
    trustme.CA().cert_pem.write_to_path(another)
    verify: object = {"unknown authority": True, "self-signed": True, "another authority": str(another)}.get(
        kind, ca_file
    )
    with serving(_self_signed(tmp_path) if kind == "self-signed" else certificate) as (url, said):
        with pytest.raises(errors.TransportError, match="certificate was not accepted") as caught:
            ask(url, verify=verify)
        assert told in str(caught.value)
        assert not caught.value.retryable
        assert not said


def _self_signed(folder: Path) -> trustme.LeafCert:
    """A certificate that vouches for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return trustme.LeafCert(private, certificate.public_bytes(serialization.Encoding.PEM), [])


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_does_not_vouch(
    variable: str, authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, ca_file)
    with serving(authority.issue_cert("127.0.0.1")) as (url, said):
        with pytest.raises(errors.TransportError, match="certificate was not accepted"):
            ask(url)
        assert not said


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_does_not_replace_verify(
    variable: str, authority: trustme.CA, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = tmp_path / "another.pem"
    trustme.CA().cert_pem.write_to_path(another)
    monkeypatch.setenv(variable, str(another))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(authority.issue_cert("127.0.0.1")) as (url, said):
        ask(url, verify=ca_file)
    assert said[-1]["Authorization"] == "Bearer a-bearer-token"
    assert not any("Basic" in repr(headers) for headers in said)


def test_http_where_https_was_said(authority: trustme.CA) -> None:
    """No TLS at all is not taken for a bad certificate."""
    server = QuietServer(("127.0.0.1", 0), type("Handler", (Answers,), {"said": []}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(errors.TransportError, match="does the url say https where the server does"):
            ask(f"https://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
