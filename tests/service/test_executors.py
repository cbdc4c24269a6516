"""Jobs that run elsewhere: on a Dask cluster, or on any executor."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lost_workers
import pytest
from connecting import free_port
from service_client import BELL, Client, Service

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.service.executors import ExecutorWorkers, open_workers
from qiskit_direct_provider.service.settings import ServiceSettings
from qiskit_direct_provider.service.worker_pool import WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS: dict[str, Any] = {"devices": ("fake_nairobi",), "seed": 11, "workers": 2}
WORKERS = 2


class Cluster:
    """A Dask scheduler and its workers, each a process of one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = f"127.0.0.1:{free_port()}"
        host, _, port = self.address.partition(":")
        self._run("dask_scheduler", "--host", host, "--port", port)
        for _ in range(WORKERS):
            self._run("dask_worker", f"tcp://{self.address}", "--nthreads", "1", "--no-nanny")

    def _run(self, module: str, *arguments: str) -> None:
        log = self._folder / f"{len(self._processes)}.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
            self._processes.append(
                subprocess.Popen(command, cwd=self._folder, stdout=output, stderr=subprocess.STDOUT)
            )

    def end(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait(20)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    made = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        subprocess.run(
            [sys.executable, "-c", _WAIT, made.address, str(WORKERS)],
            check=True,
            timeout=120,
            capture_output=True,
        )
        yield made
    finally:
        made.end()


_WAIT = """
import sys
from distributed import Client
with Client(f"tcp://{sys.argv[1]}", timeout=90, set_as_default=False) as client:
    client.wait_for_workers(int(sys.argv[2]), timeout=90)
"""


def results(service: Service) -> list[Any]:
    """Samples of four jobs that are there at the same time."""
    client = Client(service)
    pubs = [[[BELL, None, 500 + index]] for index in range(4)]
    documents = [{"version": 2, "support_qiskit": False, "pubs": each} for each in pubs]
    bodies = [client.request(each, backend="fake_nairobi") for each in documents]
    for body in bodies:
        assert client.post("/v1/jobs", json=body).status_code == 204
    ends = [client.wait(body["id"]) for body in bodies]
    assert [end["status"] for end in ends] == ["Completed"] * 4
    found = [client.results(body)["results"][0]["data"]["meas"]["samples"] for body in bodies]
    client.close()
    assert [len(samples) for samples in found] == [500, 501, 502, 503]
    return found


@pytest.mark.newest
def test_a_dask_cluster_gives_the_same_results(start: Callable[..., Service], cluster: Cluster) -> None:
    """For the same seed; from worker processes that the service did not start."""
    here = start(**SETTINGS)
    expected = results(here)
    assert here.stop() == 0
    service = start(**SETTINGS, executor=f"dask://{cluster.address}")
    assert results(service) == expected
    assert service.stop() == 0, service.errors()


def test_any_executor_will_do(start: Callable[..., Service]) -> None:
    """Jobs run, and a failing one is Failed with its reason."""
    service = start(**SETTINGS, executor="concurrent.futures:ThreadPoolExecutor")
    results(service)
    client = Client(service)
    wrong = client.request({"pubs": [["OPENQASM 3.0; bit[1] c; h $0;"]]}, backend="fake_nairobi")
    assert client.post("/v1/jobs", json=wrong).status_code == 204
    end = client.wait(wrong["id"])
    assert end["status"] == "Failed"
    assert end["reason_message"]
    client.close()


def test_an_executor_that_loses_its_workers_fails_jobs(
    start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(Path(lost_workers.__file__).parent), os.environ.get("PYTHONPATH")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    service = start(**SETTINGS, executor="lost_workers:executor")
    client = Client(service)
    for _ in range(2):  # the second one is not taken any more
        body = client.request({"pubs": [[BELL]]}, backend="fake_nairobi")
        assert client.post("/v1/jobs", json=body).status_code == 204
        end = client.wait(body["id"])
        assert (end["status"], end["reason_code"]) == ("Failed", 5204)
        assert "worker process died" in end["reason_message"]
    client.close()


@pytest.mark.parametrize(
    ("executor", "wrong"),
    [
        ("threads", "executor is 'processes', 'dask://HOST:PORT' or 'MODULE:CALLABLE'"),
        ("no_such_module:executor", "No module named 'no_such_module'"),
        ("os:getcwd", "makes no concurrent.futures.Executor"),
    ],
)
def test_an_unknown_executor_is_refused(executor: str, wrong: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(wrong)):
        open_workers(ServiceSettings(executor=executor))


def test_what_a_dask_cluster_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InvalidInputError, match=r"needs more .*distributed.*: pip install '.*\[dask\]'"):
        open_workers(ServiceSettings(executor="dask://127.0.0.1:8786"))


def test_what_becomes_of_a_function_is_handed_on() -> None:
    """Its result or its own error; one that is given up before it begins never does."""
    pool, hold = ThreadPoolExecutor(1), threading.Event()
    workers = ExecutorWorkers(pool, (BrokenExecutor,), lambda: None)
    assert workers.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 7, 0).result(10)
    begun: list[int] = []
    busy = workers.submit(hold.wait, 10)
    given_up, last = workers.submit(begun.append, 1), workers.submit(begun.append, 2)
    assert given_up.cancel()
    hold.set()
    assert busy.result(10)
    last.result(10)
    assert begun == [2]
    workers.stop()
    with pytest.raises(WorkerLostError, match="takes no jobs"):
        workers.submit(divmod, 7, 2)


def test_what_is_given_up_while_it_runs_has_no_end() -> None:
    """Nobody can stop it, but nobody waits for it any more either."""
    pool, hold = ThreadPoolExecutor(1), threading.Event()
    workers = ExecutorWorkers(pool, (BrokenExecutor,), lambda: None)
    busy = workers.submit(hold.wait, 10)
    assert busy.cancel()
    hold.set()
    assert workers.submit(divmod, 7, 2).result(10) == (3, 1)
    assert busy.cancelled()
    workers.stop()


def test_an_executor_that_gives_up_its_jobs_loses_them() -> None:
    pool, hold = ThreadPoolExecutor(1), threading.Event()
    workers = ExecutorWorkers(pool, (BrokenExecutor,), lambda: None)
    busy, waiting = workers.submit(hold.wait, 10), workers.submit(divmod, 7, 2)
    pool.shutdown(wait=False, cancel_futures=True)
    hold.set()
    with pytest.raises(WorkerLostError, match="gave the job up"):
        waiting.result(10)
    assert busy.result(10)
