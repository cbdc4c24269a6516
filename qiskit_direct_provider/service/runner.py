"""The life of a job, from its input to its final status."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import TimeoutError as SimulationTimeoutError
from typing import TYPE_CHECKING, TypeVar

from qiskit_direct_provider.service import outcome
from qiskit_direct_provider.service.entry import run_task
from qiskit_direct_provider.service.joblog import JobLog
from qiskit_direct_provider.service.origins import OriginError, Origins
from qiskit_direct_provider.service.outcome import JobEnd, Outcome, Task, cancelled, failed
from qiskit_direct_provider.service.settings import PROCESSES
from qiskit_direct_provider.service.worker_pool import WorkerLostError
from qiskit_direct_provider.wire.direct_access import S3Option

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit_direct_provider.service.devices import Device
    from qiskit_direct_provider.service.jobs import JobStore, StoredJob
    from qiskit_direct_provider.service.settings import ServiceSettings
    from qiskit_direct_provider.service.worker_pool import WorkerPool

__all__ = ["Runner"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

T = TypeVar("T")

_CANCEL_PATIENCE_S = 1.0


class Runner:
    """Runs jobs: fetch the input, simulate in a worker, store the results, then the log, then the status."""

    def __init__(
        self, settings: ServiceSettings, jobs: JobStore, origins: Origins, workers: WorkerPool
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._origins = origins
        self._workers = workers
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ready: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to warm up; jobs that come meanwhile wait."""
        self._ready = asyncio.create_task(asyncio.to_thread(self._workers.start))

    def launch(self, job: StoredJob, device: Device) -> None:
        """Run a job in the background."""
        task = asyncio.create_task(self._run(job, device))
        self._tasks[job.number] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.number, None))

    async def cancel(self, job: StoredJob) -> None:
        """Stop a job. Returns when it is Cancelled, or after a moment: its log may be slow to store."""
        task = self._tasks.get(job.number)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=_CANCEL_PATIENCE_S)

    async def stop(self) -> None:
        """Leave all jobs as they are, and end the workers."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert self._ready is not None
        await asyncio.wait([self._ready])
        await asyncio.to_thread(self._workers.stop)

    async def _run(self, job: StoredJob, device: Device) -> None:
        log = JobLog(job.request.log_level.value)
        try:
            if device.paused:
                await asyncio.Event().wait()  # until it is cancelled, or the service stops
            end = await self._work(job, device, log)
        except asyncio.CancelledError:
            if job.number not in self._tasks:
                raise  # the whole service stops
            end = cancelled()
        except Exception:
            LOGGER.exception("job %r broke the service's own code", job.request.id)
            end = failed(outcome.INTERNAL, "The service failed to run the job.", "Tell the operators.")
        if end.reason_message and end.status == "Failed":
            log.complain(end.reason_message)
        await self._keep_log(job, log)
        self._jobs.finish(job.number, end)

    async def _work(self, job: StoredJob, device: Device, log: JobLog) -> JobEnd:
        storage = job.request.storage
        options = [storage.input, storage.results, storage.logs]
        if not all(option is None or isinstance(option, S3Option) for option in options):
            solution = "Name objects by presigned URLs (type s3_compatible)."
            return failed(outcome.RUN_FAILED, "Storage of type ibmcloud_cos is not supported here.", solution)
        assert isinstance(storage.input, S3Option)
        assert isinstance(storage.results, S3Option)
        try:
            document = await self._origins.fetch(storage.input.presigned_url)
        except OriginError as error:
            return _storage_failure("input", "read", error)
        log.tell(f"input of {len(document)} bytes read")
        done = await self._simulate(job, device, document)
        log.extend(done.log)
        if done.results is None:
            return done.end
        try:
            await self._origins.store(storage.results.presigned_url, done.results)
        except OriginError as error:
            return _storage_failure("results", "stored", error)
        log.tell(f"results of {len(done.results)} bytes stored")
        return done.end

    async def _simulate(self, job: StoredJob, device: Device, document: bytes) -> Outcome:
        request, settings = job.request, self._settings
        task = Task(
            request.program_id,
            document,
            device.snapshot,
            request.timeout_secs,
            request.log_level.value,
            settings.noise,
            settings.seed,
        )
        return await self.simulate(task)

    async def in_worker(self, function: Callable[..., T], *args: object) -> T:
        """Run a function in a worker, once they are warm. Cancelling this kills the worker, if it can be.

        Raises:
            TimeoutError: Of ``concurrent.futures``: it took longer than the settings allow.
            WorkerLostError: What ran it is gone.
        """
        assert self._ready is not None
        await asyncio.shield(self._ready)
        limit_s = self._settings.simulation_limit_s
        try:
            future = asyncio.wrap_future(self._workers.submit(function, *args, timeout_s=limit_s))
            if self._settings.executor == PROCESSES:
                return await future
            return await asyncio.wait_for(future, limit_s)
        except asyncio.TimeoutError as error:
            raise SimulationTimeoutError from error

    async def simulate(self, task: Task) -> Outcome:
        """Run the program of a job."""
        limit_s = self._settings.simulation_limit_s
        try:
            return await self.in_worker(run_task, task)
        except SimulationTimeoutError:
            message = f"The simulation was given up after {limit_s:g} s."
            return Outcome(failed(outcome.TIMED_OUT, message, "Use fewer shots, qubits or gates."), "")
        except WorkerLostError as error:
            message = f"The worker process died ({error}) while it ran the job."
            solution = "The circuit may need more memory than there is: use fewer qubits."
            return Outcome(failed(outcome.SIMULATION_FAILED, message, solution), "")

    async def _keep_log(self, job: StoredJob, log: JobLog) -> None:
        """Store the log, unless the job is cancelled meanwhile: how it ends is known, and must be noted."""
        try:
            await self._store_log(job, log)
        except asyncio.CancelledError:
            if job.number not in self._tasks:
                raise  # the whole service stops
            LOGGER.warning("the log of job %r was given up: the job was cancelled", job.request.id)

    async def _store_log(self, job: StoredJob, log: JobLog) -> None:
        option = job.request.storage.logs
        if not isinstance(option, S3Option):
            return
        try:
            await self._origins.store(option.presigned_url, log.text().encode())
        except OriginError as error:
            # the job itself is not harmed
            LOGGER.warning("the log of job %r could not be stored: %s", job.request.id, error)


def _storage_failure(what: str, verb: str, error: OriginError) -> JobEnd:
    solution = "Check the presigned URL: its object store, method, expiry and signature."
    reason = str(error).removesuffix(".")
    return failed(outcome.RUN_FAILED, f"The {what} could not be {verb}: {reason}.", solution)
