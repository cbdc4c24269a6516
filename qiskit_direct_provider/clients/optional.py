"""Documents that a server may not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.refusals import ROUTE_MISSING

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline

__all__ = ["document_or_none"]

_NOTHING = (b"", b"null", b"{}")  # a set would hash the whole document


def document_or_none(sender: Sender, path: str, deadline: Deadline) -> bytes | None:
    """A document; None where the server has no such path, or where the document is empty."""
    try:
        body = sender.send(Request("GET", path), deadline, Answer.document)
    except errors.DirectError as error:
        if error.status in ROUTE_MISSING:
            return None
        raise
    return None if body.strip() in _NOTHING else body
