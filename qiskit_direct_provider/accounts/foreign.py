"""Accounts that qiskit-ibm-runtime saved. They are read, and never written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from qiskit_direct_provider.accounts.account import AccountFields
from qiskit_direct_provider.accounts.channels import ibm_channel
from qiskit_direct_provider.accounts.file import Entry
from qiskit_direct_provider.accounts.secret import Secret
from qiskit_direct_provider.accounts.storage import S3Storage
from qiskit_direct_provider.accounts.transport import Proxies
from qiskit_direct_provider.accounts.urls import origin
from qiskit_direct_provider.errors import AccountError, InvalidInputError
from qiskit_direct_provider.files import at_home

__all__ = ["ibm_account_file", "ibm_saved_fields"]

_USUAL_NAMES = (
    "default-ibm-direct-access",
    "default-ibm-quantum-platform",
    "default-ibm-cloud",
    "default-ibm-quantum",
)
_IBM_CLOUD = "https://cloud.ibm.com"


def ibm_account_file() -> Path:
    """The file of qiskit-ibm-runtime."""
    return at_home("~/.qiskit/qiskit-ibm.json")


def ibm_saved_fields(name: str | None, *, channel: str | None, url: str | None) -> AccountFields | None:
    """The account of that name; or else the default one among those of this channel and address.

    Raises:
        AccountError: That account cannot be used.
    """
    accounts = {
        known: entry
        for known, entry in _entries().items()
        if isinstance(entry, dict) and (found := ibm_channel(entry.get("channel"))) is not None
        if name is not None
        or (channel in {None, found.name} and (url is None or origin(entry.get("url")) == origin(url)))
    }
    chosen = name if name is not None else _default_name(accounts)
    return _fields(accounts[chosen], chosen) if chosen in accounts else None


def _entries() -> dict[str, Any]:
    """The file's accounts; a file that cannot be read is somebody else's to mend."""
    try:
        return Entry(msgspec.json.decode(ibm_account_file().read_bytes(), type=dict[str, Any]))
    except (OSError, RuntimeError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _default_name(accounts: dict[str, dict[str, Any]]) -> str | None:
    marked = [name for name, entry in accounts.items() if entry.get("is_default_account")]
    usual = [name for name in _USUAL_NAMES if name in accounts]
    only = list(accounts) if len(accounts) == 1 else []
    return next(iter((*marked, *usual, *only)), None)


def _fields(entry: dict[str, Any], name: str) -> AccountFields:
    channel = ibm_channel(entry["channel"])
    assert channel is not None
    url, source = entry.get("url"), f"the account {name!r} of {ibm_account_file()}"
    try:
        return AccountFields(
            source=source,
            token=Secret.of(entry.get("token") or ""),
            url=None if channel.default_url and url == _IBM_CLOUD else url,
            instance=entry.get("instance"),
            channel=channel.name,
            iam_url=entry.get("iam_api_url"),
            storage=_storage(entry),
            proxies=Proxies.of(entry.get("proxies") or None),
            verify=entry.get("verify", True),
        )
    except (InvalidInputError, TypeError) as error:
        why = str(error)
    # Not chained: the frames below may hold secrets.
    raise AccountError(f"{source} cannot be used: {why}")


def _storage(entry: dict[str, Any]) -> S3Storage | None:
    """The object store, in accounts of the forks that know Direct Access."""
    if not entry.get("s3_endpoint"):
        return None
    return S3Storage(
        endpoint=entry["s3_endpoint"],
        bucket=entry.get("s3_bucket") or "",
        access_key_id=Secret(entry.get("aws_access_key_id") or ""),
        secret_access_key=Secret(entry.get("aws_secret_access_key") or ""),
        region=entry.get("s3_region") or "us-east-1",
    )
