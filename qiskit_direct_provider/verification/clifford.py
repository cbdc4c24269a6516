"""Circuits that stabilizers can follow, and circuits made so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import UnsupportedError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["cliffordised", "is_clifford"]

_CLIFFORD = frozenset(
    "id x y z h s sdg sx sxdg cx cy cz swap ecr barrier delay measure reset".split()  # noqa: SIM905 - words
)
_FRACTIONAL = frozenset({"rx", "rzz"})
_TOLERANCE = 1e-9


def is_clifford(circuit: QuantumCircuit) -> bool:
    """Whether every gate is one of the Clifford group, as Aer's stabilizer method takes it."""
    return all(
        instruction.name in _CLIFFORD
        or (instruction.name == "rz" and _quarter_turns(instruction.params[0]) is not None)
        for instruction in circuit.data
    )


def cliffordised(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with each angle of ``rz`` at the nearest multiple of a quarter turn.

    The gates that take time, and so make errors, stay where they are.

    Raises:
        UnsupportedError: Something else than these angles keeps it from the Clifford group.
    """
    made = circuit.copy_empty_like()
    for instruction in circuit.data:
        if instruction.name == "rz":
            turns = round(float(instruction.params[0]) / (math.pi / 2))
            made.rz(turns * math.pi / 2, instruction.qubits[0])
        elif instruction.name in _CLIFFORD:
            made.append(instruction)
        else:
            advice = (
                "; take the backend with use_fractional_gates=False"
                if instruction.name in _FRACTIONAL
                else ""
            )
            raise UnsupportedError(
                f"{instruction.name!r} has no Clifford counterpart at the same cost{advice}"
            )
    return made


def _quarter_turns(angle: object) -> int | None:
    if not isinstance(angle, int | float):
        return None
    turns = angle / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) < _TOLERANCE else None
