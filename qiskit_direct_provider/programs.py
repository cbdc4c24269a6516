"""Circuits to the input document of a job, with every check that can be made before a request."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.errors import InvalidCircuitError, InvalidInputError
from qiskit_direct_provider.expectations import CircuitRecord
from qiskit_direct_provider.registers import with_plain_registers
from qiskit_direct_provider.wire.primitives import PRIMITIVES_VERSION, SAMPLER, SamplerInput

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

__all__ = ["Program", "as_circuits", "check_shots", "findings", "sampler_payload", "sampler_program"]

# Not instructions of the device: they shape the program around them.
_DIRECTIVES = frozenset({"barrier", "break_loop", "continue_loop", "store"})


@dataclass(frozen=True)
class Program:
    """A program's name, its input document as JSON, and what to expect back."""

    program_id: str
    payload: bytes = field(repr=False)
    circuits: tuple[CircuitRecord, ...]


def sampler_payload(circuits: QuantumCircuit | Iterable[QuantumCircuit], *, shots: int) -> bytes:
    """The input document of a sampler job: one pub a circuit, as OpenQASM 3 on physical qubits.

    Qubit ``k`` of a circuit is qubit ``k`` of the device, whether it was transpiled or not.

    Raises:
        InvalidInputError: Not circuits, or ``shots`` is not positive.
        InvalidCircuitError: A circuit has unbound parameters or cannot be written as OpenQASM 3.
    """
    return sampler_program(as_circuits(circuits), shots=shots).payload


def sampler_program(
    circuits: Sequence[QuantumCircuit], *, shots: int, options: Mapping[str, Any] | None = None
) -> Program:
    """The program that samples circuits, and the record of what was asked for.

    Args:
        circuits: At least one circuit, each in the device's instruction set.
        shots: For each circuit.
        options: Options of the sampler program, as nested mappings.
    """
    check_shots(shots)
    prepared = [with_plain_registers(circuit) for circuit in circuits]
    document = SamplerInput(
        pubs=[[to_openqasm3(sent), None, shots] for sent, _ in prepared],
        version=PRIMITIVES_VERSION,
        support_qiskit=True,
        shots=shots,
        options=dict(options) if options else None,
    )
    records = tuple(
        _record(circuit, fields, shots) for circuit, (_, fields) in zip(circuits, prepared, strict=True)
    )
    return Program(SAMPLER, msgspec.json.encode(document), records)


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
    if isinstance(shots, bool) or not hasattr(shots, "__index__"):
        raise InvalidInputError(f"shots must be a whole number, not {shots!r}")
    number = int(shots.__index__())
    if number < 1:
        raise InvalidInputError(f"shots must be at least 1, not {number}")
    if max_shots is not None and number > max_shots:
        raise InvalidInputError(f"{number} shots are more than this backend's max_shots of {max_shots}")
    return number


def to_openqasm3(circuit: QuantumCircuit) -> str:
    """A circuit as OpenQASM 3 on physical qubits ``$k``, numbers instead of multiples of pi.

    Raises:
        InvalidCircuitError: It cannot be written in OpenQASM 3.
    """
    from qiskit import qasm3
    from qiskit.qasm3 import ExperimentalFeatures

    try:
        text: str = qasm3.dumps(
            _on_physical_qubits(circuit),
            disable_constants=True,
            experimental=ExperimentalFeatures.SWITCH_CASE_V1,
        )
    except qasm3.QASM3ExporterError as error:
        raise InvalidCircuitError(
            f"circuit {circuit.name!r} cannot be written as OpenQASM 3: {error}"
        ) from error
    return text


def _on_physical_qubits(circuit: QuantumCircuit) -> QuantumCircuit:
    """A circuit with a layout, which is what makes the exporter print ``$k`` for qubit k."""
    from qiskit.transpiler import Layout, TranspileLayout

    if circuit.layout is not None:
        return circuit
    placed = circuit.copy()
    indices = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    placed._layout = TranspileLayout(Layout(indices), indices)  # noqa: SLF001 - Qiskit has no public setter
    return placed


def _record(
    circuit: QuantumCircuit, fields: tuple[tuple[str, tuple[int, ...]], ...], shots: int
) -> CircuitRecord:
    return CircuitRecord(
        name=circuit.name,
        num_qubits=circuit.num_qubits,
        num_clbits=circuit.num_clbits,
        qubit_registers=tuple((register.name, register.size) for register in circuit.qregs),
        registers=_shown_registers(circuit),
        fields=fields,
        shots=shots,
        global_phase=float(circuit.global_phase),
        metadata=dict(circuit.metadata or {}),
    )


def _shown_registers(circuit: QuantumCircuit) -> tuple[tuple[str, int], ...]:
    """Registers by which counts can be spaced: none when they are not all bits, one after the other."""
    bits = [circuit.find_bit(bit).index for register in circuit.cregs for bit in register]
    in_order = bits == list(range(circuit.num_clbits))
    return tuple((register.name, register.size) for register in circuit.cregs) if in_order else ()


def findings(circuit: QuantumCircuit, target: Target, *, measured: bool = True) -> Iterator[str]:
    """What keeps a circuit from running on a device, each with what to do.

    Wider than the device, an instruction that the device does not have on these qubits, an angle out of
    bounds, unbound parameters and, with ``measured``, nothing measured.
    """
    if circuit.num_qubits > target.num_qubits:
        yield f"{circuit.num_qubits} qubits, on a device of {target.num_qubits}; transpile it for the backend"
        return
    if circuit.num_parameters:
        names = ", ".join(parameter.name for parameter in circuit.parameters[:3])
        yield f"unbound parameters ({names}); call assign_parameters() first"
    if any(True for _ in circuit.iter_input_vars()):
        yield "input variables have no value; use parameters, and assign_parameters()"
    seen = _Seen()
    yield from _unsupported(circuit, range(circuit.num_qubits), target, seen)
    if measured and not seen.measures:
        yield "nothing is measured, so there would be no counts; call measure_all()"


@dataclass
class _Seen:
    """What was looked at in one circuit."""

    measures: bool = False
    instructions: set[tuple[str, tuple[int, ...], tuple[Any, ...]]] = field(default_factory=set)


def _unsupported(
    circuit: QuantumCircuit, qubits: Sequence[int], target: Target, seen: _Seen
) -> Iterator[str]:
    """Instructions that the target lacks, each once; the blocks of control flow are looked into."""
    index = {qubit: qubits[position] for position, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        operation = instruction.operation
        qargs = tuple(index[qubit] for qubit in instruction.qubits)
        for block in getattr(operation, "blocks", ()):
            yield from _unsupported(block, qargs, target, seen)
        seen.measures = seen.measures or operation.name.startswith("measure")
        if odd := _odd_angle(operation.name, operation.params):
            yield odd
        bounded = _angles(operation.params) if target.gate_has_angle_bounds(operation.name) else ()
        key = (operation.name, qargs, bounded)
        if key in seen.instructions or operation.name in _DIRECTIVES:
            continue
        seen.instructions.add(key)
        finding = _why_not(operation.name, qargs, bounded, target)
        if finding:
            yield finding


def _angles(parameters: Sequence[Any]) -> tuple[float, ...]:
    """The angles of a gate when all are numbers; an unbound one is reported elsewhere."""
    numbers = tuple(angle for angle in parameters if isinstance(angle, int | float))
    return numbers if len(numbers) == len(parameters) else ()


def _odd_angle(name: str, parameters: Sequence[Any]) -> str | None:
    """An angle that no device can turn by."""
    odd = [angle for angle in parameters if isinstance(angle, float) and not math.isfinite(angle)]
    return f"{name!r} has the angle {odd[0]}" if odd else None


def _why_not(name: str, qargs: tuple[int, ...], bounded: tuple[Any, ...], target: Target) -> str | None:
    """Why an instruction cannot run on these qubits, or None when it can."""
    if name not in target.operation_names:
        names = ", ".join(sorted(target.operation_names))
        return f"{name!r} is not one of the device's instructions ({names}); transpile it for the backend"
    if target.qargs_for_operation_name(name) is not None and qargs not in target[name]:
        reversed_works = qargs[::-1] in target[name]
        where = (
            " only in the other direction" if reversed_works and len(qargs) > 1 else " not available there"
        )
        return f"{name!r} on qubits {list(qargs)} is{where}; transpile it for the backend"
    if bounded and not target.supported_angle_bound(name, list(bounded)):
        return f"{name!r} on qubits {list(qargs)}: angle out of bounds, {list(bounded)}; transpile it again"
    return None
