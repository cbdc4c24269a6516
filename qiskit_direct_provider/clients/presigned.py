"""Results that are elsewhere: servers before July 2024 answered with a URL in their place."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import msgspec

from qiskit_direct_provider.accounts import Secret
from qiskit_direct_provider.accounts.urls import is_loopback
from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.storage import MAX_OBJECT_BYTES
from qiskit_direct_provider.errors import ProtocolError

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["link_in", "linked_result"]

_LONGEST_LINK = 16_384


class _Link(msgspec.Struct, forbid_unknown_fields=True):
    """An object of exactly one member."""

    url: str


def link_in(body: bytes) -> Secret | None:
    """The link that is in the place of a result, if it is one: whoever has it can read the result."""
    if len(body) > _LONGEST_LINK:
        return None
    try:
        return Secret(msgspec.json.decode(body, type=_Link).url)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def linked_result(link: Secret, options: HttpOptions, deadline: Deadline) -> bytes:
    """What a link leads to; it is sent no token. No frame of what is raised here holds the link.

    Raises:
        ProtocolError: It leads to somewhere that is not trusted.
    """
    origin, path = _parted(link)
    _star_queries()
    sender = Sender(origin, options, headers={"Accept": "*/*"})
    try:
        return sender.send(Request("GET", path.reveal()), deadline, _body, MAX_OBJECT_BYTES)
    finally:
        sender.close()


def _parted(link: Secret) -> tuple[str, Secret]:
    """Where a link leads to, and what it asks for there.

    Raises:
        ProtocolError: That is no place from which a result is taken.
    """
    parts = _split(link)
    scheme, host = (parts.scheme, parts.hostname or "") if parts else ("", "")
    if not host or not (scheme == "https" or (scheme == "http" and is_loopback(host))):
        raise ProtocolError("the server names a place for the result that is not https")
    assert parts is not None
    if "@" in parts.netloc:
        raise ProtocolError("the server names a place for the result with a login of its own")
    return f"{scheme}://{parts.netloc}", Secret(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def _split(link: Secret) -> SplitResult | None:
    with contextlib.suppress(ValueError):
        parts = urlsplit(link.reveal())
        if parts.port != 0:  # which is looked at only now
            return parts
    return None


def _body(answer: Answer) -> bytes:
    if answer.body.lstrip()[:1] == b"<":
        raise answer.broken("it is a page, not a result")
    return answer.body


class _StarredQueries(logging.Filter):
    """Stars out signatures: urllib3 writes whole URLs into a debug log."""

    _signed = re.compile(r"\?\S*(?:signature|x-amz-|credential|token|sig=)\S*", re.IGNORECASE)

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        starred = self._signed.sub("?***", said)
        if starred != said:
            record.msg, record.args = starred, ()
        return True


@functools.cache
def _star_queries() -> None:
    logging.getLogger("urllib3.connectionpool").addFilter(_StarredQueries())
