"""The object store, as boto3 and bare HTTP see it."""

from __future__ import annotations

import functools
import hashlib
import io
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from unittest import mock  # the clock of the client that signs, nothing of the service
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_client import Client, Service, s3_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


@pytest.fixture(scope="module")
def store(service: Service) -> Iterator[Any]:
    """A boto3 client with the right keys."""
    client = s3_client(service.endpoint["s3"])
    yield client
    client.close()


@pytest.fixture
def bucket(service: Service) -> str:
    """Name of the bucket."""
    name: str = service.endpoint["s3"]["bucket"]
    return name


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """Status and code of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


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
        lambda: store.upload_part(**place, UploadId="1", PartNumber=1, Body=b"part"),
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


def _chunked(body: bytes, sizes: list[int]) -> tuple[bytes, list[bytes]]:
    pieces = []
    for size in sizes:
        pieces.append(body[:size])
        body = body[size:]
    return body, pieces


def test_unsigned_chunked_upload(service: Service, bucket: str) -> None:
    """The aws-chunked transfer with trailing checksum, as SDKs send it."""
    pieces = [b"hello ", b"world" * 10_000]
    content = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    content += b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    answer = _signed_put(service, bucket, "chunks", content, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert answer.status_code == 200, answer.text
    client = s3_client(service.endpoint["s3"])
    assert client.get_object(Bucket=bucket, Key="chunks")["Body"].read() == b"".join(pieces)
    client.close()


@pytest.mark.parametrize("content", [b"5\r\nhel", b"zz\r\n", b"5\r\nhelloXX0\r\n\r\n", b"", b"-1\r\n\r\n"])
def test_damaged_chunks_are_refused(service: Service, bucket: str, content: bytes) -> None:
    """A chunked body that is cut off or malformed stores nothing."""
    answer = _signed_put(service, bucket, "damaged", content, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert answer.status_code == 400
    assert "IncompleteBody" in answer.text
    client = s3_client(service.endpoint["s3"])
    assert refusal(lambda: client.get_object(Bucket=bucket, Key="damaged")) == (404, "NoSuchKey")
    client.close()


@pytest.mark.parametrize("tampered", [False, True])
def test_signed_chunks(service: Service, bucket: str, tampered: bool) -> None:
    """Each chunk's own signature is checked."""
    url, headers, signer, seed = _seed(service, bucket, "signed-chunks")
    content, previous = b"", seed
    for piece in (b"first " * 2000, b"second", b""):
        digest = hashlib.sha256(piece).hexdigest()
        empty = hashlib.sha256(b"").hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256-PAYLOAD", signer[1], signer[2], previous, empty, digest))
        previous = signer[0](text)
        sent = piece.replace(b"second", b"sec0nd") if tampered else piece
        content += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(piece), previous.encode(), sent)
    answer = requests.put(url, data=content, headers=headers, timeout=10)
    assert answer.status_code == (400 if tampered else 200), answer.text


def _seed(service: Service, bucket: str, key: str) -> tuple[str, dict[str, str], tuple[Any, str, str], str]:
    """A signed request for a chunked body: URL, headers, what signs its chunks, and the first signature."""
    url = f"{service.url}/{bucket}/{key}"
    request, auth = _sign(service, "PUT", url, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    headers = dict(request.headers)
    signature = headers["Authorization"].rpartition("Signature=")[2]

    def sign(text: str) -> str:
        return auth.signature(text, request)

    return url, headers, (sign, request.context["timestamp"], auth.credential_scope(request)), signature


def _sign(service: Service, method: str, url: str, payload: str) -> tuple[Any, Any]:
    """Sign with botocore, with a given x-amz-content-sha256."""

    class Auth(S3SigV4Auth):
        def payload(self, _request: Any) -> str:
            return payload

    store = service.endpoint["s3"]
    request = AWSRequest(method, url)
    auth = Auth(Credentials(store["access_key_id"], store["secret_access_key"]), "s3", store["region"])
    auth.add_auth(request)
    return request, auth


def _signed_put(service: Service, bucket: str, key: str, content: bytes, payload: str) -> requests.Response:
    url = f"{service.url}/{bucket}/{key}"
    request, _ = _sign(service, "PUT", url, payload)
    return requests.put(url, data=content, headers=dict(request.headers), timeout=10)


def test_digests_are_compared(service: Service, client: Client, bucket: str) -> None:
    """A body that is not what its Content-MD5 or signed SHA-256 says is refused."""
    url = client.presign("put_object", "digest")
    answer = requests.put(url, data=b"x", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, timeout=10)
    assert (answer.status_code, "BadDigest" in answer.text) == (400, True)
    answer = _signed_put(service, bucket, "digest", b"x", hashlib.sha256(b"y").hexdigest())
    assert (answer.status_code, "XAmzContentSHA256Mismatch" in answer.text) == (400, True)


def test_wrong_secret(service: Service, bucket: str) -> None:
    """Signatures with another secret or another key are refused."""
    right = service.endpoint["s3"]
    wrong = s3_client(right | {"secret_access_key": "wrong"})
    assert refusal(lambda: wrong.list_objects_v2(Bucket=bucket)) == (403, "SignatureDoesNotMatch")
    wrong.close()
    unknown = s3_client(right | {"access_key_id": "unknown"})
    assert refusal(lambda: unknown.list_objects_v2(Bucket=bucket)) == (403, "InvalidAccessKeyId")
    unknown.close()


def test_presigned_url_is_for_one_method_and_one_key(client: Client) -> None:
    """A URL for reading does not write, nor read anything else."""
    client.store.put_object(Bucket=client.bucket, Key="mine", Body=b"1")
    client.store.put_object(Bucket=client.bucket, Key="hers", Body=b"2")
    url = client.presign("get_object", "mine")
    assert requests.get(url, timeout=10).content == b"1"
    for method, address in (
        ("PUT", url),
        ("DELETE", url),
        ("GET", url.replace("mine", "hers")),
        ("GET", url + "&x=1"),
    ):
        answer = requests.request(method, address, timeout=10)
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
        assert "X-Amz" not in answer.text


def test_presigned_url_expires(client: Client) -> None:
    """After its time a URL is refused; its time has bounds; the time of signing has a tolerance."""
    client.store.put_object(Bucket=client.bucket, Key="mine", Body=b"1")
    url = client.presign("get_object", "mine", expires_s=1)
    assert requests.get(url, timeout=10).status_code == 200
    time.sleep(2.1)
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, "Request has expired" in answer.text) == (403, True)
    for expires in ("0", "604801", "x"):
        answer = requests.get(url.replace("Expires=1&", f"Expires={expires}&"), timeout=10)
        assert (answer.status_code, "AuthorizationQueryParametersError" in answer.text) == (400, True)


@pytest.mark.newest
@pytest.mark.parametrize("minutes", [-20, 20])
def test_clock_skew(service: Service, bucket: str, minutes: int) -> None:
    """A signed header is good for a quarter of an hour in both directions."""
    moment = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        request, _ = _sign(service, "GET", f"{service.url}/{bucket}", "UNSIGNED-PAYLOAD")
    answer = requests.get(request.url, headers=dict(request.headers), timeout=10)
    assert (answer.status_code, "RequestTimeTooSkewed" in answer.text) == (403, True)


def test_anonymous_access_is_denied(client: Client) -> None:
    """Nothing of the bucket is open."""
    for method in ("GET", "PUT", "HEAD", "DELETE", "POST"):
        assert requests.request(method, f"{client.url}/{client.bucket}/x", timeout=10).status_code == 403
    assert "AccessDenied" in requests.get(f"{client.url}/{client.bucket}", timeout=10).text


def test_signature_version_2_is_explained(service: Service, bucket: str) -> None:
    """Old signatures are refused with a word about the new ones."""
    store = service.endpoint["s3"]
    client = boto3.client(
        "s3",
        endpoint_url=store["endpoint"],
        aws_access_key_id=store["access_key_id"],
        aws_secret_access_key=store["secret_access_key"],
        region_name="us-east-1",
        config=Config(signature_version="s3", s3={"addressing_style": "path"}),
    )
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "x"})
    client.close()
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, "AWS4-HMAC-SHA256" in answer.text) == (400, True)


def test_objects_never_become_files_of_that_name(start: Callable[..., Service], tmp_path: Any) -> None:
    """File names in the state folder say nothing, and nothing is written beside it."""
    state = tmp_path / "inner" / "state"
    service = start(state=str(state), workers=1)
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
