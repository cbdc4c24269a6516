"""The object store, as boto3 and bare HTTP see it."""

from __future__ import annotations

import functools
import hashlib
import io
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_client import Service, refusal, s3_client

from qiskit_direct_provider.service.objects import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = [
    "plain",
    "with blank",
    "a/b/c",
    "../up",
    "./.",
    "%41",
    "a+b",
    "ümläut/\u4e16",
    "?query=1#x",
    "~tilde*(')!",
    "//double",
]


@pytest.mark.parametrize("key", KEYS)
def test_round_trip_of_any_key(store: Any, bucket: str, key: str) -> None:
    """Put, head, get, list and delete, with keys that would be dangerous as paths."""
    body = key.encode() * 3
    put = store.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/x", Metadata={"who": "me"})
    assert put["ETag"] == f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    head = store.head_object(Bucket=bucket, Key=key)
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (
        len(body),
        "text/x",
        {"who": "me"},
    )
    got = store.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == body
    assert abs(got["LastModified"].timestamp() - time.time()) < 60
    listed = store.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
    assert [item["Key"] for item in listed] == [key]
    store.delete_object(Bucket=bucket, Key=key)
    assert refusal(lambda: store.get_object(Bucket=bucket, Key=key)) == (404, "NoSuchKey")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40), body=st.binary())
def test_presigned_urls_of_any_key(service: Service, store: Any, bucket: str, key: str, body: bytes) -> None:
    """Whatever boto3 signs is understood, byte for byte."""
    name = {"Bucket": bucket, "Key": "h/" + key}
    for operation, method in (("put_object", "PUT"), ("get_object", "GET"), ("delete_object", "DELETE")):
        url = store.generate_presigned_url(operation, Params=name, ExpiresIn=60)
        answer = _send(method, url, body if method == "PUT" else None)
        assert answer.status_code < 300, answer.text
        if method == "GET":
            assert answer.content == body


def _send(method: str, url: str, data: bytes | None = None, **headers: str) -> requests.Response:
    """Send exactly that URL: requests would fold dots in its path."""
    with requests.Session() as session:
        prepared = session.prepare_request(
            requests.Request(method, url.partition("?")[0], headers, data=data)
        )
        prepared.url = url
        return session.send(prepared, timeout=10)


def test_missing_things(store: Any, bucket: str) -> None:
    """Objects and buckets that are not there; deletion of nothing is no error."""
    assert refusal(lambda: store.get_object(Bucket=bucket, Key="none")) == (404, "NoSuchKey")
    assert refusal(lambda: store.head_object(Bucket=bucket, Key="none")) == (404, "404")
    assert refusal(lambda: store.get_object(Bucket="none", Key="none")) == (404, "NoSuchBucket")
    assert refusal(lambda: store.list_objects_v2(Bucket="none")) == (404, "NoSuchBucket")
    assert store.delete_object(Bucket=bucket, Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_bucket_operations(store: Any, bucket: str) -> None:
    """What clients ask before they begin."""
    assert [each["Name"] for each in store.list_buckets()["Buckets"]] == [bucket]
    assert store.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert store.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert refusal(lambda: store.create_bucket(Bucket=bucket)) == (409, "BucketAlreadyOwnedByYou")
    assert refusal(lambda: store.create_bucket(Bucket="another")) == (404, "NoSuchBucket")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", "/", (405, "MethodNotAllowed")),
        ("DELETE", "/{bucket}", (501, "NotImplemented")),
        ("POST", "/{bucket}", (501, "NotImplemented")),
        ("PATCH", "/{bucket}/key", (501, "NotImplemented")),
        ("GET", "/{bucket}?max-keys=many", (400, "InvalidArgument")),
    ],
)
def test_requests_that_no_client_of_jobs_makes(
    service: Service, bucket: str, method: str, path: str, expected: tuple[int, str]
) -> None:
    """They are refused, rather than taken for others."""
    store = service.endpoint["s3"]
    keys = Credentials(store["access_key_id"], store["secret_access_key"])
    request = AWSRequest(method, service.url + path.format(bucket=bucket))
    S3SigV4QueryAuth(keys, "s3", store["region"]).add_auth(request)
    answer = _send(method, request.url)
    assert answer.status_code == expected[0]
    assert f"<Code>{expected[1]}</Code>" in answer.text


def test_an_object_is_not_copied(store: Any, bucket: str) -> None:
    """The body of such a request is empty: taken for an upload, it would replace an object by nothing."""
    for key in ("source", "target"):
        store.put_object(Bucket=bucket, Key=key, Body=key.encode())
    copy = {"Bucket": bucket, "Key": "target", "CopySource": {"Bucket": bucket, "Key": "source"}}
    assert refusal(lambda: store.copy_object(**copy)) == (501, "NotImplemented")
    assert store.get_object(Bucket=bucket, Key="target")["Body"].read() == b"target"


def test_what_a_killed_server_left_half_written_is_removed(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path, "bucket")
    kept = store.path_of(store.write("key", b"content"))
    half = store.begin()
    half.write(b"con")
    half.close()
    store.close()
    again = ObjectStore(tmp_path, "bucket")
    again.close()
    assert kept.read_bytes() == b"content"
    assert not half.path.exists()


def test_what_is_beside_an_object_is_not_taken_for_its_content(store: Any, bucket: str) -> None:
    """Tags in place of the content, and a content deleted with its tags, would be lost data."""
    store.put_object(Bucket=bucket, Key="tagged", Body=b"content")
    place = {"Bucket": bucket, "Key": "tagged"}
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    for call in (
        lambda: store.put_object_tagging(**place, Tagging=tags),
        lambda: store.get_object_tagging(**place),
        lambda: store.delete_object_tagging(**place),
        lambda: store.put_object_acl(**place, ACL="private"),
    ):
        assert refusal(call) == (501, "NotImplemented")
    assert store.get_object(**place)["Body"].read() == b"content"


def test_conditions_of_an_upload_are_kept(store: Any, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "once"}
    etag = store.put_object(**place, Body=b"first", IfNoneMatch="*")["ETag"]
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"0123"'}):
        call = functools.partial(store.put_object, **place, Body=b"no", **condition)
        assert refusal(call) == (412, "PreconditionFailed")
    assert refusal(lambda: store.put_object(Bucket=bucket, Key="never", Body=b"", IfMatch=etag))[0] == 412
    assert store.get_object(**place)["Body"].read() == b"first"
    store.put_object(**place, Body=b"second", IfMatch=etag)
    assert store.get_object(**place)["Body"].read() == b"second"


def test_a_refused_upload_leaves_a_connection_that_works(store: Any, bucket: str) -> None:
    """boto3 announces bodies, and does not send those that are refused at once."""
    store.put_object(Bucket=bucket, Key="kept", Body=b"content")
    for _ in range(3):
        assert refusal(lambda: store.put_object(Bucket="nowhere", Key="k", Body=b"x"))[0] == 404
        assert store.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"content"


def test_overwriting_replaces(store: Any, bucket: str) -> None:
    """The last write wins, and a reader of the former content is not disturbed."""
    large = b"x" * 3_000_000
    store.put_object(Bucket=bucket, Key="twice", Body=large)
    reader = store.get_object(Bucket=bucket, Key="twice")["Body"]
    beginning = reader.read(10)
    store.put_object(Bucket=bucket, Key="twice", Body=b"second")
    assert beginning + reader.read() == large
    assert store.get_object(Bucket=bucket, Key="twice")["Body"].read() == b"second"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=5-99", b"56789")],
)
def test_ranges(store: Any, bucket: str, asked: str, expected: bytes) -> None:
    """One range of bytes, as RFC 9110 defines it."""
    store.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")
    answer = store.get_object(Bucket=bucket, Key="digits", Range=asked)
    assert answer["Body"].read() == expected
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"].endswith("/10")


def test_range_out_of_bounds(store: Any, bucket: str) -> None:
    """A range behind the end is 416."""
    store.put_object(Bucket=bucket, Key="digits", Body=b"0123456789")
    assert refusal(lambda: store.get_object(Bucket=bucket, Key="digits", Range="bytes=10-")) == (
        416,
        "InvalidRange",
    )


def test_listing_pages_and_prefixes(store: Any, bucket: str) -> None:
    """Pages, common prefixes, and both versions of the listing."""
    names = [f"tree/{folder}/{leaf}" for folder in "ab" for leaf in range(3)] + ["tree/top"]
    for name in names:
        store.put_object(Bucket=bucket, Key=name, Body=b"")
    pages = store.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="tree/", PaginationConfig={"PageSize": 2}
    )
    assert [item["Key"] for page in pages for item in page["Contents"]] == names
    answer = store.list_objects_v2(Bucket=bucket, Prefix="tree/", Delimiter="/")
    assert [item["Prefix"] for item in answer["CommonPrefixes"]] == ["tree/a/", "tree/b/"]
    assert [item["Key"] for item in answer["Contents"]] == ["tree/top"]
    old = store.list_objects(Bucket=bucket, Prefix="tree/a/", MaxKeys=2)
    assert [item["Key"] for item in old["Contents"]] == names[:2]
    assert old["IsTruncated"]


@pytest.mark.parametrize("checksum", ["when_supported", "when_required"])
def test_upload_of_streams(service: Service, bucket: str, checksum: str) -> None:
    """boto3's newer default checksums, with bodies whose length it does and does not know."""
    client = s3_client(service.endpoint["s3"], request_checksum_calculation=checksum)
    body = bytes(range(256)) * 4000
    client.upload_fileobj(io.BytesIO(body), bucket, "stream")
    assert client.get_object(Bucket=bucket, Key="stream")["Body"].read() == body
    client.close()


def test_objects_never_become_files_of_that_name(start: Callable[..., Service], tmp_path: Any) -> None:
    """File names in the state folder say nothing, and nothing is written beside it.

    The bucket is called as a part of the API is, which goes first.
    """
    state = tmp_path / "inner" / "state"
    service = start(state=str(state), workers=1, s3_bucket="v1")
    assert requests.get(service.url + "/v1/backends", timeout=10).status_code == 401
    client = s3_client(service.endpoint["s3"])
    for key in ("../../escape", "/absolute", "name"):
        client.put_object(Bucket=service.endpoint["s3"]["bucket"], Key=key, Body=b"x")
    client.close()
    assert service.stop() == 0
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and state not in path.parents] == []
    names = [path.name for path in (state / "objects").iterdir()]
    assert len(names) == 3
    assert all(len(name) == 32 for name in names)
    assert urlsplit(service.url).port
