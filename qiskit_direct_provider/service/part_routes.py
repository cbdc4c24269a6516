"""Uploads in parts over HTTP, which S3's clients choose for what is larger than some megabytes."""

from __future__ import annotations

import asyncio
import html
import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from fastapi import Request, Response

from qiskit_direct_provider.service.object_content import (
    check_conditions,
    metadata_of,
    read_document,
    received,
)
from qiskit_direct_provider.service.object_parts import join
from qiskit_direct_provider.service.objects import MAX_OBJECT_BYTES
from qiskit_direct_provider.service.s3_answers import S3Error, xml_answer

if TYPE_CHECKING:
    from qiskit_direct_provider.service.object_parts import ObjectParts, Part, PartedUpload
    from qiskit_direct_provider.service.objects import ObjectStore
    from qiskit_direct_provider.service.signatures import Signer

__all__ = ["PartRoutes"]

MOST_PARTS = 10_000
LEAST_BYTES = 5 << 20
"""Of each part but the last, as S3 has it."""

_NUMBER = re.compile(r"<PartNumber>\s*(\d{1,5})\s*</PartNumber>")
_ETAG = re.compile(r"<ETag>\s*([^<]{0,80}?)\s*</ETag>")


class PartRoutes:
    """Answers for requests about uploads in parts."""

    def __init__(self, store: ObjectStore, parts: ObjectParts) -> None:
        self._store = store
        self._parts = parts

    async def answer(self, request: Request, key: str, signer: Signer) -> Response:
        """Begin an upload, take a part, complete it, or give it up."""
        if "uploads" in request.query_params:
            if request.method == "POST":
                return self._begin(request, key)
            raise _unknown_operation()
        upload = self._parts.find(request.query_params["uploadId"], key)
        if upload is None:
            raise _unknown_upload()
        try:
            return await self._about(upload, request, signer)
        except FileNotFoundError:  # it was completed, or given up, while this request was on its way
            raise _unknown_upload() from None

    async def _about(self, upload: PartedUpload, request: Request, signer: Signer) -> Response:
        if request.method == "PUT":
            return await self._take(request, upload, signer)
        if request.method == "POST":
            return await self._complete(request, upload, signer)
        if request.method == "DELETE":
            self._parts.remove(upload)
            return Response(status_code=204)
        raise _unknown_operation()

    def _begin(self, request: Request, key: str) -> Response:
        upload = self._parts.begin(key, request.headers.get("content-type", ""), metadata_of(request))
        return xml_answer(
            "InitiateMultipartUploadResult", f"{self._named(key)}<UploadId>{upload.upload_id}</UploadId>"
        )

    async def _take(self, request: Request, upload: PartedUpload, signer: Signer) -> Response:
        if "x-amz-copy-source" in request.headers:
            raise S3Error(501, "NotImplemented", "This store does not copy objects.")
        number = _part_number(request.query_params.get("partNumber", ""))
        async with received(request, self._parts.incoming(upload), signer) as content:
            part = self._parts.keep(upload, number, content)
        return Response(headers={"ETag": f'"{part.etag}"'})

    async def _complete(self, request: Request, upload: PartedUpload, signer: Signer) -> Response:
        document = await read_document(request, self._store, signer)
        parts = _chosen(document, self._parts.parts(upload))
        check_conditions(request, self._store.find(upload.key))
        whole = self._store.begin()
        try:
            await asyncio.to_thread(join, parts, whole)
            stored = self._store.keep(whole, upload.key, upload.content_type, upload.metadata)
        except BaseException:
            whole.discard()
            raise
        self._parts.remove(upload)
        etag = f"<ETag>&quot;{stored.etag}&quot;</ETag>"
        return xml_answer("CompleteMultipartUploadResult", self._named(upload.key) + etag)

    def _named(self, key: str) -> str:
        return f"<Bucket>{escape(self._store.bucket)}</Bucket><Key>{escape(key)}</Key>"


def _part_number(text: str) -> int:
    if re.fullmatch("[0-9]{1,5}", text) and 1 <= int(text) <= MOST_PARTS:
        return int(text)
    raise S3Error(400, "InvalidArgument", f"Parts have numbers from 1 to {MOST_PARTS}.")


def _unknown_operation() -> S3Error:
    return S3Error(501, "NotImplemented", "This store has no such operation.")


def _unknown_upload() -> S3Error:
    return S3Error(404, "NoSuchUpload", "There is no such upload; it was completed, or given up.")


def _chosen(document: str, there: dict[int, Part]) -> list[Part]:
    """The parts that a client names, in order.

    Raises:
        S3Error: No such part, not in order, or of a size that an object of parts cannot have.
    """
    chosen: list[Part] = []
    for text in document.split("</Part>")[:-1]:
        number, etag = _NUMBER.search(text), _ETAG.search(text)
        part = there.get(int(number[1])) if number else None
        if part is None or etag is None or html.unescape(etag[1]).strip('"') != part.etag:
            raise S3Error(400, "InvalidPart", "A part is named that is not there, or that is another one.")
        if chosen and part.number <= chosen[-1].number:
            raise S3Error(400, "InvalidPartOrder", "The parts are not named in order.")
        chosen.append(part)
    if not chosen:
        raise S3Error(400, "MalformedXML", "No part is named.")
    if any(part.size < LEAST_BYTES for part in chosen[:-1]):
        raise S3Error(400, "EntityTooSmall", f"Each part but the last has at least {LEAST_BYTES} bytes.")
    if sum(part.size for part in chosen) > MAX_OBJECT_BYTES:
        raise S3Error(400, "EntityTooLarge", "The object is larger than this store allows.")
    return chosen
