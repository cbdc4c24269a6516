"""A submitted job."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from qiskit.providers import JobV1

from qiskit_direct_provider import errors, notices
from qiskit_direct_provider.job_facts import JobFacts
from qiskit_direct_provider.job_settings import tags_of
from qiskit_direct_provider.job_waiting import (
    Vigil,
    deadline_of,
    final_record,
    finished,
    interval_of,
    until_ended,
)
from qiskit_direct_provider.pub_results import as_sent
from qiskit_direct_provider.results import ResultOrigin, check, merged, qiskit_result, records_from
from qiskit_direct_provider.tracked_job import TrackedJob
from qiskit_direct_provider.wire.primitives import ESTIMATOR, SAMPLER

if TYPE_CHECKING:
    import asyncio

    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2
    from qiskit.providers.jobstatus import JobStatus
    from qiskit.result import Result

    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.clients.interface import JobRecord
    from qiskit_direct_provider.journal import JobEntry
    from qiskit_direct_provider.verification.verification import Verification
    from qiskit_direct_provider.workspace import Workspace

    Judge = Callable[[Result], Verification | errors.DirectError]

__all__ = ["DirectJob", "as_completed"]


class DirectJob(JobFacts, JobV1):
    """Circuits that were sent to a backend.

    The job goes on whatever happens to this object or to this process: it is on record here, and
    ``provider.retrieve_job(id)`` brings it back. Its lane at the device is freed (the server's copy is
    deleted) as soon as `result` has the outcome on disk; the objects in the store stay.

    More circuits than one job of the server may hold are sent as several, one after the other as lanes come
    free; together they are this one job.

    A pickle holds what is known of the job, and its result if that was fetched; it holds no credentials,
    so what comes out of it cannot ask the service.
    """

    def __init__(
        self, backend: BackendV2, workspace: Workspace, entry: JobEntry, parts: Sequence[JobEntry] = ()
    ) -> None:
        super().__init__(backend, entry.known_as)
        self._workspace = workspace
        self._entry = entry
        self._parts = [TrackedJob(workspace, part) for part in parts or (entry,)]
        self._primitive_result: PrimitiveResult | None = None
        self._result: Result | None = None
        self._judge: Judge | None = None
        self._verdict: Verification | errors.DirectError | None = None
        self._untold: str | None = None

    def __repr__(self) -> str:
        known = {part.last.server_status if part.last else part.entry.stage.value for part in self._parts}
        return f"<{type(self).__name__} {self.job_id()} on {self.backend().name}: {', '.join(sorted(known))}>"

    def _repr_html_(self) -> str:
        from qiskit_direct_provider.views.job import job_html

        return job_html(self.known())

    def __copy__(self) -> DirectJob:
        # It stands for one job of the server.
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> DirectJob:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        parts = [(part.entry, part.last) for part in self._parts]
        return _restored, (type(self), self.backend(), self._entry, parts, self._primitive_result)

    def job_id(self) -> str:
        """The id by which the server knows the job, and `retrieve_job` finds it."""
        return self._entry.job_id if self._entry.parts else self._parts[0].job_id

    # -- results -------------------------------------------------------------------------------------

    def result(self, timeout: float | str | None = None, wait: float | str | None = None) -> Result:
        """Wait for the job's end, and return counts (and memory, if ``run`` was told so).

        Args:
            timeout: Longest time to wait, in seconds or as text (``"10m"``); None waits as long as it takes.
            wait: Time between two questions to the server, in seconds or as text; None asks at a tenth of
                the job's age, at least every 30 s.

        Raises:
            JobTimeoutError: The job is still running, and goes on; or it has ended, and its result is still
                on its way.
            JobFailedError: The job failed; the text says why.
            JobCancelledError: The job was cancelled.
            StorageError: The result cannot be fetched from the object store.
            ProtocolError: The result is damaged, or is not that of these circuits.
            UnsupportedError: It is a job of the estimator, which has no counts.
        """
        result: Result = self._quiet_result(timeout, wait)
        self._complain()
        return result

    def _quiet_result(self, timeout: float | str | None = None, wait: float | str | None = None) -> Any:
        """What `result` returns; what there is to warn of is left to the thread that asked."""
        if self._entry.program_id == ESTIMATOR:
            raise errors.UnsupportedError(
                f"job {self.job_id()} has values in place of counts; call primitive_result()"
            )
        deadline = deadline_of(timeout)
        primitive_result = self._decoded_result(timeout, wait)
        if self._result is None:
            ended = self._parts[-1].end_time(deadline)
            origin = ResultOrigin(
                job_id=self.job_id(),
                backend_name=self.backend().name,
                backend_version=str(self._entry.backend_version or self.backend().backend_version or ""),
                date=ended.isoformat() if ended else None,
            )
            circuits = self._entry.circuits or records_from(primitive_result)
            self._result = qiskit_result(primitive_result, circuits, origin, memory=self._entry.memory)
            if self._judge is not None:
                self._verdict = self._judge(self._result)
                if isinstance(self._verdict, errors.DirectError):
                    self._untold = f"job {self.job_id()} was not verified: {self._verdict}"
                elif not self._verdict:
                    self._untold = str(self._verdict)
        return self._result

    def _complain(self) -> None:
        """Warn once, in the caller's own thread, of a result that is not what the calibration promises."""
        text, self._untold = self._untold, None
        if text is not None:
            notices.warn(text, notices.NotConsistentWarning)

    def verify_with(self, judge: Judge) -> None:
        """Have the result looked at as soon as it is there; ``backend.run(..., verify=True)`` does so."""
        self._judge = judge

    def verification(
        self, timeout: float | str | None = None, wait: float | str | None = None
    ) -> Verification:
        """Whether the counts are what the device's calibration promises; waits for the result.

        Raises:
            UnsupportedError: The job was not sent with ``verify=True``, or its circuits cannot be simulated;
                ``backend.verify(job)`` looks at any.
        """
        if self._judge is None:
            raise errors.UnsupportedError(
                f"job {self.job_id()} was not sent with verify=True; call backend.verify(job)"
            )
        self.result(timeout, wait)
        if self._verdict is None or isinstance(self._verdict, errors.DirectError):
            raise errors.UnsupportedError(f"job {self.job_id()} could not be verified: {self._verdict}")
        return self._verdict

    def primitive_result(
        self, timeout: float | str | None = None, wait: float | str | None = None
    ) -> PrimitiveResult:
        """The same outcome, from the same download, in the form of Qiskit's primitives."""
        result, circuits = self._decoded_result(timeout, wait), self._entry.circuits
        if circuits and self._entry.program_id == SAMPLER:
            check(result, circuits)
        return as_sent(result, circuits, self.job_id())

    def _decoded_result(self, timeout: float | str | None, wait: float | str | None) -> PrimitiveResult:
        """The result as it came; it is kept, the names in it are those that were sent."""
        if self._primitive_result is None:
            deadline, interval_s = deadline_of(timeout), interval_of(wait)
            found, failure = [], None
            for part in self._parts:  # each of them, since each holds a lane until its outcome is on disk
                try:
                    found.append(_outcome(part, deadline, interval_s))
                except (errors.JobFailedError, errors.JobCancelledError) as error:
                    failure = failure or error
            if failure is not None:
                raise failure
            self._primitive_result = merged(found)
        return self._primitive_result

    def wait_for_final_state(
        self,
        timeout: float | str | None = None,
        wait: float | str | None = None,
        callback: Callable[[str, JobStatus, DirectJob], None] | None = None,
    ) -> None:
        """Wait until the job is done, cancelled or failed.

        Args:
            timeout: Longest time to wait, in seconds or as text (``"10m"``); None waits as long as it takes.
            wait: Time between two questions to the server, in seconds or as text; None chooses by the job's
                age.
            callback: Called with job id, status and job after each answer of the server.

        Raises:
            JobTimeoutError: The time is over; the job goes on.
            JobNotFoundError: The server does not hold it, and there is no result of it.
            StorageError: The server does not hold it, and whether there is a result cannot be found out.
        """
        deadline, interval_s = deadline_of(timeout), interval_of(wait)
        if callback is not None and not callable(callback):
            raise errors.InvalidInputError(f"callback must be a function, not {callback!r}")

        def report() -> None:
            if callback is not None:
                callback(self.job_id(), self._last_status(), self)

        for part in self._parts:
            _wait(part, deadline, interval_s, report)

    def __await__(self) -> Generator[Any, None, Result]:
        """``await job`` gives what `result` returns, without blocking the event loop."""
        return self._awaited().__await__()

    async def _awaited(self) -> Result:
        import asyncio

        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        waits = until_ended(self._parts)
        with self._workspace.poller.watched([ticket for _, ticket in waits]) as tickets:
            vigil = Vigil(self._workspace.poller, tickets)
            for part, ticket in waits:
                ended.clear()
                ticket.on_end = lambda: _wake(loop, ended)
                while not ticket.over:
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(ended.wait(), vigil.due_s())
                    vigil.look()
                part.note(ticket)
        result: Result = await asyncio.to_thread(self._quiet_result)
        self._complain()
        return result

    # -- state ---------------------------------------------------------------------------------------

    def status(self) -> JobStatus:
        """The state of the job.

        Direct Access has no queue: an accepted job counts as running, also while it waits for the device.
        """
        for part in self._parts:
            if part.sent:
                part.record()
        return self._last_status()

    def name(self) -> str | None:
        """The name that ``run`` was given."""
        return self._entry.name

    def update_name(self, name: str) -> str:
        """Give the job another name; it is kept on this side."""
        if not isinstance(name, str):
            raise errors.InvalidInputError("a job's name must be text")
        self._change(name=name)
        return name

    @property
    def tags(self) -> list[str]:
        """The tags that ``run`` was given."""
        return list(self._entry.tags)

    def update_tags(self, new_tags: Iterable[str]) -> list[str]:
        """Give the job other tags; they are kept on this side, and by servers that keep tags."""
        found = tags_of(new_tags, "tags")
        client = self._workspace.client
        for part in self._parts:
            with contextlib.suppress(errors.JobNotFoundError):  # it was deleted there
                client.set_tags(part.job_id, part.journal_id, found, client.deadline())
        self._change(tags=found)
        return list(found)

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
        agreed = [part.cancel() for part in reversed(self._parts)]
        return any(agreed)

    def delete(self) -> None:
        """Make the service forget the job, which frees its lane. What is on record here stays.

        Raises:
            JobInvalidStateError: The job has not ended.
        """
        for part in self._parts:
            part.delete()

    # -- parts ---------------------------------------------------------------------------------------

    def _change(self, **changes: Any) -> None:
        import msgspec

        changed = self._workspace.journal.advance(self._entry.job_id, **changes)
        self._entry = changed or msgspec.structs.replace(self._entry, **changes)


def _wake(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Tell a loop; one that was closed meanwhile has nobody who waits."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(ended.set)


def _wait(
    part: TrackedJob,
    deadline: Deadline,
    wait: float | None,
    each: Callable[[], object] | None = None,
) -> None:
    """Wait until one job of the server has ended; one that it forgot has, if its result is there.

    Raises:
        JobNotFoundError: The server does not hold it, and there is no result of it.
    """
    try:
        final_record(part, deadline, wait, each)
    except errors.JobNotFoundError as gone:
        if part.found_again():
            return _wait(part, deadline, wait, each)
        part.left_behind(gone, deadline)
        if each is not None:
            each()


def _outcome(part: TrackedJob, deadline: Deadline, wait: float | None) -> PrimitiveResult:
    """The result of one job of the server, checked against the number of circuits that were sent."""
    result = part.kept(deadline)
    if result is None:
        _wait(part, deadline, wait)
        result = _fetched(part, deadline)
    expected = len(part.entry.circuits)
    if expected and len(result) != expected:
        raise errors.ProtocolError(
            f"job {part.job_id}: {expected} circuits were sent, but {len(result)} results came back"
        )
    return result


def _fetched(part: TrackedJob, deadline: Deadline) -> PrimitiveResult:
    try:
        return part.fetched(deadline)
    except (errors.ApiError, errors.StorageError) as error:
        if not (error.retryable and deadline.expired()):
            raise
        raise errors.JobTimeoutError(
            f"job {part.job_id} has ended, but its result did not come within the time limit; call result() "
            f"again ({error})"
        ) from error


def as_completed(
    jobs: Sequence[DirectJob], workspace: Workspace, timeout: float | str | None
) -> Iterator[DirectJob]:
    """Jobs as they end.

    Raises:
        JobTimeoutError: Some have not ended in time; they go on.
    """
    yield from finished([(job, job.tracked) for job in jobs], workspace.poller, deadline_of(timeout))


def _restored(
    kind: type[DirectJob],
    backend: Any,
    entry: JobEntry,
    parts: list[tuple[JobEntry, JobRecord | None]],
    result: Any,
) -> DirectJob:
    """The job of a pickle."""
    job = kind(backend, backend._workspace, entry, [part for part, _ in parts])  # noqa: SLF001 - its own backend
    for part, (_, last) in zip(job.tracked, parts, strict=True):
        part.last = last
    job._primitive_result = result  # noqa: SLF001 - its own kind
    return job
