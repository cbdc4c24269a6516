"""What is known of a job besides its result: its state in detail, its times, its logs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.wire.dates import moment

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qiskit_direct_provider.clients.interface import JobRecord
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.tracked_job import TrackedJob
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["JobFacts"]

_PROGRESS = (JobStatus.INITIALIZING, JobStatus.QUEUED, JobStatus.VALIDATING, JobStatus.RUNNING)


class JobFacts:
    """The part of a job that tells about it: from the journal, from what was seen last, from the service."""

    _entry: JobEntry
    _parts: list[TrackedJob]
    _workspace: Workspace
    backend: Callable[[], BackendV2]
    job_id: Callable[[], str]

    def known(self) -> dict[str, Any]:
        """What is known of the job without asking the service; None for what is not."""
        entry, last = self._entry, [part.last for part in self._parts]
        times = [each.quantum_ns for each in last if each and each.quantum_ns is not None]
        ends = [each.ended for each in last if each and each.ended]
        reasons = [str(each.reason) for each in last if each and each.reason]
        whole = len(self._parts)
        return {
            "job_id": self.job_id(),
            "backend": self.backend().name,
            "status": self._last_status().name,
            "name": entry.name,
            "tags": list(entry.tags),
            "program": entry.program_id,
            "circuits": len(entry.circuits) or None,
            "created": entry.created or next((each.created for each in last if each), None),
            "ended": max(ends) if len(ends) == whole else None,
            "quantum_seconds": sum(times) * 1e-9 if len(times) == whole else None,
            "error": reasons[0] if reasons else None,
        }

    def error_message(self) -> str | None:
        """Why the job failed or was cancelled, in the server's words; None when it did not."""
        reasons = [str(record.reason) for record in self._records() if record.reason]
        return reasons[0] if reasons else None

    @property
    def calibrated(self) -> str | None:
        """When the device was calibrated that the job was sent to, ISO 8601; None if never."""
        return self._entry.calibration

    @property
    def session_id(self) -> str | None:
        """The session in which the job was sent; None for a job on its own."""
        return self._entry.session_id

    def creation_date(self) -> datetime | None:
        """When the server accepted the job."""
        return self._parts[0].record().created or self._parts[0].entry.created

    def usage(self) -> float | None:
        """Time that the device was dedicated to the job, in seconds; None until it is known."""
        times = [record.quantum_ns for record in self._records() if record.quantum_ns is not None]
        return sum(times) * 1e-9 if len(times) == len(self._parts) else None

    def time_per_step(self) -> dict[str, datetime]:
        """When the job was created, when it began and when it ended, as far as the server says."""
        told = (self._told(self._parts[0]) if len(self._parts) == 1 else None) or {}
        times = told.get("timestamps")
        said = times if isinstance(times, dict) else {}
        steps = {
            "CREATING": self.creation_date(),
            "RUNNING": moment(said.get("running")),
            "COMPLETED": self._ended() or moment(said.get("finished")),
        }
        return {step: time for step, time in steps.items() if time is not None}

    def metrics(self) -> dict[str, Any]:
        """Timestamps (ISO 8601) and usage, as far as the server tells.

        Direct Access does not tell when the device began: ``running`` is the moment of acceptance.
        """
        told = self._told(self._parts[0]) if len(self._parts) == 1 else None
        if told is not None:
            return told
        created, ended = self.creation_date(), self._ended()
        accepted = created.isoformat() if created else None
        return {
            "timestamps": {
                "created": accepted,
                "running": accepted,
                "finished": ended.isoformat() if ended else None,
            },
            "usage": {"quantum_seconds": self.usage()},
        }

    def _told(self, part: TrackedJob) -> dict[str, Any] | None:
        """What the server tells of a job's course, where it tells anything and can be asked."""
        client = self._workspace.client
        try:
            return client.metrics(part.job_id, client.deadline())
        except (errors.AccountError, errors.JobNotFoundError):  # it comes out of a pickle, or was deleted
            return None

    def _ended(self) -> datetime | None:
        """When the last part ended; of a job in one part, the server's metrics are asked for elsewhere."""
        moments = [record.ended for record in self._records()]
        if len(self._parts) > 1:
            limit = self._workspace.client.deadline()
            moments = [part.end_time(limit) for part in self._parts if part.sent]
        ends = [each for each in moments if each is not None]
        return max(ends) if len(ends) == len(self._parts) else None

    def properties(self) -> Any:
        """The calibration of the device that held when the job was sent, as ``backend.properties()``."""
        calibrated = self._entry.calibration
        if calibrated is None:
            return self.backend().properties()
        return self.backend().properties(datetime=datetime.fromisoformat(calibrated))

    def queue_position(
        self,
        refresh: bool = False,  # noqa: ARG002, FBT001, FBT002 - Qiskit users' spelling
    ) -> int | None:
        """Place in the queue, from 1 on; None once the job has left it, or where there are only lanes."""
        told = self._told(self._parts[-1]) or {}
        place = told.get("position_in_queue")
        return place if isinstance(place, int) else None

    def queue_info(self) -> None:
        """None: no API tells when a job will begin."""
        return

    def logs(self) -> str | None:
        """The log that the service wrote about the job; None when there is none (yet).

        The log of a job that is known to have ended is waited for, up to 2 s: it may come last.
        """
        client = self._workspace.client
        texts = [
            client.logs(part.job_id, client.deadline(), ended=part.ended) for part in self._parts if part.sent
        ]
        found = [text for text in texts if text is not None]
        return "\n".join(found) if found else None

    # -- parts ---------------------------------------------------------------------------------------

    @property
    def tracked(self) -> list[TrackedJob]:
        """The jobs of the server that this job consists of."""
        return self._parts

    def _records(self) -> list[JobRecord]:
        return [part.record() for part in self._parts if part.sent]

    def _last_status(self) -> JobStatus:
        """The state as it was seen last; of several parts, the one that says most about the whole."""
        states = [part.last.status if part.last else JobStatus.QUEUED for part in self._parts]
        if all(state in JOB_FINAL_STATES for state in states):
            ends = (JobStatus.ERROR, JobStatus.CANCELLED, JobStatus.DONE)
            return next(state for state in ends if state in states)
        if JobStatus.DONE in states:
            return JobStatus.RUNNING
        return max((state for state in states if state in _PROGRESS), key=_PROGRESS.index)
