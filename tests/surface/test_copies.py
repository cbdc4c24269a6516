"""A backend and its jobs in other hands: copies, pickles, threads, other processes."""

from __future__ import annotations

import concurrent.futures
import copy
import multiprocessing
import pickle
from typing import TYPE_CHECKING

import pytest
from preparing import most_frequent, number
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.disconnected import DisconnectedClient

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectJob, DirectProvider
    from qiskit_direct_provider.service.process import LocalService


def test_a_deep_copy_runs(nairobi: DirectBackend) -> None:
    """Primitives copy their backend at every run, also inside of other things."""
    held = copy.deepcopy({"backend": nairobi, "twice": [nairobi]})
    assert held["twice"][0] is held["backend"] is nairobi
    shallow = copy.copy(nairobi)
    job = shallow.run(number(2, 2), shots=100)
    assert job.backend() is shallow
    assert most_frequent(job.result(timeout=60).get_counts()) == "10"


def test_a_copy_knows_what_its_origin_knew(provider: DirectProvider) -> None:
    """Nothing, of a backend that was never used."""
    backend = provider._backend("fake_nairobi")
    copied = copy.copy(backend)
    assert (copied.is_loaded, copied.name, copied.load().num_qubits) == (False, "fake_nairobi", 7)
    assert copy.copy(copied).is_loaded
    assert not backend.is_loaded


def test_what_stands_for_a_connection_can_be_copied() -> None:
    client = DisconnectedClient("https://system.example")
    for same in (copy.copy(client), copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
        assert same.url == "https://system.example"
        with pytest.raises(errors.AccountError, match="unpickled"):
            same.backends(same.deadline(1))


def test_looking_into_a_backend_that_was_not_made_yet_does_not_recurse(nairobi: DirectBackend) -> None:
    """Copies ask an empty instance for its special methods before it has any attribute."""
    empty = type(nairobi).__new__(type(nairobi))
    for name in ("__setstate__", "__deepcopy_this__", "_workspace", "no_such_name"):
        with pytest.raises(AttributeError):
            getattr(empty, name)


def test_circuits_are_transpiled_in_another_process(nairobi: DirectBackend) -> None:
    """The backend travels by pickle, as joblib and multiprocessing do it."""
    context = multiprocessing.get_context("spawn")
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 2)
    circuit.measure_all()
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        there = pool.submit(transpile, circuit, nairobi, seed_transpiler=1).result(timeout=120)
    assert there == transpile(circuit, nairobi, seed_transpiler=1)
    assert sum(nairobi.run(there, shots=50).result(timeout=60).get_counts().values()) == 50


def test_runs_in_threads_keep_their_results_apart(nairobi: DirectBackend) -> None:
    """Each of twelve jobs on one backend prepares a number of its own, with a number of shots of its own."""

    def prepared(value: int) -> tuple[str, int]:
        counts = nairobi.run([number(4, value)], shots=100 + value).result(timeout=120).get_counts()
        return most_frequent(counts), sum(counts.values())

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(prepared, range(12)))
    assert found == [(f"{value:04b}", 100 + value) for value in range(12)]


# -- jobs ----------------------------------------------------------------------------------------------


@pytest.fixture
def job(nairobi: DirectBackend) -> DirectJob:
    circuit = number(3, 0b110)
    circuit.metadata = {"kept": True}
    return nairobi.run(circuit, shots=100, memory=True)


def test_a_copy_of_a_job_is_the_job(job: DirectJob) -> None:
    """It stands for one job of the server."""
    assert copy.deepcopy([job])[0] is copy.copy(job) is job


def test_a_pickled_job_holds_its_result(job: DirectJob, service: LocalService) -> None:
    """So a worker can return a job, and what was fetched before needs no connection."""
    expected = job.result(timeout=60)
    data = pickle.dumps(job)
    for secret in (service.api_key, service.storage["secret_access_key"]):
        assert secret.encode() not in data
    restored = pickle.loads(data)
    assert restored.job_id() == job.job_id()
    assert restored.done()
    assert restored.backend() == job.backend()
    result = restored.result()
    assert result.get_memory() == expected.get_memory()
    assert result.results[0].header["metadata"] == {"kept": True}
    assert restored.metrics() == job.metrics()


def test_a_job_pickled_before_its_end_says_how_to_go_on(job: DirectJob) -> None:
    """Credentials do not travel; the job's id does."""
    restored = pickle.loads(pickle.dumps(job))
    restored._workspace.journal.folder = restored._workspace.journal.folder / "of another machine"
    assert restored.job_id() == job.job_id()
    with pytest.raises(errors.AccountError, match="unpickled"):
        restored.result(timeout=5)
    assert most_frequent(job.result(timeout=60).get_counts()) == "110"
