"""Presigned URLs that jobs name: read and written, within an allow-list of origins."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from qiskit_direct_provider.service.objects import MAX_OBJECT_BYTES, ObjectStore
from qiskit_direct_provider.service.signatures import (
    Credentials,
    SignatureRefusedError,
    SignedRequest,
    verify,
)

if TYPE_CHECKING:
    import requests

    from qiskit_direct_provider.service.settings import ServiceSettings

__all__ = ["OriginError", "Origins"]

_TIMEOUT_S = 60.0
_PATIENCE_S = 8.0
_FIRST_PAUSE_S = 0.1
_TEMPORARY = frozenset({429, 500, 502, 503, 504})
_PORTS = {"http": 80, "https": 443}
# Nothing that two URL parsers could read differently: no blanks, backslashes or user names.
_PLAIN_URL = re.compile(
    r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?/[!-\[\]-~]*|https?://\[[0-9a-fA-F:]+\](:\d{1,5})?/[!-\[\]-~]*"
)


class OriginError(Exception):
    """A URL that may not be used, or that did not work. The text never holds the URL, which is a secret."""


class _UnavailableError(Exception):
    """The store may answer a little later."""


class Origins:
    """Fetches inputs, and stores results and logs.

    The service's own store is reached directly, without a connection; signature and expiry are
    checked all the same.
    """

    def __init__(self, settings: ServiceSettings, store: ObjectStore) -> None:
        self._store = store
        self._credentials = Credentials(settings.s3_access_key, settings.s3_secret_key)
        self._foreign = {_origin(url) for url in settings.storage_origins}
        self._own_hosts = {"127.0.0.1", "localhost", "::1", settings.host.lower()}
        if settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not bound to
            self._own_hosts |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        self.own_ports = {settings.port}
        """Where this service was reached, in earlier runs with the same state as well."""

    async def fetch(self, url: str) -> bytes:
        """The content behind a URL.

        Raises:
            OriginError: Not allowed, refused, not there, too large or too slow.
        """
        if self._is_own(url):
            return self._fetch_own(url)
        return await asyncio.to_thread(_transfer, "GET", url, None)

    async def store(self, url: str, data: bytes) -> None:
        """Put content behind a URL.

        Raises:
            OriginError: Not allowed, refused or too slow.
        """
        if self._is_own(url):
            self._store.write(self._own_key("PUT", url), data)
        else:
            await asyncio.to_thread(_transfer, "PUT", url, data)

    def _is_own(self, url: str) -> bool:
        if not _PLAIN_URL.fullmatch(url):
            raise OriginError("the presigned URL is malformed")
        scheme, host, port = _origin(url)
        if scheme == "http" and port in self.own_ports and host in self._own_hosts:
            return True
        if (scheme, host, port) not in self._foreign:
            raise OriginError(
                f"the object store {scheme}://{host}:{port} is not one that this service may use"
            )
        return False

    def _fetch_own(self, url: str) -> bytes:
        stored = self._store.find(self._own_key("GET", url))
        if stored is None:
            raise OriginError("the object does not exist (NoSuchKey)")
        return self._store.path_of(stored).read_bytes()

    def _own_key(self, method: str, url: str) -> str:
        parts = urlsplit(url)
        request = SignedRequest(method, parts.path, parts.query, {"host": parts.netloc})
        try:
            verify(request, self._credentials)
        except SignatureRefusedError as refusal:
            raise OriginError(f"the presigned URL was refused ({refusal.code}): {refusal}") from refusal
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if bucket != self._store.bucket or not key:
            raise OriginError("the bucket does not exist (NoSuchBucket)")
        return key


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme, 0)


def _transfer(method: str, url: str, data: bytes | None) -> bytes:
    """Try again for a while: a store that is restarted is gone for a moment."""
    deadline = time.monotonic() + _PATIENCE_S
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return _transfer_once(method, url, data)
        except _UnavailableError as error:
            if time.monotonic() + pause_s > deadline:
                raise OriginError(str(error)) from None
        time.sleep(pause_s)
        pause_s *= 2


def _transfer_once(method: str, url: str, data: bytes | None) -> bytes:
    import requests

    with requests.Session() as session:
        # neither proxies nor credentials of the machine's owner
        session.trust_env = False
        try:
            with session.request(
                method, url, data=data, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
            ) as response:
                return _read(response)
        except requests.RequestException as error:
            raise _UnavailableError(f"the object store did not answer ({type(error).__name__})") from None


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(1 << 20):
        content += chunk
        if len(content) > MAX_OBJECT_BYTES:
            raise OriginError(f"the object is larger than {MAX_OBJECT_BYTES} bytes")
    if response.status_code in _TEMPORARY:
        raise _UnavailableError(f"the object store refused with HTTP {response.status_code}")
    if not 200 <= response.status_code < 300:  # noqa: PLR2004 - any success will do
        raise OriginError(f"the object store refused with HTTP {response.status_code}")
    return bytes(content)
