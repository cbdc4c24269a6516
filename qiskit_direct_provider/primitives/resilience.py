"""Options of error mitigation, by qiskit-ibm-runtime's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.primitives.checks import (
    FLAG,
    NOTHING,
    Check,
    anything,
    either,
    list_of,
    number,
    one_of,
    whole,
)
from qiskit_direct_provider.primitives.groups import OptionGroup, Unset, UnsetType, group, option

__all__ = [
    "LayerNoiseLearningOptions",
    "MeasureNoiseLearningOptions",
    "PecOptions",
    "ResilienceOptions",
    "ZneOptions",
]

_POLYNOMIALS = tuple(f"polynomial_degree_{degree}" for degree in range(1, 8))
# How many points a fit needs.
_NEEDED = {"linear": 2, "exponential": 2, "double_exponential": 4, "fallback": 2} | {
    name: degree + 1 for degree, name in enumerate(_POLYNOMIALS, start=1)
}
_EXTRAPOLATOR = Check(
    "'linear', 'exponential', 'double_exponential', 'fallback', 'polynomial_degree_1' to '..._7'",
    one_of(*_NEEDED).read,
)
_DEFAULT_FACTORS = [1.0, 3.0, 5.0]


@dataclass(init=False, repr=False)
class MeasureNoiseLearningOptions(OptionGroup):
    """How readout errors are learnt."""

    num_randomizations: int | UnsetType = option(whole(1), default="32", meaning="number of random circuits")
    shots_per_randomization: int | str | UnsetType = option(
        either(whole(1), one_of("auto")), default="'auto'", unit="shots", meaning="of each random circuit"
    )


@dataclass(init=False, repr=False)
class ZneOptions(OptionGroup):
    """Extrapolation to zero noise."""

    amplifier: str | UnsetType = option(
        one_of("gate_folding", "gate_folding_front", "gate_folding_back", "pea"),
        default="'gate_folding'",
        meaning="how noise is amplified",
    )
    noise_factors: list[float] | UnsetType = option(
        list_of(number(at_least=1), at_least=1), default="[1, 3, 5]", meaning="how much it is amplified"
    )
    extrapolator: str | list[str] | UnsetType = option(
        either(_EXTRAPOLATOR, list_of(_EXTRAPOLATOR, at_least=1, words="a list of these")),
        default="['exponential', 'linear']",
        meaning="fits, of which the first one that works counts",
    )
    extrapolated_noise_factors: list[float] | str | UnsetType = option(
        either(list_of(number(at_least=0)), one_of("auto")),
        default="[0, *noise_factors]",
        meaning="where the fits are evaluated for evs_extrapolated",
    )

    def check(self) -> None:
        """Refuse a fit that needs more points than there are.

        Raises:
            InvalidInputError: With how many it needs.
        """
        factors = _DEFAULT_FACTORS if isinstance(self.noise_factors, UnsetType) else self.noise_factors
        asked = [] if isinstance(self.extrapolator, UnsetType) else self.extrapolator
        for name in [asked] if isinstance(asked, str) else asked or ["exponential", "linear"]:
            if len(factors) < _NEEDED[name]:
                raise InvalidInputError(
                    f"the extrapolator {name!r} needs at least {_NEEDED[name]} noise_factors, "
                    f"and there are {len(factors)}"
                )


@dataclass(init=False, repr=False)
class PecOptions(OptionGroup):
    """Probabilistic cancellation of errors."""

    max_overhead: float | UnsetType | None = option(
        either(number(above=0), NOTHING),
        default="100",
        meaning="most circuits in place of one; None for no limit",
    )
    noise_gain: float | str | UnsetType = option(
        either(number(at_least=0), one_of("auto")),
        default="'auto'",
        meaning="share of the noise that is left: 0 none, 1 all",
    )


@dataclass(init=False, repr=False)
class LayerNoiseLearningOptions(OptionGroup):
    """How the noise of layers of two-qubit gates is learnt."""

    max_layers_to_learn: int | UnsetType | None = option(
        either(whole(0), NOTHING), default="4", meaning="most layers; None for no limit"
    )
    shots_per_randomization: int | UnsetType = option(
        whole(1), default="128", unit="shots", meaning="of each random circuit"
    )
    num_randomizations: int | UnsetType = option(
        whole(1), default="32", meaning="random circuits of each depth and basis"
    )
    layer_pair_depths: list[int] | UnsetType = option(
        list_of(whole(0)),
        default="[0, 1, 2, 4, 16, 32]",
        unit="pairs of layers",
        meaning="depths to learn at",
    )


@dataclass(init=False, repr=False)
class ResilienceOptions(OptionGroup):
    """Error mitigation beyond what ``resilience_level`` chooses."""

    measure_mitigation: bool | UnsetType = option(
        FLAG, default="by resilience_level", meaning="undo readout errors (TREX)"
    )
    measure_noise_learning: MeasureNoiseLearningOptions = group(MeasureNoiseLearningOptions)
    zne_mitigation: bool | UnsetType = option(
        FLAG, default="by resilience_level", meaning="extrapolate to zero noise"
    )
    zne: ZneOptions = group(ZneOptions)
    pec_mitigation: bool | UnsetType = option(
        FLAG, default="False", meaning="cancel errors probabilistically"
    )
    pec: PecOptions = group(PecOptions)
    layer_noise_learning: LayerNoiseLearningOptions = group(LayerNoiseLearningOptions)
    layer_noise_model: Any = option(
        anything("qiskit-ibm-runtime's NoiseLearnerResult, a list of its LayerError, or None"),
        default="None",
        meaning="noise that was learnt before, in place of learning it",
    )

    def check(self) -> None:
        """Refuse options that exclude each other.

        Raises:
            InvalidInputError: With the two that do, or what is missing.
        """
        if self.zne_mitigation is True and self.pec_mitigation is True:
            raise InvalidInputError("zne_mitigation and pec_mitigation exclude each other; set one to False")
        if self.measure_mitigation is False and self.measure_noise_learning.to_dict():
            raise InvalidInputError("measure_noise_learning is set, but measure_mitigation is False")
        self.zne.check()

    @property
    def twirls(self) -> bool:
        """Whether a method is asked for that twirls gates, whatever the options of twirling say."""
        amplified = self.zne.amplifier is not Unset and self.zne.amplifier == "pea"
        return self.pec_mitigation is True or (self.zne_mitigation is True and amplified)
