"""What would be sent is what is sent; nothing is asked for, nothing written down."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from connecting import provider_for
from offline import documents_of, offline_backend
from qiskit import QuantumCircuit, qasm3, transpile
from qiskit.circuit import Parameter
from recorder import Recorder

from qiskit_direct_provider import Session, errors
from qiskit_direct_provider.launch_policy import LaunchPolicy

if TYPE_CHECKING:
    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.service.process import LocalService


def bell(backend: DirectBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return transpile(circuit, backend, seed_transpiler=1)


def turned(backend: DirectBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure_all()
    return transpile(circuit, backend, seed_transpiler=1)


@pytest.mark.parametrize(
    "options",
    [
        {"shots": 100, "memory": True, "name": "n", "job_tags": ["t"], "timeout_secs": "10m"},
        {
            "shots": 50,
            "rep_delay": 1e-4,
            "init_qubits": False,
            "seed_simulator": 3,
            "max_quantum_seconds": 60,
        },
        {"meas_level": 1, "meas_return": "avg"},
    ],
)
def test_it_is_what_a_run_sends(channel_nairobi: DirectBackend, options: dict[str, Any]) -> None:
    isa = bell(channel_nairobi)
    found = channel_nairobi.run(isa, dry_run=True, **options)
    assert found
    (program,) = found.programs
    job = channel_nairobi.run(isa, **options)
    (part,) = job.tracked
    assert part.workspace.journal.payload(part.journal_id) == program.payload
    assert found.settings is not None
    sent = part.entry
    assert (sent.timeout_s, sent.name, sent.tags) == (
        found.settings.timeout_s,
        found.settings.name,
        found.settings.tags,
    )
    assert found.quantum_seconds == pytest.approx(channel_nairobi.estimate(isa, **options).quantum_seconds)
    job.result(timeout=60)


def test_no_request_is_made_and_nothing_is_on_record(
    channel: str, service: LocalService, own_storage: S3Storage
) -> None:
    """The device's documents are fetched once, as for a transpilation."""
    recorder = Recorder(service.url)
    try:
        instance = None if channel == "legacy" else service.crn
        known = {"channel": channel, "instance": instance, "url": recorder.url, "iam_url": service.url}
        with provider_for(service, own_storage, **known) as provider:
            backend = provider.get_backend("fake_nairobi")
            isa = bell(backend)
            before = len(recorder.seen)
            found = backend.run([isa, isa], shots=100, session=Session(backend), dry_run=True)
            assert found.circuits == (found.circuits[0],) * 2
            assert len(recorder.seen) == before
            assert backend.workspace.journal.entry(found.settings.job_id) is None
    finally:
        recorder.close()


def test_the_circuits_can_be_read_and_the_rest_is_told() -> None:
    backend = offline_backend(documents_of("nairobi"), "fake_nairobi")
    found = backend.run(turned(backend), parameter_values=[[0.1], [0.2]], shots=10, dry_run=True)
    (text,) = found.circuits
    assert qasm3.loads(text).num_parameters == 1
    assert json.loads(found.programs[0].payload)["pubs"][0][2] == 10
    assert str(found).startswith("fake_nairobi: 1 circuit in 1 job, ")
    many = backend.run([bell(backend)] * 350, dry_run=True)
    assert [len(program.circuits) for program in many.programs] == [300, 50]
    assert "350 circuits in 2 jobs" in many.explain()


def test_all_that_is_wrong_is_told_at_once() -> None:
    backend = offline_backend(documents_of("nairobi"), "fake_nairobi")
    hadamard = QuantumCircuit(1, 1)
    hadamard.h(0)
    found = backend.run(
        iter([hadamard]), shots=10**9, log_level="loud", verify=True, meas_level=1, dry_run=True
    )
    assert not found
    assert (found.programs, found.settings, found.circuits) == ((), None, ())
    texts = " ".join(found.report.errors)
    for words in ("'h'", "nothing is measured", "max_shots", "log_level", "verify=True"):
        assert words in texts
    assert found.explain().startswith("fake_nairobi: nothing would be sent\nerror: ")


def test_what_is_doubtful_is_in_the_report_and_no_warning() -> None:
    backend = offline_backend(documents_of("torino"), "fake_torino")
    pair = next(place for place, known in backend.target["cz"].items() if known.error == 1)
    circuit = QuantumCircuit(133, 1)
    circuit.cz(*pair)
    circuit.measure(pair[0], 0)
    found = backend.run(circuit, dry_run=True)
    assert found
    assert "reported error of 1" in found.report.warnings[0]


def test_what_a_cluster_adds_is_shown_and_its_other_tasks_may_ask() -> None:
    told: list[str] = []
    policy = LaunchPolicy(tags=("slurm:7",), refusal="only task 0 sends jobs", note=told.append)
    backend = offline_backend(documents_of("nairobi"), "fake_nairobi")
    backend._workspace = dataclasses.replace(backend.workspace, policy=policy)
    found = backend.run(bell(backend), job_tags=["mine"], dry_run=True)
    assert found.settings is not None
    assert found.settings.tags == ("mine", "slurm:7")
    assert told == []
    with pytest.raises(errors.UnsupportedError, match="task 0"):
        backend.run(bell(backend))
