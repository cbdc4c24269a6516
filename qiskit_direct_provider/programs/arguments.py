"""What a user hands to ``run``: circuits, shots and parameter values, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.whole_numbers import whole_number

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from qiskit import QuantumCircuit

__all__ = ["Pub", "as_circuits", "as_pub", "as_pubs", "check_shots", "values_of_each"]


@dataclass(frozen=True)
class Pub:
    """A circuit, with what is said of its execution.

    Attributes:
        shots: For each set of parameter values.
        values: The sets, of shape ``(*shape, number of parameters)``, in the order of
            ``circuit.parameters``; None for a circuit without parameters.
    """

    circuit: QuantumCircuit
    shots: int
    values: npt.NDArray[np.float64] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the sets of parameter values; ``()`` without."""
        return () if self.values is None else self.values.shape[:-1]


def as_pubs(
    run_input: QuantumCircuit | Iterable[QuantumCircuit], shots: int, parameter_values: Any = None
) -> list[Pub]:
    """Circuits with their parameter values.

    Args:
        run_input: A circuit, or many.
        shots: For each set of parameter values.
        parameter_values: For one circuit an array of shape ``(*shape, number of parameters)`` in the order of
            ``circuit.parameters``, or a mapping of parameters (or their names) to values, or a list of such
            mappings; for a list of circuits a list of these, None for a circuit without parameters.

    Raises:
        InvalidInputError: They do not belong together.
    """
    circuits = as_circuits(run_input)
    given = values_of_each(run_input, len(circuits), parameter_values)
    return [as_pub(index, circuit, given[index], shots) for index, circuit in enumerate(circuits)]


def values_of_each(run_input: Any, number: int, parameter_values: Any) -> Sequence[Any]:
    """What was given as parameter values, for each of a number of circuits.

    Raises:
        InvalidInputError: It is not one entry a circuit.
    """
    from qiskit import QuantumCircuit

    if parameter_values is None:
        return [None] * number
    given = [parameter_values] if isinstance(run_input, QuantumCircuit) else _one_each(parameter_values)
    if len(given) != number:
        raise InvalidInputError(
            f"parameter_values must have one entry for each of {number} circuits, not {len(given)}"
        )
    return given


def _one_each(parameter_values: Any) -> Sequence[Any]:
    if isinstance(parameter_values, Mapping | str | bytes) or not hasattr(parameter_values, "__len__"):
        raise InvalidInputError("parameter_values of a list of circuits must be a list, too: one entry each")
    return list(parameter_values)


def as_pub(index: int, circuit: QuantumCircuit, values: Any, shots: int) -> Pub:
    """One circuit with its parameter values.

    Raises:
        InvalidInputError: They do not belong together; the text names the circuit by its index.
    """
    if values is None or not circuit.num_parameters:
        if values is not None and _number_of(values):
            raise InvalidInputError(f"circuit {index} ({circuit.name!r}) has no parameters, but got values")
        return Pub(circuit, shots)
    try:
        array = _in_order(circuit, values)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise InvalidInputError(
            f"the parameter values of circuit {index} ({circuit.name!r}) do not fit: {error}"
        ) from error
    return Pub(circuit, shots, _finite(index, circuit, array))


def _in_order(circuit: QuantumCircuit, values: Any) -> npt.NDArray[Any]:
    """Parameter values, shape ``(*sets, number of parameters)``.

    Mappings in a list are set after set, as Aer's ``parameter_binds`` has them: each holds a number or a list
    of numbers for every parameter.
    """
    import numpy as np
    from qiskit.primitives.containers.sampler_pub import SamplerPub

    if _holds_mappings(values):
        if not all(isinstance(each, Mapping) for each in values):
            raise ValueError("of a list of mappings, each entry must be one")
        return np.concatenate([np.atleast_2d(_in_order(circuit, each)) for each in values])
    bindings = SamplerPub.coerce((circuit, values)).parameter_values
    found: npt.NDArray[Any] = bindings.as_array(circuit.parameters)
    return found


def _number_of(values: Any) -> int:
    import numpy as np

    if _holds_mappings(values):
        return sum(map(_number_of, values))
    return len(values) if isinstance(values, Mapping) else int(np.size(values))


def _holds_mappings(values: Any) -> bool:
    return isinstance(values, list | tuple) and any(isinstance(each, Mapping) for each in values)


def _finite(index: int, circuit: QuantumCircuit, array: Any) -> npt.NDArray[np.float64]:
    import numpy as np

    if not array.size:
        raise InvalidInputError(f"circuit {index} ({circuit.name!r}): there is no set of parameter values")
    if array.dtype.kind not in "iuf" or not np.all(np.isfinite(array)):
        raise InvalidInputError(
            f"circuit {index} ({circuit.name!r}): parameter values must be finite real numbers"
        )
    return np.ascontiguousarray(array, dtype=np.float64)


def as_circuits(circuits: QuantumCircuit | Iterable[QuantumCircuit]) -> list[QuantumCircuit]:
    """One circuit or many, as a list.

    Raises:
        InvalidInputError: There is none, or something is not a circuit.
    """
    from qiskit import QuantumCircuit

    found = [circuits] if isinstance(circuits, QuantumCircuit) else _listed(circuits)
    if not found:
        raise InvalidInputError("there is no circuit to run")
    for index, circuit in enumerate(found):
        if not isinstance(circuit, QuantumCircuit):
            raise InvalidInputError(f"run() takes circuits; number {index} is a {type(circuit).__name__}")
    return found


def _listed(circuits: object) -> list[Any]:
    if isinstance(circuits, Iterable) and not isinstance(circuits, str | bytes | Mapping):
        return list(circuits)
    raise InvalidInputError(f"run() takes a circuit or a list of circuits, not a {type(circuits).__name__}")


def check_shots(shots: object, max_shots: int | None = None) -> int:
    """A number of shots that the device takes.

    Raises:
        InvalidInputError: Not a whole number, below one, or above ``max_shots``.
    """
    number = whole_number(shots, "shots")
    if number < 1:
        raise InvalidInputError(f"shots must be at least 1, not {number}")
    if max_shots is not None and number > max_shots:
        raise InvalidInputError(f"{number} shots are more than this backend's max_shots of {max_shots}")
    return number
