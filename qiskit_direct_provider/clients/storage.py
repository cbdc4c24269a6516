"""Objects of the user's S3 store: inputs up, results and logs down, and URLs for the service."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qiskit_direct_provider.errors import StorageError

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions, S3Storage

__all__ = ["LONGEST_URL_LIFETIME_S", "ObjectStore"]

LONGEST_URL_LIFETIME_S = 604_800  # the most that Signature Version 4 allows
SHORTEST_URL_LIFETIME_S = 86_400
MAX_OBJECT_BYTES = 512 * 1024 * 1024
_CHUNK = 1024 * 1024


class ObjectStore:
    """The bucket of an `S3Storage`; own reads and writes are signed with its own keys.

    Presigned URLs are made for the address under which the service sees the store.
    """

    def __init__(self, storage: S3Storage, options: HttpOptions) -> None:
        self._storage = storage
        self._options = options
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def key(self, name: str) -> str:
        """The full key of an object."""
        return self._storage.prefix + name

    def put(self, name: str, data: bytes) -> None:
        """Write an object.

        Raises:
            StorageError: The store refused or did not answer.
        """
        self._call("put_object", name, Body=data, ContentType="application/json")

    def get(self, name: str) -> bytes | None:
        """Read an object; None when there is none.

        Raises:
            StorageError: The store refused or did not answer, or the object is larger than 512 MiB.
        """
        try:
            answer = self._call("get_object", name)
        except _MissingObjectError:
            return None
        with contextlib.closing(answer["Body"]) as stream:
            return self._read(stream, name)

    def delete(self, name: str) -> None:
        """Remove an object, if it is there."""
        self._call("delete_object", name)

    def url(self, method: str, name: str, lifetime_s: int) -> str:
        """A presigned URL that lets the service GET or PUT one object. It is a secret."""
        endpoint = self._storage.endpoint_for_service or self._storage.endpoint
        url: str = self._client(endpoint).generate_presigned_url(
            {"GET": "get_object", "PUT": "put_object"}[method],
            Params={"Bucket": self._storage.bucket, "Key": self.key(name)},
            ExpiresIn=lifetime_s,
            HttpMethod=method,
        )
        return url

    def _call(self, operation: str, name: str, **parameters: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._client(self._storage.endpoint)
        try:
            return getattr(client, operation)(Bucket=self._storage.bucket, Key=self.key(name), **parameters)
        except ClientError as error:
            raise self._refusal(operation, name, error) from error
        except BotoCoreError as error:
            raise self._silence(operation, error) from error

    def _refusal(self, operation: str, name: str, error: Any) -> StorageError:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        advice = {
            "NoSuchBucket": f"the bucket {self._storage.bucket!r} does not exist",
            "SignatureDoesNotMatch": "check the secret_access_key and the region",
            "InvalidAccessKeyId": "check the access_key_id",
            "AccessDenied": "the key may not do this in this bucket",
            "RequestTimeTooSkewed": "this machine's clock differs from the store's by more than 15 minutes",
        }.get(code, "")
        what = f"{operation} of {self.key(name)!r}"
        text = f"the object store at {self._host} refused {what}: {code} [HTTP {status}]"
        kind = _MissingObjectError if code in {"NoSuchKey", "404"} else StorageError
        return kind(f"{text} {advice}".rstrip(), status=status, code=code)

    def _silence(self, operation: str, error: Exception) -> StorageError:
        return StorageError(
            f"the object store at {self._host} did not answer to {operation} ({type(error).__name__}); "
            "is storage.endpoint right, and the store up?",
            retryable=True,
        )

    def _read(self, stream: Any, name: str) -> bytes:
        from botocore.exceptions import BotoCoreError

        body = bytearray()
        try:
            for chunk in stream.iter_chunks(_CHUNK):
                body += chunk
                if len(body) > MAX_OBJECT_BYTES:
                    raise StorageError(
                        f"the object {self.key(name)!r} is larger than {MAX_OBJECT_BYTES} bytes"
                    )
        except BotoCoreError as error:
            raise self._silence("get_object", error) from error
        return bytes(body)

    @property
    def _host(self) -> str:
        return urlsplit(self._storage.endpoint).netloc

    def _client(self, endpoint: str) -> Any:
        with self._lock:
            if endpoint not in self._clients:
                self._clients[endpoint] = self._connect(endpoint)
            return self._clients[endpoint]

    def _connect(self, endpoint: str) -> Any:
        """A client for one endpoint; path style and no extra checksums, as on-prem stores want it."""
        import requests
        from botocore.config import Config

        options, storage = self._options, self._storage
        proxies = (
            options.proxies if options.proxies is not None else requests.utils.get_environ_proxies(endpoint)
        )
        return _session().client(
            "s3",
            endpoint_url=endpoint,
            region_name=storage.region,
            aws_access_key_id=storage.access_key_id.reveal(),
            aws_secret_access_key=storage.secret_access_key.reveal(),
            verify=options.verify,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=20,
                retries={"mode": "standard", "total_max_attempts": 4},
                proxies=dict(proxies),
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


class _MissingObjectError(StorageError):
    """There is no such object."""
