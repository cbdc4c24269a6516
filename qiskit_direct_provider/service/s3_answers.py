"""XML answers of the object store."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from fastapi import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qiskit_direct_provider.service.objects import StoredObject

__all__ = ["S3Error", "error_answer", "headers_of", "listing_answer", "xml_answer"]

_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class S3Error(Exception):
    """A refusal with one of S3's own codes."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def xml_answer(root: str, content: str, status: int = 200) -> Response:
    """An XML document."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {_NAMESPACE}>{content}</{root}>'
    return Response(body, status, media_type="application/xml")


def error_answer(error: S3Error, resource: str) -> Response:
    """The document of a refusal; it never repeats a query, which may be a secret."""
    content = (
        f"<Code>{error.code}</Code><Message>{escape(str(error))}</Message>"
        f"<Resource>{escape(resource)}</Resource><RequestId>{uuid.uuid4().hex[:16].upper()}</RequestId>"
    )
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{content}</Error>'
    return Response(body, error.status, media_type="application/xml")


def headers_of(stored: StoredObject) -> dict[str, str]:
    """Headers that describe an object."""
    return {
        "ETag": f'"{stored.etag}"',
        "Last-Modified": formatdate(stored.modified, usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Type": stored.content_type or "binary/octet-stream",
    }


def listing_answer(
    bucket: str, query: dict[str, str], entries: Sequence[StoredObject | str], last: str | None
) -> Response:
    """``ListObjectsV2`` (or version 1) of objects and common prefixes; ``last`` is given when more follow."""
    coded = _percent_encoded if query.get("encoding-type") == "url" else str
    content = (
        f"<Name>{escape(bucket)}</Name><Prefix>{escape(coded(query.get('prefix', '')))}</Prefix>"
        f"<Delimiter>{escape(coded(query.get('delimiter', '')))}</Delimiter>"
        f"<MaxKeys>{escape(query.get('max-keys', '1000'))}</MaxKeys><KeyCount>{len(entries)}</KeyCount>"
        f"<IsTruncated>{str(last is not None).lower()}</IsTruncated>"
    )
    if "encoding-type" in query:
        content += f"<EncodingType>{escape(query['encoding-type'])}</EncodingType>"
    if last is not None and query.get("list-type") == "2":
        content += f"<NextContinuationToken>{escape(last)}</NextContinuationToken>"
    elif last is not None:
        content += f"<NextMarker>{escape(coded(last))}</NextMarker>"
    return xml_answer("ListBucketResult", content + "".join(_entry(entry, coded) for entry in entries))


def _percent_encoded(text: str) -> str:
    return quote(text, safe="/-_.~")


def _entry(entry: StoredObject | str, coded: Callable[[str], str]) -> str:
    if isinstance(entry, str):
        return f"<CommonPrefixes><Prefix>{escape(coded(entry))}</Prefix></CommonPrefixes>"
    modified = datetime.fromtimestamp(entry.modified, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return (
        f"<Contents><Key>{escape(coded(entry.key))}</Key><LastModified>{modified}</LastModified>"
        f"<ETag>&quot;{entry.etag}&quot;</ETag><Size>{entry.size}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )
