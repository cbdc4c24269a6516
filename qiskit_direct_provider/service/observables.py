"""Observables as sums of Pauli strings on few qubits, grouped into measurements."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING

from qiskit.quantum_info import PauliList

from qiskit_direct_provider.service.outcome import RUN_FAILED, JobProblemError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Pauli", "expand", "measurement_groups", "support"]

Pauli = str
"""Letters I, X, Y and Z; the rightmost one is qubit 0."""

_LARGEST_EXPANSION = 4096
# The projectors of Qiskit's observables: (1 + P) / 2 and (1 - P) / 2.
_PROJECTORS = {"0": ("Z", 1), "1": ("Z", -1), "+": ("X", 1), "-": ("X", -1), "r": ("Y", 1), "l": ("Y", -1)}


def support(label: str) -> list[int]:
    """Qubits on which an observable is not the identity."""
    return [index for index, letter in enumerate(reversed(label)) if letter != "I"]


def expand(observable: Mapping[str, float], places: Iterable[int]) -> dict[Pauli, float]:
    """An observable over the qubits ``places`` only, its projectors written out as Pauli strings."""
    chosen = list(places)
    terms: dict[Pauli, float] = defaultdict(float)
    for label, coefficient in observable.items():
        letters = [label[-1 - place] for place in reversed(chosen)]
        for pauli, factor in _written_out(letters):
            terms[pauli] += coefficient * factor
    return dict(terms)


def measurement_groups(paulis: Iterable[Pauli]) -> list[tuple[Pauli, list[Pauli]]]:
    """Strings that can be measured together, each with the basis to measure in."""
    wanted = sorted({pauli for pauli in paulis if set(pauli) - {"I"}})
    if not wanted:
        return []
    groups = PauliList(wanted).group_commuting(qubit_wise=True)
    return [(_basis(group.to_labels()), group.to_labels()) for group in groups]


def _written_out(letters: list[str]) -> list[tuple[Pauli, float]]:
    choices = []
    for letter in letters:
        if letter in _PROJECTORS:
            pauli, sign = _PROJECTORS[letter]
            choices.append([("I", 0.5), (pauli, 0.5 * sign)])
        else:
            choices.append([(letter, 1.0)])
    if 2 ** sum(len(choice) > 1 for choice in choices) > _LARGEST_EXPANSION:
        message = "an observable has more than 12 projectors, which is more than can be written out"
        raise JobProblemError(RUN_FAILED, message, "Use Pauli strings.")
    written = []
    for combination in itertools.product(*choices):
        factor = 1.0
        for _, part in combination:
            factor *= part
        written.append(("".join(letter for letter, _ in combination), factor))
    return written


def _basis(labels: list[Pauli]) -> Pauli:
    columns = zip(*labels, strict=True)
    return "".join(next((letter for letter in column if letter != "I"), "I") for column in columns)
