"""Jobs of an account: found again, waited for, cancelled, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from qiskit.providers.jobstatus import JOB_FINAL_STATES, JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.job import DirectJob, as_completed
from qiskit_direct_provider.job_search import JobQuery, found_entries, known_entry, parts_of, settled
from qiskit_direct_provider.parting import send_the_rest
from qiskit_direct_provider.selection import concurrently
from qiskit_direct_provider.usage import UsageReport
from qiskit_direct_provider.whole_numbers import whole_number

if TYPE_CHECKING:
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["JobService"]


class JobService:
    """The jobs of an account."""

    _workspace: Workspace
    _backend: Callable[..., Any]

    def retrieve_job(self, job_id: str) -> DirectJob:
        """A job by its id: of this process or another, of this machine or another, running or long over.

        What a process left half done is finished: a job that was written down and never arrived is sent.

        Raises:
            JobNotFoundError: Neither is it on record here, nor does the server know it.
        """
        if not isinstance(job_id, str) or not job_id:
            raise errors.InvalidInputError("retrieve_job() takes the id of a job")
        return self._job(known_entry(self._workspace, job_id))

    def job(self, job_id: str) -> DirectJob:
        """The same as `retrieve_job`."""
        return self.retrieve_job(job_id)

    def jobs(  # noqa: PLR0913 - Qiskit users' filters, all by name
        self,
        limit: int | None = 10,
        skip: int = 0,
        *,
        backend_name: str | None = None,
        status: JobStatus | str | Iterable[JobStatus | str] | None = None,
        job_tags: Iterable[str] | None = None,
        start_datetime: datetime | None = None,
        end_datetime: datetime | None = None,
        descending: bool = True,
    ) -> list[DirectJob]:
        """Jobs of the account, newest first: those on record here and those that the server holds.

        What a process left half done is finished, as `retrieve_job` does it.

        Args:
            limit: Most jobs to return; None for all.
            skip: Leave out the first ones.
            backend_name: Only of this backend.
            status: Only in this state, or in one of these: `JobStatus`, or its name.
            job_tags: Only with all of these tags.
            start_datetime: Only created since.
            end_datetime: Only created until.
            descending: Newest first.

        Raises:
            InvalidInputError: One of them cannot be right.
        """
        query = JobQuery.of(
            backend_name=backend_name,
            status=status,
            job_tags=job_tags,
            start=start_datetime,
            end=end_datetime,
            descending=descending,
        )
        skip = whole_number(skip, "skip", least=0)
        end = None if limit is None else skip + whole_number(limit, "limit", least=0)
        found = islice(found_entries(self._workspace, query, end), skip, end)
        return [self._job(settled(self._workspace, entry)) for entry in found]

    def wait(
        self, jobs: DirectJob | Iterable[DirectJob], timeout: float | str | None = None
    ) -> list[DirectJob]:
        """Wait until all jobs have ended, with one request a turn for all of them; the jobs.

        Raises:
            JobTimeoutError: Some have not ended in time; they go on.
        """
        waiting = _listed(jobs)
        for _ in self.as_completed(waiting, timeout):
            pass
        return waiting

    def as_completed(
        self, jobs: DirectJob | Iterable[DirectJob], timeout: float | str | None = None
    ) -> Iterator[DirectJob]:
        """The jobs, each as soon as it has ended, with one request a turn for all of them.

        Raises:
            JobTimeoutError: Some have not ended in time; they go on.
        """
        return as_completed(_listed(jobs), self._workspace, timeout)

    def cancel_jobs(self, jobs: Iterable[DirectJob | str] | None = None, **filters: Any) -> list[DirectJob]:
        """Ask the service to end several jobs, eight at a time; those that it agreed to end.

        Args:
            jobs: Which ones, or their ids.
            **filters: In place of them: conditions as for `jobs`, such as ``job_tags=["sweep"]``. Jobs that
                have ended are not looked at.

        Raises:
            InvalidInputError: Neither was said.
            ApiError: Some could not be asked for; the others were.
        """
        if (jobs is None) == (not filters):
            raise errors.InvalidInputError("cancel_jobs() takes jobs, or conditions such as job_tags=[...]")
        if jobs is None:
            open_states = [status for status in JobStatus if status not in JOB_FINAL_STATES]
            wanted = self.jobs(limit=None, **{"status": open_states, **filters})
        else:
            named = [jobs] if isinstance(jobs, str) else jobs
            wanted = _listed(self.retrieve_job(job) if isinstance(job, str) else job for job in _each(named))
        outcomes = list(zip(wanted, concurrently(_cancelled, wanted), strict=True))
        failed = [f"{job.job_id()}: {error}" for job, error in outcomes if isinstance(error, Exception)]
        if failed:
            raise errors.ApiError(f"{len(failed)} of {len(wanted)} jobs may go on: {'; '.join(failed)}")
        return [job for job, agreed in outcomes if agreed]

    def usage(
        self,
        by: str = "tag",
        *,
        start_datetime: datetime | None = None,
        end_datetime: datetime | None = None,
        backend_name: str | None = None,
    ) -> UsageReport:
        """Time that devices were dedicated to jobs, as far as it is on record here or at the server.

        Args:
            by: What to add up by: ``"tag"``, ``"backend"``, ``"name"``, ``"status"`` or ``"day"``. A job with
                several tags counts for each; the total counts it once.
            start_datetime: Only jobs created since.
            end_datetime: Only jobs created until.
            backend_name: Only of this backend.
        """
        query = JobQuery.of(
            backend_name=backend_name,
            status=None,
            job_tags=None,
            start=start_datetime,
            end=end_datetime,
            descending=True,
        )
        return UsageReport.of(found_entries(self._workspace, query), by)

    def _job(self, entry: JobEntry) -> DirectJob:
        parts = parts_of(self._workspace, entry)
        job = DirectJob(self._backend(entry.backend_name), self._workspace, entry, parts)
        if parts:
            send_the_rest(job.tracked)
        return job


def _listed(jobs: DirectJob | Iterable[DirectJob]) -> list[DirectJob]:
    found = list(_each(jobs))
    if odd := [job for job in found if not isinstance(job, DirectJob)]:
        raise errors.InvalidInputError(f"only jobs of this package are taken here, not {odd[0]!r}")
    return found


def _each(jobs: Any) -> Iterable[Any]:
    """One job or many."""
    if isinstance(jobs, DirectJob):
        return [jobs]
    if not isinstance(jobs, Iterable):
        raise errors.InvalidInputError(f"only a job or a list of jobs is taken here, not {jobs!r}")
    return jobs


def _cancelled(job: DirectJob) -> bool | errors.DirectError:
    try:
        return job.cancel()
    except errors.DirectError as error:
        return error
