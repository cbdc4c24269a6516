"""URLs for the service, signed here and by boto3's own client: both are the same."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from qiskit_direct_provider import S3Storage
from qiskit_direct_provider.accounts import HttpOptions
from qiskit_direct_provider.clients.storage import ObjectStore

LIFETIME_S = 86_400


def signed_by_boto3(storage: S3Storage, method: str, key: str) -> str:
    client = boto3.client(
        "s3",
        endpoint_url=storage.endpoint_for_service or storage.endpoint,
        region_name=storage.region,
        aws_access_key_id=storage.access_key_id.reveal(),
        aws_secret_access_key=storage.secret_access_key.reveal(),
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url: str = client.generate_presigned_url(
        {"GET": "get_object", "PUT": "put_object"}[method],
        Params={"Bucket": storage.bucket, "Key": key},
        ExpiresIn=LIFETIME_S,
        HttpMethod=method,
    )
    return url


def of_one_second(storage: S3Storage, method: str, name: str) -> tuple[str, str]:
    """Both URLs, signed within the same second."""
    store = ObjectStore(storage, HttpOptions())
    for _ in range(20):
        ours = store.url(method, name, LIFETIME_S)
        theirs = signed_by_boto3(storage, method, store.key(name))
        dates = [parse_qs(urlsplit(url).query)["X-Amz-Date"] for url in (ours, theirs)]
        if dates[0] == dates[1]:
            return ours, theirs
    raise AssertionError("the clock runs too fast")


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    ("endpoint", "for_service", "prefix"),
    [
        ("http://127.0.0.1:9000", None, ""),
        ("https://s3.example.com", "https://s3.inside:8443/", "a b/ü~+&=/"),
        ("https://s3.example.com:443/store/", None, "jobs/"),
    ],
)
def test_presigned_urls_are_those_of_boto3(
    endpoint: str, for_service: str | None, prefix: str, method: str
) -> None:
    storage = S3Storage(
        endpoint, "bucket", "KEY", "secret/+", "eu-central-1", endpoint_for_service=for_service, prefix=prefix
    )
    ours, theirs = of_one_second(storage, method, "input_0b5b.json")
    assert ours == theirs
