"""Each thing that can go wrong gives one clear error of this package's tree."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from connecting import free_port, provider_for
from qiskit import QuantumCircuit, transpile
from qiskit.exceptions import QiskitError
from qiskit.providers import JobError, QiskitBackendNotFoundError

from qiskit_direct_provider import DirectBackend, DirectProvider, S3Storage, errors

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService


def measured_x() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def test_every_error_is_in_the_tree() -> None:
    for name in errors.__all__:
        error = getattr(errors, name)("text", status=418, code="7", solution="tea", trace="t", retryable=True)
        assert isinstance(error, errors.DirectError)
        assert isinstance(error, QiskitError)
        copy = pickle.loads(pickle.dumps(error))
        assert (str(copy), copy.status, copy.code, copy.trace) == ("text", 418, "7", "t")
        assert name in (errors.__doc__ or "")
    assert issubclass(errors.JobTimeoutError, TimeoutError)
    assert issubclass(errors.DirectJobError, JobError)
    assert issubclass(errors.BackendNotFoundError, QiskitBackendNotFoundError)
    assert issubclass(errors.InvalidCircuitError, ValueError)


def test_a_wrong_key(service: LocalService, own_storage: S3Storage) -> None:
    with (
        provider_for(service, own_storage, token="wrong-key") as provider,
        pytest.raises(errors.AuthenticationError, match="gave no token for this API key") as caught,
    ):
        provider.backends()
    assert caught.value.status == 400
    assert "wrong-key" not in str(caught.value)


def test_an_unknown_backend(channel_provider: DirectProvider) -> None:
    with pytest.raises(errors.BackendNotFoundError, match="did you mean 'fake_torino'") as caught:
        channel_provider.get_backend("fake_turino")
    assert caught.value.code == "1216"
    with pytest.raises(errors.BackendNotFoundError, match="fake_nairobi"):
        channel_provider.get_backend("something else/../entirely")


@pytest.mark.parametrize("name", ["", "..", "a\nb"])
def test_a_name_that_cannot_be_one(provider: DirectProvider, name: str) -> None:
    with pytest.raises(errors.InvalidInputError):
        provider.get_backend(name)


def test_a_circuit_outside_the_instruction_set(nairobi: DirectBackend) -> None:
    """All findings at once, each with what to do."""
    circuit = QuantumCircuit(7, 1)
    circuit.h(0)
    circuit.cx(0, 6)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match="transpile it for the backend") as caught:
        nairobi.run(circuit)
    assert "'h' is not one of the device's instructions" in str(caught.value)
    assert "'cx' on qubits [0, 6] is not available there" in str(caught.value)


def test_a_gate_against_its_direction(provider: DirectProvider) -> None:
    brisbane = provider.get_backend("fake_brisbane")
    first, second = next(iter(brisbane.target["ecr"]))
    circuit = QuantumCircuit(127, 1)
    circuit.ecr(second, first)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match="only in the other direction"):
        brisbane.run(circuit)


def test_a_circuit_that_measures_nothing(nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    with pytest.raises(errors.InvalidCircuitError, match="nothing is measured"):
        nairobi.run(circuit)


def test_shots(nairobi: DirectBackend) -> None:
    with pytest.raises(errors.InvalidInputError, match="shots must be at least 1, not 0"):
        nairobi.run(measured_x(), shots=0)
    most = nairobi.max_shots
    assert most == 100_000
    with pytest.raises(errors.InvalidInputError, match="max_shots of 100000"):
        nairobi.run(measured_x(), shots=most + 1)


def test_a_service_that_is_down(service: LocalService, own_storage: S3Storage) -> None:
    """An outage is an error, not an empty list."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    with (
        provider_for(service, own_storage, url=nowhere, iam_url=service.url, timeout=1) as provider,
        pytest.raises(errors.TransportError, match="is the url right, and the service up"),
    ):
        provider.backends()


def test_a_token_endpoint_that_is_down(service: LocalService, own_storage: S3Storage) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with (
        provider_for(service, own_storage, iam_url=nowhere, timeout=1) as provider,
        pytest.raises(errors.TransportError, match="POST /identity/token"),
    ):
        provider.backends()


def test_a_store_that_is_down(service: LocalService) -> None:
    """The job is not sent when its input could not be stored."""
    storage = S3Storage(f"http://127.0.0.1:{free_port()}", "jobs", "key", "secret")
    with provider_for(service, storage) as provider:
        backend = provider.get_backend("fake_nairobi")
        with pytest.raises(errors.StorageError, match="is storage.endpoint right, and the store up"):
            backend.run(measured_x(), shots=10, job_id="never-sent")


def test_wrong_store_credentials(service: LocalService) -> None:
    storage = S3Storage(**{**service.storage, "secret_access_key": "wrong"})
    with provider_for(service, storage) as provider:
        backend = provider.get_backend("fake_nairobi")
        with pytest.raises(errors.StorageError, match="check the secret_access_key") as caught:
            backend.run(measured_x(), shots=10)
    assert caught.value.status == 403


def test_no_store_at_all(service: LocalService) -> None:
    with provider_for(service, None) as provider:  # type: ignore[arg-type]
        backend = provider.get_backend("fake_nairobi")
        with pytest.raises(errors.AccountError, match="storage=S3Storage"):
            backend.run(measured_x(), shots=10)


def test_an_address_that_is_not_the_api(service: LocalService, own_storage: S3Storage) -> None:
    with (
        provider_for(
            service, own_storage, url=f"{service.url}/docs-that-are-not-there", iam_url=service.url
        ) as provider,
        pytest.raises(errors.ApiError, match="is the url that of the API"),
    ):
        provider.backends()


def test_lanes_that_are_full(provider: DirectProvider) -> None:
    """Five jobs that run hold all lanes: the sixth is refused, by name of the holders, and leaves nothing."""
    backend = provider.get_backend("fake_brisbane")
    isa = transpile(measured_x(), backend, seed_transpiler=1)
    jobs = [backend.run([isa] * 200, shots=100_000) for _ in range(5)]
    try:
        with pytest.raises(errors.LanesFullError, match="wait_for_lane=") as caught:
            backend.run(isa, shots=10, job_id="the-sixth", wait_for_lane=0)
        assert (caught.value.status, caught.value.code) == (429, "1232")
        assert all(job.job_id() in str(caught.value) for job in jobs)
        with pytest.raises(errors.JobNotFoundError):
            provider.retrieve_job("the-sixth")
    finally:
        for job in jobs:
            job.cancel()
    late = backend.run(isa, shots=10, wait_for_lane="30s")
    assert sum(late.result(timeout=60).get_counts().values()) == 10


def test_ended_jobs_of_ours_make_room(provider: DirectProvider) -> None:
    """A finished job that nobody has read yet gives up its lane, and its result can be read all the same."""
    backend = provider.get_backend("fake_brooklyn")
    isa = transpile(measured_x(), backend, seed_transpiler=1)
    jobs = [backend.run(isa, shots=10 + number, wait_for_lane="30s") for number in range(12)]
    for number, job in enumerate(jobs):
        assert sum(job.result(timeout=60).get_counts().values()) == 10 + number
        assert job.status().name == "DONE"


def test_an_id_that_is_taken(channel_nairobi: DirectBackend, channel: str) -> None:
    """The same content under the same id is the same job; another content is refused."""
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    job = channel_nairobi.run(isa, shots=10, job_id=f"mine-{channel}")
    again = channel_nairobi.run(isa, shots=10, job_id=f"mine-{channel}")
    with pytest.raises(errors.DuplicateJobError, match="choose another"):
        channel_nairobi.run(isa, shots=11, job_id=f"mine-{channel}")
    assert again.result(timeout=60).get_counts() == job.result(timeout=60).get_counts()


def test_a_wait_that_ends_before_the_job(channel_nairobi: DirectBackend) -> None:
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    job = channel_nairobi.run([isa] * 40, shots=20_000)
    with pytest.raises(errors.JobTimeoutError, match="it goes on"):
        job.result(timeout=0.01)
    assert len(job.result(timeout=60).results) == 40


def test_cancel(channel_nairobi: DirectBackend) -> None:
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    job = channel_nairobi.run([isa] * 200, shots=100_000)
    assert job.cancel() is True
    with pytest.raises(errors.JobCancelledError, match="was cancelled"):
        job.result(timeout=60)
    assert job.cancelled()
    assert job.cancel() is False
    job.delete()
    with pytest.raises(errors.JobNotFoundError):
        provider_of(job).job(job.job_id(), provider_of(job).deadline())


def provider_of(job: object) -> object:
    return job._workspace.client  # type: ignore[attr-defined]


def test_a_running_job_cannot_be_deleted(channel_nairobi: DirectBackend) -> None:
    isa = transpile(measured_x(), channel_nairobi, seed_transpiler=1)
    job = channel_nairobi.run([isa] * 200, shots=100_000)
    with pytest.raises(errors.JobInvalidStateError):
        job.delete()
    job.cancel()
    job.wait_for_final_state(timeout=60)
    job.delete()


def test_submit_is_not_for_users(nairobi: DirectBackend) -> None:
    job = nairobi.run(measured_x(), shots=10)
    with pytest.raises(errors.JobInvalidStateError):
        job.submit()
    job.result(timeout=60)


def test_jobs_without_a_result_free_their_lane(provider: DirectProvider) -> None:
    """More failed and cancelled jobs than there are lanes: none of them stays in the way."""
    backend = provider.get_backend("fake_manila")
    isa = transpile(measured_x(), backend, seed_transpiler=1)
    for _ in range(7):
        job = backend.run([isa] * 100, shots=20_000)
        job.cancel()
        with pytest.raises(errors.JobCancelledError):
            job.result(timeout=60)
        assert job.status().name == "CANCELLED"
        assert job.cancel() is False
    too_long = backend.run([isa] * 50, shots=20_000, timeout_secs=1)
    with pytest.raises(errors.DirectJobError, match="1305"):
        too_long.result(timeout=60)
    assert too_long.error_message()


@pytest.mark.parametrize("job_id", [".", "..", "", "a/b", "a b", "x" * 257, "é", 5])
def test_ids_that_a_path_would_take_for_something_else(nairobi: DirectBackend, job_id: object) -> None:
    with pytest.raises(errors.InvalidInputError, match="job_id"):
        nairobi.run(measured_x(), shots=1, job_id=job_id)  # type: ignore[arg-type]


def test_what_can_be_checked_is_checked_before_anything_is_sent(nairobi: DirectBackend) -> None:
    for options in (
        {"rep_delay": 5.0},
        {"rep_delay": "soon"},
        {"timeout_secs": 2**70},
        {"timeout_secs": 1.5},
        {"name": 5},
        {"job_tags": 5},
        {"seed_simulator": "abc"},
        {"meas_return": "bogus"},
        {"wait_for_lane": "long"},
    ):
        with pytest.raises(errors.InvalidInputError):
            nairobi.run(measured_x(), shots=1, **options)  # type: ignore[arg-type]
    odd = QuantumCircuit(1, 1)
    odd.rz(float("nan"), 0)
    odd.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match="angle (nan|NaN)"):
        nairobi.run(odd, shots=1)


def test_validate_says_everything_at_once(nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(7, 1)
    circuit.h(0)
    circuit.cx(0, 6)
    report = nairobi.validate(circuit, shots=0, colour="red")
    assert not report
    text = report.explain()
    for part in (
        "'h' is not one",
        "[0, 6] is not available",
        "nothing is measured",
        "at least 1",
        "'colour'",
    ):
        assert part in text
    with pytest.raises(errors.InvalidCircuitError):
        report.raise_for_errors()
    good = nairobi.validate(measured_x(), shots=10)
    assert good
    assert "nothing was found" in good.explain()
