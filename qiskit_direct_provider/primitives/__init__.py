"""Qiskit's V2 primitives over the program interface of the device itself."""

from __future__ import annotations

from qiskit_direct_provider.primitives.estimator import EstimatorV2
from qiskit_direct_provider.primitives.groups import Unset, UnsetType
from qiskit_direct_provider.primitives.job import PrimitiveJob
from qiskit_direct_provider.primitives.mode import Mode
from qiskit_direct_provider.primitives.options import EstimatorOptions, SamplerOptions
from qiskit_direct_provider.primitives.sampler import SamplerV2

__all__ = [
    "EstimatorOptions",
    "EstimatorV2",
    "Mode",
    "PrimitiveJob",
    "SamplerOptions",
    "SamplerV2",
    "Unset",
    "UnsetType",
]
