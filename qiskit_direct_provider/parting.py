"""Circuits that do not fit into one job of the server: several jobs, sent as lanes come free."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from qiskit.providers.jobstatus import JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.journal import JobEntry, Stage, with_metadata
from qiskit_direct_provider.submission import recover, send

if TYPE_CHECKING:
    from qiskit_direct_provider.programs import Program
    from qiskit_direct_provider.tracked_job import TrackedJob
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["send_in_parts", "send_the_rest"]

logger = logging.getLogger(__name__)

LANE_PATIENCE_S = 30.0
PAUSE_S = 5.0
OUTAGE_PATIENCE_S = 3600.0


def send_in_parts(
    workspace: Workspace, head: JobEntry, programs: Sequence[Program], wait_for_lane_s: float | None
) -> tuple[JobEntry, list[JobEntry]]:
    """Write down all parts of a job, and send the first one.

    The others stay on record until `send_the_rest` sends them, in this process or in another one.

    Args:
        workspace: Where to.
        head: The job as a whole; it has all the circuits, and is on record under its own id.
        programs: The parts, in order.
        wait_for_lane_s: How long to wait for a lane for the first part.

    Raises:
        DirectError: The first part was refused; nothing was sent, and nothing stays on record.
    """
    parts = [_part(head, index, program) for index, program in enumerate(programs)]
    whole = msgspec.structs.replace(head, stage=Stage.ACCEPTED, parts=tuple(part.job_id for part in parts))
    payloads = [*(program.payload for program in programs), b""]
    journal, known = workspace.journal, list[JobEntry]()
    try:
        for entry, payload in zip([*parts, whole], payloads, strict=True):
            known.append(journal.begin(entry, payload))
        if known[0].stage is Stage.INTENDED:
            known[0] = send(workspace, known[0], payloads[0], wait_for_lane_s)
    except errors.DirectError as error:
        if error.job_id is None:
            for entry, found in zip([*parts, whole], known, strict=False):
                if found is entry:
                    journal.discard(entry.job_id)
        raise
    *sent, head = known
    circuits = [program.circuits for program in programs]
    everything = tuple(record for records in circuits for record in records)
    return with_metadata(head, everything), [
        with_metadata(entry, records) for entry, records in zip(sent, circuits, strict=True)
    ]


def _part(head: JobEntry, index: int, program: Program) -> JobEntry:
    return msgspec.structs.replace(
        head, job_id=f"{head.job_id}.{index}", circuits=program.circuits, part_of=head.job_id
    )


def send_the_rest(parts: Sequence[TrackedJob]) -> None:
    """Send the parts that were not sent yet, one after the other as lanes come free, in a thread of its own.

    The thread ends with the process; who asks for the job later goes on from there.
    """
    waiting = [part for part in parts if not part.sent]
    for part in waiting:
        part.queued = True
    if waiting:
        threading.Thread(target=_send_all, args=(waiting,), name="qiskit-direct-sender", daemon=True).start()


def _send_all(parts: Sequence[TrackedJob]) -> None:
    silent_since = time.monotonic()
    for part in parts:
        closed = part.workspace.closed
        while not part.sent and not closed.is_set():
            try:
                if part.unwanted:
                    _note_end(part, JobStatus.CANCELLED)
                    break
                part.entry = recover(part.workspace, part.entry, Deadline.after(LANE_PATIENCE_S))
                silent_since = time.monotonic()
            except (errors.LanesFullError, errors.BackendReservedError):
                silent_since = time.monotonic()
            except errors.DirectError as error:
                if not getattr(error, "retryable", False):
                    logger.warning("job %s was refused: %s", part.job_id, error)
                    _note_end(part, JobStatus.ERROR, reason_code=error.code, reason_message=str(error))
                elif time.monotonic() - silent_since > OUTAGE_PATIENCE_S:
                    logger.warning("job %s could not be sent: %s", part.job_id, error)
                    return
            if not part.sent:
                closed.wait(PAUSE_S)
        part.queued = False
        if part.unwanted and not part.ended:
            _give_up(part)


def _give_up(part: TrackedJob) -> None:
    """A part that was cancelled while it was being sent."""
    try:
        part.cancel()
    except errors.DirectError as error:
        logger.warning("job %s could not be cancelled: %s", part.job_id, error)


def _note_end(part: TrackedJob, status: JobStatus, **reason: str | None) -> None:
    """A part that will never run."""
    part.change(stage=Stage.ENDED, status=status.name, **reason)
    part.last = part.recorded_end()
