"""Options: names, bounds, and what is sent of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
from qiskit.transpiler import CouplingMap
from qiskit_ibm_runtime.options import EstimatorOptions as RuntimeEstimatorOptions
from qiskit_ibm_runtime.options import SamplerOptions as RuntimeSamplerOptions

from qiskit_direct_provider import errors
from qiskit_direct_provider.primitives import EstimatorOptions, SamplerOptions, Unset
from qiskit_direct_provider.primitives.groups import rows

OURS_ALONE = {"environment.job_name", "environment.wait_for_lane"}
THEIRS_ALONE = {"environment.callback", "environment.image"}  # of some of their releases


def names_of(options: Any, prefix: str = "") -> set[str]:
    """Options of a dataclass and of those inside it, with dots."""
    found = set()
    for each in dataclasses.fields(options):
        value = getattr(options, each.name)
        if dataclasses.is_dataclass(value):
            found |= names_of(value, f"{prefix}{each.name}.")
        elif not each.name.startswith("_"):
            found.add(prefix + each.name)
    return found


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(SamplerOptions, RuntimeSamplerOptions), (EstimatorOptions, RuntimeEstimatorOptions)],
)
def test_names_are_those_of_qiskit_ibm_runtime(ours: Any, theirs: Any) -> None:
    assert {name for name, *_ in rows(ours)} == names_of(ours())
    assert names_of(ours()) - OURS_ALONE == names_of(theirs()) - THEIRS_ALONE


GOOD = [
    (SamplerOptions, "default_shots", 1),
    (SamplerOptions, "default_shots", np.int64(7)),
    (EstimatorOptions, "default_shots", None),
    (EstimatorOptions, "default_precision", 0.5),
    (EstimatorOptions, "resilience_level", 0),
    (EstimatorOptions, "seed_estimator", 0),
    (SamplerOptions, "max_execution_time", "10m"),
    (SamplerOptions, "experimental", {"a": 1}),
    (SamplerOptions, "dynamical_decoupling.sequence_type", "XpXm"),
    (SamplerOptions, "twirling.num_randomizations", "auto"),
    (SamplerOptions, "twirling.shots_per_randomization", 64),
    (SamplerOptions, "execution.rep_delay", 0),
    (SamplerOptions, "execution.meas_type", "avg_kerneled"),
    (SamplerOptions, "simulator.seed_simulator", 5),
    (SamplerOptions, "simulator.coupling_map", [[0, 1]]),
    (SamplerOptions, "simulator.coupling_map", CouplingMap([[0, 1]])),
    (SamplerOptions, "environment.log_level", "debug"),
    (SamplerOptions, "environment.job_tags", ("a", "b")),
    (EstimatorOptions, "resilience.zne.noise_factors", (1, 1.5)),
    (EstimatorOptions, "resilience.zne.extrapolator", "linear"),
    (EstimatorOptions, "resilience.zne.extrapolator", ["linear", "polynomial_degree_2"]),
    (EstimatorOptions, "resilience.zne.extrapolated_noise_factors", "auto"),
    (EstimatorOptions, "resilience.pec.max_overhead", None),
    (EstimatorOptions, "resilience.pec.noise_gain", 0.25),
    (EstimatorOptions, "resilience.layer_noise_learning.layer_pair_depths", [0, 1]),
    (EstimatorOptions, "resilience.layer_noise_learning.max_layers_to_learn", None),
    (EstimatorOptions, "resilience.measure_noise_learning.shots_per_randomization", "auto"),
]
BAD = [
    *((SamplerOptions, "default_shots", value) for value in (0, -1, 1.5, True, "10")),
    *((EstimatorOptions, "default_precision", value) for value in (0, -0.1, float("nan"), "0.1", True)),
    *((EstimatorOptions, "resilience_level", value) for value in (-1, 3, 1.0)),
    (EstimatorOptions, "seed_estimator", -1),
    (SamplerOptions, "max_execution_time", "soon"),
    (SamplerOptions, "experimental", [1]),
    (SamplerOptions, "dynamical_decoupling.enable", 1),
    (SamplerOptions, "dynamical_decoupling.sequence_type", "xx"),
    (SamplerOptions, "dynamical_decoupling.extra_slack_distribution", "end"),
    (SamplerOptions, "dynamical_decoupling.scheduling_method", "ALAP"),
    (SamplerOptions, "twirling.num_randomizations", 0),
    (SamplerOptions, "twirling.shots_per_randomization", "many"),
    (SamplerOptions, "twirling.strategy", "none"),
    (SamplerOptions, "execution.rep_delay", -1e-6),
    (SamplerOptions, "execution.meas_type", "raw"),
    (SamplerOptions, "simulator.coupling_map", [0, 1]),
    (SamplerOptions, "simulator.coupling_map", [[0, 1, 2]]),
    (SamplerOptions, "environment.log_level", "loud"),
    (SamplerOptions, "environment.job_tags", "one text"),
    (SamplerOptions, "environment.wait_for_lane", -1),
    (EstimatorOptions, "resilience.zne.noise_factors", [0.5, 1]),
    (EstimatorOptions, "resilience.zne.noise_factors", []),
    (EstimatorOptions, "resilience.zne.amplifier", "glass"),
    (EstimatorOptions, "resilience.zne.extrapolator", []),
    (EstimatorOptions, "resilience.pec.max_overhead", 0),
    (EstimatorOptions, "resilience.pec.noise_gain", -1),
    (EstimatorOptions, "resilience.layer_noise_learning.layer_pair_depths", [-1]),
]


def nested(name: str, value: Any) -> dict[str, Any]:
    head, _, rest = name.partition(".")
    return {head: nested(rest, value) if rest else value}


@pytest.mark.parametrize(("kind", "name", "value"), GOOD)
def test_values_that_are_taken(kind: Any, name: str, value: Any) -> None:
    options = kind.of(nested(name, value))
    assert set(options.to_dict()) == {name.partition(".")[0]}


@pytest.mark.parametrize(("kind", "name", "value"), BAD)
def test_values_that_are_refused(kind: Any, name: str, value: Any) -> None:
    """The text names the option, the value, and what it may be."""
    with pytest.raises(errors.InvalidInputError) as caught:
        kind.of(nested(name, value))
    assert f"{name.rpartition('.')[2]} must be " in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"default_shot": 1}, "did you mean 'default_shots'"),
        ({"twirling": {"enable_gate": True}}, "did you mean 'enable_gates'"),
        ({"dynamical_decouplin": {}}, "did you mean 'dynamical_decoupling'"),
        ({"shoot": 1, "x": 2}, "there are "),
    ],
)
def test_unknown_names_are_refused_with_a_suggestion(given: dict[str, Any], advice: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=advice):
        SamplerOptions(**given)
    with pytest.raises(errors.InvalidInputError, match=advice):
        SamplerOptions().update(**given)


def test_unknown_attributes_are_refused() -> None:
    with pytest.raises(errors.InvalidInputError, match="did you mean 'enable'"):
        SamplerOptions().dynamical_decoupling.enabel = True  # type: ignore[attr-defined]


def test_nothing_is_set_at_first() -> None:
    options = EstimatorOptions()
    assert options.default_precision is Unset
    assert repr(options.default_precision) == "Unset"
    assert not options.default_precision
    assert options.to_dict() == {}
    assert repr(options) == "EstimatorOptions()"


def test_update_keeps_what_it_does_not_name() -> None:
    options = SamplerOptions(dynamical_decoupling={"enable": True, "sequence_type": "XY4"})
    options.update(default_shots=10, dynamical_decoupling={"enable": False})
    assert options.to_dict() == {
        "default_shots": 10,
        "dynamical_decoupling": {"enable": False, "sequence_type": "XY4"},
    }
    options.dynamical_decoupling = {"enable": True}  # type: ignore[assignment]
    assert options.to_dict()["dynamical_decoupling"] == {"enable": True}


def test_options_can_be_unset() -> None:
    options = SamplerOptions(default_shots=10)
    options.execution.rep_delay = 1e-4
    options.default_shots = Unset
    options.execution.rep_delay = None  # type: ignore[assignment]
    assert options.to_dict() == {}


def test_repr_shows_what_is_set() -> None:
    options = SamplerOptions(default_shots=10)
    options.dynamical_decoupling.enable = True
    text = "SamplerOptions(dynamical_decoupling=DynamicalDecouplingOptions(enable=True), default_shots=10)"
    assert repr(options) == text


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda options: pickle.loads(pickle.dumps(options))]
)
def test_copies_are_equal(duplicate: Any) -> None:
    options = EstimatorOptions(default_shots=10, resilience={"zne_mitigation": True})
    twin = duplicate(options)
    assert twin == options
    assert twin.default_precision is Unset


def test_options_of_qiskit_ibm_runtime_are_taken() -> None:
    theirs = RuntimeEstimatorOptions()
    theirs.default_shots = 100
    theirs.resilience.zne_mitigation = True
    theirs.environment.job_tags = ["a"]
    found = EstimatorOptions.of(theirs).to_dict()
    assert found["default_shots"] == 100
    assert found["resilience"] == {"zne_mitigation": True}
    assert found["environment"]["job_tags"] == ["a"]


@pytest.mark.parametrize("given", [3, "default_shots", [("default_shots", 1)], SamplerOptions])
def test_other_objects_are_refused(given: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match="options must be SamplerOptions or a dictionary"):
        SamplerOptions.of(given)
    with pytest.raises(errors.InvalidInputError, match="options must be SamplerOptions"):
        SamplerOptions.of(EstimatorOptions())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"zne_mitigation": True, "pec_mitigation": True}, "exclude each other"),
        ({"measure_mitigation": False, "measure_noise_learning": {"num_randomizations": 4}}, "is False"),
        ({"zne": {"noise_factors": [1]}}, "needs at least 2"),
        ({"zne": {"noise_factors": [1, 2, 3], "extrapolator": "polynomial_degree_3"}}, "needs at least 4"),
        ({"zne": {"extrapolator": ["linear", "double_exponential"]}}, "needs at least 4"),
    ],
)
def test_conflicts_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        EstimatorOptions(resilience=options).resilience.check()
