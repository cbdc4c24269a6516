"""The input documents of the estimator."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.parameters import with_ordered_parameters
from qiskit_direct_provider.portable import portable
from qiskit_direct_provider.programs.limits import Limits, PreparedPub, parted
from qiskit_direct_provider.programs.openqasm import to_openqasm3
from qiskit_direct_provider.programs.program import Program
from qiskit_direct_provider.registers import with_plain_registers
from qiskit_direct_provider.transpiler import without_stamp
from qiskit_direct_provider.wire.codec import encode_ndarray
from qiskit_direct_provider.wire.primitives import ESTIMATOR, PRIMITIVES_VERSION, EstimatorInput

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.primitives.containers.estimator_pub import EstimatorPub
    from qiskit.transpiler import Target

__all__ = ["estimator_programs"]

_LARGEST_EXPANSION = 4096
# Each is half of the identity and half of a Pauli letter, with this sign.
_PROJECTORS = {"0": ("Z", 1), "1": ("Z", -1), "+": ("X", 1), "-": ("X", -1), "r": ("Y", 1), "l": ("Y", -1)}


def estimator_programs(
    pubs: Sequence[EstimatorPub],
    *,
    options: Mapping[str, Any] | None = None,
    resilience_level: int | None = None,
    limits: Limits | None = None,
    target: Target | None = None,
) -> list[Program]:
    """The programs that estimate observables, and the records of what was asked for.

    A pub without precision leaves it to ``options`` and, if they are silent, to the server.

    Args:
        pubs: Circuits in the device's instruction set, observables as wide as they are.
        options: Options of the estimator program, as nested mappings.
        resilience_level: 0 to 2; None leaves it to the server.
        limits: More than one job may hold is parted, in order, into several programs.
        target: The device, for the length of its ``id``.

    Raises:
        InvalidCircuitError: A circuit cannot be written as OpenQASM 3.
        InvalidInputError: An observable cannot be written as Pauli strings.
    """
    found = []
    for group in parted([_prepared(pub, target) for pub in pubs], limits or Limits()):
        document = EstimatorInput(
            pubs=[msgspec.Raw(each.encoded) for each in group],
            version=PRIMITIVES_VERSION,
            support_qiskit=True,
            resilience_level=resilience_level,
            options=dict(options) if options else None,
        )
        records = tuple(each.record for each in group)
        found.append(Program(ESTIMATOR, msgspec.json.encode(document), records))
    return found


def _prepared(pub: EstimatorPub, target: Target | None) -> PreparedPub:
    sent = portable(with_ordered_parameters(pub.circuit), target)
    circuit, _ = with_plain_registers(_with_all_qubits(sent))
    values = encode_ndarray(pub.parameter_values.as_array(pub.circuit.parameters))
    precision = None if pub.precision is None else float(pub.precision)
    written = [to_openqasm3(circuit), _observables(pub.observables.tolist()), values, precision]
    return PreparedPub(msgspec.json.encode(written), _record(pub))


def _with_all_qubits(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with a barrier on all qubits at its end.

    The text names physical qubits and declares no number of them: the reader counts those that it finds.
    """
    whole = circuit.copy()
    whole.barrier(whole.qubits)
    return whole


def _observables(nested: Any) -> Any:
    """Nested lists of observables, each as Pauli strings (rightmost letter: qubit 0) with their factors."""
    if isinstance(nested, list):
        return [_observables(each) for each in nested]
    terms: dict[str, float] = defaultdict(float)
    for label, factor in nested.items():
        if not math.isfinite(factor):
            raise InvalidInputError(f"an observable has the coefficient {factor}")
        for pauli, share in _without_projectors(label):
            terms[pauli] += float(factor) * share
    return dict(terms)


def _without_projectors(label: str) -> list[tuple[str, float]]:
    """A string as Pauli strings with factors: not every server takes projectors.

    >>> _without_projectors("0X")
    [('IX', 0.5), ('ZX', 0.5)]
    """
    places = [place for place, letter in enumerate(label) if letter in _PROJECTORS]
    if 2 ** len(places) > _LARGEST_EXPANSION:
        raise InvalidInputError(
            f"an observable has {len(places)} projectors, which would be {2 ** len(places)} Pauli strings; "
            "write it in fewer Pauli strings, or measure with SamplerV2"
        )
    found = []
    for chosen in itertools.product((False, True), repeat=len(places)):
        letters, factor = list(label), 0.5 ** len(places)
        for place, written in zip(places, chosen, strict=True):
            pauli, sign = _PROJECTORS[label[place]]
            letters[place] = pauli if written else "I"
            factor *= sign if written else 1
        found.append(("".join(letters), factor))
    return found


def _record(pub: EstimatorPub) -> CircuitRecord:
    """What was asked for; there are no bits to come back."""
    circuit = pub.circuit
    return CircuitRecord(
        name=str(circuit.name),
        num_qubits=circuit.num_qubits,
        num_clbits=circuit.num_clbits,
        qubit_registers=tuple((register.name, register.size) for register in circuit.qregs),
        registers=(),
        fields=(),
        shots=0,
        shape=tuple(pub.shape),
        metadata=without_stamp(circuit.metadata),
    )
