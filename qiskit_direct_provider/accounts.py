"""Where to connect, as whom, and through which object store."""

from __future__ import annotations

import ipaddress
import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from qiskit_direct_provider.errors import AccountError, InvalidInputError

__all__ = ["Account", "HttpOptions", "S3Storage", "Secret", "proxy_urls", "resolve"]

CHANNELS = ("direct_access", "runtime", "legacy")

DEFAULT_IAM_URL = "https://iam.cloud.ibm.com"
DEFAULT_URLS = {
    "runtime": "https://quantum.cloud.ibm.com/api/v1",
    "legacy": "https://api.quantum-computing.ibm.com/runtime",
}
DEFAULT_LOGIN_URL = "https://auth.quantum-computing.ibm.com"

_LONGEST_HEADER_VALUE = 8192


class Secret:
    """Text that shows itself only when asked: not in a repr, a log line, a traceback or a pickle.

    >>> Secret("key")
    Secret('***')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def of(cls, value: str | Secret) -> Secret:
        """A secret as it was given, unchecked: from here on no traceback shows its text."""
        return value if isinstance(value, Secret) else cls(value)

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    @property
    def holds_text(self) -> bool:
        """Whether it was text that was given."""
        text: object = self._text
        return isinstance(text, str)

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")


def _secret(value: str | Secret | None, name: str) -> Secret:
    """A secret that can travel in a header; the text itself appears in no message and no traceback."""
    secret, value = Secret.of(value or ""), None
    if not secret.holds_text:
        raise InvalidInputError(f"{name} must be text")
    if not _sendable(secret):
        raise InvalidInputError(f"{name} holds characters that cannot be sent, or is too long")
    return Secret(secret.reveal().strip())


def _sendable(secret: Secret) -> bool:
    text = secret.reveal().strip()
    return len(text) <= _LONGEST_HEADER_VALUE and text.isascii() and text.isprintable()


def _checked_url(url: str, name: str) -> str:
    """An absolute http(s) URL without credentials, query or trailing slash; plain http is warned of.

    What is refused is not repeated: it may hold a password.
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
        warnings.warn(
            f"{name} is plain http to {parts.hostname}: keys and results can be read on the way",
            stacklevel=4,
        )
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


@dataclass(frozen=True, init=False, repr=False)
class S3Storage:
    """The S3-compatible store through which inputs, results and logs travel.

    Args:
        endpoint: URL of the store as this machine sees it.
        bucket: Name of an existing bucket.
        access_key_id: Access key.
        secret_access_key: Secret key; used to sign, never sent.
        region: Region that the store signs for.
        endpoint_for_service: URL of the same store as the quantum service sees it, where that differs.
        prefix: Put before every object's name.
    """

    endpoint: str
    bucket: str
    access_key_id: Secret
    secret_access_key: Secret
    region: str
    endpoint_for_service: str | None
    prefix: str

    def __init__(  # noqa: PLR0913, PLR0917 - the fields of an S3 account, all by name
        self,
        endpoint: str,
        bucket: str,
        access_key_id: str | Secret,
        secret_access_key: str | Secret,
        region: str = "us-east-1",
        endpoint_for_service: str | None = None,
        prefix: str = "",
    ) -> None:
        # First of all, so that no traceback shows them as they were given.
        access_key_id, secret_access_key = Secret.of(access_key_id), Secret.of(secret_access_key)
        access_key_id = _secret(access_key_id, "the storage access_key_id")
        secret_access_key = _secret(secret_access_key, "the storage secret_access_key")
        if not isinstance(bucket, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", bucket):
            raise InvalidInputError(f"the bucket name {bucket!r} is not one")
        if not isinstance(region, str) or not re.fullmatch(r"[A-Za-z0-9-]{0,64}", region):
            raise InvalidInputError(f"the region {region!r} is not one")
        if not isinstance(prefix, str) or not prefix.isprintable():
            raise InvalidInputError("the storage prefix must be printable text")
        service = endpoint_for_service and _checked_url(
            endpoint_for_service, "the storage endpoint_for_service"
        )
        values = {
            "endpoint": _checked_url(endpoint, "the storage endpoint"),
            "bucket": bucket,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "region": region or "us-east-1",
            "endpoint_for_service": service or None,
            "prefix": prefix,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        # A traceback may show one that was refused, so that it has no members.
        endpoint, bucket = getattr(self, "endpoint", None), getattr(self, "bucket", None)
        return f"S3Storage(endpoint={endpoint!r}, bucket={bucket!r})"


@dataclass(frozen=True)
class HttpOptions:
    """How requests travel.

    Attributes:
        verify: True, or the path of a CA bundle; False switches certificate checks off.
        cert: Client certificate: a path, or a pair of certificate and key paths.
        proxies: Proxy URL by scheme, which may hold a password; None takes the environment's.
        timeout: Longest time for one call, its retries included, in seconds; None means 120 s.
    """

    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    proxies: Mapping[str, Secret] | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Account:
    """Everything that a client needs in order to connect. Secrets are masked in its repr."""

    channel: str
    url: str
    token: Secret
    instance: str | None
    iam_url: str
    storage: S3Storage | None
    http: HttpOptions = HttpOptions()
    client_application: str | None = None


def resolve(  # noqa: PLR0913 - what the user may say, all by name
    *,
    token: str | Secret | None,
    url: str | None,
    instance: str | None = None,
    channel: str | None = None,
    iam_url: str | None = None,
    storage: S3Storage | None = None,
    client_application: str | None = None,
    **http: Any,
) -> Account:
    """The account that explicit arguments describe.

    Without ``iam_url``, a service on this machine's loopback is asked for its own token; for any other
    the token comes from IBM Cloud.

    Raises:
        AccountError: The token or the URL is missing.
        InvalidInputError: One of them cannot be right.
    """
    token = _secret(token, "the token")
    if channel is not None and channel not in CHANNELS:
        raise InvalidInputError(f"channel must be one of {', '.join(CHANNELS)}, not {channel!r}")
    if not token:
        raise AccountError("no token: pass DirectProvider(token=..., url=...), the API key of your system")
    chosen = channel or CHANNELS[0]
    url = url or DEFAULT_URLS.get(chosen)
    if not url:
        raise AccountError("no url: pass DirectProvider(token=..., url=...), the address of your system")
    if storage is not None and not isinstance(storage, S3Storage):
        raise InvalidInputError("storage must be an S3Storage(...)")
    checked = _checked_url(url, "the url")
    parts = urlsplit(checked)
    if chosen == "runtime" and not instance:
        raise AccountError("no instance: pass DirectProvider(instance=...), the CRN of your service instance")
    usual = DEFAULT_LOGIN_URL if chosen == "legacy" else DEFAULT_IAM_URL
    given = iam_url or (f"{parts.scheme}://{parts.netloc}" if is_loopback(parts.hostname or "") else usual)
    return Account(
        channel=chosen,
        url=checked,
        token=token,
        instance=_secret(instance, "the instance").reveal() or None,
        iam_url=_checked_url(given, "the iam_url"),
        storage=storage,
        http=_http_options(**http),
        client_application=client_application,
    )


def _http_options(
    *,
    verify: bool | str = True,
    cert: str | tuple[str, str] | None = None,
    proxies: Mapping[str, Any] | None = None,
    timeout: float | None = None,
) -> HttpOptions:
    if timeout is not None and not (_is_number(timeout) and timeout > 0):
        raise InvalidInputError(f"timeout must be a positive number of seconds, not {timeout!r}")
    if verify is False:
        warnings.warn("certificate checks are off: whoever is in between can read the key", stacklevel=4)
    elif verify is not True:
        verify = _existing(verify, "verify must be True, False or the path of a CA bundle")
    if cert is not None:
        pair = isinstance(cert, tuple) and len(cert) == 2  # noqa: PLR2004 - certificate and key
        for path in cert if pair else (cert,):
            _existing(path, "cert must be the path of a certificate, or a pair of certificate and key paths")
    return HttpOptions(verify=verify, cert=cert, proxies=proxy_urls(proxies), timeout=timeout)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _existing(path: object, rule: str) -> str:
    """A path at which there is something. An empty text must not come to mean no check at all."""
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    if not isinstance(text, str) or not text or not Path(text).exists():
        raise InvalidInputError(f"{rule}, not {path!r}")
    return text


def proxy_urls(proxies: Mapping[str, Any] | None) -> Mapping[str, Secret] | None:
    """Proxy by scheme; the URL may hold a password.

    Raises:
        InvalidInputError: It is no such mapping.
    """
    if proxies is None:
        return None
    urls = proxies.get("urls", proxies) if isinstance(proxies, Mapping) else None
    if not isinstance(urls, Mapping) or not all(
        isinstance(scheme, str) and isinstance(url, str | Secret) for scheme, url in urls.items()
    ):
        raise InvalidInputError("proxies must be a mapping such as {'https': 'http://proxy:3128'}")
    return {scheme: url if isinstance(url, Secret) else Secret(url) for scheme, url in urls.items()}
