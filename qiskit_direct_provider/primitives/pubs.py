"""Pubs as Qiskit takes them, checked for a device before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from qiskit.exceptions import QiskitError
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_direct_provider import notices
from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.validation import examine

if TYPE_CHECKING:
    from qiskit_direct_provider.device import Device

__all__ = ["check_pubs", "estimator_pubs", "sampler_pubs", "values_of"]

Pub = TypeVar("Pub", SamplerPub, EstimatorPub)

_LONGEST_TEXT = 400
_REFUSALS = (ValueError, TypeError, AttributeError, LookupError, OverflowError, QiskitError)


def sampler_pubs(pubs: Any, shots: int | None) -> list[SamplerPub]:
    """Pubs of the sampler; ``shots`` are for those that bring none of their own.

    Raises:
        InvalidInputError: One of them does not fit together; the text says which.
    """

    def coerce(pub: Any) -> SamplerPub:
        if not hasattr(pub, "__len__") and not isinstance(pub, SamplerPub):
            raise TypeError(f"{type(pub).__name__} is not a circuit, nor a tuple of a circuit and more")
        return SamplerPub.coerce(pub, shots)

    return _coerced(pubs, coerce)


def estimator_pubs(pubs: Any, precision: float | None) -> list[EstimatorPub]:
    """Pubs of the estimator, observables on the qubits of the circuit that is sent.

    Observables as wide as the circuit was before it was transpiled are placed by its layout.

    Raises:
        InvalidInputError: One of them does not fit together; the text says which.
    """
    found = _coerced(pubs, lambda pub: EstimatorPub.coerce(_placed(pub), precision))
    for number, pub in enumerate(found):
        if pub.precision is not None and not 0 < float(pub.precision) < np.inf:
            raise InvalidInputError(f"pub {number}: precision must be above 0, not {pub.precision!r}")
    return found


def _coerced(pubs: Any, coerce: Callable[[Any], Pub]) -> list[Pub]:
    if not isinstance(pubs, Iterable) or isinstance(pubs, str | bytes | Mapping):
        raise InvalidInputError(f"run() takes a list of pubs, not a {type(pubs).__name__}")
    found: list[Pub] = []
    for number, pub in enumerate(pubs):
        try:
            found.append(coerce(pub))
            _check_values(found[-1])
        except _REFUSALS as error:
            text = str(error.message if isinstance(error, QiskitError) else error)
            raise InvalidInputError(f"pub {number}: {text[:_LONGEST_TEXT]}") from error
    if not found:
        raise InvalidInputError("there is no pub to run")
    return found


def _check_values(pub: SamplerPub | EstimatorPub) -> None:
    if 0 in pub.shape:
        raise ValueError(f"its shape {pub.shape} holds nothing to run")
    values = values_of(pub)
    if values is not None and not np.isfinite(values).all():
        raise ValueError("parameter values must be finite")


def _placed(pub: Any) -> Any:
    """A pub whose observables are as wide as its circuit."""
    from qiskit import QuantumCircuit

    if isinstance(pub, EstimatorPub | QuantumCircuit):
        return pub
    parts = tuple(pub) if isinstance(pub, Iterable) else ()
    if len(parts) < 2 or not isinstance(parts[0], QuantumCircuit):  # noqa: PLR2004 - circuit and observables
        raise TypeError(f"{type(pub).__name__} is not a tuple of a circuit, observables and more")
    circuit, observables = parts[0], ObservablesArray.coerce(parts[1])
    width, layout = observables.num_qubits, circuit.layout
    if width != circuit.num_qubits:
        before = len(layout.initial_index_layout(filter_ancillas=True)) if layout else None
        if width != before:
            earlier = f" (before it was transpiled: {before})" if before else ""
            raise ValueError(
                f"observables of {width} qubits do not fit a circuit of {circuit.num_qubits}{earlier}; "
                "observable.apply_layout(circuit.layout) places them"
            )
        observables = observables.apply_layout(layout)
    return (circuit, observables, *parts[2:])


# -- the device ----------------------------------------------------------------------------------------


def check_pubs(pubs: list[Pub], device: Device, *, measured: bool) -> None:
    """Refuse circuits that the device cannot run with their parameter values, and warn of doubtful ones.

    Raises:
        InvalidCircuitError: With all that is wrong.
    """
    sets = [values_of(pub) for pub in pubs]
    report = examine([pub.circuit for pub in pubs], device, values=sets, measured=measured, thorough=False)
    report.raise_for_errors()
    for text in report.warnings:
        notices.warn(text)


def values_of(pub: SamplerPub | EstimatorPub) -> npt.NDArray[np.float64] | None:
    """Parameter values, shape ``(*sets, number of parameters)``; None for a circuit without parameters."""
    if not pub.circuit.num_parameters:
        return None
    found: npt.NDArray[np.float64] = pub.parameter_values.as_array(pub.circuit.parameters)
    return found
