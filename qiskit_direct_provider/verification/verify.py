"""What is run, and how its counts are looked at, when a device is verified."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError
from qiskit_direct_provider.programs import as_pubs
from qiskit_direct_provider.verification.checking import check
from qiskit_direct_provider.verification.clifford import cliffordised
from qiskit_direct_provider.verification.companions import mirrored
from qiskit_direct_provider.verification.distribution import measured_qubits
from qiskit_direct_provider.verification.expected import expect
from qiskit_direct_provider.verification.outcome import Question
from qiskit_direct_provider.verification.verification import Verification
from qiskit_direct_provider.whole_numbers import whole_number

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.result import Result

    from qiskit_direct_provider.device import Device

__all__ = ["METHODS", "Options", "bound", "companions", "judged"]

METHODS = ("direct", "mirror", "clifford")


@dataclass(frozen=True)
class Options:
    """How thoroughly to verify.

    Attributes:
        method: ``direct`` looks at the circuits themselves; ``mirror`` and ``clifford`` at companions.
        significance: Probability to call a healthy device something else than consistent, over all circuits.
        max_seconds: Longest estimated simulation of one circuit.
        seed: Of the twin and of all resampling; None takes one from the counts, so that the same counts
            get the same verdict.
    """

    method: str = "direct"
    significance: float = 0.01
    max_seconds: float = 60.0
    seed: int | None = None

    @classmethod
    def of(cls, method: str | None, significance: float, max_seconds: float, seed: int | None) -> Options:
        """Checked options.

        Raises:
            InvalidInputError: One cannot be right.
        """
        if method not in (None, *METHODS):
            raise InvalidInputError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
        if not _is_number(significance) or not 0 < significance < 1:
            raise InvalidInputError(f"significance must be between 0 and 1, not {significance!r}")
        if not _is_number(max_seconds) or not max_seconds > 0:
            raise InvalidInputError(f"max_seconds must be above 0, not {max_seconds!r}")
        number = None if seed is None else whole_number(seed, "seed", least=0)
        return cls(method or "direct", significance, float(max_seconds), number)


def _is_number(given: Any) -> bool:
    return isinstance(given, Real) and not isinstance(given, bool)


def companions(circuits: Sequence[QuantumCircuit], options: Options) -> list[QuantumCircuit]:
    """The circuits that the device is to run.

    Raises:
        UnsupportedError: A circuit has no such companion.
    """
    if options.method == "mirror":
        seed = secrets.randbits(32) if options.seed is None else options.seed
        return [mirrored(circuit, seed)[0] for circuit in circuits]
    if options.method == "clifford":
        return [cliffordised(circuit) for circuit in circuits]
    return list(circuits)


def bound(circuits: QuantumCircuit | Iterable[QuantumCircuit], parameter_values: Any) -> list[QuantumCircuit]:
    """One circuit for each set of parameter values, in the order of a result's entries."""
    found = []
    for pub in as_pubs(circuits, 1, parameter_values):
        if pub.values is None:
            found.append(pub.circuit)
        else:
            rows = pub.values.reshape(-1, pub.values.shape[-1])
            found += [pub.circuit.assign_parameters(row.tolist()) for row in rows]
    return found


def judged(
    circuits: Sequence[QuantumCircuit], result: Result, device: Device, name: str, options: Options
) -> Verification:
    """The verdict on the counts of a result.

    Args:
        circuits: What the device was to run, bound, one for each entry of the result.
        result: With counts.
        device: As it was calibrated.
        name: The device's.
        options: How thoroughly.

    Raises:
        InvalidInputError: The result is not that of these circuits.
        UnsupportedError: A circuit cannot be simulated.
    """
    if len(circuits) != len(result.results):
        raise InvalidInputError(
            f"the result has {len(result.results)} entries, and {len(circuits)} circuits were given"
        )
    each = 1 - (1 - options.significance) ** (1 / len(circuits))
    checks = []
    for index, circuit in enumerate(circuits):
        counts = _counts(result, index)
        question = _question(index, circuit, counts, each)
        seed = _seed(counts) if options.seed is None else options.seed + index
        expected = expect(
            circuit,
            device.target,
            shots=sum(counts.values()),
            seconds=options.max_seconds,
            seed=seed % 2**31,
            stand_in=options.method == "mirror",
        )
        checks.append(check(question, counts, expected, np.random.default_rng(seed)))
    calibrated = device.calibration.last_update_date if device.calibration else None
    return Verification(name, calibrated, tuple(checks), result.job_id, options.significance)


def _counts(result: Result, index: int) -> dict[str, int]:
    from qiskit.exceptions import QiskitError

    try:
        found = result.get_counts(index)
    except QiskitError as error:
        raise InvalidInputError(f"entry {index} of the result has no counts: {error}") from error
    return {word.replace(" ", ""): number for word, number in found.items()}


def _question(index: int, circuit: QuantumCircuit, counts: dict[str, int], significance: float) -> Question:
    width = len(next(iter(counts), ""))
    if width != circuit.num_clbits:
        raise InvalidInputError(
            f"circuit {index} ({circuit.name!r}) has {circuit.num_clbits} bits, its counts have {width}"
        )
    if circuit.num_parameters:
        raise InvalidInputError(
            f"circuit {index} ({circuit.name!r}) has unbound parameters; pass parameter_values"
        )
    qubits = measured_qubits(circuit)
    if not qubits:
        raise UnsupportedError(f"circuit {index} ({circuit.name!r}) measures nothing outside of control flow")
    bits = {qubit: bit for bit, qubit in qubits.items()}
    pairs = set()
    for each in circuit.data:
        places = [circuit.find_bit(qubit).index for qubit in each.qubits]
        if len(places) == 2 and bits.keys() >= set(places):  # noqa: PLR2004 - a pair
            left, right = sorted(bits[place] for place in places)
            pairs.add((left, right))
    return Question(f"circuit {index} ({circuit.name!r})", qubits, frozenset(pairs), significance)


def _seed(counts: dict[str, int]) -> int:
    text = repr(sorted(counts.items())).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
