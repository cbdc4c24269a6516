"""Input documents against the published schemas (PyPI package ibm-quantum-schemas)."""

from __future__ import annotations

from typing import Any

import pytest
from ibm_quantum_schemas.estimator.version_0_1 import ParamsModel as EstimatorParams
from ibm_quantum_schemas.sampler.version_0_1 import ParamsModel as SamplerParams
from pub_circuits import ansatz, isa, sent
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_direct_provider import DirectBackend, EstimatorV2, SamplerV2

COMMON: dict[str, Any] = {
    "dynamical_decoupling": {
        "enable": True,
        "sequence_type": "XY4",
        "extra_slack_distribution": "edges",
        "scheduling_method": "asap",
        "skip_reset_qubits": True,
    },
    "twirling": {
        "enable_gates": True,
        "enable_measure": False,
        "num_randomizations": 8,
        "shots_per_randomization": "auto",
        "strategy": "active",
    },
    "simulator": {"seed_simulator": 1, "coupling_map": [[0, 1], [1, 0]], "basis_gates": ["cx"]},
    "experimental": {"something": 1},
    "environment": {"log_level": "INFO", "job_tags": ["a"]},
    "max_execution_time": 300,
}
SAMPLER = {
    **COMMON,
    "default_shots": 100,
    "execution": {"init_qubits": False, "rep_delay": 0.0002, "meas_type": "classified"},
}
ESTIMATOR = {
    **COMMON,
    "default_shots": 100,
    "default_precision": 0.1,
    "seed_estimator": 2,
    "execution": {"init_qubits": True, "rep_delay": 0.0002},
    "resilience_level": 1,
    "resilience": {
        "measure_mitigation": True,
        "measure_noise_learning": {"num_randomizations": 4, "shots_per_randomization": "auto"},
        "zne_mitigation": True,
        "zne": {
            "amplifier": "gate_folding_front",
            "noise_factors": [1, 2, 3],
            "extrapolator": ["polynomial_degree_2", "fallback"],
            "extrapolated_noise_factors": [0, 0.5],
        },
        "pec_mitigation": False,
        "pec": {"max_overhead": 10.0, "noise_gain": 0.5},
        "layer_noise_learning": {
            "max_layers_to_learn": 2,
            "shots_per_randomization": 16,
            "num_randomizations": 3,
            "layer_pair_depths": [0, 3],
        },
    },
}


@pytest.fixture(scope="module")
def parametric(seven: DirectBackend) -> tuple[QuantumCircuit, list[list[float]]]:
    return isa(ansatz(measured=True), seven), [[0.1] * 13, [0.2] * 13]


@pytest.fixture(scope="module")
def dynamic() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((0, True)):
        circuit.rz(Parameter("a"), 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


@pytest.mark.parametrize("options", [{}, SAMPLER], ids=["no options", "all options"])
def test_the_sampler(seven: DirectBackend, parametric: Any, dynamic: QuantumCircuit, options: Any) -> None:
    static = QuantumCircuit(2)
    static.measure_all()
    job = SamplerV2(seven, options).run([static, (dynamic, [0.5]), parametric], shots=7)
    document = sent(job)
    job.cancel()
    read = SamplerParams.model_validate(document)
    assert len(read.pubs) == 3
    for name, value in document.get("options", {}).items():
        assert covers(getattr(read.options, name), value), name


@pytest.mark.parametrize("options", [{}, ESTIMATOR], ids=["no options", "all options"])
@pytest.mark.parametrize("precision", [None, 0.25])
def test_the_estimator(seven: DirectBackend, parametric: Any, options: Any, precision: Any) -> None:
    circuit, values = parametric
    pubs = [(circuit, {"ZZI": 0.5, "0X1": 1.0}, values), (circuit, ["ZII", "XXX"], values)]
    job = EstimatorV2(seven, options).run(pubs, precision=precision)
    document = sent(job)
    job.cancel()
    read = EstimatorParams.model_validate(document)
    assert len(read.pubs) == 2
    for name, value in document.get("options", {}).items():
        assert covers(getattr(read.options, name), value), name


def covers(model: Any, value: Any) -> bool:
    """Whether the model kept all that was sent: most of its parts ignore names that they do not know."""
    if isinstance(value, dict) and not isinstance(model, dict):
        return all(
            hasattr(model, name) and covers(getattr(model, name), inner) for name, inner in value.items()
        )
    return (list(model) if isinstance(model, tuple) else model) == value


@pytest.mark.newest
def test_noise_models(seven: DirectBackend) -> None:
    """Objects travel as qiskit-ibm-runtime encodes them."""
    from qiskit.quantum_info import PauliList
    from qiskit_aer.noise import NoiseModel, depolarizing_error
    from qiskit_ibm_runtime.results.noise_learner import LayerError, PauliLindbladError

    noise, layer = NoiseModel(), QuantumCircuit(2)
    noise.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), ["x"])
    layer.cx(0, 1)
    learnt = LayerError(layer, [0, 1], PauliLindbladError(PauliList(["XX", "ZI"]), [0.1, 0.2]))
    options: Any = {"simulator": {"noise_model": noise}, "resilience": {"layer_noise_model": [learnt]}}
    circuit = QuantumCircuit(1)
    circuit.x(0)
    job = EstimatorV2(seven, options).run([(circuit, "Z")])
    job.cancel()
    read = EstimatorParams.model_validate(sent(job)).options
    assert read.simulator.noise_model.value_["errors"][0]["operations"] == ["x"]
    assert read.resilience.layer_noise_model[0].value_.qubits == [0, 1]
