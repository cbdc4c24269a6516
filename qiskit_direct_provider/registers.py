"""Classical registers as they travel: disjoint, none empty, each name one that every reader takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.errors import InvalidCircuitError

if TYPE_CHECKING:
    from qiskit import ClassicalRegister, QuantumCircuit

__all__ = ["Fields", "with_plain_registers"]

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
    number = {bit: index for index, bit in enumerate(circuit.clbits)}
    taken: set[int] = set()
    found: Groups = []
    for register in circuit.cregs:
        indices = tuple(index for bit in register if (index := number[bit]) not in taken)
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
    """The same instructions on the same bits, in other registers."""
    from qiskit import ClassicalRegister
    from qiskit.circuit._classical_resource_map import VariableMapper

    bits = circuit.clbits
    registers = [
        ClassicalRegister(name=name, bits=[bits[index] for index in indices]) for name, indices in named
    ]
    try:
        rebuilt = _copy(circuit, VariableMapper(registers, _Itself()), registers)
    except ValueError as error:
        raise InvalidCircuitError(
            f"circuit {circuit.name!r}: an operation depends on a register that shares bits with another one"
        ) from error
    rebuilt._layout = circuit.layout  # noqa: SLF001 - Qiskit has no public setter
    return rebuilt


class _Itself(dict[Any, Any]):
    """Maps everything to itself."""

    def __missing__(self, key: Any) -> Any:
        return key


def _copy(circuit: QuantumCircuit, mapper: Any, registers: Iterable[ClassicalRegister]) -> QuantumCircuit:
    from qiskit import QuantumCircuit

    copied = QuantumCircuit(
        circuit.qubits,
        circuit.clbits,
        *circuit.qregs,
        *registers,
        name=circuit.name,
        metadata=circuit.metadata,
    )
    for variable in circuit.iter_input_vars():
        copied.add_input(variable)
    for variable in (*circuit.iter_captured_vars(), *circuit.iter_captured_stretches()):
        copied.add_capture(variable)
    for variable in circuit.iter_declared_vars():
        copied.add_uninitialized_var(variable)
    for stretch in circuit.iter_declared_stretches():
        copied.add_stretch(stretch)
    for instruction in circuit.data:
        copied._append(instruction.replace(operation=_mapped(instruction.operation, mapper)))  # noqa: SLF001 - its bits are there, and it is checked already
    copied.global_phase = circuit.global_phase
    return copied


def _mapped(operation: Any, mapper: Any) -> Any:
    """An operation that depends on the new registers."""
    from qiskit.circuit import ControlFlowOp, IfElseOp, Store, SwitchCaseOp, WhileLoopOp

    if isinstance(operation, Store):
        return Store(mapper.map_expr(operation.lvalue), mapper.map_expr(operation.rvalue))
    if not isinstance(operation, ControlFlowOp):
        return operation
    mapped = operation.replace_blocks(
        _copy(block, mapper, [mapper.map_target(register) for register in block.cregs])
        for block in operation.blocks
    )
    if isinstance(mapped, IfElseOp | WhileLoopOp):
        mapped.condition = mapper.map_condition(operation.condition)
    elif isinstance(mapped, SwitchCaseOp):
        mapped.target = mapper.map_target(operation.target)
    return mapped
