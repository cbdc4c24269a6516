"""What has to be right before a job of the Runtime API is stored, and what it then looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.service.circuit_runners import RUNNERS
from qiskit_direct_provider.service.context import Service, device_named
from qiskit_direct_provider.service.failures import RequestRefusedError
from qiskit_direct_provider.service.legacy_programs import V2, InvalidV1Error
from qiskit_direct_provider.service.older_inputs import checked_form
from qiskit_direct_provider.service.outcome import RAN_TOO_LONG
from qiskit_direct_provider.service.paths import LEGACY_INSTANCE, LEGACY_PLACE
from qiskit_direct_provider.service.runtime_jobs import RunRequest, StoredRun
from qiskit_direct_provider.service.runtime_sessions import LONGEST_S, Session
from qiskit_direct_provider.wire.direct_access import LogLevel
from qiskit_direct_provider.wire.primitives import PROGRAMS
from qiskit_direct_provider.wire.runtime import (
    LONGEST_JOB_S,
    LONGEST_TAG,
    MOST_TAGS,
    JobBody,
    Metrics,
    ProgramName,
    RuntimeJob,
    RuntimeState,
    RuntimeUsage,
)

if TYPE_CHECKING:
    from qiskit_direct_provider.service.callers import Caller

__all__ = ["checked_tags", "find_run", "job_document", "metrics_document", "refused", "take_job"]

_NANOSECOND = 1e-9
_MARCH_2026 = 20260315
_OBJECTS_SINCE = 20250101
_LEVELS = frozenset(level.value for level in LogLevel)


def refused(
    status: int, message: str, target: str, *, code: str = "1337", solution: str = ""
) -> RequestRefusedError:
    """A refusal because of one member of the body."""
    return RequestRefusedError(
        status,
        code,
        message,
        target=target,
        target_kind="field",
        solution=solution or "Correct the request and send it again.",
    )


def take_job(service: Service, body: JobBody, params: dict[str, Any], caller: Caller) -> StoredRun:
    """Store a job and queue it, unless it is refused. Inputs of older programs stay what they are."""
    device = device_named(service, body.backend, kind="field")
    if body.program_id not in PROGRAMS + RUNNERS:
        names = f"{' and '.join(PROGRAMS)}, and formerly {' and '.join(RUNNERS)}"
        raise refused(
            404, f"Program {body.program_id} not found.", "program_id", solution=f"There are {names}."
        )
    level = (body.log_level or "warning").lower()
    if level not in _LEVELS:
        raise refused(400, f"The log level {level!r} is not one.", "log_level")
    if body.cost is not None and not 0 <= body.cost <= LONGEST_JOB_S:
        raise refused(400, f"cost is not between 0 and {LONGEST_JOB_S} seconds.", "cost")
    request = RunRequest(
        backend=device.name,
        program=body.program_id,
        timeout_s=body.cost or LONGEST_JOB_S,
        log_level=level,
        session_id=_session_id(service, body, caller),
        private=bool(body.private),
        tags=checked_tags(body.tags),
        form=_checked_form(params, body.program_id),
    )
    if request.form == V2:
        # This API answers in plain form unless it is asked for the other, unlike Direct Access.
        params |= {"support_qiskit": params.get("support_qiskit") or False}
    run = service.runs.add(request, msgspec.json.encode(params), caller.subject, caller.crn)
    service.queue.enter(run)
    return run


def _checked_form(params: dict[str, Any], program_id: str) -> str:
    try:
        return checked_form(params, program_id)
    except InvalidV1Error as error:
        raise refused(400, str(error), "params") from None


def checked_tags(tags: list[str] | None) -> tuple[str, ...]:
    """The tags of a job, each once."""
    found = tuple(dict.fromkeys(tags or ()))
    if len(found) > MOST_TAGS:
        raise refused(400, f"A job has at most {MOST_TAGS} tags.", "tags", code="1204")
    if any(not 0 < len(tag) <= LONGEST_TAG for tag in found):
        raise refused(400, f"A tag has 1 to {LONGEST_TAG} characters.", "tags", code="1205")
    return found


def _session_id(service: Service, body: JobBody, caller: Caller) -> str | None:
    if not body.session_id:
        return _begun_session(service, body, caller)
    session = service.sessions.find(body.session_id, caller.subject, caller.crn)
    if session is None:
        raise refused(404, f"Session {body.session_id} not found.", "session_id")
    if session.backend != body.backend and body.hub is None:  # the legacy platform did not mind
        raise refused(400, f"The session is for the backend {session.backend}.", "backend")
    if not session.accepting:
        raise refused(400, f"Session {session.id} is closed.", "session_id", solution="Open another session.")
    return session.id


def _begun_session(service: Service, body: JobBody, caller: Caller) -> str | None:
    """A session that a job of the legacy platform opens for itself; the flag may be text."""
    if str(body.start_session).lower() != "true":
        return None
    try:
        longest = min(max(int(body.session_time or LONGEST_S), 1), LONGEST_S)
    except ValueError:
        raise refused(400, "session_time is no number of seconds.", "session_time") from None
    session = Session(caller.subject, caller.crn, body.backend, max_ttl=longest)
    return service.sessions.add(session).id


def find_run(service: Service, job_id: str, caller: Caller) -> StoredRun:
    """The caller's own job of that id, or the documented 404."""
    run = service.runs.find(job_id, caller.subject, caller.crn)
    if run is None:
        message = f"Job not found. Job ID: {job_id}."
        solution = "Check the id, the API key and the Service-CRN."
        raise RequestRefusedError(404, "1291", message, target="id", value=job_id, solution=solution)
    return run


def job_document(run: StoredRun, caller: Caller, version: int, params: bytes | None = None) -> RuntimeJob:
    """A job as that version of the API shows it."""
    request = run.request
    place = LEGACY_PLACE if caller.crn == LEGACY_INSTANCE else None
    return RuntimeJob(
        id=run.id,
        backend=request.backend,
        program=ProgramName(id=request.program),
        created=run.created,
        status="Cancelled - Ran too long" if run.reason_code == RAN_TOO_LONG else run.status,
        state=RuntimeState(
            status=run.status,
            reason=run.reason_message,
            reason_code=run.reason_code,
            reason_solution=run.reason_solution,
            reasonCode=run.reason_code if version < _OBJECTS_SINCE else None,
        ),
        tags=list(request.tags),
        cost=request.timeout_s,
        session_id=request.session_id,
        user_id=caller.subject,
        private=request.private or None,
        usage=usage_document(run, version),
        params=msgspec.Raw(params) if params is not None else None,
        hub=place,
        group=place,
        project=place,
    )


def usage_document(run: StoredRun, version: int) -> RuntimeUsage:
    """Device time, in the words of that version."""
    seconds = round((run.quantum_ns or 0) * _NANOSECOND, 9)
    if version < _MARCH_2026:
        return RuntimeUsage(quantum_seconds=seconds, seconds=seconds)
    status = "complete" if run.is_final else "pending"
    return RuntimeUsage(qpu_charge_time_seconds=seconds, status=status)


def metrics_document(service: Service, run: StoredRun, version: int) -> Metrics:
    """What is measured of a job; its place in the queue while it waits, the first being 1."""
    waits = not run.is_final and run.started is None
    return Metrics(
        timestamps={"created": run.created, "running": run.started, "finished": run.ended},
        usage=usage_document(run, version),
        caller="qiskit_direct_provider local service",
        position_in_queue=service.runs.ahead_of(run) + 1 if waits else None,
    )
