"""Objects of the user's S3 store: inputs up, results and logs down, and URLs for the service."""

from __future__ import annotations

import base64
import functools
import hashlib
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from qiskit_direct_provider.accounts import Secret
from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.refusals import RETRYABLE_STATUSES
from qiskit_direct_provider.errors import ProtocolError, StorageError, TransportError
from qiskit_direct_provider.wire.s3 import read_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit_direct_provider.accounts import HttpOptions, S3Storage
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["LONGEST_URL_LIFETIME_S", "SHORTEST_URL_LIFETIME_S", "ObjectStore"]

LONGEST_URL_LIFETIME_S = 604_800  # the most that Signature Version 4 allows
SHORTEST_URL_LIFETIME_S = 86_400
MAX_OBJECT_BYTES = 512 * 1024 * 1024

_NOT_FOUND = 404
_MISSING = frozenset({"NoSuchKey", "NotFound"})
_ADVICE = {
    "NoSuchBucket": "the bucket does not exist",
    "SignatureDoesNotMatch": "check the secret_access_key and the region",
    "InvalidAccessKeyId": "check the access_key_id",
    "AccessDenied": "the key may not do this in this bucket",
    "RequestTimeTooSkewed": "this machine's clock differs from the store's by more than 15 minutes",
}


class ObjectStore:
    """The bucket of an `S3Storage`.

    Own reads and writes travel as all other requests do: one deadline, one retry policy, no redirects,
    bounded bodies. URLs for the service are made for the address under which it sees the store.
    """

    def __init__(self, storage: S3Storage, options: HttpOptions) -> None:
        self._storage = storage
        self._for_service = (storage.endpoint_for_service or storage.endpoint).rstrip("/")
        endpoint = urlsplit(storage.endpoint)
        self._root = endpoint.path.rstrip("/")
        self._sender = Sender(
            f"{endpoint.scheme}://{endpoint.netloc}",
            options,
            headers={"Accept": "*/*"},
            refusal=_refusal,
            advice="is storage.endpoint right, and the store up?",
        )

    def key(self, name: str) -> str:
        """The full key of an object."""
        return self._storage.prefix + name

    def put(self, name: str, data: bytes, deadline: Deadline) -> None:
        """Write an object; the store checks its digest.

        Raises:
            StorageError: The store refused or did not answer.
        """
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")
        self._send("PUT", name, deadline, data, {"Content-MD5": digest})

    def get(self, name: str, deadline: Deadline) -> bytes | None:
        """Read an object; None when there is none.

        Raises:
            StorageError: The store refused or did not answer, or the object is larger than 512 MiB.
        """
        try:
            return self._send("GET", name, deadline, None, {"Accept-Encoding": "identity"})
        except _MissingObjectError:
            return None

    def delete(self, name: str, deadline: Deadline) -> None:
        """Remove an object, if it is there."""
        try:
            self._send("DELETE", name, deadline, None, {})
        except _MissingObjectError:
            return

    def url(self, method: str, name: str, lifetime_s: int) -> str:
        """A presigned URL that lets the service GET or PUT one object. It is a secret."""
        return _presigned(self._storage, method, self._for_service + self._path(name), lifetime_s)

    def close(self) -> None:
        """Close idle connections."""
        self._sender.close()

    def _path(self, name: str) -> str:
        """Path style, as on-prem stores want it."""
        return f"/{self._storage.bucket}/{quote(self.key(name), safe='/~')}"

    def _send(
        self, method: str, name: str, deadline: Deadline, body: bytes | None, headers: Mapping[str, str]
    ) -> bytes:
        path = self._root + self._path(name)
        signature = _signature(self._storage, method, self._sender.base_url + path, body)
        request = Request(method, path, body, headers=headers, secrets=signature)
        try:
            return self._sender.send(request, deadline, _body, MAX_OBJECT_BYTES)
        except TransportError as error:
            raise StorageError(f"the object store: {error}", retryable=error.retryable) from error
        except ProtocolError as error:
            raise StorageError(f"the object store: {error}", status=error.status) from error


class _MissingObjectError(StorageError):
    """There is no such object."""


def _body(answer: Answer) -> bytes:
    """The body of a store's answer; a page of something in between has no ETag, and stored nothing."""
    if answer.request.method != "DELETE" and "ETag" not in answer.headers:
        raise answer.broken("it has no ETag, so it is not the object store's")
    return answer.body


def _refusal(answer: Any, host: str) -> StorageError:
    code = read_code(answer.body)
    missing = code in _MISSING or (answer.status == _NOT_FOUND and not code)
    said = ", ".join(part for part in (code, f"HTTP {answer.status}") if part)
    advice = f" ({_ADVICE[code]})" if code in _ADVICE else ""
    return (_MissingObjectError if missing else StorageError)(
        f"the object store at {host} refused {answer.request}: [{said}]{advice}",
        status=answer.status,
        code=code or None,
        retryable=answer.status in RETRYABLE_STATUSES or code == "BadDigest",
    )


def _signature(storage: S3Storage, method: str, url: str, body: bytes | None) -> dict[str, Secret]:
    """Signature Version 4 in headers, which nobody logs, good for this request and a few minutes."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method=method, url=url, data=body)
    S3SigV4Auth(_credentials(storage), "s3", storage.region).add_auth(request)
    return {name: Secret(str(value)) for name, value in request.headers.items()}


def _presigned(storage: S3Storage, method: str, url: str, lifetime_s: int) -> str:
    """A URL with Signature Version 4 in its query."""
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method=method, url=url)
    S3SigV4QueryAuth(_credentials(storage), "s3", storage.region, expires=lifetime_s).add_auth(request)
    signed: str = request.url
    return signed


def _credentials(storage: S3Storage) -> Any:
    from botocore.credentials import Credentials

    _silence_signers()
    return Credentials(storage.access_key_id.reveal(), storage.secret_access_key.reveal())


class _NoSignatures(logging.Filter):
    """Drops the lines in which botocore writes whole signatures into a debug log."""

    _lines = re.compile(r"signature|stringtosign|canonicalrequest|x-amz-", re.IGNORECASE)

    def filter(self, record: logging.LogRecord) -> bool:
        return not self._lines.search(record.getMessage())


@functools.cache
def _silence_signers() -> None:
    for name in ("botocore.auth", "botocore.endpoint", "botocore.signers", "botocore.hooks"):
        logging.getLogger(name).addFilter(_NoSignatures())
