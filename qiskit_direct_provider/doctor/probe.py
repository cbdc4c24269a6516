"""A job that fails on purpose: whether the service reaches the object store."""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import TYPE_CHECKING

from qiskit.providers.jobstatus import JOB_FINAL_STATES

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import Submission
from qiskit_direct_provider.doctor.finding import Finding, failed, note, ok
from qiskit_direct_provider.doctor.store import SERVICE_SIDE

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.interface import Client, JobRecord

__all__ = ["probe_finding"]

LIMIT_S = 60.0
PAUSE_S = 0.2
_NO_PROGRAM = b'{"version": 2, "pubs": []}'


def probe_finding(client: Client) -> Finding:
    """Send a job without circuits: it needs no time of the device, and its log in the store is the proof."""
    deadline = Deadline.after(LIMIT_S)
    job_id = str(uuid.uuid4())
    try:
        online = [item.name for item in client.backends(deadline) if item.status == "online"]
        if not online:
            return note(SERVICE_SIDE, "no backend is online that could tell", "try again later")
        submission = Submission(job_id, online[0], "sampler", _NO_PROGRAM, timeout_s=60, log_level="info")
        job_id = client.submit(submission, deadline)
    except errors.DirectError as error:
        return note(SERVICE_SIDE, f"the job that was to tell was refused: {error}", "try again later")
    try:
        record = _ended(client, job_id, deadline)
        reached = client.logs(job_id, deadline, ended=True) is not None
    except errors.DirectError as error:
        return note(SERVICE_SIDE, str(error), "try again later")
    finally:
        with contextlib.suppress(errors.DirectError):
            client.delete(job_id, deadline)
    if reached:
        return ok(SERVICE_SIDE, "the service wrote into it")
    return failed(
        SERVICE_SIDE,
        f"the service did not reach it: {record.reason or 'no log was written'}",
        "set endpoint_for_service to the address at which the service sees the store, or open the way to it",
    )


def _ended(client: Client, job_id: str, deadline: Deadline) -> JobRecord:
    """The job once it has ended.

    Raises:
        JobTimeoutError: It did not end in time.
    """
    while (record := client.job(job_id, deadline)).status not in JOB_FINAL_STATES:
        if deadline.remaining() < PAUSE_S:
            raise errors.JobTimeoutError("the job that was to tell has not ended within a minute")
        time.sleep(PAUSE_S)
    return record
