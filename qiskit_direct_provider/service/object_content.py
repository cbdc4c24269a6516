"""Contents of objects on their way in and out over HTTP."""

from __future__ import annotations

import base64
import contextlib
import hmac
import re
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from qiskit_direct_provider.service.chunked import ChunkError, unchunk
from qiskit_direct_provider.service.objects import MAX_OBJECT_BYTES, ObjectStore, StoredObject, Upload
from qiskit_direct_provider.service.s3_answers import S3Error, headers_of
from qiskit_direct_provider.service.signatures import UNSIGNED_PAYLOAD, Signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["check_conditions", "metadata_of", "read_document", "receive_object", "received", "send_object"]

_METADATA_PREFIX = "x-amz-meta-"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_PIECE = 1 << 20
_LONGEST_DOCUMENT = 2 << 20  # ten thousand parts, or a thousand long keys


async def receive_object(request: Request, store: ObjectStore, key: str, signer: Signer) -> StoredObject:
    """Store the body of a PUT; nothing is stored unless all of it arrives and fits its digests.

    Raises:
        S3Error: Too large, damaged, not what the client said, or not to be stored over what there is.
    """
    async with received(request, store.begin(), signer) as upload:
        check_conditions(request, store.find(key))
        return store.keep(upload, key, request.headers.get("content-type", ""), metadata_of(request))


@contextlib.asynccontextmanager
async def received(request: Request, upload: Upload, signer: Signer) -> AsyncIterator[Upload]:
    """The whole body of a request, as its digests have it; it is forgotten when anything fails.

    Raises:
        S3Error: Too large, damaged, or not what the client said.
    """
    try:
        await _receive(request, upload, signer)
        yield upload
    except ChunkError as error:
        upload.discard()
        raise S3Error(400, "IncompleteBody", f"The chunked body is damaged: {error}.") from error
    except BaseException:
        # a client that hangs up must not leave half an object behind
        upload.discard()
        raise


async def read_document(request: Request, store: ObjectStore, signer: Signer) -> str:
    """The body of a request that is a short document.

    Raises:
        S3Error: Too large, damaged, no text, or not what the client said.
    """
    async with received(request, store.begin(), signer) as upload:
        upload.close()
        if upload.size > _LONGEST_DOCUMENT:
            raise S3Error(400, "MalformedXML", "The document is too long.")
        content = upload.path.read_bytes()
    upload.discard()
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise S3Error(400, "MalformedXML", "The document is not text.") from None


def send_object(request: Request, store: ObjectStore, stored: StoredObject) -> Response:
    """The answer to GET or HEAD, whole or the one range that was asked for."""
    headers = headers_of(stored) | msgspec.json.decode(stored.metadata, type=dict[str, str])
    first, last, status = _range(request.headers.get("range"), stored.size)
    length = last - first + 1
    headers["Content-Length"] = str(length)
    if status == 206:  # noqa: PLR2004 - partial content
        headers["Content-Range"] = f"bytes {first}-{last}/{stored.size}"
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    # Opened before anything is awaited: the content stays readable even when it is replaced meanwhile.
    content = store.path_of(stored).open("rb")
    content.seek(first)
    if length <= _PIECE:
        with content:
            return Response(content.read(length), status, headers)
    return StreamingResponse(_pieces(content, length), status, headers)


async def _receive(request: Request, upload: Upload, signer: Signer) -> None:
    async for data in _content(request, signer):
        upload.write(data)
        if upload.size > MAX_OBJECT_BYTES:
            raise S3Error(400, "EntityTooLarge", "The object is larger than this store allows.")
    _check_digests(request, upload)


def _content(request: Request, signer: Signer) -> AsyncIterator[bytes]:
    payload = request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    chunked = payload.startswith("STREAMING-") or "aws-chunked" in request.headers.get("content-encoding", "")
    if not chunked:
        return request.stream()
    return unchunk(request.stream(), signer if payload.startswith("STREAMING-AWS4-HMAC-SHA256") else None)


def _check_digests(request: Request, upload: Upload) -> None:
    """Compare with what the client says that it sent."""
    md5 = request.headers.get("content-md5")
    if md5 is not None and not hmac.compare_digest(md5.encode(), base64.b64encode(upload.md5.digest())):
        raise S3Error(400, "BadDigest", "The Content-MD5 is not that of the content.")
    sha256 = request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    spoken = sha256 != UNSIGNED_PAYLOAD and not sha256.startswith("STREAMING-")
    if spoken and not hmac.compare_digest(sha256.encode(), upload.sha256.hexdigest().encode()):
        raise S3Error(400, "XAmzContentSHA256Mismatch", "The SHA-256 is not that of the content.")


def check_conditions(request: Request, former: StoredObject | None) -> None:
    """Hold to what the client wants of the object in whose place the new one would come."""
    absent, present = request.headers.get("if-none-match"), request.headers.get("if-match")
    unwanted = absent is not None and former is not None and absent.strip('"') in {"*", former.etag}
    missed = present is not None and (former is None or present.strip('"') not in {"*", former.etag})
    if unwanted or missed:
        raise S3Error(412, "PreconditionFailed", "At least one of the given conditions does not hold.")


def metadata_of(request: Request) -> str:
    """What the client says of an object, as the store keeps it."""
    kept = {name: value for name, value in request.headers.items() if name.startswith(_METADATA_PREFIX)}
    return msgspec.json.encode(kept).decode()


def _range(header: str | None, size: int) -> tuple[int, int, int]:
    """First and last byte to send, and the status to send them with (RFC 9110, one range only)."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return 0, size - 1, 200
    start, stop = found.groups()
    first = int(start) if start else max(size - int(stop), 0)
    last = min(int(stop), size - 1) if start and stop else size - 1
    if first >= size or first > last:
        raise S3Error(416, "InvalidRange", "The requested range is not satisfiable.")
    return first, last, 206


def _pieces(content: BinaryIO, length: int) -> Iterator[bytes]:
    with content:
        while length > 0 and (piece := content.read(min(_PIECE, length))):
            length -= len(piece)
            yield piece
