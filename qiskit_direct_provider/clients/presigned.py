"""Results that are elsewhere: servers before July 2024 answered with a URL in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from qiskit_direct_provider.accounts.urls import is_loopback
from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.storage import MAX_OBJECT_BYTES
from qiskit_direct_provider.errors import ProtocolError

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["linked_result"]

_LONGEST_LINK = 16_384


class _Link(msgspec.Struct, forbid_unknown_fields=True):
    """An object of exactly one member."""

    url: str


def linked_result(body: bytes, options: HttpOptions, deadline: Deadline) -> bytes:
    """The result, or what a link in its place leads to. The link is a secret, and gets no token.

    Raises:
        ProtocolError: It leads to somewhere that is not trusted.
    """
    if len(body) > _LONGEST_LINK:
        return body
    try:
        link = msgspec.json.decode(body, type=_Link)
    except msgspec.DecodeError:
        return body
    parts = urlsplit(link.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ProtocolError("the server names a place for the result that is not https")
    sender = Sender(f"{parts.scheme}://{parts.netloc}", options, headers={"Accept": "*/*"})
    try:
        request = Request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        return sender.send(request, deadline, _body, MAX_OBJECT_BYTES)
    finally:
        sender.close()


def _body(answer: Answer) -> bytes:
    if answer.body.lstrip()[:1] == b"<":
        raise answer.broken("it is a page, not a result")
    return answer.body
