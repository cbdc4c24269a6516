"""Circuits of the twin on executors of others, by Aer's own options."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from offline import documents_of, offline_backend
from qiskit import QuantumCircuit, transpile
from qiskit.providers import JobError, JobStatus

from qiskit_direct_provider import DirectBackend, errors

if TYPE_CHECKING:
    from qiskit.result import Result

SHOTS = 300


@pytest.fixture(scope="module")
def backend() -> DirectBackend:
    return offline_backend(documents_of("nairobi"), "fake_nairobi")


@pytest.fixture(scope="module")
def circuits(backend: DirectBackend) -> list[QuantumCircuit]:
    """Five that differ."""
    made = []
    for index in range(5):
        circuit = QuantumCircuit(3, name=f"turned-{index}")
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.rx(0.4 * index, 2)
        circuit.measure_all()
        made.append(circuit)
    return transpile(made, backend, seed_transpiler=1)


@pytest.fixture(scope="module")
def here(backend: DirectBackend, circuits: list[QuantumCircuit]) -> Result:
    """What the twin answers without an executor."""
    return backend.twin().run(circuits, shots=SHOTS, seed_simulator=5, memory=True).result()


class Counting(Executor):
    """Notes the circuits of each task, and hands it on."""

    def __init__(self, inner: Executor) -> None:
        self.inner = inner
        self.tasks: list[int] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks.append(len(args[0]))
        return self.inner.submit(fn, *args, **kwargs)


@pytest.fixture(scope="module", params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "threads":
        with ThreadPoolExecutor(2) as pool:
            yield pool
    else:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            yield pool


def test_same_counts_on_every_executor(
    backend: DirectBackend, circuits: list[QuantumCircuit], here: Result, executor: Executor
) -> None:
    """Whether circuits go one by one, two by two or all at once, and however the executor was named."""
    twin = backend.twin(executor=executor, max_job_size=2, seed_simulator=5)
    whole = backend.twin().run(circuits, shots=SHOTS, seed_simulator=5, memory=True, executor=executor)
    parts = twin.run(circuits, shots=SHOTS, memory=True)
    single = twin.run(circuits, shots=SHOTS, memory=True, max_job_size=1)
    for job in (whole, parts, single):
        found = job.result(timeout=120)
        assert found.success
        assert job.status() is JobStatus.DONE
        assert [each.header["name"] for each in found.results] == [each.name for each in circuits]
        assert found.get_counts() == here.get_counts()
        assert all(found.get_memory(index) == here.get_memory(index) for index in range(len(circuits)))


_ON_DASK = """
import pickle
import sys
from pathlib import Path

from distributed import Client, LocalCluster

if __name__ == "__main__":
    backend, circuits = pickle.loads(Path(sys.argv[1]).read_bytes())
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        found = []
        for executor in (client, client.get_executor()):
            job = backend.twin(executor=executor, max_job_size=2).run(circuits, shots=300, seed_simulator=5)
            found.append((job.result(timeout=120).get_counts(), job.status().name))
    Path(sys.argv[2]).write_bytes(pickle.dumps(found))
"""


@pytest.mark.newest
def test_same_counts_on_a_dask_cluster(
    backend: DirectBackend, circuits: list[QuantumCircuit], here: Result, tmp_path: Path
) -> None:
    """By its client, and by the executor that it has. In a process of its own: Dask leaves sockets open."""
    pytest.importorskip("distributed")
    given, found, script = (tmp_path / name for name in ("given", "found", "on_dask.py"))
    given.write_bytes(pickle.dumps((backend, circuits)))
    script.write_text(_ON_DASK)
    command = [sys.executable, str(script), str(given), str(found)]
    ended = subprocess.run(command, timeout=300, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert pickle.loads(found.read_bytes()) == [(here.get_counts(), "DONE")] * 2


def test_tasks_hold_as_many_circuits_as_was_said(
    backend: DirectBackend, circuits: list[QuantumCircuit]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        counting = Counting(pool)
        for size, tasks in ((None, [5]), (2, [2, 2, 1]), (9, [5])):
            counting.tasks.clear()
            options = {} if size is None else {"max_job_size": size}
            backend.twin(executor=counting, **options).run(circuits, shots=10).result(timeout=60)
            assert counting.tasks == tasks
        counting.tasks.clear()
        with pytest.raises(errors.InvalidCircuitError):  # nothing is handed on that the device refuses
            backend.twin(executor=counting).run(QuantumCircuit(1))
        assert not counting.tasks


def test_a_job_of_parts_is_a_job(backend: DirectBackend, circuits: list[QuantumCircuit]) -> None:
    """While the only worker is busy elsewhere: not done, cannot be waited for, can be cancelled."""
    with ThreadPoolExecutor(1) as pool:
        free: Future[None] = Future()
        pool.submit(free.result)
        job = backend.twin(executor=pool, max_job_size=1).run(circuits, shots=10)
        assert job.status() is JobStatus.INITIALIZING
        with pytest.raises(TimeoutError):
            job.result(timeout=0.01)
        with pytest.raises(JobError, match="already"):
            job.submit()
        assert job.cancel()
        assert job.status() is JobStatus.CANCELLED
        free.set_result(None)


def test_copies_keep_their_options(backend: DirectBackend, circuits: list[QuantumCircuit]) -> None:
    """However they were set; an executor cannot travel in a pickle."""
    with ThreadPoolExecutor(1) as pool:
        twin = backend.twin(executor=pool)
        twin.set_options(shots=77, seed_simulator=3)
        for each in (copy.copy(twin), pickle.loads(pickle.dumps(twin))):
            counts = each.run(circuits[:1]).result().get_counts()
            assert counts == twin.run(circuits[:1]).result().get_counts()
            assert sum(counts.values()) == 77
        assert copy.copy(twin).options.executor is pool
        assert pickle.loads(pickle.dumps(twin)).options.executor is None


def test_what_cannot_be_right_is_refused(backend: DirectBackend, circuits: list[QuantumCircuit]) -> None:
    with ThreadPoolExecutor(1) as pool:
        for size in (0, -1, 1.5, "two"):
            with pytest.raises(errors.InvalidInputError, match="max_job_size"):
                backend.twin(executor=pool).run(circuits, max_job_size=size)
        with pytest.raises(errors.UnsupportedError, match="max_shot_size"):
            backend.twin(executor=pool).run(circuits, max_shot_size=10)
    with pytest.raises(errors.InvalidInputError, match="executor must be"):
        backend.twin(executor="dask").run(circuits)
