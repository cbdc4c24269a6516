"""Objects of the user's S3 store: inputs up, results and logs down, and URLs for the service."""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.refusals import RETRYABLE_STATUSES
from qiskit_direct_provider.errors import ProtocolError, StorageError, TransportError
from qiskit_direct_provider.wire.s3 import read_code

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions, S3Storage
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["LONGEST_URL_LIFETIME_S", "SHORTEST_URL_LIFETIME_S", "ObjectStore"]

LONGEST_URL_LIFETIME_S = 604_800  # the most that Signature Version 4 allows
SHORTEST_URL_LIFETIME_S = 86_400
OWN_URL_LIFETIME_S = 3600
MAX_OBJECT_BYTES = 512 * 1024 * 1024

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

    Own reads and writes go through presigned URLs as well, so that they travel as all other requests do:
    one deadline, one retry policy, no redirects, bounded bodies. URLs for the service are made for the
    address under which it sees the store.
    """

    def __init__(self, storage: S3Storage, options: HttpOptions) -> None:
        self._storage = storage
        self._sender = Sender(_origin(storage.endpoint), options, headers={"Accept": "*/*"}, refusal=_refusal)
        self._lock = threading.Lock()
        self._signers: dict[str, Any] = {}

    def key(self, name: str) -> str:
        """The full key of an object."""
        return self._storage.prefix + name

    def put(self, name: str, data: bytes, deadline: Deadline) -> None:
        """Write an object; the store checks its digest.

        Raises:
            StorageError: The store refused or did not answer.
        """
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")
        self._send("PUT", name, deadline, body=data, headers={"Content-MD5": digest})

    def get(self, name: str, deadline: Deadline) -> bytes | None:
        """Read an object; None when there is none.

        Raises:
            StorageError: The store refused or did not answer, or the object is larger than 512 MiB.
        """
        try:
            return self._send("GET", name, deadline, headers={"Accept-Encoding": "identity"})
        except _MissingObjectError:
            return None

    def delete(self, name: str, deadline: Deadline) -> None:
        """Remove an object, if it is there."""
        try:
            self._send("DELETE", name, deadline)
        except _MissingObjectError:
            return

    def url(self, method: str, name: str, lifetime_s: int) -> str:
        """A presigned URL that lets the service GET or PUT one object. It is a secret."""
        return self._signed(
            method, name, lifetime_s, self._storage.endpoint_for_service or self._storage.endpoint
        )

    def close(self) -> None:
        """Close idle connections."""
        self._sender.close()

    def _send(self, method: str, name: str, deadline: Deadline, **parts: Any) -> bytes:
        url = urlsplit(self._signed(method, name, OWN_URL_LIFETIME_S, self._storage.endpoint))
        request = Request(method, f"{url.path}?{url.query}", **parts)
        try:
            return self._sender.send(request, deadline, _body, MAX_OBJECT_BYTES)
        except TransportError as error:
            raise StorageError(
                f"the object store did not answer: {error}; is storage.endpoint right, and the store up?",
                retryable=error.retryable,
            ) from error
        except ProtocolError as error:
            raise StorageError(f"the object store: {error}", status=error.status) from error

    def _signed(self, method: str, name: str, lifetime_s: int, endpoint: str) -> str:
        operation = {"GET": "get_object", "PUT": "put_object", "DELETE": "delete_object"}[method]
        url: str = self._signer(endpoint).generate_presigned_url(
            operation,
            Params={"Bucket": self._storage.bucket, "Key": self.key(name)},
            ExpiresIn=lifetime_s,
            HttpMethod=method,
        )
        return url

    def _signer(self, endpoint: str) -> Any:
        with self._lock:
            if endpoint not in self._signers:
                self._signers[endpoint] = _connect(self._storage, endpoint)
            return self._signers[endpoint]


class _MissingObjectError(StorageError):
    """There is no such object."""


def _body(answer: Answer) -> bytes:
    return answer.body


def _origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _refusal(answer: Any, host: str) -> StorageError:
    code = read_code(answer.body)
    kind = _MissingObjectError if code in _MISSING or (answer.status == 404 and not code) else StorageError  # noqa: PLR2004
    said = ", ".join(part for part in (code, f"HTTP {answer.status}") if part)
    advice = f" ({_ADVICE[code]})" if code in _ADVICE else ""
    return kind(
        f"the object store at {host} refused {answer.request}: [{said}]{advice}",
        status=answer.status,
        code=code or None,
        retryable=answer.status in RETRYABLE_STATUSES or code == "BadDigest",
    )


def _connect(storage: S3Storage, endpoint: str) -> Any:
    """A client that only signs; path style, as on-prem stores want it."""
    from botocore.config import Config

    return _session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=storage.region,
        aws_access_key_id=storage.access_key_id.reveal(),
        aws_secret_access_key=storage.secret_access_key.reveal(),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@functools.cache
def _session() -> Any:
    """One session for all stores, since it holds parsed service models.

    ``AWS_PROFILE`` and the files under ``~/.aws`` are not read: what the account says holds.
    """
    import boto3
    import botocore.session

    unset = (None, None, None, None)
    nothing = (None, None, os.devnull, None)
    variables = {"profile": unset, "config_file": nothing, "credentials_file": nothing}
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=variables))
