"""The object store of an account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from qiskit_direct_provider.accounts.secret import Secret, checked_secret
from qiskit_direct_provider.accounts.urls import checked_url
from qiskit_direct_provider.errors import InvalidInputError

__all__ = ["S3Storage"]


@dataclass(frozen=True, init=False, repr=False)
class S3Storage:
    """The S3-compatible store through which inputs, results and logs travel.

    Args:
        endpoint: URL of the store as this machine sees it.
        bucket: Name of an existing bucket.
        access_key_id: Access key.
        secret_access_key: Secret key; used to sign, never sent. As the access key, it may also be given by
            where it is kept: ``{"file": path}``, ``{"command": text}`` or ``{"keyring": "service/user"}``.
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
        access_key_id: str | Secret | Mapping[str, str],
        secret_access_key: str | Secret | Mapping[str, str],
        region: str = "us-east-1",
        endpoint_for_service: str | None = None,
        prefix: str = "",
    ) -> None:
        # First of all, so that no traceback shows them as they were given.
        access_key_id, secret_access_key = Secret.of(access_key_id), Secret.of(secret_access_key)
        access_key_id = checked_secret(access_key_id, "the storage access_key_id")
        secret_access_key = checked_secret(secret_access_key, "the storage secret_access_key")
        if not isinstance(bucket, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", bucket):
            raise InvalidInputError(f"the bucket name {bucket!r} is not one")
        if not isinstance(region, str) or not re.fullmatch(r"[A-Za-z0-9-]{0,64}", region):
            raise InvalidInputError(f"the region {region!r} is not one")
        if not isinstance(prefix, str) or not prefix.isprintable():
            raise InvalidInputError("the storage prefix must be printable text")
        service = endpoint_for_service and checked_url(
            endpoint_for_service, "the storage endpoint_for_service"
        )
        values = {
            "endpoint": checked_url(endpoint, "the storage endpoint"),
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
