"""Results that are a link to somewhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import HttpOptions
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.presigned import linked_result
from qiskit_direct_provider.clients.storage import ObjectStore

if TYPE_CHECKING:
    from qiskit_direct_provider import S3Storage

HTTP = HttpOptions(proxies={})


def read(body: bytes) -> bytes:
    return linked_result(body, HTTP, Deadline.after(10))


def test_a_link_is_followed_without_a_token(own_storage: S3Storage) -> None:
    store = ObjectStore(own_storage, HTTP)
    store.put("linked", b'{"results":[]}', Deadline.after(10))
    assert read(json.dumps({"url": store.url("GET", "linked", 60)}).encode()) == b'{"results":[]}'
    store.close()


@pytest.mark.parametrize(
    "body", [b'{"results":[]}', b'{"url":"x","results":[]}', b"[]", b'"url"', b'{"url":3}']
)
def test_what_is_no_link_is_the_result_itself(body: bytes) -> None:
    assert read(body) == body


def test_a_link_that_is_not_safe_is_refused() -> None:
    for url in ("http://example.org/x?signature=secret", "ftp://example.org/", "file:///etc/passwd"):
        with pytest.raises(errors.ProtocolError, match="not https") as caught:
            read(json.dumps({"url": url}).encode())
        assert "secret" not in str(caught.value)
