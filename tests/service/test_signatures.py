"""Who may use the object store: signatures of headers, of URLs and of chunks, and the digests of bodies."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock  # the clock of the client that signs, nothing of the service

import boto3
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from service_client import Client, Service, refusal, s3_client

from qiskit_direct_provider.service import signatures
from qiskit_direct_provider.service.chunked import ChunkError, unchunk
from qiskit_direct_provider.service.signatures import SignatureRefusedError, SignedRequest, verify


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


def test_the_head_of_a_chunk_is_not_waited_for_without_end() -> None:
    async def digits() -> AsyncIterator[bytes]:
        while True:
            yield b"0" * 1000

    async def read() -> list[bytes]:
        return [piece async for piece in unchunk(digits(), None)]

    with pytest.raises(ChunkError, match="head is too long"):
        asyncio.run(read())


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


MOMENT = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
KEYS = signatures.Credentials("key", "secret")


def header_signed(**changes: str | None) -> SignedRequest:
    """A request whose claims are complete; they are looked at before the signature is."""
    members: dict[str, str | None] = {
        "Credential": "key/20260501/us-east-1/s3/aws4_request",
        "SignedHeaders": "host;x-amz-date",
        "Signature": "0" * 64,
        "date": "20260501T120000Z",
    } | changes
    date = members.pop("date")
    text = ", ".join(f"{name}={value}" for name, value in members.items() if value is not None)
    headers = {"authorization": f"AWS4-HMAC-SHA256 {text}", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    return SignedRequest("GET", "/b/k", "", headers | ({} if date is None else {"x-amz-date": date}))


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({}, "SignatureDoesNotMatch", "not the one that was sent"),
        ({"Signature": None}, "AuthorizationHeaderMalformed", "lack Signature"),
        ({"date": None}, "AuthorizationHeaderMalformed", "lack x-amz-date"),
        ({"date": "yesterday"}, "AccessDenied", "X-Amz-Date is malformed"),
        ({"SignedHeaders": "x-amz-date"}, "AccessDenied", "host header has to be signed"),
        ({"Credential": "key/20260502/us-east-1/s3/aws4_request"}, "AuthorizationHeaderMalformed", "scope"),
        ({"Credential": "key/20260501/us-east-1/iam/aws4_request"}, "AuthorizationHeaderMalformed", "scope"),
        ({"Credential": "key"}, "AuthorizationHeaderMalformed", "scope"),
        ({"Credential": "other/20260501/us-east-1/s3/aws4_request"}, "InvalidAccessKeyId", "not known"),
    ],
)
def test_claims_that_do_not_hold(changes: dict[str, str | None], code: str, words: str) -> None:
    with pytest.raises(SignatureRefusedError, match=words) as caught:
        verify(header_signed(**changes), KEYS, MOMENT.timestamp())
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("minutes", "words"), [(-16, "not valid yet"), (-14, "was calculated"), (2, "expired")]
)
def test_a_presigned_url_has_a_beginning_and_an_end(minutes: int, words: str) -> None:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20260501%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20260501T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    )
    request = SignedRequest("GET", "/b/k", query, {"host": "x"})
    with pytest.raises(SignatureRefusedError, match=words):
        verify(request, KEYS, (MOMENT + timedelta(minutes=minutes)).timestamp())


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
