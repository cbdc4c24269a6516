"""Pubs of an input document, in every form that the API accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_direct_provider.service.circuits import read_circuit
from qiskit_direct_provider.service.outcome import BAD_NUMBERS, RUN_FAILED, JobProblemError
from qiskit_direct_provider.wire.codec import CodecError, decode_ndarray

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.service.calibration import Calibration

__all__ = ["read_estimator_pub", "read_sampler_pub"]

_SAMPLER_ITEMS = 3
_ESTIMATOR_ITEMS = range(2, 5)


def read_sampler_pub(value: object, default_shots: int, device: Calibration) -> SamplerPub:
    """A sampler pub: text, or ``[circuit, parameter values, shots]`` of which only the first is needed.

    Raises:
        JobProblemError: It does not fit together.
    """
    items = [value] if isinstance(value, str | dict) else value
    if not isinstance(items, list) or not 1 <= len(items) <= _SAMPLER_ITEMS:
        raise _invalid("a sampler pub is a circuit, or a list of circuit, parameter values and shots")
    circuit, values, shots = [*items, None, None][:_SAMPLER_ITEMS]
    quantum_circuit = read_circuit(circuit, device.num_qubits)
    number = _shots(default_shots if shots is None else shots, device.max_shots)
    try:
        return SamplerPub(quantum_circuit, _bindings(quantum_circuit, values), number, validate=True)
    except (ValueError, TypeError) as error:
        raise _invalid(f"a sampler pub does not fit together: {error}") from error


def read_estimator_pub(value: object, default_precision: float, device: Calibration) -> EstimatorPub:
    """An estimator pub: ``[circuit, observables, parameter values, precision]``, the first two needed.

    Raises:
        JobProblemError: It does not fit together.
    """
    if not isinstance(value, list) or len(value) not in _ESTIMATOR_ITEMS:
        raise _invalid("an estimator pub is a list of circuit, observables, parameter values and precision")
    circuit, observables, values, precision = [*value, None, None][:4]
    quantum_circuit = read_circuit(circuit, device.num_qubits)
    wanted = default_precision if precision is None else precision
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not 0 < wanted <= 1:
        raise _bad_number(f"the precision {wanted!r} is not a number above 0 and up to 1")
    try:
        array = ObservablesArray.coerce(_observables(observables))
        bindings = _bindings(quantum_circuit, values)
        return EstimatorPub(quantum_circuit, array, bindings, float(wanted), validate=True)
    except (ValueError, TypeError) as error:
        raise _invalid(f"an estimator pub does not fit together: {error}") from error


def _shots(shots: object, max_shots: int) -> int:
    if isinstance(shots, bool) or not isinstance(shots, int):
        raise _bad_number(f"the number of shots {shots!r} is not an integer")
    if not 1 <= shots <= max_shots:
        raise _bad_number(f"{shots} shots are not between 1 and {max_shots}, the device's maximum")
    return shots


def _bindings(circuit: QuantumCircuit, values: object) -> BindingsArray:
    """Parameter values, in order of ``circuit.parameters`` or by name."""
    values = _untagged(values)
    if values is None or (isinstance(values, list) and not values and not circuit.num_parameters):
        return BindingsArray()
    if isinstance(values, dict) and values.get("__type__") != "ndarray":
        by_name = {name: _numbers(column) for name, column in values.items()}
        return BindingsArray.coerce(_by_parameter(circuit, by_name))
    array = _numbers(values)
    if not array.size and not circuit.num_parameters:
        return BindingsArray(shape=array.shape[:-1] if array.ndim > 1 else ())
    return BindingsArray.coerce({tuple(circuit.parameters): array})


def _by_parameter(circuit: QuantumCircuit, columns: dict[str, Any]) -> dict[Any, Any]:
    unknown = sorted(set(columns) - {parameter.name for parameter in circuit.parameters})
    if unknown:
        raise _invalid(f"the circuit has no parameter called {unknown[0]!r}")
    return {
        parameter: columns[parameter.name] for parameter in circuit.parameters if parameter.name in columns
    }


def _untagged(value: object) -> object:
    """The value under a ``BindingsArray`` or ``ObservablesArray`` tag."""
    if not isinstance(value, dict):
        return value
    if value.get("__type__") == "BindingsArray":
        return _single_columns(value.get("__value__"))
    return value["__value__"] if value.get("__type__") == "ObservablesArray" else value


def _observables(value: object) -> Any:
    """Observables with the objects among them, which clients of version 1 send, as dictionaries."""
    if isinstance(value, list):
        return [_observables(each) for each in value]
    if not isinstance(value, dict) or value.get("__class__") != "SparsePauliOp":
        return _untagged(value)
    try:
        settings: Any = value["__value__"]
        labels, coefficients = settings["data"]["__value__"]["data"], settings["coeffs"]["__value__"]
        terms: dict[str, float] = {}
        for label, coefficient in zip(labels, decode_ndarray(coefficients).ravel().tolist(), strict=True):
            number = complex(coefficient)
            if number.imag:
                raise _invalid("the coefficients of an observable are not real")
            terms[label] = terms.get(label, 0.0) + number.real
    except (TypeError, KeyError, CodecError, ValueError) as error:
        raise _invalid("a SparsePauliOp object cannot be read") from error
    return terms


def _single_columns(value: object) -> dict[str, Any]:
    """Columns by name, out of columns by JSON lists of names."""
    import msgspec

    try:
        data = value["data"]  # type: ignore[index]  # checked by the except clause
        keys = {key: msgspec.json.decode(key, type=list[str]) for key in data}
        columns = {key: _numbers(data[key]) for key in data}
    except (TypeError, KeyError, msgspec.DecodeError) as error:
        raise _invalid("a BindingsArray object cannot be read") from error
    return {
        name: columns[key][..., index] if columns[key].ndim else columns[key]
        for key, names in keys.items()
        for index, name in enumerate(names)
    }


def _numbers(value: object) -> np.ndarray[Any, np.dtype[Any]]:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, dict) and value.get("__type__") == "ndarray":
        value = value.get("__value__")
    try:
        array = decode_ndarray(value)
    except CodecError as error:
        raise _invalid(f"parameter values cannot be read: {error}") from error
    if np.iscomplexobj(array) or not np.isfinite(array).all():
        raise _invalid("parameter values have to be real and finite numbers")
    return array.astype(float)


def _invalid(message: str) -> JobProblemError:
    return JobProblemError(RUN_FAILED, message, "Correct the input document.")


def _bad_number(message: str) -> JobProblemError:
    return JobProblemError(BAD_NUMBERS, message, "Ask for a number within the device's limits.")
