"""SamplerV2: bits of pubs."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from pub_circuits import ansatz, isa, sent
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import BaseSamplerV2, BitArray, SamplerPubResult
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers.jobstatus import JobStatus
from qiskit.quantum_info import Statevector

from qiskit_direct_provider import DirectBackend, DirectJob, DirectProvider, SamplerV2, errors
from qiskit_direct_provider.primitives import PrimitiveJob, SamplerOptions


@pytest.fixture
def sampler(seven: DirectBackend) -> SamplerV2:
    return SamplerV2(seven)


@pytest.fixture(scope="module")
def bell(seven: DirectBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(2, name="bell")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return isa(circuit, seven)


def test_the_job_is_one_of_qiskits_primitives(sampler: SamplerV2, bell: QuantumCircuit) -> None:
    assert isinstance(sampler, BaseSamplerV2)
    job = sampler.run([bell], shots=100)
    assert isinstance(job, PrimitiveJob)
    assert job.job_id() in repr(job)
    assert job.backend() is sampler.backend()
    result = job.result(timeout=60)
    assert job.status() is JobStatus.DONE
    assert (job.done(), job.running(), job.cancelled(), job.in_final_state()) == (True, False, False, True)
    assert job.usage() > 0
    assert isinstance(result[0], SamplerPubResult)
    assert isinstance(result[0].data.meas, BitArray)
    assert set(result[0].data.meas.get_counts()) == {"00", "11"}


def test_a_job_can_be_awaited_waited_for_and_found_again(
    quiet: DirectProvider, sampler: SamplerV2, bell: QuantumCircuit
) -> None:
    async def awaited() -> Any:
        return await sampler.run([bell], shots=50)

    assert asyncio.run(awaited())[0].data.meas.num_shots == 50
    job = sampler.run([bell], shots=60)
    job.wait_for_final_state(timeout=60)
    again = quiet.retrieve_job(job.job_id())
    assert again.primitive_result()[0].data.meas == job.result()[0].data.meas
    assert sum(again.result().get_counts().values()) == 60
    assert [each.job_id() for each in quiet.as_completed([job], timeout=60)] == [job.job_id()]


def test_values_reach_their_own_parameters(sampler: SamplerV2, seven: DirectBackend) -> None:
    """Distribution of every set of values, in an array of shape (2, 2), against the ideal one.

    4000 shots: 6 standard deviations are below 0.048; 32 comparisons fail by chance below 1e-7.
    """
    circuit = ansatz()
    values = np.random.default_rng(3).uniform(-3, 3, (2, 2, circuit.num_parameters))
    pub = (isa(ansatz(measured=True), seven), values)
    (result,) = sampler.run([pub], shots=4000).result(timeout=60)
    assert result.data.shape == (2, 2)
    assert result.data.meas.num_shots == 4000
    for index in np.ndindex(2, 2):
        ideal = Statevector(circuit.assign_parameters(values[index])).probabilities()
        counts = result.data.meas[index].get_int_counts()
        measured = [counts.get(word, 0) / 4000 for word in range(8)]
        np.testing.assert_allclose(measured, ideal, atol=0.048)


@pytest.mark.parametrize("form", ["name", "parameter", "vector"])
def test_values_by_name_parameter_or_vector(sampler: SamplerV2, seven: DirectBackend, form: str) -> None:
    from qiskit.circuit import ParameterVector

    vector = ParameterVector("v", 11)
    circuit = QuantumCircuit(1)
    for element in vector:
        circuit.rx(element, 0)
    circuit.measure_all()
    angles = np.zeros((3, 11))
    angles[1, 10] = angles[2, 2] = np.pi  # 1 and 2 are flipped
    by_name = {f"v[{index}]": angles[:, index] for index in range(11)}
    values: Any = {
        "name": by_name,
        "parameter": {vector[index]: angles[:, index] for index in range(11)},
        "vector": {tuple(vector): angles},
    }[form]
    (result,) = sampler.run([(isa(circuit, seven), values)], shots=10).result(timeout=60)
    assert [next(iter(result.data.meas[index].get_counts())) for index in range(3)] == ["0", "1", "1"]


def test_precedence_of_shots(seven: DirectBackend, bell: QuantumCircuit) -> None:
    """The pub, then run, then the options, then 4096."""
    sampler = SamplerV2(mode=seven, options={"default_shots": 30})
    pubs: Any = [(bell, None, 10), bell, SamplerPub(bell, shots=11)]
    first, second = sampler.run(pubs, shots=20), sampler.run([bell])
    assert [pub.data.meas.num_shots for pub in first.result(timeout=60)] == [10, 20, 11]
    assert second.result(timeout=60)[0].data.meas.num_shots == 30
    sampler.options = {}  # type: ignore[assignment]
    assert sampler.run([bell]).result(timeout=60)[0].data.meas.num_shots == 4096


def test_twirling_numbers_make_the_default_shots(seven: DirectBackend, bell: QuantumCircuit) -> None:
    """Their product counts more than default_shots, but less than what run() says."""
    options = SamplerOptions(default_shots=30)
    options.twirling.update(enable_measure=True, num_randomizations=4, shots_per_randomization=5)
    sampler = SamplerV2(seven, options)
    assert [pub[2] for pub in sent(sampler.run([bell]))["pubs"]] == [20]
    assert [pub[2] for pub in sent(sampler.run([bell], shots=7))["pubs"]] == [7]


def test_registers_keep_their_names_and_bits(sampler: SamplerV2) -> None:
    """Names that OpenQASM or Python would not take come back as they were; bit 0 is rightmost."""
    qubits = QuantumRegister(5, "q")
    names = {"x": 2, "c-1": 1, "meas": 2}
    circuit = QuantumCircuit(qubits, *(ClassicalRegister(size, name) for name, size in names.items()))
    circuit.x([1, 2, 3])
    circuit.measure(range(5), range(5))
    (result,) = sampler.run([circuit], shots=9).result(timeout=60)
    assert list(result.data) == list(names)
    found = {name: result.data[name].get_counts() for name in names}
    assert found == {"x": {"10": 9}, "c-1": {"1": 9}, "meas": {"01": 9}}


def test_metadata_of_circuits_comes_back(quiet: DirectProvider, sampler: SamplerV2) -> None:
    """It does not travel; it is kept on this side."""
    circuit = QuantumCircuit(1, metadata={"series": 4, "point": 0.5})
    circuit.measure_all()
    job = sampler.run([circuit], shots=5)
    assert job.result(timeout=60)[0].metadata["circuit_metadata"] == circuit.metadata
    again = quiet.retrieve_job(job.job_id()).primitive_result()
    assert again[0].metadata["circuit_metadata"] == circuit.metadata


def test_dynamic_circuits_with_parameters(sampler: SamplerV2, seven: DirectBackend) -> None:
    """A parameter inside a branch that is taken."""
    circuit, angle = QuantumCircuit(2, 2), Parameter("angle")
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, True)):
        circuit.rx(angle, 1)
    circuit.measure(1, 1)
    (result,) = sampler.run([(isa(circuit, seven), [[0.0], [np.pi]])], shots=20).result(timeout=60)
    assert [result.data.c[index].get_counts() for index in range(2)] == [{"01": 20}, {"11": 20}]


def test_options_that_are_set_are_sent(seven: DirectBackend, bell: QuantumCircuit) -> None:
    sampler = SamplerV2(seven)
    assert "options" not in sent(sampler.run([bell], shots=1))
    sampler.options.dynamical_decoupling.enable = True
    sampler.options.execution.rep_delay = 0.0002
    sampler.options.simulator.seed_simulator = 3
    sampler.options.experimental = {"execution": {"fast": True}, "more": [1]}
    sampler.options.max_execution_time = "5m"
    sampler.options.environment.update(job_tags=["series"], job_name="first", log_level="INFO")
    job = sampler.run([bell], shots=1)
    assert sent(job)["options"] == {
        "dynamical_decoupling": {"enable": True},
        "execution": {"rep_delay": 0.0002, "fast": True},
        "simulator": {"seed_simulator": 3},
        "experimental": {"more": [1]},
    }
    assert (job.tags, job.name()) == (["series"], "first")
    assert (job._entry.timeout_s, job._entry.log_level) == (300, "info")


def test_the_sampler_keeps_its_own_copy_of_options(seven: DirectBackend) -> None:
    mine = SamplerOptions(default_shots=10)
    sampler = SamplerV2(seven, mine)
    mine.default_shots = 20
    assert sampler.options.default_shots == 10
    assert "default_shots=10" in repr(sampler)
    with pytest.raises(errors.InvalidInputError):
        sampler.options.default_shots = 0


class Recording:
    """A mode of its own: it counts what goes through it."""

    def __init__(self, backend: DirectBackend) -> None:
        self._backend = backend
        self.launched = 0

    def backend(self) -> DirectBackend:
        return self._backend

    def launch(self, *program: Any, **settings: Any) -> DirectJob:
        self.launched += 1
        return self._backend.launch(*program, **settings)


def test_sessions_and_batches_send_by_themselves(seven: DirectBackend, bell: QuantumCircuit) -> None:
    """Anything with ``backend()`` and ``launch()`` is a mode."""
    mode = Recording(seven)
    sampler = SamplerV2(mode=mode)
    assert sampler.mode is mode
    assert sampler.backend() is seven
    assert SamplerV2(seven).mode is None
    sampler.run([bell], shots=5).result(timeout=60)
    assert mode.launched == 1


def test_a_cancelled_job_has_no_result(sampler: SamplerV2, seven: DirectBackend) -> None:
    """So many sets of values would take a while."""
    pub = (isa(ansatz(measured=True), seven), np.zeros((3000, 13)))
    job = sampler.run([pub], shots=1000)
    assert job.cancel()
    with pytest.raises(errors.JobCancelledError):
        job.result(timeout=60)
    assert (job.cancelled(), job.done()) == (True, False)


def test_fractional_gates_with_parameters(wide: DirectBackend) -> None:
    """Rzz turns |++> towards a state that a rotation of one qubit tells apart."""
    angle, circuit = Parameter("angle"), QuantumCircuit(2)
    circuit.h([0, 1])
    circuit.rzz(angle, 0, 1)
    circuit.h([0, 1])
    ideal = [
        Statevector(circuit.assign_parameters([value])).probabilities()
        for value in (0.2, np.pi / 4, np.pi / 2)
    ]
    circuit.measure_all()
    sound = next(place for place, known in wide.target["rzz"].items() if known.error < 0.1)
    placed = isa(circuit, wide, initial_layout=sound)
    assert "rzz" in placed.count_ops()
    pub = (placed, [[0.2], [np.pi / 4], [np.pi / 2]])
    (result,) = SamplerV2(wide).run([pub], shots=4000).result(timeout=60)
    for index in range(3):
        counts = result.data.meas[index].get_int_counts()
        np.testing.assert_allclose(
            [counts.get(word, 0) / 4000 for word in range(4)], ideal[index], atol=0.048
        )


def test_places_that_are_out_of_order_are_warned_of(wide: DirectBackend) -> None:
    """The warning points at the line of the user."""
    broken = next(place for place, known in wide.target["rzz"].items() if known.error == 1)
    circuit = QuantumCircuit(wide.num_qubits)
    circuit.rzz(0.5, *broken)
    circuit.measure_all()
    with pytest.warns(UserWarning, match="'rzz' on qubits .* has a reported error of 1") as caught:
        SamplerV2(wide).run([circuit], shots=1).result(timeout=60)
    assert [each.filename for each in caught] == [__file__]
