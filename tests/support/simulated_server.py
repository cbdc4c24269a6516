"""A server that ends jobs at given times of a clock that only the test moves; no network, no waiting."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import JobRecord, Submission
from qiskit_direct_provider.waiting import Poller, Ticket

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["DOCUMENT", "LONGEST_WAIT_S", "SimulatedServer", "run_until_over", "simulated"]

MOST_REQUESTS = 5000
LONGEST_WAIT_S = float(
    os.environ.get("LONGEST_WAIT_S", "60")
)  # what takes longer on any machine does not end
DOCUMENT = json.dumps(
    {"results": [{"data": {"c": {"samples": ["0x0", "0x3", "0x1"], "num_bits": 2}}, "metadata": {}}]}
).encode()


class SimulatedServer:
    """What `Client` asks of a dialect, as far as jobs need it.

    Attributes:
        now: Its clock.
        requests: How many there were; ``asked`` has their names, ids and time limits.
        down: Whether it answers at all.
        lanes: How many jobs it holds at most.
        failures: Errors to be raised by the next calls of a method, by its name.
        renames: Whether it gives jobs ids of its own.
        sticky: Whether it keeps jobs that it is told to forget.
        keeps: Whether a job that has ended holds nothing, and stays.
        orphans: What was looked for as left behind by a process that died.
        final: How its jobs end.
        facts: What else it says of each of them.
    """

    url = "http://simulated"

    def __init__(self, ends: dict[str, float] | None = None) -> None:
        self.now = 0.0
        self.requests = 0
        self.asked: list[tuple[str, str, float]] = []
        self.down = False
        self.lanes = 5
        self.failures: dict[str, list[BaseException]] = {}
        self.renames = False
        self.sticky = False
        self.keeps = False
        self.orphans: list[str] = []
        self.submissions: list[Submission] = []
        self.results: dict[str, bytes] = {}
        self.told: dict[str, Any] | None = None
        self.final = JobStatus.DONE
        self.facts: dict[str, Any] = {}
        self._ends = dict(ends or {})
        self._device: dict[str, str] = {}

    def clock(self) -> float:
        return self.now

    def deadline(self, seconds: float | None = None) -> Deadline:
        return Deadline.after(seconds)

    # -- jobs ------------------------------------------------------------------------------------------

    def submit(self, submission: Submission, deadline: Deadline) -> str:
        self._asked("submit", submission.job_id, deadline)
        if len(self._ends) >= self.lanes:
            raise errors.LanesFullError(
                "no lane", status=429, code="1232", solution="wait", trace="t", retry_after_s=3.0
            )
        self.submissions.append(submission)
        server_id = f"s-{submission.job_id}" if self.renames else submission.job_id
        self.hold(server_id, self.now + 1, submission.backend_name)
        return server_id

    def hold(self, job_id: str, ends: float, device: str = "device") -> None:
        """A job that is there, whoever sent it."""
        self._ends[job_id], self._device[job_id] = ends, device
        self.results[job_id] = DOCUMENT

    def find(self, submission_id: str, deadline: Deadline, *, orphaned: bool = False) -> str | None:
        self._asked("find", submission_id, deadline)
        self.orphans += [submission_id] * orphaned
        return next((each for each in (submission_id, f"s-{submission_id}") if each in self._ends), None)

    def job(self, job_id: str, deadline: Deadline) -> JobRecord:
        self._asked("job", job_id, deadline)
        return self._record(self._known(job_id))

    def jobs(self, deadline: Deadline) -> list[JobRecord]:
        self._asked("jobs", "", deadline)
        return [self._record(job_id) for job_id in self._ends]

    def among(self, ids: Collection[str], deadline: Deadline) -> list[JobRecord]:
        self._asked("among", " ".join(sorted(ids)), deadline)
        return [self._record(job_id) for job_id in self._ends]

    def cancel(self, job_id: str, deadline: Deadline) -> None:
        self._asked("cancel", job_id, deadline)
        if self._record(self._known(job_id)).status in JOB_FINAL_STATES:
            raise errors.JobInvalidStateError(f"{job_id} has ended")
        self._ends[job_id], self.final = self.now, JobStatus.CANCELLED

    def delete(self, job_id: str, deadline: Deadline) -> None:
        self._asked("delete", job_id, deadline)
        self._forget(job_id)

    def release(self, job_id: str, deadline: Deadline) -> bool:
        self._asked("release", job_id, deadline)
        if not self.keeps:
            self._forget(job_id)
        return not self.keeps

    def result(self, job_id: str, deadline: Deadline) -> bytes:
        self._asked("result", job_id, deadline)
        return self.results[self._known(job_id)]

    def stored_result(self, job_id: str, deadline: Deadline) -> bytes | None:
        self._asked("stored_result", job_id, deadline)
        return self.results.get(job_id)

    def metrics(self, job_id: str, deadline: Deadline) -> dict[str, Any] | None:
        self._asked("metrics", job_id, deadline)
        return self.told

    # -- inside ----------------------------------------------------------------------------------------

    def names(self, *but: str) -> list[tuple[str, str]]:
        """What was asked, of which job, in order."""
        return [(name, job_id) for name, job_id, _ in self.asked if name not in but]

    def _asked(self, name: str, job_id: str, deadline: Deadline) -> None:
        self.requests += 1
        assert self.requests < MOST_REQUESTS, "asked without end"
        self.asked.append((name, job_id, deadline.remaining()))
        if self.down:
            raise errors.TransportError("down", retryable=True)
        if self.failures.get(name):
            raise self.failures[name].pop(0)

    def _forget(self, job_id: str) -> None:
        if not self.sticky:
            self._ends.pop(job_id, None)

    def _known(self, job_id: str) -> str:
        if job_id not in self._ends:
            raise errors.JobNotFoundError(job_id, status=404)
        return job_id

    def _record(self, job_id: str) -> JobRecord:
        status = self.final if self.now >= self._ends[job_id] else JobStatus.RUNNING
        found = JobRecord(job_id, self._device.get(job_id, "device"), "sampler", status.name, status)
        own_id = job_id[2:] if job_id.startswith("s-") else None
        return replace(found, own_id=own_id, **self.facts)


def simulated(server: SimulatedServer) -> Poller:
    """A poller on the server's clock, without chance."""
    return Poller(server, clock=server.clock, uniform=lambda low, high: (low + high) / 2)  # type: ignore[arg-type]


def run_until_over(poller: Poller, server: SimulatedServer, tickets: list[Ticket]) -> None:
    poller.add(tickets)
    while (pause := poller.pause()) is not None:
        server.now += pause
        poller.turn()
    poller.drop(tickets)
