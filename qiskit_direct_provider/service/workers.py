"""Warm worker processes, each of which may die without harm to any job but its own.

A worker has a pipe and a thread of the server to itself, and shares no lock with another one: whatever it is
doing when it is killed, nobody else waits for it.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import queue
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TaskTimeoutError
from typing import TYPE_CHECKING, Any, TypeVar

from qiskit_direct_provider.service import fork_server, sandbox
from qiskit_direct_provider.service.worker_pool import WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

__all__ = ["Workers"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

ResultT = TypeVar("ResultT")

_PAUSES_S = (0.0, 0.1, 0.2, 0.4, 0.8)
_REAPED_WITHIN_S = 5.0


class Workers:
    """Processes forked from one that has imported everything already."""

    def __init__(self, count: int) -> None:
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._memory = sandbox.memory_share(count)
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(count)]
        self._alive: set[_Worker] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to start the processes; tasks that come meanwhile wait."""
        for thread in self._threads:
            thread.start()

    def submit(
        self, function: Callable[..., ResultT], *args: object, timeout_s: float | None = None
    ) -> Future[ResultT]:
        """Run a function in a worker. Cancelling the future kills the worker, and another takes its place.

        The future raises `WorkerLostError` when the worker dies, and ``TimeoutError`` of
        ``concurrent.futures`` when the time is over.
        """
        task = _Task(function, args, timeout_s)
        self._tasks.put(task)
        return task

    def stop(self) -> None:
        """End all processes, whatever they are doing."""
        with self._lock:
            self._stopping.set()
            workers = list(self._alive)
        for _ in self._threads:
            self._tasks.put(None)
        fork_server.kill()
        for worker in workers:
            worker.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _serve(self) -> None:
        """One worker after the other, each as long as it lives; the same thread all the time."""
        worker = self._started()
        while (task := self._tasks.get()) is not None:
            if worker is None or not worker.is_ready():
                self._ended(worker)
                worker = self._started()
            if worker is None:
                if task.set_running_or_notify_cancel():
                    task.set_exception(WorkerLostError("no worker process can be started"))
            elif not worker.run(task):
                self._ended(worker)
                worker = self._started()
        self._ended(worker)

    def _started(self) -> _Worker | None:
        """A new worker; None when the service stops, or when there is none to be had."""
        for pause_s in _PAUSES_S:
            if self._stopping.wait(pause_s):
                return None
            try:
                worker = _Worker(self._memory)
            except (OSError, EOFError) as error:  # the fork server died; it is started again
                if not self._stopping.is_set():
                    LOGGER.warning("a worker process could not be started: %r", error)
                continue
            with self._lock:
                if not self._stopping.is_set():
                    self._alive.add(worker)
                    return worker
            worker.end()
        return None

    def _ended(self, worker: _Worker | None) -> None:
        if worker is not None:
            with self._lock:
                self._alive.discard(worker)
            worker.end()


class _Task(Future[Any]):
    """A function to be run, and what became of it."""

    def __init__(self, function: Callable[..., Any], args: tuple[object, ...], limit_s: float | None) -> None:
        super().__init__()
        self.call = (function, args)
        self.limit_s = limit_s
        self.worker: _Worker | None = None

    def cancel(self) -> bool:
        """Give it up, also while it runs."""
        if super().cancel():
            return True
        worker = self.worker
        return worker is not None and worker.kill(self)


class _Worker:
    """One process, and this side's end of its pipe. Only `kill` may be called from other threads."""

    def __init__(self, memory_bytes: int) -> None:
        context = fork_server.context()
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, memory_bytes))
        self._lock = threading.Lock()
        self._task: _Task | None = None
        self._killed = False
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()

    def is_ready(self) -> bool:
        """Whether it lives; it says nothing unless it is asked, so anything to read is the pipe's end."""
        return not self._pipe.poll()

    def kill(self, task: _Task | None = None) -> bool:
        """End it at once; with a task only if it is busy with that one. Whether it was killed."""
        with self._lock:
            if task is not None and self._task is not task:
                return False
            self._killed = True
            # A process that is gone is looked for first: its number may be another one's by now.
            if self._process.exitcode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
            return True

    def run(self, task: _Task) -> bool:
        """Have it run a task, and wait; whether it can run another one."""
        with self._lock:
            self._task = task
        task.worker = self
        if not task.set_running_or_notify_cancel():
            return self._release()
        try:
            self._pipe.send(task.call)
            if not self._pipe.poll(task.limit_s):
                self.kill()
                task.set_exception(TaskTimeoutError())
                return False
            failed, value = self._pipe.recv()
        except (EOFError, OSError):
            task.set_exception(WorkerLostError(self._last_words()))
            return False
        except Exception as error:  # noqa: BLE001 - what cannot be sent, or not be read, is the task's fault
            task.set_exception(error)
            return False
        usable = self._release()
        if failed:
            task.set_exception(value)
        else:
            task.set_result(value)
        return usable

    def _release(self) -> bool:
        """From now on, cancelling the task leaves the worker alone; whether that comes in time."""
        with self._lock:
            self._task = None
            return not self._killed

    def _last_words(self) -> str:
        self._process.join(_REAPED_WITHIN_S)
        return f"exit code {self._process.exitcode}"

    def end(self) -> None:
        """Kill it if it lives, and forget it."""
        self.kill()
        self._process.join(_REAPED_WITHIN_S)
        self._pipe.close()


def _work(pipe: Connection, memory_bytes: int) -> None:
    """What a worker does all its life."""
    sandbox.enter(memory_bytes)
    while True:
        try:
            function, args = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((False, function(*args)))
        except Exception as error:  # noqa: BLE001 - raised again on the other side
            pipe.send((True, _portable(error)))


def _portable(error: Exception) -> Exception:
    """The error, or what it says if it cannot travel."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled just now
    except Exception:  # noqa: BLE001 - whatever it is that it cannot
        return RuntimeError(repr(error))
    return error
