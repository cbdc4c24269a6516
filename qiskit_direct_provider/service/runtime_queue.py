"""The queue of each device: one job at a time, in order, except that an active session goes first."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from qiskit_direct_provider.service import outcome
from qiskit_direct_provider.service.joblog import JobLog
from qiskit_direct_provider.service.older_inputs import as_version_2
from qiskit_direct_provider.service.outcome import JobEnd, Outcome, Task, cancelled, failed

if TYPE_CHECKING:
    from qiskit_direct_provider.service.devices import Device
    from qiskit_direct_provider.service.runner import Runner
    from qiskit_direct_provider.service.runtime_jobs import RuntimeJobStore, StoredRun
    from qiskit_direct_provider.service.runtime_sessions import Session, Sessions
    from qiskit_direct_provider.service.settings import ServiceSettings

__all__ = ["RuntimeQueue"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

_CANCEL_PATIENCE_S = 1.0


class RuntimeQueue:
    """Runs the jobs of the Runtime API. All methods belong to the service's event loop."""

    def __init__(
        self, settings: ServiceSettings, jobs: RuntimeJobStore, sessions: Sessions, runner: Runner
    ) -> None:
        self._settings = settings
        self._jobs = jobs
        self._sessions = sessions
        self._runner = runner
        self._waiting: dict[str, list[StoredRun]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._busy: dict[str, int] = {}
        self._alarms: dict[str, asyncio.TimerHandle] = {}
        self._devices: dict[str, Device] = {}

    def start(self, devices: dict[str, Device]) -> None:
        """Take up the jobs that the last service left Queued or Running."""
        self._devices = devices
        for run in self._jobs.unfinished():
            self._jobs.requeue(run.number)
            if run.request.backend in devices:
                self.enter(run)
            else:
                end = failed(outcome.RUN_FAILED, "The backend is gone.", "Choose another backend.")
                self._jobs.finish(run.number, end, None, "")

    def enter(self, run: StoredRun) -> None:
        """Put a job into the queue of its device."""
        session = self._sessions.at(run.request.session_id)
        if session is not None:
            session.jobs.add(run.number)
        self._waiting.setdefault(run.request.backend, []).append(run)
        self._advance(run.request.backend)

    async def cancel(self, run: StoredRun) -> None:
        """Take a job out of the queue, or stop it."""
        task = self._tasks.get(run.number)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=_CANCEL_PATIENCE_S)
        else:
            self._drop(run, cancelled())
            self._advance(run.request.backend)

    def close_session(self, session: Session) -> None:
        """No more jobs; those in the queue still run."""
        session.stop_accepting()
        self._advance(session.backend)

    def cancel_session(self, session: Session, end: JobEnd | None = None) -> None:
        """No more jobs, and none of those that wait; the one that runs goes on."""
        session.accepting = False
        waiting = [run for queue in self._waiting.values() for run in queue]
        for run in [each for each in waiting if each.number in session.jobs]:
            self._drop(run, end or cancelled())
        self.close_session(session)

    async def stop(self) -> None:
        """Leave all jobs as they are."""
        for alarm in self._alarms.values():
            alarm.cancel()
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._waiting.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- whose turn it is ----------------------------------------------------------------------------

    def _advance(self, backend: str) -> None:
        """Start the next job of a device, if it is free."""
        self._look_at_the_clock(backend)
        device = self._devices[backend]
        if backend in self._busy or device.paused:
            return
        run = self._next(backend)
        if run is None:
            return
        self._waiting[backend].remove(run)
        session = self._sessions.at(run.request.session_id)
        if session is not None:
            session.job_begins()
        self._jobs.begin(run.number)
        self._busy[backend] = run.number
        task = asyncio.create_task(self._run(run, device))
        self._tasks[run.number] = task
        task.add_done_callback(lambda _: self._ended(run))

    def _next(self, backend: str) -> StoredRun | None:
        waiting = self._waiting.get(backend, [])
        holder = next((each for each in self._sessions.of_device(backend) if each.holds_device), None)
        if holder is None:
            return waiting[0] if waiting else None
        return next((run for run in waiting if run.number in holder.jobs), None)

    def _look_at_the_clock(self, backend: str) -> None:
        """Sessions end or grow idle by themselves; be called again when the next one does."""
        pauses = []
        for session in self._sessions.of_device(backend):
            if session.is_over() and session.accepting:
                message = "The session has reached its maximum time."
                self.cancel_session(session, failed(outcome.RUN_FAILED, message, "Open another session."))
                return
            session.grow_idle()
            pause = session.due_in()
            if pause is not None and session.accepting:
                pauses.append(pause)
        alarm = self._alarms.pop(backend, None)
        if alarm is not None:
            alarm.cancel()
        if pauses:
            loop = asyncio.get_running_loop()
            self._alarms[backend] = loop.call_later(min(pauses) + 0.01, self._advance, backend)

    def _drop(self, run: StoredRun, end: JobEnd) -> None:
        """End a job that waits."""
        waiting = self._waiting.get(run.request.backend, [])
        self._waiting[run.request.backend] = [each for each in waiting if each.number != run.number]
        self._jobs.finish(run.number, end, None, "")
        self._leave_session(run)

    def _leave_session(self, run: StoredRun) -> None:
        session = self._sessions.at(run.request.session_id)
        if session is not None:
            session.job_ended(run.number)

    def _ended(self, run: StoredRun) -> None:
        backend = run.request.backend
        self._busy.pop(backend, None)
        if self._tasks.pop(run.number, None) is None:
            return  # the whole service stops
        self._leave_session(run)
        self._advance(backend)

    # -- one job -------------------------------------------------------------------------------------

    async def _run(self, run: StoredRun, device: Device) -> None:
        log = JobLog(run.request.log_level)
        try:
            done = await self._runner.simulate(self._task(run, device))
        except asyncio.CancelledError:
            if run.number not in self._tasks:
                raise  # the whole service stops
            done = Outcome(cancelled(), "")
        except Exception:
            LOGGER.exception("job %s broke the service's own code", run.id)
            end = failed(outcome.INTERNAL, "The service failed to run the job.", "Tell the operators.")
            done = Outcome(end, "")
        log.extend(done.log)
        if done.end.reason_message and done.end.status == "Failed":
            log.complain(done.end.reason_message)
        self._jobs.finish(run.number, done.end, done.results, log.text())

    def _task(self, run: StoredRun, device: Device) -> Task:
        request, settings = run.request, self._settings
        given = as_version_2(self._jobs.params(run.number), request)
        return Task(
            given.program,
            given.document,
            device.snapshot,
            request.timeout_s,
            request.log_level,
            settings.noise,
            settings.seed,
            counts=given.counts,
            memory=given.memory,
        )
