"""Options of the sampler and of the estimator, by qiskit-ibm-runtime's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qiskit_direct_provider.job_settings import LOG_LEVELS
from qiskit_direct_provider.primitives.checks import (
    FLAG,
    NOTHING,
    SECONDS,
    TEXT,
    anything,
    either,
    list_of,
    mapping,
    number,
    one_of,
    whole,
)
from qiskit_direct_provider.primitives.groups import OptionGroup, UnsetType, group, option
from qiskit_direct_provider.primitives.resilience import ResilienceOptions

__all__ = [
    "DynamicalDecouplingOptions",
    "EnvironmentOptions",
    "EstimatorOptions",
    "ExecutionOptions",
    "SamplerExecutionOptions",
    "SamplerOptions",
    "SimulatorOptions",
    "TwirlingOptions",
]


@dataclass(init=False, repr=False)
class DynamicalDecouplingOptions(OptionGroup):
    """Pulses on idle qubits that refocus them."""

    enable: bool | UnsetType = option(
        FLAG, default="False", meaning="whether idle times are filled with sequences of pulses"
    )
    sequence_type: str | UnsetType = option(
        one_of("XX", "XpXm", "XY4"), default="'XX'", meaning="the sequence of pulses"
    )
    extra_slack_distribution: str | UnsetType = option(
        one_of("middle", "edges"), default="'middle'", meaning="where time goes that rounding to dt leaves"
    )
    scheduling_method: str | UnsetType = option(
        one_of("alap", "asap"), default="'alap'", meaning="gates as late or as soon as possible"
    )
    skip_reset_qubits: bool | UnsetType = option(
        FLAG, default="False", meaning="leave qubits alone that are still in their ground state"
    )


@dataclass(init=False, repr=False)
class TwirlingOptions(OptionGroup):
    """Random Pauli gates around gates and measurements, which turn coherent errors into random ones."""

    enable_gates: bool | UnsetType = option(
        FLAG, default="by resilience_level; sampler False", meaning="twirl two-qubit Clifford gates"
    )
    enable_measure: bool | UnsetType = option(
        FLAG, default="by resilience_level; sampler False", meaning="twirl measurements"
    )
    num_randomizations: int | str | UnsetType = option(
        either(whole(1), one_of("auto")), default="'auto'", meaning="number of random circuits"
    )
    shots_per_randomization: int | str | UnsetType = option(
        either(whole(1), one_of("auto")), default="'auto'", unit="shots", meaning="of each random circuit"
    )
    strategy: str | UnsetType = option(
        one_of("active", "active-accum", "active-circuit", "all"),
        default="'active-accum'",
        meaning="which qubits are twirled in a layer",
    )


@dataclass(init=False, repr=False)
class ExecutionOptions(OptionGroup):
    """How the device takes shots."""

    init_qubits: bool | UnsetType = option(
        FLAG, default="True", meaning="reset qubits to the ground state before each shot"
    )
    rep_delay: float | UnsetType = option(
        number(at_least=0),
        default="backend.default_rep_delay",
        unit="s",
        meaning="pause between shots, within backend.rep_delay_range",
    )


@dataclass(init=False, repr=False)
class SamplerExecutionOptions(ExecutionOptions):
    """How the device takes shots, and what it returns of them."""

    meas_type: str | UnsetType = option(
        one_of("classified", "kerneled", "avg_kerneled"),
        default="'classified'",
        meaning="bits; a complex number for each bit and shot; or its mean over shots",
    )


@dataclass(init=False, repr=False)
class SimulatorOptions(OptionGroup):
    """For simulated devices only."""

    noise_model: Any = option(
        anything("Aer's NoiseModel or its dictionary"), default="the device's own", meaning="noise"
    )
    seed_simulator: int | UnsetType = option(whole(), default="random", meaning="seed of the shots")
    coupling_map: Any = option(
        list_of(list_of(whole(0), at_least=2, at_most=2), words="a list of pairs of qubits"),
        default="the device's own",
        meaning="coupled pairs of qubits",
    )
    basis_gates: list[str] | UnsetType = option(
        list_of(TEXT, words="a list of texts"), default="the device's own", meaning="names of gates"
    )


@dataclass(init=False, repr=False)
class EnvironmentOptions(OptionGroup):
    """What is said of the job as a whole; none of it is in the input of the program."""

    log_level: str | UnsetType = option(
        one_of(*(level.upper() for level in LOG_LEVELS), any_case=True),
        default="'WARNING'",
        meaning="verbosity of the job's log",
    )
    job_tags: list[str] | UnsetType = option(
        either(list_of(TEXT, words="a list of texts"), NOTHING), default="none", meaning="tags of the job"
    )
    job_name: str | UnsetType = option(TEXT, default="none", meaning="name of the job")
    wait_for_lane: float | str | UnsetType = option(
        SECONDS, default="0", unit="s", meaning="how long to wait while every execution lane is taken"
    )
    private: bool | UnsetType = option(
        either(FLAG, NOTHING), default="False", meaning="not offered by this API: True is refused"
    )


@dataclass(init=False, repr=False)
class _Options(OptionGroup):
    """What both primitives have."""

    max_execution_time: float | str | UnsetType = option(
        SECONDS,
        default="1 day",
        unit="s",
        meaning="longest time that the device may be dedicated to the job",
    )
    environment: EnvironmentOptions = group(EnvironmentOptions)
    simulator: SimulatorOptions = group(SimulatorOptions)
    dynamical_decoupling: DynamicalDecouplingOptions = group(DynamicalDecouplingOptions)
    twirling: TwirlingOptions = group(TwirlingOptions)
    experimental: dict[str, Any] | UnsetType = option(
        mapping(), default="none", meaning="options that the server may know beside these"
    )


@dataclass(init=False, repr=False)
class SamplerOptions(_Options):
    """Options of `SamplerV2`; those that are not set are left to the server."""

    default_shots: int | UnsetType = option(
        whole(1), default="4096", unit="shots", meaning="for pubs that bring no number of their own"
    )
    execution: SamplerExecutionOptions = group(SamplerExecutionOptions)


@dataclass(init=False, repr=False)
class EstimatorOptions(_Options):
    """Options of `EstimatorV2`; those that are not set are left to the server."""

    default_precision: float | UnsetType = option(
        number(above=0),
        default="0.015625",
        meaning="wanted standard error, for pubs that bring none of their own",
    )
    default_shots: int | UnsetType | None = option(
        either(whole(1), NOTHING),
        default="None",
        unit="shots",
        meaning="of each measured basis; if set, default_precision does not count",
    )
    resilience_level: int | UnsetType = option(
        whole(0, 2), default="1", meaning="0 no mitigation, 1 of readout, 2 also of gates (ZNE, twirling)"
    )
    seed_estimator: int | UnsetType = option(
        whole(0), default="random", meaning="seed of what the program draws"
    )
    execution: ExecutionOptions = group(ExecutionOptions)
    resilience: ResilienceOptions = group(ResilienceOptions)
