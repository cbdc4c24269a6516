"""What is known of a program while it is read: names, and the circuit so far."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any

from qiskit.circuit import ClassicalRegister, Clbit, Parameter, Qubit

from qiskit_direct_provider.service.openqasm.gates import GateKind, builtin_gates
from qiskit_direct_provider.service.openqasm.problems import NotReadError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

    from qiskit_direct_provider.service.openqasm.structure import Frame

__all__ = ["Program"]

_MAX_INSTRUCTIONS = 2_000_000


class Program:
    """A circuit, and what its names stand for.

    ``names`` holds classical bits, registers and variables, those of the innermost block first.
    ``switch_targets`` are the values of variables that have no other use than to be switched on.
    ``definition`` collects the statements of a gate's definition while one is open.
    ``otherwise`` is the builder of an else for the block that was closed last, which was part of a chain of
    ``else if`` when ``was_chained`` is true.
    """

    def __init__(self, circuit: QuantumCircuit, num_physical: int) -> None:
        self.circuit = circuit
        self.is_physical = num_physical > 0
        self.quantum: dict[str, Qubit | Sequence[Qubit]] = {}
        self.names: ChainMap[str, Any] = ChainMap()
        self.parameters: dict[str, Parameter] = {}
        self.switch_targets: dict[str, Any] = {}
        self.gates: dict[str, GateKind] = builtin_gates()
        self.frames: list[Frame] = []
        self.definition: list[str] | None = None
        self.otherwise: Any = None
        self.was_chained = False
        self.known: dict[str, Sequence[CircuitInstruction]] = {}
        self._operands: dict[str, tuple[Qubit, ...]] = {}
        self._waiting: list[CircuitInstruction] = []
        self._count = 0
        self._taken: set[str] = set()
        if num_physical:
            circuit.add_bits([Qubit() for _ in range(num_physical)])
            self.quantum |= {f"${index}": bit for index, bit in enumerate(circuit.qubits)}

    def declare(self, name: str, value: Any, *, quantum: bool = False) -> None:
        """Give a name to qubits, bits, a register, or a variable.

        Raises:
            NotReadError: The name is taken, or qubits are declared beside physical ones.
        """
        if quantum and self.is_physical:
            raise NotReadError("a program cannot have both physical qubits and registers of qubits")
        if name in self.names.maps[0] or name in self.quantum or name in self.parameters:
            raise NotReadError(f"{name!r} is declared already")
        if quantum:
            self.quantum[name] = value
        else:
            self.names[name] = value

    def loop_parameter(self, name: str) -> Parameter:
        """The variable of a loop; Qiskit before 2.3 takes each name once in a circuit."""
        free = name
        while free in self._taken or free in self.parameters:
            free = f"{name}_{len(self._taken)}"
        self._taken.add(free)
        return Parameter(free)

    def emit(self, instructions: Sequence[CircuitInstruction]) -> None:
        """Add instructions, outside of blocks many at a time."""
        self._count += len(instructions)
        if self._count > _MAX_INSTRUCTIONS:
            raise NotReadError(f"the program has more than {_MAX_INSTRUCTIONS} instructions")
        if not self.frames:
            self._waiting += instructions
            return
        if self.frames[-1].kind == "switch":
            raise UnknownError("a statement of a switch is not understood")
        for instruction in instructions:
            self.circuit.append(instruction)

    def flush(self) -> None:
        """Bring the circuit up to date."""
        # Qubits, bits and angles have been checked; this is many times faster than append().
        self.circuit._data.extend(self._waiting)  # noqa: SLF001 - Qiskit has no public way
        self._waiting = []

    def forget_statements(self) -> None:
        """Names mean something else from here on, so statements have to be read again."""
        self.known = {}

    def qubits(self, text: str) -> tuple[Qubit, ...]:
        """The qubits of one operand, such as ``$3``, ``q[0]`` or ``q``."""
        found = self._operands.get(text)
        if found is None:
            found = self._operands[text] = self._qubits(text.strip())
        return found

    def _qubits(self, text: str) -> tuple[Qubit, ...]:
        value = _indexed(text, self.quantum)
        return (value,) if isinstance(value, Qubit) else tuple(value)

    def clbits(self, text: str) -> tuple[Clbit, ...]:
        """The bits of one operand, such as ``c[0]`` or ``c``."""
        value = _indexed(text.strip(), self.names)
        if isinstance(value, Clbit):
            return (value,)
        if not isinstance(value, ClassicalRegister):
            raise NotReadError(f"{text.strip()[:60]!r} is no classical bit")
        return tuple(value)


def _indexed(text: str, names: Mapping[str, Any]) -> Any:
    """A name, or one element of what it stands for."""
    name, bracket, index = text.partition("[")
    value = names.get(name.rstrip())
    if value is None:
        raise NotReadError(f"{text[:60]!r} is not declared")
    if not bracket:
        return value
    index = index.rstrip()
    digits = index.removesuffix("]").strip()
    if isinstance(value, Qubit | Clbit) or not index.endswith("]") or not digits.isdecimal():
        raise UnknownError(f"the operand {text[:60]!r} is not understood")
    if not hasattr(value, "__len__"):
        raise NotReadError(f"{name.rstrip()!r} is no register")
    if int(digits) >= len(value):
        raise NotReadError(f"{name} has {len(value)} bits, there is no {text[:60]}")
    return value[int(digits)]
