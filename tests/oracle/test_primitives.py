"""Foreign primitives over our backend, and their input documents at our service."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2, RuntimeEncoder, SamplerV2
from qiskit_ibm_runtime.options import EstimatorOptions, SamplerOptions

import qiskit_direct_provider as qdp
from qiskit_direct_provider import DirectBackend
from qiskit_direct_provider.job_settings import JobSettings
from qiskit_direct_provider.programs import Program

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",
    "ignore:Options .* have no effect in local testing mode:UserWarning",
)
ANGLES = [0.0, 1.0, np.pi]
# A rotation by the angle between two Hadamard gates; noise lowers values by less than 0.2.
NOISE = 0.2


@pytest.fixture(scope="module")
def turned(nairobi: DirectBackend) -> QuantumCircuit:
    """P(1) is sin(angle / 2) squared; <Z> is cos(angle)."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    return transpile(circuit, nairobi, seed_transpiler=1, optimization_level=1)


@pytest.fixture(scope="module")
def turned_and_measured(nairobi: DirectBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure_all()
    return transpile(circuit, nairobi, seed_transpiler=1, optimization_level=1)


@pytest.fixture(scope="module")
def z(turned: QuantumCircuit) -> SparsePauliOp:
    return SparsePauliOp(["Z"]).apply_layout(turned.layout)


def ones(data: Any) -> list[float]:
    return [data[index].get_counts().get("1", 0) / data.num_shots for index in range(len(ANGLES))]


def check_samples(result: Any) -> None:
    assert ones(result[0].data.meas) == pytest.approx(np.sin(np.array(ANGLES) / 2) ** 2, abs=NOISE / 2)


def check_values(result: Any) -> None:
    assert np.shape(result[0].data.evs) == (3,)
    np.testing.assert_allclose(result[0].data.evs, np.cos(ANGLES), atol=NOISE)


def parameters(inputs: dict[str, Any], options: Any) -> bytes:
    """The input document as qiskit-ibm-runtime makes it: QPY circuits, its own tags."""
    document = {**inputs, **type(options)._get_program_inputs(asdict(options))}
    return json.dumps(document, cls=RuntimeEncoder).encode()


def test_sampler_documents_of_qiskit_ibm_runtime(
    nairobi: DirectBackend, turned_and_measured: QuantumCircuit
) -> None:
    options = SamplerOptions(default_shots=700)
    options.dynamical_decoupling.enable = True
    pubs = [
        SamplerPub.coerce((turned_and_measured, ANGLES, 500)),
        SamplerPub.coerce((turned_and_measured, [np.pi])),
    ]
    payload = parameters({"pubs": pubs}, options)
    assert b'"QuantumCircuit"' in payload
    result = nairobi.launch([Program("sampler", payload, ())], JobSettings.of()).primitive_result(timeout=60)
    check_samples(result)
    assert [pub.data.meas.num_shots for pub in result] == [500, 700]


def test_estimator_documents_of_qiskit_ibm_runtime(
    nairobi: DirectBackend, turned: QuantumCircuit, z: SparsePauliOp
) -> None:
    options = EstimatorOptions(default_precision=0.05, resilience_level=0)
    pubs = [EstimatorPub.coerce((turned, z, ANGLES)), EstimatorPub.coerce((turned, [z, z], [0.0], 0.1))]
    payload = parameters({"pubs": pubs}, options)
    result = nairobi.launch([Program("estimator", payload, ())], JobSettings.of()).primitive_result(
        timeout=60
    )
    check_values(result)
    assert [pub.metadata["target_precision"] for pub in result] == [0.05, 0.1]


def test_our_documents_say_the_same_as_theirs(
    nairobi: DirectBackend, turned_and_measured: QuantumCircuit
) -> None:
    """The same pub and options: the same values, shots and options, the circuit as text in place of QPY."""
    theirs = SamplerOptions(default_shots=700)
    theirs.twirling.enable_measure = True
    pub = (turned_and_measured, ANGLES, 500)
    job = qdp.SamplerV2(nairobi, theirs).run([pub])
    ours = json.loads(job._workspace.journal.payload(job.job_id()))
    document = json.loads(parameters({"pubs": [SamplerPub.coerce(pub)]}, theirs))
    assert ours["pubs"][0][1:] == document["pubs"][0][1:]
    del ours["pubs"], document["pubs"]
    assert ours == document


def test_qiskits_own_primitives(
    nairobi: DirectBackend, turned: QuantumCircuit, turned_and_measured: QuantumCircuit, z: SparsePauliOp
) -> None:
    check_samples(BackendSamplerV2(backend=nairobi).run([(turned_and_measured, ANGLES)], shots=500).result())
    check_values(BackendEstimatorV2(backend=nairobi).run([(turned, z, ANGLES)], precision=0.05).result())


def test_primitives_of_qiskit_ibm_runtime(
    nairobi: DirectBackend, turned: QuantumCircuit, turned_and_measured: QuantumCircuit, z: SparsePauliOp
) -> None:
    """Given our backend they run in their local mode, over our run()."""
    check_samples(SamplerV2(mode=nairobi).run([(turned_and_measured, ANGLES)], shots=500).result())
    check_values(EstimatorV2(mode=nairobi).run([(turned, z, ANGLES)], precision=0.05).result())
