"""What packages pass to `run`, and what they read from its result: options, shapes, order, width, shots."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from preparing import most_frequent, number
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.providers import JobV1

from qiskit_direct_provider import errors

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectProvider

OPTIONS: dict[str, Any] = {
    "seed_simulator": 7,
    "meas_level": 2,
    "meas_return": "single",
    "job_tags": ["tag"],
    "rep_delay": 250e-6,
    "init_qubits": True,
}


# -- options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["set", "None"])
@pytest.mark.parametrize("option", OPTIONS)
def test_run_takes_the_options_of_qiskits_packages(
    channel_nairobi: DirectBackend, option: str, value: str
) -> None:
    given = {option: OPTIONS[option] if value == "set" else None}
    result = channel_nairobi.run(number(2, 2), shots=50, **given).result(timeout=60)
    assert sum(result.get_counts().values()) == 50


def test_run_takes_all_options_at_once(channel_nairobi: DirectBackend) -> None:
    result = channel_nairobi.run(number(2, 2), shots=50, memory=True, **OPTIONS).result(timeout=60)
    assert len(result.get_memory()) == 50


def test_an_unknown_option_is_refused_only_when_it_is_set(channel_nairobi: DirectBackend) -> None:
    """Packages hand their defaults on, None for what nobody asked for."""
    job = channel_nairobi.run(number(1, 1), shots=20, noise_model=None, meas_lo_freq=None)
    assert job.result(timeout=60).results[0].shots == 20
    with pytest.raises(errors.InvalidInputError, match="no option 'noise_model'"):
        channel_nairobi.run(number(1, 1), shots=20, noise_model="something")


# -- what run takes ------------------------------------------------------------------------------------


def test_a_bare_circuit_runs_like_a_list_of_one(channel_nairobi: DirectBackend) -> None:
    bare, listed = (channel_nairobi.run(run_input, shots=200) for run_input in (number(3, 5), [number(3, 5)]))
    for job in (bare, listed):
        result = job.result(timeout=60)
        assert len(result.results) == 1
        assert most_frequent(result.get_counts()) == "101"


def test_any_iterable_of_circuits_runs(channel_nairobi: DirectBackend) -> None:
    result = channel_nairobi.run((number(2, value) for value in range(3)), shots=100).result(timeout=60)
    assert [most_frequent(result.get_counts(index)) for index in range(3)] == ["00", "01", "10"]


def test_75_circuits_in_one_call_come_back_in_order(channel_nairobi: DirectBackend) -> None:
    """The largest call that was seen. Each circuit prepares a number of seven bits."""
    result = channel_nairobi.run([number(7, value) for value in range(75)], shots=60).result(timeout=120)
    found = [int(most_frequent(result.get_counts(index)), 2) for index in range(75)]
    assert found == list(range(75))


def test_10000_shots_in_one_call(channel_nairobi: DirectBackend) -> None:
    result = channel_nairobi.run(number(2, 1), shots=10_000, memory=True).result(timeout=60)
    assert sum(result.get_counts().values()) == 10_000
    assert len(result.get_memory()) == 10_000


def test_more_jobs_at_once_than_there_are_lanes(channel_nairobi: DirectBackend) -> None:
    """Packages send all their jobs before they ask for a result, and know nothing of lanes."""
    patient = copy.copy(channel_nairobi)
    patient.set_options(wait_for_lane="2m")
    values = range((channel_nairobi.lanes() or 5) + 3)  # only Direct Access has lanes
    jobs = [patient.run(number(4, value), shots=50) for value in values]
    found = [int(most_frequent(job.result(timeout=60).get_counts()), 2) for job in jobs]
    assert found == list(values)
    patient.set_options(wait_for_lane="soon")
    with pytest.raises(errors.InvalidInputError, match="wait_for_lane"):
        patient.run(number(1, 1))


# -- the job -------------------------------------------------------------------------------------------


def test_the_job_is_a_jobv1(channel_nairobi: DirectBackend) -> None:
    job = channel_nairobi.run(number(1, 1), shots=20)
    assert isinstance(job, JobV1)
    result = job.result(timeout=60)
    assert job.job_id() == result.job_id
    assert job.status().name == "DONE"
    assert job.backend() is channel_nairobi
    assert job.cancel() is False, "it has ended"
    assert set(job.time_per_step()) - {"RUNNING"} == {"CREATING", "COMPLETED"}  # Direct Access does not tell
    assert job.metrics()["timestamps"]["running"]


def test_a_job_is_reloaded_by_its_backends_provider(
    channel_nairobi: DirectBackend, channel_provider: DirectProvider
) -> None:
    """By ``backend.provider.job(job_id)``, as qiskit-experiments does it; ``retrieve_job`` is the same."""
    job = channel_nairobi.run(number(2, 2), shots=100, memory=True)
    expected = job.result(timeout=60)
    assert channel_nairobi.provider is channel_provider
    again = channel_nairobi.provider.job(job.job_id())
    assert again.job_id() == job.job_id()
    assert again.result(timeout=60).get_counts() == expected.get_counts()
    assert channel_nairobi.provider.retrieve_job(job.job_id()).job_id() == job.job_id()


# -- the result ----------------------------------------------------------------------------------------


def test_the_header_names_the_registers(channel_nairobi: DirectBackend) -> None:
    qubits = QuantumRegister(2, "left"), QuantumRegister(5, "right")
    circuit = QuantumCircuit(*qubits, ClassicalRegister(1, "a"), ClassicalRegister(2, "b"), name="mine")
    circuit.measure([0, 1, 2], [0, 1, 2])
    header = channel_nairobi.run(circuit, shots=10).result(timeout=60).results[0].header
    assert type(header) is dict
    assert header["name"] == "mine"
    assert header["qreg_sizes"] == [["left", 2], ["right", 5]]
    assert header["creg_sizes"] == [["a", 1], ["b", 2]]
    assert (header["memory_slots"], header["n_qubits"]) == (3, 7)
    assert header["metadata"] == {}


def test_metadata_comes_back_as_it_was_even_when_json_cannot_hold_it(channel_nairobi: DirectBackend) -> None:
    """It stays on this side: the very objects are in the header."""
    thing, array = object(), np.arange(3)
    circuit = number(1, 1)
    circuit.metadata = {"thing": thing, "array": array, "complex": 1j, "angle": np.float64(0.5), 3: (1, 2)}
    result = channel_nairobi.run(circuit, shots=10).result(timeout=60)
    metadata = result.results[0].header["metadata"]
    assert metadata == circuit.metadata
    assert metadata["thing"] is thing
    assert metadata["array"] is array


def test_json_safe_metadata_comes_back_with_a_job_that_is_reloaded(channel_nairobi: DirectBackend) -> None:
    circuit = number(1, 1)
    circuit.metadata = {"xval": 0.25, "nested": {"list": [1, "two", None]}}
    job = channel_nairobi.run(circuit, shots=10)
    again = channel_nairobi.provider.job(job.job_id())
    assert again.result(timeout=60).results[0].header["metadata"] == circuit.metadata


def test_numbers_of_numpy_in_metadata_are_still_numbers_in_a_job_that_is_reloaded(
    channel_nairobi: DirectBackend,
) -> None:
    """Experiments keep the values that they sweep there."""
    circuit = number(1, 1)
    circuit.metadata = {
        "count": np.int64(3),
        "on": np.array([True])[0],
        "delays": {"s": np.array([0.5, 1.0])},
        "points": [np.float32(0.25)],
    }
    job = channel_nairobi.run(circuit, shots=10)
    found = channel_nairobi.provider.job(job.job_id()).result(timeout=60).results[0].header["metadata"]
    assert found == {"count": 3, "on": True, "delays": {"s": [0.5, 1.0]}, "points": [0.25]}


def test_memory_is_hexadecimal_in_the_data_and_bits_in_get_memory(channel_nairobi: DirectBackend) -> None:
    result = channel_nairobi.run(number(5, 0b10011), shots=100, memory=True).result(timeout=60)
    data = result.results[0].data.memory
    assert len(data) == 100
    assert all(word.startswith("0x") for word in data)
    assert max(set(data), key=data.count) == "0x13"
    assert result.get_memory() == [f"{int(word, 16):05b}" for word in data]
    assert result.data(0)["memory"] == data
    assert result.data(0)["counts"] == {word: data.count(word) for word in set(data)}


def test_memory_is_there_only_when_it_was_asked_for(channel_nairobi: DirectBackend) -> None:
    result = channel_nairobi.run(number(1, 1), shots=10).result(timeout=60)
    assert not hasattr(result.results[0].data, "memory")


def test_counts_are_found_by_position_name_and_circuit(channel_nairobi: DirectBackend) -> None:
    circuits = [number(3, value) for value in (1, 6)]
    for circuit, name in zip(circuits, ("one", "six"), strict=True):
        circuit.name = name
    result = channel_nairobi.run(circuits, shots=100).result(timeout=60)
    for index, circuit in enumerate(circuits):
        assert result.get_counts(index) == result.get_counts(circuit) == result.get_counts(circuit.name)
    assert [most_frequent(counts) for counts in result.get_counts()] == ["001", "110"]


def test_circuits_of_one_name_are_told_apart_by_position(channel_nairobi: DirectBackend) -> None:
    circuits = [number(2, value) for value in (3, 0, 2, 1)]
    for circuit in circuits:
        circuit.name = "same"
    result = channel_nairobi.run(circuits, shots=100).result(timeout=60)
    assert [most_frequent(counts) for counts in result.get_counts()] == ["11", "00", "10", "01"]


# -- what most packages would not notice ---------------------------------------------------------------


@pytest.mark.parametrize("value", [0b0000001, 0b0000110, 0b1000000, 0b1011000])
def test_bit_k_of_a_word_is_classical_bit_k(channel_nairobi: DirectBackend, value: int) -> None:
    """Clbit 0 is the rightmost; a majority of 500 shots that is wrong has a chance below 1e-30."""
    counts = channel_nairobi.run(number(7, value), shots=500).result(timeout=60).get_counts()
    assert most_frequent(counts) == f"{value:07b}"


def test_measured_into_crossed_bits(channel_nairobi: DirectBackend) -> None:
    """Qubit 0 holds one and is measured into clbit 2."""
    circuit = QuantumCircuit(7, 3)
    circuit.x(0)
    circuit.measure([0, 1, 2], [2, 0, 1])
    counts = channel_nairobi.run(circuit, shots=500).result(timeout=60).get_counts()
    assert most_frequent(counts) == "100"


def test_results_are_in_the_order_of_the_circuits_whatever_their_widths(
    channel_nairobi: DirectBackend,
) -> None:
    """Widths differ, so a result in another's place has another width as well."""
    widths = [5, 1, 7, 2, 1, 3]
    result = channel_nairobi.run([number(width, 1) for width in widths], shots=100).result(timeout=60)
    found = [most_frequent(result.get_counts(index)) for index in range(len(widths))]
    assert found == ["0" * (width - 1) + "1" for width in widths]


@pytest.mark.parametrize("width", [1, 7, 8, 9, 64, 65])
def test_every_word_has_all_bits_of_the_register(channel_nairobi: DirectBackend, width: int) -> None:
    """A register may be wider than the device; bits that nothing is measured into are zero."""
    circuit = QuantumCircuit(7, width)
    circuit.x(0)
    circuit.measure(0, width - 1)
    result = channel_nairobi.run(circuit, shots=200, memory=True).result(timeout=60)
    assert {len(word) for word in result.get_counts()} == {width}
    assert {len(word) for word in result.get_memory()} == {width}
    assert most_frequent(result.get_counts()) == "1" + "0" * (width - 1)


@pytest.mark.parametrize("shots", [1, 7, 1000])
def test_as_many_shots_as_asked_for(channel_nairobi: DirectBackend, shots: int) -> None:
    result = channel_nairobi.run([number(2, 1), number(2, 2)], shots=shots, memory=True).result(timeout=60)
    for index in range(2):
        assert sum(result.get_counts(index).values()) == shots
        assert len(result.get_memory(index)) == shots
        assert result.results[index].shots == shots


def test_the_backends_own_number_of_shots(channel_nairobi: DirectBackend) -> None:
    result = channel_nairobi.run(number(1, 0)).result(timeout=60)
    assert result.results[0].shots == channel_nairobi.options.shots == 4096


def test_an_option_of_the_backend_that_is_none_counts_as_not_said(channel_nairobi: DirectBackend) -> None:
    backend = copy.copy(channel_nairobi)
    backend.set_options(shots=None, memory=None, meas_level=None, init_qubits=None)
    assert backend.run(number(1, 0)).result(timeout=60).results[0].shots == 4096


def test_a_circuit_may_have_no_name_and_a_log_level_capitals(
    channel_nairobi: DirectBackend, channel_provider: DirectProvider
) -> None:
    circuit = number(1, 1)
    circuit.name = None
    job = channel_nairobi.run(circuit, shots=20, log_level="WARNING")
    assert job.result(timeout="1m").get_counts(0).shots() == 20
    assert channel_provider.retrieve_job(job.job_id()).result(timeout=60).get_counts(0).shots() == 20
