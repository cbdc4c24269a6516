"""Questions about the status of a job until it ends, on a simulated clock: this package and the other.

Here the `Poller` that every wait uses; in qiskit-ibm-runtime ``RuntimeJobV2.wait_for_final_state``, its own
loop and its own default interval, with its module's clock replaced. Each question takes as long as a request
does. Questions are counted where a client sends a request: ``job_get`` there, ``job`` and ``among`` here,
which Direct Access answers with one list.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from qiskit.providers.jobstatus import JobStatus

from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.interface import JobRecord
from qiskit_direct_provider.waiting import Poller

REQUEST_S = 0.045
CASES = ((1, 600.0), (1, 3600.0), (100, 600.0))


@dataclass
class SimulatedServer:
    """Jobs that all end at the same time of a clock that only questions and pauses move.

    It is the client of our poller, the API client of their job, and their job's clock.
    """

    ends: float
    job_ids: list[str] = field(default_factory=list)
    now: float = 0.0
    questions: int = 0
    url = "http://server.invalid"

    def _asked(self) -> bool:
        """Count a question; whether the jobs have ended."""
        self.questions += 1
        self.now += REQUEST_S
        return self.now >= self.ends

    # -- as our client ---------------------------------------------------------------------------------

    def deadline(self, seconds: float | None = None) -> Deadline:
        """Of one question."""
        return Deadline.after(seconds)

    def among(self, _ids: object, _deadline: Deadline) -> list[JobRecord]:
        """The list of all jobs."""
        over = self._asked()
        return [_record(job_id, over) for job_id in self.job_ids]

    def job(self, job_id: str, _: Deadline) -> JobRecord:
        """One job."""
        return _record(job_id, self._asked())

    # -- as their API client ---------------------------------------------------------------------------

    def job_get(self, job_id: str, **_: object) -> dict[str, object]:
        """One job, as the Runtime REST API has it."""
        return {"id": job_id, "state": {"status": "Completed" if self._asked() else "Running"}}

    # -- as the module ``time`` ------------------------------------------------------------------------

    def time(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Pass over some time."""
        self.now += seconds


def _record(job_id: str, over: bool) -> JobRecord:  # noqa: FBT001 - the one thing that changes
    status = JobStatus.DONE if over else JobStatus.RUNNING
    return JobRecord(job_id, "device", "sampler", status.name, status)


def ours(jobs: int, seconds: float) -> SimulatedServer:
    """The poller's own turns and pauses, one after the other."""
    server = SimulatedServer(seconds, [str(number) for number in range(jobs)])
    poller = Poller(server, clock=server.time, uniform=lambda low, high: (low + high) / 2)  # type: ignore[arg-type]  # what a poller calls
    poller.add([poller.ticket(job_id, 0.0) for job_id in server.job_ids])
    while (pause := poller.pause()) is not None:
        server.sleep(pause)
        poller.turn()
    return server


def theirs(jobs: int, seconds: float) -> SimulatedServer:
    """Their loop, once a job: each of their waits is for one job, and asks about that one."""
    from qiskit_ibm_runtime import runtime_job_v2

    total = SimulatedServer(seconds)
    for number in range(jobs):
        server = SimulatedServer(seconds)
        runtime_job_v2.time = server
        job = runtime_job_v2.RuntimeJobV2(None, server, str(number), "sampler", None)
        job.wait_for_final_state()
        total.questions += server.questions
        total.now = server.now
    return total


def main() -> None:
    """Print one row a case."""
    print(f"questions until the end; one takes {REQUEST_S * 1e3:.0f} ms")
    print(f"{'jobs':>5}{'seconds':>9}{'ours':>7}{'runtime':>9}{'ratio':>8}{'seen late by':>14}{'runtime':>9}")
    for jobs, seconds in CASES:
        mine, other = ours(jobs, seconds), theirs(jobs, seconds)
        ratio = other.questions / mine.questions
        print(
            f"{jobs:5}{seconds:9.0f}{mine.questions:7}{other.questions:9}{ratio:7.1f}x"
            f"{mine.now - seconds:12.1f} s{other.now - seconds:7.1f} s"
        )


if __name__ == "__main__":
    main()
