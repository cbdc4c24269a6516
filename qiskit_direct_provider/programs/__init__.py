"""Circuits to the input documents of jobs."""

from qiskit_direct_provider.programs.arguments import (
    Pub,
    as_circuits,
    as_pub,
    as_pubs,
    check_shots,
    values_of_each,
)
from qiskit_direct_provider.programs.estimator import estimator_programs
from qiskit_direct_provider.programs.limits import Limits
from qiskit_direct_provider.programs.openqasm import to_openqasm3
from qiskit_direct_provider.programs.program import Program
from qiskit_direct_provider.programs.sampler import sampler_payload, sampler_programs

__all__ = [
    "Limits",
    "Program",
    "Pub",
    "as_circuits",
    "as_pub",
    "as_pubs",
    "check_shots",
    "estimator_programs",
    "sampler_payload",
    "sampler_programs",
    "to_openqasm3",
    "values_of_each",
]
