"""Listings of the object store's bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_direct_provider.service.objects import AFTER_EVERYTHING
from qiskit_direct_provider.service.s3_answers import S3Error, listing_answer

if TYPE_CHECKING:
    from fastapi import Response

    from qiskit_direct_provider.service.objects import ObjectStore, StoredObject

__all__ = ["list_objects"]

_LONGEST_PAGE = 1000


def list_objects(store: ObjectStore, query: dict[str, str]) -> Response:
    """One page of ``ListObjectsV2`` or ``ListObjects``, with common prefixes where a delimiter is given."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = query.get("continuation-token") or query.get("start-after") or query.get("marker") or ""
    limit = _limit(query)
    entries: list[StoredObject | str] = []
    while len(entries) < limit and (found := store.matching(prefix, after, 1)):
        entry, after = _entry(found[0], prefix, delimiter)
        entries.append(entry)
    more = bool(entries) and bool(store.matching(prefix, after, 1))
    return listing_answer(store.bucket, query, entries, after if more else None)


def _entry(stored: StoredObject, prefix: str, delimiter: str) -> tuple[StoredObject | str, str]:
    """The object, or the common prefix that it is behind; and the key after which to go on."""
    cut = stored.key.find(delimiter, len(prefix)) if delimiter else -1
    if cut < 0:
        return stored, stored.key
    common = stored.key[: cut + len(delimiter)]
    return common, common + AFTER_EVERYTHING


def _limit(query: dict[str, str]) -> int:
    try:
        return max(0, min(int(query.get("max-keys", _LONGEST_PAGE)), _LONGEST_PAGE))
    except ValueError:
        raise S3Error(400, "InvalidArgument", "max-keys is not a number.") from None
