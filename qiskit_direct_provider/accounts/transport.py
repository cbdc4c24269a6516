"""How requests travel: certificates, proxies, and the time they may take."""

from __future__ import annotations

import importlib.util
import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qiskit_direct_provider import notices
from qiskit_direct_provider.accounts.secret import Secret, checked_secret
from qiskit_direct_provider.errors import AccountError, InvalidInputError
from qiskit_direct_provider.files import at_home

__all__ = ["HttpOptions", "Proxies", "check_ntlm", "http_options"]


@dataclass(frozen=True)
class Proxies:
    """Proxies by scheme; a URL may hold a password. ``ntlm`` is the login at a proxy that asks for NTLM."""

    urls: Mapping[str, Secret]
    ntlm: tuple[str, Secret] | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any] | Proxies | None) -> Proxies | None:
        """Proxies as a user gives them.

        ``{"https": url}``, or the form of qiskit-ibm-runtime, which knows NTLM:
        ``{"urls": {"https": url}, "username_ntlm": "me", "password_ntlm": "..."}``.

        Raises:
            InvalidInputError: It is neither.
        """
        if given is None or isinstance(given, Proxies):
            return given
        whole: Mapping[str, Any] = given if isinstance(given, Mapping) else {"urls": None}
        urls = whole.get("urls", whole)
        if not isinstance(urls, Mapping) or not all(map(_is_entry, urls.items())):
            raise InvalidInputError("proxies must be a mapping such as {'https': 'http://proxy:3128'}")
        secrets = {scheme: Secret.of(url) for scheme, url in urls.items()}
        return cls(secrets, _ntlm(whole) if "urls" in whole else None)


def _is_entry(entry: tuple[Any, Any]) -> bool:
    return isinstance(entry[0], str) and isinstance(entry[1], str | Secret)


def _ntlm(given: Mapping[str, Any]) -> tuple[str, Secret] | None:
    user, password = given.get("username_ntlm"), Secret.of(given.get("password_ntlm") or "")
    if not user and not password:
        return None
    if not isinstance(user, str) or not user or not password:
        raise InvalidInputError("NTLM takes both username_ntlm and password_ntlm")
    if importlib.util.find_spec("requests_ntlm") is None:
        raise AccountError("a proxy with NTLM needs pip install 'qiskit-direct-provider[ntlm]'")
    return user, checked_secret(password, "the password_ntlm")


@dataclass(frozen=True)
class HttpOptions:
    """How requests travel.

    Attributes:
        verify: True, or the path of a CA bundle that is trusted beside the public authorities; False
            switches certificate checks off.
        cert: Client certificate: a path, or a pair of certificate and key paths.
        proxies: Proxy URL by scheme, which may hold a password; None takes the environment's.
        timeout: Longest time for one call, its retries included, in seconds; None means 120 s.
        ntlm: User and password at a proxy that asks for NTLM.
    """

    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    proxies: Mapping[str, Secret] | None = None
    timeout: float | None = None
    ntlm: tuple[str, Secret] | None = None


def http_options(
    *,
    verify: object = True,
    cert: object = None,
    proxies: Proxies | None = None,
    timeout: object = None,
) -> HttpOptions:
    """Checked options.

    Raises:
        InvalidInputError: One of them cannot be right.
    """
    if verify is False:
        notices.warn("certificate checks are off: whoever is in between can read the key")
    return HttpOptions(
        verify=verify if isinstance(verify, bool) else _bundle(verify),
        cert=None if cert is None else _client_certificate(cert),
        proxies=proxies.urls if proxies else None,
        timeout=_seconds(timeout),
        ntlm=proxies.ntlm if proxies else None,
    )


def check_ntlm(options: HttpOptions, urls: Iterable[str]) -> None:
    """Refuse what a login by NTLM cannot do: open the tunnel to an https address.

    The login is three messages on one connection. Over plain http, requests-ntlm exchanges them as requests;
    a tunnel is opened below it, by urllib3 and the standard library, which take the first 407 for the end.

    Raises:
        AccountError: One of the addresses would be reached through such a tunnel.
    """
    if options.ntlm is None:
        return
    from requests.utils import select_proxy

    known = dict.fromkeys(options.proxies or (), "a proxy")
    for url in urls:
        if url.startswith("https:") and select_proxy(url, known):
            raise AccountError(
                f"a proxy that asks for NTLM lets plain http through, and not {url}: no library that is used "
                "here opens a tunnel with such a login. Let a proxy on this machine log in (cntlm, px), and "
                "take its address, without username_ntlm, as the proxy"
            )


def _seconds(timeout: object) -> float | None:
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if timeout is not None and not (number and timeout > 0):  # type: ignore[operator]  # a number: see above
        raise InvalidInputError(f"timeout must be a positive number of seconds, not {timeout!r}")
    return timeout  # type: ignore[return-value]  # as the line above checked


def _bundle(verify: object) -> str:
    """The path of a file, or of a folder, of certificates."""
    path = _existing(verify, "verify must be True, False or the path of a CA bundle")
    if Path(path).is_file():
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
        except (ssl.SSLError, OSError) as error:
            raise InvalidInputError(f"verify: no certificate in PEM form can be read from {path}") from error
    return path


def _client_certificate(cert: object) -> str | tuple[str, str]:
    """One file with certificate and key, or two."""
    rule = "cert must be the path of a certificate, or a pair of certificate and key paths"
    pair = isinstance(cert, tuple | list) and len(cert) == 2  # noqa: PLR2004 - certificate and key
    paths = [_existing(path, rule) for path in (cert if pair else (cert,))]  # type: ignore[attr-defined]  # a pair: see above
    try:
        # A key with a password would be asked for at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(paths[0], paths[1] if pair else None, str)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InvalidInputError(
            "cert: certificate and key cannot be read, do not belong together, or the key has a password"
        ) from error
    return (paths[0], paths[1]) if pair else paths[0]


def _existing(path: object, rule: str) -> str:
    """A path at which there is something. An empty text must not come to mean no check at all."""
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    if not isinstance(text, str) or not text or not at_home(text).exists():
        raise InvalidInputError(f"{rule}, not {path!r}")
    return str(at_home(text))
