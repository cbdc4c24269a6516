"""Large objects, which clients send in parts, and many objects deleted at once."""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING, Any

import pytest
import requests
from boto3.s3.transfer import TransferConfig
from service_client import refusal, s3_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service_client import Service

LEAST = 5 << 20
FIRST, LAST = b"a" * LEAST, b"the end"


@pytest.fixture
def upload(store: Any, bucket: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """An upload that was begun, as boto3 names it."""
    begun = store.create_multipart_upload(
        Bucket=bucket, Key=f"parts/{request.node.name} <&>", ContentType="text/plain", Metadata={"who": "me"}
    )
    return {name: begun[name] for name in ("Bucket", "Key", "UploadId")}


def send(store: Any, upload: dict[str, str], number: int, body: bytes) -> dict[str, Any]:
    """Send a part, and how it is named when the upload is completed."""
    etag = store.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
    return {"PartNumber": number, "ETag": etag}


def test_boto3_uploads_and_downloads_what_is_large(store: Any, bucket: str) -> None:
    """With its own threads, sizes of parts and checksums."""
    content = bytes(range(256)) * (80 << 10)
    transfer = TransferConfig(multipart_threshold=LEAST, multipart_chunksize=LEAST, max_concurrency=4)
    store.upload_fileobj(io.BytesIO(content), bucket, "large", Config=transfer)
    assert store.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-4"')
    received = io.BytesIO()
    store.download_fileobj(bucket, "large", received, Config=transfer)
    assert received.getvalue() == content


def test_parts_become_one_object_with_what_was_said_of_it(
    store: Any, bucket: str, upload: dict[str, str]
) -> None:
    """In the order of their numbers, whatever the order in which they came; one that comes again replaces."""
    last = send(store, upload, 7, LAST)
    send(store, upload, 2, b"b" * LEAST)
    parts = [send(store, upload, 2, FIRST), last]
    assert refusal(lambda: store.head_object(Bucket=bucket, Key=upload["Key"]))[0] == 404
    completed = store.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    found = store.get_object(Bucket=bucket, Key=upload["Key"])
    assert found["Body"].read() == FIRST + LAST
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"who": "me"})
    assert (completed["Key"], completed["ETag"]) == (upload["Key"], found["ETag"])
    assert refusal(lambda: send(store, upload, 1, LAST)) == (404, "NoSuchUpload")


def test_an_upload_that_was_given_up_leaves_nothing(store: Any, bucket: str, upload: dict[str, str]) -> None:
    part = send(store, upload, 1, LAST)
    store.abort_multipart_upload(**upload)
    completing = {"Parts": [part]}
    assert refusal(lambda: store.complete_multipart_upload(**upload, MultipartUpload=completing)) == (
        404,
        "NoSuchUpload",
    )
    assert refusal(lambda: store.head_object(Bucket=bucket, Key=upload["Key"]))[0] == 404


def test_a_part_of_what_is_given_up_meanwhile_is_refused(
    service: Service, store: Any, upload: dict[str, str]
) -> None:
    url = store.generate_presigned_url("upload_part", Params={**upload, "PartNumber": 1})
    connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=30)
    connection.putrequest("PUT", url.removeprefix(service.url))
    connection.putheader("Content-Length", str(len(FIRST)))
    connection.endheaders()
    connection.send(FIRST[: LEAST // 2])
    store.abort_multipart_upload(**upload)
    connection.send(FIRST[LEAST // 2 :])
    answer = connection.getresponse()
    assert (answer.status, b"NoSuchUpload" in answer.read()) == (404, True)
    connection.close()


@pytest.mark.parametrize(
    ("document", "why"), [(b"<Part>\xff</Part>", b"not text"), (b" " * (2 << 20) + b"<", b"too long")]
)
def test_documents_that_cannot_be_read_are_refused(
    store: Any, upload: dict[str, str], document: bytes, why: bytes
) -> None:
    url = store.generate_presigned_url("complete_multipart_upload", Params=upload)
    answer = requests.post(url, data=document, timeout=30)
    assert (answer.status_code, b"MalformedXML" in answer.content, why in answer.content) == (400, True, True)


def test_refused_completions_keep_the_parts(store: Any, upload: dict[str, str]) -> None:
    parts = [send(store, upload, 1, FIRST), send(store, upload, 2, LAST), send(store, upload, 3, LAST)]

    def complete(*chosen: dict[str, Any]) -> tuple[int, str]:
        named = {"Parts": list(chosen)}
        return refusal(lambda: store.complete_multipart_upload(**upload, MultipartUpload=named))

    assert complete(parts[1], parts[0]) == (400, "InvalidPartOrder")
    assert complete(parts[0], parts[0]) == (400, "InvalidPartOrder")
    assert complete({"PartNumber": 9, "ETag": parts[0]["ETag"]}) == (400, "InvalidPart")
    assert complete(parts[0], {"PartNumber": 2, "ETag": parts[0]["ETag"]}) == (400, "InvalidPart")
    assert complete(*parts) == (400, "EntityTooSmall")
    assert complete() == (400, "MalformedXML")
    store.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[:2]})


def test_conditions_hold_for_what_comes_in_parts(store: Any, upload: dict[str, str]) -> None:
    store.put_object(Bucket=upload["Bucket"], Key=upload["Key"], Body=b"first")
    named = {"Parts": [send(store, upload, 1, LAST)]}
    assert refusal(
        lambda: store.complete_multipart_upload(**upload, MultipartUpload=named, IfNoneMatch="*")
    ) == (412, "PreconditionFailed")


@pytest.mark.parametrize("number", [0, 10_001, 100_000])
def test_numbers_of_parts_have_bounds(store: Any, upload: dict[str, str], number: int) -> None:
    assert refusal(lambda: send(store, upload, number, LAST)) == (400, "InvalidArgument")


@pytest.mark.parametrize("upload_id", ["../objects", "x", "0" * 32])
def test_an_upload_is_known_by_id_and_key(store: Any, upload: dict[str, str], upload_id: str) -> None:
    assert refusal(lambda: send(store, upload | {"UploadId": upload_id}, 1, LAST)) == (404, "NoSuchUpload")
    assert refusal(lambda: send(store, upload | {"Key": "another"}, 1, LAST)) == (404, "NoSuchUpload")


def test_what_this_store_does_not_do_with_parts(store: Any, bucket: str, upload: dict[str, str]) -> None:
    source = {"Bucket": bucket, "Key": "x"}
    for call in (
        lambda: store.list_parts(**upload),
        lambda: store.upload_part_copy(**upload, PartNumber=1, CopySource=source),
        lambda: store.list_multipart_uploads(Bucket=bucket),
    ):
        assert refusal(call)[0] in {400, 501}


def test_parts_outlive_the_server(start: Callable[..., Service], tmp_path: Path) -> None:
    before = start(state=str(tmp_path), workers=1)
    s3 = before.endpoint["s3"]
    client = s3_client(s3)
    upload = {"Bucket": s3["bucket"], "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = send(client, upload, 1, LAST)
    client.close()
    assert before.stop() == 0
    after = start(
        state=str(tmp_path),
        workers=1,
        s3_access_key=s3["access_key_id"],
        s3_secret_key=s3["secret_access_key"],
        s3_bucket=s3["bucket"],
    )
    client = s3_client(after.endpoint["s3"])
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    assert client.get_object(Bucket=s3["bucket"], Key="k")["Body"].read() == LAST
    client.close()


def test_many_are_deleted_at_once(store: Any, bucket: str) -> None:
    """What is not there counts as deleted; odd names are no hindrance."""
    keys = ["many/1", "many/<&>\"'", "many/\u4e16 +%41"]
    for key in keys:
        store.put_object(Bucket=bucket, Key=key, Body=b"x")
    named = [{"Key": key} for key in [*keys, "many/none"]]
    answer = store.delete_objects(Bucket=bucket, Delete={"Objects": named[:2]})
    assert [each["Key"] for each in answer["Deleted"]] == keys[:2]
    assert "Deleted" not in store.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
    assert store.list_objects_v2(Bucket=bucket, Prefix="many/")["KeyCount"] == 0


def test_what_names_no_key_deletes_nothing(store: Any, bucket: str) -> None:
    too_many = [{"Key": str(number)} for number in range(1001)]
    assert refusal(lambda: store.delete_objects(Bucket=bucket, Delete={"Objects": too_many})) == (
        400,
        "MalformedXML",
    )
