"""Results that are a link to somewhere else."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from canaries import Everything, canary

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import HttpOptions, Secret
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.presigned import link_in, linked_result
from qiskit_direct_provider.clients.storage import ObjectStore

if TYPE_CHECKING:
    from recorder import Recorder

    from qiskit_direct_provider import S3Storage

HTTP = HttpOptions(proxies={})


def read(url: str, seconds: float = 10) -> bytes:
    link = link_in(json.dumps({"url": url}).encode())
    assert link is not None
    return linked_result(link, HTTP, Deadline.after(seconds))


def test_a_link_is_followed_without_a_token(own_storage: S3Storage) -> None:
    store = ObjectStore(own_storage, HTTP)
    store.put("linked", b'{"results":[]}', Deadline.after(10))
    assert read(store.url("GET", "linked", 60)) == b'{"results":[]}'
    assert store.get("linked", Deadline.after(None)) == b'{"results":[]}'
    store.put("linked", b" <Error>a page, whatever its type</Error>", Deadline.after(10))
    with pytest.raises(errors.ProtocolError, match="it is a page, not a result"):
        read(store.url("GET", "linked", 60), 0.3)
    store.close()


@pytest.mark.parametrize(
    "body",
    [
        *(b'{"results":[]}', b'{"url":"x","results":[]}', b"[]", b'"url"', b'{"url":3}', b'{"url":"\xff"}'),
        b'{"url":"%b"}' % (b"x" * 16_384),
    ],
)
def test_what_is_no_link_is_the_result_itself(body: bytes) -> None:
    assert link_in(body) is None


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/x?signature=secret", "ftp://example.org/secret", "file:///etc/secret"),
        *(
            "ftp://localhost/secret",
            "file://localhost/etc/secret",
            "https://",
            "secret",
            "//localhost/secret",
        ),
        *("https://[secret", "https://\u2100secret.com/", "https://:443/secret"),
        *("https://localhost:99999/secret", "https://localhost:0/secret", "https://localhost:secret/"),
    ],
)
def test_a_link_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(errors.ProtocolError, match="not https") as caught:
        read(url)
    assert "secret" not in str(caught.value)


def test_a_link_brings_no_login_along(recorder: Recorder) -> None:
    with pytest.raises(errors.ProtocolError, match="a login of its own") as caught:
        read(recorder.url.replace("//", "//user:secret@"))
    assert "secret" not in str(caught.value)
    assert recorder.seen == []


@pytest.mark.parametrize("fate", ["pass", "404", "503", "page", "redirect", "reset before"])
def test_nobody_sees_a_link(recorder: Recorder, fate: str) -> None:
    """Whoever has it can read the result: not in a log, an error, or the variables of a traceback."""
    signature, everything = canary("signature"), Everything()
    recorder.script("GET", "/", *[fate] * 9)
    root, below = logging.getLogger(), logging.getLogger("urllib3.connectionpool")
    levels = root.level, below.level
    root.addHandler(everything)
    root.setLevel(logging.DEBUG)
    below.setLevel(logging.DEBUG)
    try:
        with pytest.raises(errors.DirectError) as caught:
            read(f"{recorder.url}/x?X-Amz-Signature={signature}", 0.5)
        everything.error(caught.value, fate)
    finally:
        root.removeHandler(everything)
        root.setLevel(levels[0])
        below.setLevel(levels[1])
    assert len(recorder.seen) >= 1
    assert any("?***" in text for _, text in everything.texts) or fate == "reset before"
    assert everything.hits({"signature": signature}) == set()


def test_a_link_shows_itself_nowhere() -> None:
    assert repr(link_in(b'{"url":"https://x/?sig=secret"}')) == repr(Secret("x"))
