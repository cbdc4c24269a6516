"""Classical registers as they travel: disjoint, none empty, each name one that every reader takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import InvalidCircuitError

if TYPE_CHECKING:
    from qiskit import ClassicalRegister, QuantumCircuit

__all__ = ["with_plain_registers"]

if TYPE_CHECKING:
    Groups = list[tuple[ClassicalRegister | None, tuple[int, ...]]]

Fields = tuple[tuple[str, tuple[int, ...]], ...]

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

# Words of OpenQASM 3, names of its standard gates, and names that results cannot have as attributes.
_RESERVED = frozenset(
    """
    angle array barrier bit bool box break cal case complex const continue creg ctrl def default defcal
    defcalgrammar delay duration durationof else end euler extern false float for gate gphase if im in
    include input int inv let measure mutable negctrl opaque output pi popcount pow pragma qreg qubit
    readonly reset return rotl rotr sizeof stretch switch tau true uint void while arccos arcsin arctan
    ceiling cos exp floor log mod sin sqrt tan real imag ccx ch cp cphase crx cry crz cswap cu cx cy cz
    h id p phase rx ry rz s sdg swap sx t tdg u u1 u2 u3 x y z CX U ecr rzz rxx ryy rzx items keys
    values get pop update clear copy ndim shape size self data metadata
    """.split()  # noqa: SIM905 - a list of words reads best as text
)


def with_plain_registers(
    circuit: QuantumCircuit,
) -> tuple[QuantumCircuit, Fields]:
    """A circuit whose classical bits are each in one register of a plain name, and what those registers are.

    Returns:
        The circuit itself where it is so already, else a copy; and for each register its name and the
        indices of its bits, in order.

    Raises:
        InvalidCircuitError: Registers share bits, and an operation depends on one of them as a whole.
    """
    groups = _groups(circuit)
    whole = [(each.name, bits) for each, bits in groups if each is not None and each.size == len(bits)]
    if len(whole) == len(groups) == len(circuit.cregs) and all(_is_plain(name) for name, _ in whole):
        return circuit, tuple(whole)
    named = _named(groups)
    return _rebuilt(circuit, named), named


def _groups(circuit: QuantumCircuit) -> Groups:
    """Each classical bit once: by the first register that has it, the others in a group of their own."""
    taken: set[int] = set()
    found: Groups = []
    for register in circuit.cregs:
        indices = tuple(index for bit in register if (index := circuit.find_bit(bit).index) not in taken)
        taken.update(indices)
        if indices:
            found.append((register, indices))
    loose = tuple(index for index in range(circuit.num_clbits) if index not in taken)
    return [*found, (None, loose)] if loose else found


def _is_plain(name: str) -> bool:
    return _IDENTIFIER.fullmatch(name) is not None and name not in _RESERVED


def _named(groups: Groups) -> Fields:
    """Names: a register's own where it is plain, else one that is free."""
    own = [getattr(register, "name", "") for register, _ in groups]
    names = [name if _is_plain(name) else "" for name in own]
    free = (name for number in range(2 * len(names) + 1) if (name := f"creg{number}") not in names)
    return tuple((name or next(free), indices) for name, (_, indices) in zip(names, groups, strict=True))


def _rebuilt(circuit: QuantumCircuit, named: Fields) -> QuantumCircuit:
    from qiskit import ClassicalRegister, QuantumCircuit

    registers = [ClassicalRegister(len(indices), name) for name, indices in named]
    target = QuantumCircuit(circuit.qubits, *circuit.qregs, *registers, name=circuit.name)
    bits = [None] * circuit.num_clbits
    for register, (_, indices) in zip(registers, named, strict=True):
        for bit, index in zip(register, indices, strict=True):
            bits[index] = bit
    rebuilt: QuantumCircuit = target.compose(circuit, qubits=target.qubits, clbits=bits, copy=False)
    if len(rebuilt.cregs) != len(registers):
        raise InvalidCircuitError(
            f"circuit {circuit.name!r}: an operation depends on a register that shares bits with another one"
        )
    rebuilt._layout = circuit.layout  # noqa: SLF001 - Qiskit has no public setter
    rebuilt.global_phase = circuit.global_phase
    return rebuilt
