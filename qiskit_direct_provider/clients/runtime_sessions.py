"""Sessions and batches of the Runtime API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.paths import path_of
from qiskit_direct_provider.clients.records import liberally
from qiskit_direct_provider.clients.runtime_records import session_record
from qiskit_direct_provider.wire.runtime import SessionBody, SessionChange, SessionDocument

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.clients.interface import SessionRecord, SessionRequest

__all__ = ["RuntimeSessionsClient"]


class RuntimeSessionsClient:
    """The part of a client that is about sessions."""

    _sender: Sender

    def open_session(self, request: SessionRequest, deadline: Deadline) -> SessionRecord:
        """Open a session. It is not tried twice: one that nobody knows of would hold the device."""
        body = self._session_body(request)
        post = Request("POST", "/sessions", msgspec.json.encode(body), repeatable=False)
        return session_record(self._sender.send(post, deadline, liberally(SessionDocument)))

    def session(self, session_id: str, deadline: Deadline) -> SessionRecord:
        """One session."""
        request = Request("GET", path_of("/sessions", session_id))
        return session_record(self._sender.send(request, deadline, liberally(SessionDocument)))

    def close_session(self, session_id: str, deadline: Deadline) -> None:
        """Let no more jobs in; those that wait still run."""
        body = msgspec.json.encode(SessionChange(accepting_jobs=False))
        self._sender.send(Request("PATCH", path_of("/sessions", session_id), body), deadline, Answer.accepted)

    def cancel_session(self, session_id: str, deadline: Deadline) -> None:
        """Let no more jobs in, and cancel those that wait."""
        request = Request("DELETE", path_of("/sessions", session_id, "close"))
        self._sender.send(request, deadline, Answer.accepted)

    def _session_body(self, request: SessionRequest) -> SessionBody:
        return SessionBody(mode=request.mode, backend=request.backend_name, max_ttl=request.max_time_s)
