"""A submitted job."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qiskit.providers import JobV1
from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.results import ResultOrigin, primitive_result_from_json, qiskit_result
from qiskit_direct_provider.waiting import Deadline, poll

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2
    from qiskit.result import Result

    from qiskit_direct_provider.clients.interface import Client, JobRecord
    from qiskit_direct_provider.programs import Program

__all__ = ["DirectJob", "JobDetails"]

logger = logging.getLogger(__name__)

OUTAGE_PATIENCE_S = 3600.0


@dataclass(frozen=True)
class JobDetails:
    """What the user said about a job."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    memory: bool = False


class DirectJob(JobV1):
    """Circuits that were sent to a backend.

    The job goes on whatever happens to this object. Its lane at the device is freed (the server's copy is
    deleted) as soon as `result` has the outcome in hand; the objects in the store stay.
    """

    def __init__(
        self, backend: BackendV2, job_id: str, client: Client, program: Program, details: JobDetails
    ) -> None:
        super().__init__(backend, job_id)
        self._client = client
        self._program = program
        self._details = details
        self._sent_at = time.monotonic()
        self._last: JobRecord | None = None
        self._primitive_result: PrimitiveResult | None = None
        self._result: Result | None = None

    def __repr__(self) -> str:
        state = self._last.server_status if self._last else "sent"
        return f"<DirectJob {self.job_id()} on {self.backend().name}: {state}>"

    # -- results -------------------------------------------------------------------------------------

    def result(self, timeout: float | None = None, wait: float | None = None) -> Result:
        """Wait for the job's end, and return counts (and memory, if ``run`` was told so).

        Args:
            timeout: Longest time to wait, in seconds; None waits as long as it takes.
            wait: Seconds between two questions to the server; None asks at a tenth of the job's age,
                at least every 30 s.

        Raises:
            JobTimeoutError: The job is still running; it goes on.
            JobFailedError: The job failed; the text says why.
            JobCancelledError: The job was cancelled.
            StorageError: The result cannot be fetched from the object store.
            ProtocolError: The result is damaged, or is not that of these circuits.
        """
        primitive_result = self.primitive_result(timeout, wait)
        if self._result is None:
            origin = ResultOrigin(
                job_id=self.job_id(),
                backend_name=self.backend().name,
                backend_version=str(self.backend().backend_version or ""),
                date=self._last.ended.isoformat() if self._last and self._last.ended else None,
            )
            self._result = qiskit_result(
                primitive_result, self._program.circuits, origin, memory=self._details.memory
            )
        return self._result

    def primitive_result(self, timeout: float | None = None, wait: float | None = None) -> PrimitiveResult:
        """The same outcome, from the same download, in the form of Qiskit's primitives."""
        if self._primitive_result is None:
            payload = self._payload(Deadline.after(timeout), wait)
            result = primitive_result_from_json(payload)
            if len(result) != len(self._program.circuits):
                raise errors.ProtocolError(
                    f"job {self.job_id()}: {len(self._program.circuits)} circuits were sent, "
                    f"but {len(result)} results came back"
                )
            self._primitive_result = result
            self._free_lane()
        return self._primitive_result

    def wait_for_final_state(
        self,
        timeout: float | None = None,
        wait: float | None = None,
        callback: Callable[[str, JobStatus, DirectJob], None] | None = None,
    ) -> None:
        """Wait until the job is done, cancelled or failed.

        Args:
            timeout: Longest time to wait, in seconds; None waits as long as it takes.
            wait: Seconds between two questions to the server; None chooses by the job's age.
            callback: Called with job id, status and job after each question.

        Raises:
            JobTimeoutError: The time is over; the job goes on.
        """
        self._final_record(Deadline.after(timeout), wait, callback)

    # -- state ---------------------------------------------------------------------------------------

    def status(self) -> JobStatus:
        """The state of the job. An accepted job counts as running, also while it waits for the device."""
        return self._record().status

    def error_message(self) -> str | None:
        """Why the job failed or was cancelled, in the server's words; None when it did not."""
        record = self._record()
        return str(record.reason) if record.reason else None

    def name(self) -> str | None:
        """The name that ``run`` was given."""
        return self._details.name

    @property
    def tags(self) -> list[str]:
        """The tags that ``run`` was given."""
        return list(self._details.tags)

    def creation_date(self) -> datetime | None:
        """When the server accepted the job."""
        return self._record().created

    def usage(self) -> float | None:
        """Time that the device was dedicated to the job, in seconds; None until it is known."""
        quantum_ns = self._record().quantum_ns
        return None if quantum_ns is None else quantum_ns * 1e-9

    def time_per_step(self) -> dict[str, datetime]:
        """When the job was created and when it ended, as far as the server says."""
        record = self._record()
        steps = {"CREATING": record.created, "COMPLETED": record.ended}
        return {step: moment for step, moment in steps.items() if moment is not None}

    def metrics(self) -> dict[str, Any]:
        """Timestamps (ISO 8601) and usage.

        This API does not tell when the device began: ``running`` is the moment of acceptance.
        """
        record = self._record()
        created = record.created.isoformat() if record.created else None
        finished = record.ended.isoformat() if record.ended else None
        return {
            "timestamps": {"created": created, "running": created, "finished": finished},
            "usage": {"quantum_seconds": self.usage()},
        }

    def queue_position(self, refresh: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - Qiskit users' spelling
        """None: this API has lanes in place of a queue and does not tell a job's turn."""
        return

    def logs(self) -> str | None:
        """The log that the service wrote about the job; None when there is none (yet)."""
        return self._client.logs(self.job_id(), self._client.deadline())

    # -- control -------------------------------------------------------------------------------------

    def submit(self) -> None:
        """Jobs are sent by ``backend.run``.

        Raises:
            JobInvalidStateError: Always: this job was sent already.
        """
        raise errors.JobInvalidStateError(
            f"job {self.job_id()} was sent already; call backend.run() for another"
        )

    def cancel(self) -> bool:
        """Ask the service to end the job. True when it agreed, False when the job had ended already."""
        try:
            self._client.cancel(self.job_id(), self._client.deadline())
        except errors.JobInvalidStateError:
            return False
        return True

    def delete(self) -> None:
        """Make the service forget the job, which frees its lane. The objects in the store stay.

        Raises:
            JobInvalidStateError: The job has not ended.
        """
        self._record()
        self._client.delete(self.job_id(), self._client.deadline())

    # -- parts ---------------------------------------------------------------------------------------

    def _record(self, deadline: Deadline | None = None) -> JobRecord:
        """The job as the server sees it; what is final is not asked for again."""
        if self._last is None or self._last.status not in JOB_FINAL_STATES:
            self._last = self._client.job(self.job_id(), deadline or self._client.deadline())
        return self._last

    def _final_record(
        self,
        deadline: Deadline,
        wait: float | None,
        callback: Callable[[str, JobStatus, DirectJob], None] | None = None,
    ) -> JobRecord:
        outage: errors.ApiError | None = None
        outage_ends = Deadline.after(OUTAGE_PATIENCE_S)

        def ask() -> JobRecord | None:
            nonlocal outage, outage_ends
            try:
                record = self._record(self._client.deadline(deadline.remaining()))
            except errors.ApiError as error:
                if not error.retryable or outage_ends.expired():
                    raise
                logger.info("job %s: %s; it is asked again", self.job_id(), error)
                outage = error
                return None
            outage, outage_ends = None, Deadline.after(OUTAGE_PATIENCE_S)
            if callback:
                callback(self.job_id(), record.status, self)
            return record

        record = poll(
            ask,
            lambda found: found is not None and found.status in JOB_FINAL_STATES,
            deadline,
            self._sent_at,
            wait,
        )
        if record is None:
            waited = time.monotonic() - self._sent_at
            raise errors.JobTimeoutError(
                f"job {self.job_id()} has not ended {waited:.1f} s after it was sent; it goes on, "
                "call result() again"
            ) from outage
        return record

    def _payload(self, deadline: Deadline, wait: float | None) -> bytes:
        """The result document, once the job is done; of a job that was deleted, the one in the store."""
        try:
            self._check_done(self._final_record(deadline, wait))
        except errors.JobNotFoundError as gone:
            payload = self._client.stored_result(self.job_id(), self._client.deadline(deadline.remaining()))
            if payload is None:
                raise gone from None
            return payload
        return self._client.result(self.job_id(), self._client.deadline(deadline.remaining()))

    def _check_done(self, record: JobRecord) -> None:
        if record.status is JobStatus.DONE:
            return
        kind = errors.JobCancelledError if record.status is JobStatus.CANCELLED else errors.JobFailedError
        word = "was cancelled" if kind is errors.JobCancelledError else "failed"
        reason = record.reason
        raise kind(
            f"job {self.job_id()} on {record.backend_name} {word}" + (f": {reason}" if reason else ""),
            code=reason.code if reason else None,
            solution=reason.solution if reason else None,
        )

    def _free_lane(self) -> None:
        """A finished job holds its lane until it is deleted; failing at that must not lose the result."""
        try:
            self._client.delete(self.job_id(), self._client.deadline())
        except errors.DirectError as error:
            logger.warning("job %s is done, but still holds its lane: %s", self.job_id(), error)
