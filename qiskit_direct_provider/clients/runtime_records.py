"""Documents of the Runtime API as records of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider.clients.interface import JobRecord, QueuedBackend, Reason, SessionRecord
from qiskit_direct_provider.wire.dates import moment
from qiskit_direct_provider.wire.redaction import redacted
from qiskit_direct_provider.wire.runtime import RuntimeState

if TYPE_CHECKING:
    from qiskit_direct_provider.wire.runtime import (
        RuntimeDevice,
        RuntimeJob,
        RuntimeUsage,
        SessionDocument,
        StatusDocument,
    )

__all__ = ["backend_item", "backend_state", "job_record", "nonce_tag", "session_record", "users_tags"]

_NONCE = "qdp-"
_NANOSECONDS = 1e9
_PENDING = "pending"
_ONLINE, _PAUSED, _OFFLINE = "online", "paused", "offline"
_STATUS = (  # by their beginning: "Cancelled - Ran too long"
    ("queued", JobStatus.QUEUED),
    ("running", JobStatus.RUNNING),
    ("completed", JobStatus.DONE),
    ("cancel", JobStatus.CANCELLED),
    ("failed", JobStatus.ERROR),
)


def nonce_tag(own_id: str) -> str:
    """The tag by which a job of ours is found again, whatever the server calls it.

    >>> nonce_tag("1234")
    'qdp-1234'
    """
    return _NONCE + own_id


def users_tags(tags: list[str] | None) -> tuple[str, ...] | None:
    """Tags without the one that is ours.

    >>> users_tags(["qdp-1234", "mine"])
    ('mine',)
    """
    return None if tags is None else tuple(tag for tag in tags if not tag.startswith(_NONCE))


def job_record(document: RuntimeJob) -> JobRecord:
    """A job in this package's terms."""
    state = document.state
    word = (state.status if state else None) or document.status
    own = next((tag for tag in document.tags or () if tag.startswith(_NONCE)), None)
    return JobRecord(
        job_id=document.id,
        backend_name=document.backend,
        program_id=document.program.id if document.program else "",
        server_status=word,
        status=_status(word),
        created=moment(document.created),
        timeout_s=document.cost,
        quantum_ns=_quantum_ns(document.usage, _status(word)),
        reason=_reason(document),
        own_id=own.removeprefix(_NONCE) if own else None,
        tags=users_tags(document.tags),
        session_id=document.session_id,
    )


def _status(word: str) -> JobStatus:
    lower = word.strip().lower()
    return next((status for beginning, status in _STATUS if lower.startswith(beginning)), JobStatus.RUNNING)


def _quantum_ns(usage: RuntimeUsage | None, status: JobStatus) -> int | None:
    """Device time; what older servers say of a job that has not ended, 0, is not known yet."""
    if usage is None or usage.found_s is None or usage.status == _PENDING:
        return None
    if not usage.found_s and status not in JOB_FINAL_STATES:
        return None
    return round(usage.found_s * _NANOSECONDS)


def _reason(document: RuntimeJob) -> Reason | None:
    _, _, said = document.status.partition(" - ")  # "Cancelled - Ran too long"
    state = document.state or RuntimeState()
    code = state.reasonCode if state.reason_code is None else state.reason_code
    message = state.reason or said
    if code is None and not message and not state.reason_solution:
        return None
    texts = (redacted(text) if text else None for text in (message, state.reason_solution))
    return Reason(None if code is None else str(code), *texts)


def backend_item(device: RuntimeDevice) -> QueuedBackend:
    """A device of the list."""
    state = device.status
    word = (state.name if state else "").strip().lower()
    said = state.reason if state else None
    return QueuedBackend(
        name=device.name,
        status=word,
        message=None if word == _ONLINE else said,
        pending_jobs=device.queue_length,
    )


def backend_state(name: str, document: StatusDocument) -> QueuedBackend:
    """A device's own status: it is online while ``state`` is true and its word is ``active``."""
    word = document.status.strip().lower()
    resting = _PAUSED if document.state or word in {"maintenance", _PAUSED} else _OFFLINE
    is_online = document.state and word in {"active", _ONLINE, ""}
    return QueuedBackend(
        name=name,
        status=_ONLINE if is_online else resting,
        message=document.message or None,
        version=document.backend_version,
        pending_jobs=document.length_queue,
    )


def session_record(document: SessionDocument) -> SessionRecord:
    """A session; what the server leaves out is taken as open."""
    return SessionRecord(
        session_id=document.id,
        backend_name=document.backend_name or "",
        mode=document.mode or "dedicated",
        state=document.state or "open",
        accepting_jobs=document.accepting_jobs is not False,
        details=msgspec.to_builtins(document),
    )
