"""Addresses of services, checked before anything is sent to them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from qiskit_direct_provider import notices
from qiskit_direct_provider.errors import InvalidInputError

__all__ = ["checked_url", "is_loopback", "origin"]


def checked_url(url: object, name: str) -> str:
    """An absolute http(s) URL without credentials, query or trailing slash; plain http is warned of.

    What is refused is not repeated: it may hold a password.

    Raises:
        InvalidInputError: It is none.
    """
    text = url.strip().rstrip("/") if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
        well_formed = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well_formed = False
    if not (well_formed and text.isascii() and text.isprintable() and " " not in text):
        raise InvalidInputError(f"{name} must be an http or https URL such as https://host:port")
    if parts.username or parts.password or "@" in parts.netloc:
        raise InvalidInputError(f"{name} must not hold a user name or a password")
    if parts.query or parts.fragment:
        raise InvalidInputError(f"{name} must not hold a query or a fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        notices.warn(f"{name} is plain http to {parts.hostname}: keys and results can be read on the way")
    return text


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's loopback.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("example.org")
    (True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: object) -> str | None:
    """Scheme, host and port, by which two addresses are known to be of one system; None of no URL.

    >>> origin("https://System.example/v1"), origin("https://system.example:443")
    ('https://system.example:443', 'https://system.example:443')
    """
    try:
        parts = urlsplit(url.strip() if isinstance(url, str) else "")
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"
