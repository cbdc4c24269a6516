"""Input documents of the ``sampler`` and ``estimator`` programs, version 2.

The same document is the ``params`` of a Runtime job and the input object of a Direct Access job.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

__all__ = [
    "ESTIMATOR",
    "PRIMITIVES_VERSION",
    "PROGRAMS",
    "SAMPLER",
    "EstimatorInput",
    "SamplerInput",
]

SAMPLER = "sampler"
ESTIMATOR = "estimator"
PROGRAMS = (SAMPLER, ESTIMATOR)
PRIMITIVES_VERSION = 2


class SamplerInput(Struct, kw_only=True, omit_defaults=True):
    """Input of the sampler.

    A pub is ``[circuit, parameter values or null, shots or null]``; the circuit is OpenQASM 3 text,
    or a QPY object. ``support_qiskit`` selects the form of the result.
    """

    pubs: list[Any]
    version: int | None = None
    support_qiskit: bool | None = None
    shots: int | None = None
    options: dict[str, Any] | None = None


class EstimatorInput(Struct, kw_only=True, omit_defaults=True):
    """Input of the estimator. A pub is ``[circuit, observables, parameter values, precision]``."""

    pubs: list[Any]
    version: int | None = None
    support_qiskit: bool | None = None
    precision: float | None = None
    resilience_level: int | None = None
    options: dict[str, Any] | None = None
