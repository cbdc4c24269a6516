"""The object store over HTTP: the part of S3's REST interface that jobs and common clients need."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from fastapi import Request, Response

from qiskit_direct_provider.service.bulk_deletion import delete_objects
from qiskit_direct_provider.service.object_content import receive_object, send_object
from qiskit_direct_provider.service.part_routes import PartRoutes
from qiskit_direct_provider.service.s3_answers import S3Error, error_answer, xml_answer
from qiskit_direct_provider.service.s3_listing import list_objects
from qiskit_direct_provider.service.signatures import (
    Credentials,
    SignatureRefusedError,
    SignedRequest,
    Signer,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from qiskit_direct_provider.service.object_parts import ObjectParts
    from qiskit_direct_provider.service.objects import ObjectStore

__all__ = ["ObjectRoutes"]

# What S3 keeps beside an object's content; taken for the content itself, a tag would overwrite or delete it.
_BESIDE = frozenset(
    {"acl", "attributes", "legal-hold", "restore", "retention", "select", "tagging", "torrent"}
)
_IN_PARTS = frozenset({"uploads", "uploadId"})


class ObjectRoutes:
    """Answers for every path that is no part of the API. Works as an ASGI application."""

    def __init__(self, store: ObjectStore, parts: ObjectParts, credentials: Credentials) -> None:
        self._store = store
        self._parts = PartRoutes(store, parts)
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive, send)
        response = await self._answer(request)
        if response.status_code >= 400 and "expect" in request.headers:  # noqa: PLR2004 - a refusal
            # Refused unread, the body never comes: the next request would be taken for it.
            response.headers["Connection"] = "close"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        raw_path = request.scope["raw_path"].decode("latin-1")
        bucket, _, key = unquote(raw_path).lstrip("/").partition("/")
        try:
            signer = self._verify(request, raw_path)
        except SignatureRefusedError as refusal:
            if refusal.code == "AccessDenied" and bucket != self._store.bucket:
                # unsigned, and no bucket of ours: somebody who looks for a page
                return Response(b'{"detail":"Not Found"}', 404, media_type="application/json")
            return error_answer(S3Error(refusal.status, refusal.code, str(refusal)), raw_path)
        try:
            return await self._dispatch(request, bucket, key, signer)
        except S3Error as error:
            return error_answer(error, raw_path)

    def _verify(self, request: Request, raw_path: str) -> Signer:
        headers = {name: ",".join(request.headers.getlist(name)) for name in request.headers}
        signed = SignedRequest(
            request.method, raw_path, request.scope["query_string"].decode("latin-1"), headers
        )
        return verify(signed, self._credentials)

    async def _dispatch(self, request: Request, bucket: str, key: str, signer: Signer) -> Response:
        if not bucket:
            return self._list_buckets(request)
        if bucket != self._store.bucket:
            raise S3Error(404, "NoSuchBucket", "The specified bucket does not exist.")
        if not key and request.method == "POST" and "delete" in request.query_params:
            return await delete_objects(request, self._store, signer)
        if not key:
            return self._bucket(request)
        if not _IN_PARTS.isdisjoint(request.query_params):
            return await self._parts.answer(request, key, signer)
        if beside := _BESIDE.intersection(request.query_params):
            raise S3Error(501, "NotImplemented", f"This store has no {min(beside)} of an object.")
        if request.method == "PUT":
            return await self._put(request, key, signer)
        actions: dict[str, Callable[[Request, str], Response]] = {
            "GET": self._get,
            "HEAD": self._get,
            "DELETE": self._delete,
        }
        action = actions.get(request.method)
        if action is None:
            raise S3Error(501, "NotImplemented", "This store has no such operation.")
        return action(request, key)

    def _list_buckets(self, request: Request) -> Response:
        if request.method != "GET":
            raise S3Error(405, "MethodNotAllowed", "The method is not allowed against this resource.")
        created = "<CreationDate>2020-01-01T00:00:00.000Z</CreationDate>"
        item = f"<Bucket><Name>{self._store.bucket}</Name>{created}</Bucket>"
        content = f"<Owner><ID>local</ID><DisplayName>local</DisplayName></Owner><Buckets>{item}</Buckets>"
        return xml_answer("ListAllMyBucketsResult", content)

    def _bucket(self, request: Request) -> Response:
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        if request.method == "HEAD":
            return Response()
        if request.method == "PUT":
            raise S3Error(409, "BucketAlreadyOwnedByYou", "The bucket exists, and is yours.")
        if request.method != "GET":
            raise S3Error(501, "NotImplemented", "This store has no such operation.")
        if "uploads" in query:
            raise S3Error(501, "NotImplemented", "This store does not list uploads that are not complete.")
        if "location" in query:
            return xml_answer("LocationConstraint", "")
        return list_objects(self._store, query)

    def _get(self, request: Request, key: str) -> Response:
        stored = self._store.find(key)
        if stored is None:
            raise S3Error(404, "NoSuchKey", "The specified key does not exist.")
        return send_object(request, self._store, stored)

    def _delete(self, _request: Request, key: str) -> Response:
        self._store.remove(key)
        return Response(status_code=204)

    async def _put(self, request: Request, key: str, signer: Signer) -> Response:
        if "x-amz-copy-source" in request.headers:
            raise S3Error(501, "NotImplemented", "This store does not copy objects.")
        stored = await receive_object(request, self._store, key, signer)
        return Response(headers={"ETag": f'"{stored.etag}"'})
