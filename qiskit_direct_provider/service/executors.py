"""Workers elsewhere: any ``concurrent.futures.Executor``, such as that of a Dask cluster or of MPI."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import TYPE_CHECKING, Any, TypeVar

from qiskit_direct_provider.service.settings import PROCESSES
from qiskit_direct_provider.service.worker_pool import WorkerLostError

if TYPE_CHECKING:
    from qiskit_direct_provider.service.settings import ServiceSettings
    from qiskit_direct_provider.service.worker_pool import WorkerPool

__all__ = ["open_workers"]

ResultT = TypeVar("ResultT")

_DASK = "dask://"
_CONNECT_S = 10


class ExecutorWorkers:
    """An executor as workers.

    What it runs cannot be killed, only given up: the caller goes on, while the worker is busy until it is
    done. Time limits are the caller's.

    Args:
        executor: Runs the functions.
        lost: What it raises when a worker is lost.
        close: Called at the end, after its shutdown.
    """

    def __init__(
        self, executor: Executor, lost: tuple[type[BaseException], ...], close: Callable[[], object]
    ) -> None:
        self._executor = executor
        self._lost = lost
        self._refusals: tuple[type[BaseException], ...] = (*lost, RuntimeError)
        self._close = close

    def start(self) -> None:
        """Nothing to warm up: the workers are there."""

    def submit(
        self,
        function: Callable[..., ResultT],
        *args: object,
        timeout_s: float | None = None,  # noqa: ARG002 - nothing here can keep it
    ) -> Future[ResultT]:
        """Run a function in a worker.

        Raises:
            WorkerLostError: The executor takes nothing any more.
        """
        try:
            inner: Future[ResultT] = self._executor.submit(function, *args)
        except self._refusals as error:
            raise WorkerLostError(f"the executor takes no jobs: {error}") from error
        outer: Future[ResultT] = Future()
        outer.add_done_callback(lambda future: inner.cancel() if future.cancelled() else None)
        inner.add_done_callback(lambda _: self._hand_on(inner, outer))
        return outer

    def _hand_on(self, inner: Future[ResultT], outer: Future[ResultT]) -> None:
        if not outer.set_running_or_notify_cancel():
            return
        if inner.cancelled():
            outer.set_exception(WorkerLostError("the executor gave the job up"))
            return
        error = inner.exception()
        if error is None:
            outer.set_result(inner.result())
        elif isinstance(error, self._lost):
            outer.set_exception(WorkerLostError(f"{type(error).__name__}: {error}"))
        else:
            outer.set_exception(error)

    def stop(self) -> None:
        """Give up everything, and leave the cluster as it is."""
        self._executor.shutdown(wait=False)
        self._close()


def open_workers(settings: ServiceSettings) -> WorkerPool:
    """The workers that the settings name.

    Raises:
        InvalidInputError: The executor is not known, or cannot be reached.
    """
    name = settings.executor
    if name == PROCESSES:
        from qiskit_direct_provider.service.workers import Workers

        return Workers(settings.workers)
    if name.startswith(_DASK):
        return _dask(name.removeprefix(_DASK))
    return ExecutorWorkers(_made_by(name), (BrokenExecutor,), lambda: None)


def _dask(address: str) -> ExecutorWorkers:
    try:
        from distributed import Client, KilledWorker
        from distributed.comm import CommClosedError
    except ImportError as error:
        raise _invalid_input(
            f"a Dask cluster needs more ({error}): pip install 'qiskit-direct-provider[dask]'"
        ) from error
    try:
        client = Client(f"tcp://{address}", timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _invalid_input(f"no Dask scheduler answers at {address}: {error}") from error
    # Not pure: the same job twice is two jobs, with shots of their own.
    executor = client.get_executor(pure=False)
    return ExecutorWorkers(executor, (KilledWorker, CommClosedError), client.close)


def _made_by(name: str) -> Executor:
    """What ``module:callable`` returns."""
    module, _, attribute = name.partition(":")
    try:
        made: Any = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise _invalid_input(
            f"executor is 'processes', 'dask://HOST:PORT' or 'MODULE:CALLABLE', not {name!r}: {error}"
        ) from error
    if not isinstance(made, Executor):
        raise _invalid_input(f"{name} makes no concurrent.futures.Executor")
    return made


def _invalid_input(message: str) -> Exception:
    # errors.py imports qiskit, which costs more than the rest of the server together
    from qiskit_direct_provider.errors import InvalidInputError

    return InvalidInputError(message)
