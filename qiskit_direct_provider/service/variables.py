"""Typed variables as classical bits, since those are all that Aer has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit
from qiskit.circuit import (
    BoxOp,
    CircuitInstruction,
    ClassicalRegister,
    Clbit,
    ControlFlowOp,
    IfElseOp,
    Qubit,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr, types

from qiskit_direct_provider.service.outcome import SIMULATION_FAILED, JobProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["with_bits_for_variables"]

Storage = dict[expr.Var, ClassicalRegister]

_KNOWN = frozenset(
    {
        "BIT_NOT",
        "LOGIC_NOT",
        "BIT_AND",
        "BIT_OR",
        "BIT_XOR",
        "LOGIC_AND",
        "LOGIC_OR",
        "EQUAL",
        "NOT_EQUAL",
        "LESS",
        "LESS_EQUAL",
        "GREATER",
        "GREATER_EQUAL",
    }
)
_PREFIX = "variable"


def with_bits_for_variables(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with each variable replaced by a register, and expressions by those that Aer evaluates.

    The registers' bits come after all others, and one more measurement comes first. A circuit without
    expressions is returned as it is.

    Raises:
        JobProblemError: A type or an operator that cannot be simulated.
    """
    if not _has_expressions(circuit):
        return circuit
    storage: Storage = {}
    for variable in _variables(circuit):
        storage[variable] = ClassicalRegister(_width(variable), f"{_PREFIX}{len(storage)}_")
    if not circuit.num_qubits:
        return circuit
    # With noise, Aer 0.18 knows only bits up to the last one that is measured: measure one more, while all
    # qubits are still 0.
    last = ClassicalRegister(1, f"{_PREFIX}_last")
    marked = QuantumCircuit(circuit.qubits, last)
    marked.measure(_first_used(circuit), last[0])
    rebuilt = _rebuilt(circuit, storage)
    rebuilt.add_register(last)
    rebuilt.data.insert(0, marked.data[0])
    return rebuilt


def _first_used(circuit: QuantumCircuit) -> Qubit:
    used = (each.qubits[0] for each in circuit.data if each.qubits and each.name != "barrier")
    return next(used, circuit.qubits[0])


def _has_expressions(circuit: QuantumCircuit) -> bool:
    if circuit.num_vars:
        return True
    for instruction in circuit.data:
        if instruction.is_standard_gate():
            continue
        operation = instruction.operation
        if isinstance(operation, Store | BoxOp) or isinstance(
            getattr(operation, "condition", getattr(operation, "target", None)), expr.Expr
        ):
            return True
        if isinstance(operation, ControlFlowOp) and any(map(_has_expressions, operation.blocks)):
            return True
    return False


def _variables(circuit: QuantumCircuit) -> Iterator[expr.Var]:
    """Variables that are declared here or in a block."""
    yield from circuit.iter_declared_vars()
    for instruction in circuit.data:
        if instruction.is_control_flow():
            for block in instruction.operation.blocks:
                yield from _variables(block)


def _width(variable: expr.Var) -> int:
    if variable.type.kind is types.Bool:
        return 1
    if variable.type.kind is types.Uint:
        return int(variable.type.width)
    raise _not_simulated(f"variables of type {variable.type}")


def _rebuilt(circuit: QuantumCircuit, storage: Storage) -> QuantumCircuit:
    hidden = [bit for register in storage.values() for bit in register]
    new = QuantumCircuit(circuit.qubits, circuit.clbits, global_phase=circuit.global_phase)
    for register in circuit.cregs:
        new.add_register(register)
    for register in storage.values():
        new.add_register(register)
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, BoxOp):
            # nothing is compiled here, so what is in a box can as well be outside of it
            inner = _rebuilt(operation.blocks[0], storage)
            new.compose(inner, instruction.qubits, [*instruction.clbits, *hidden], inplace=True)
        elif isinstance(operation, ControlFlowOp):
            changed = _with_blocks(
                operation, [_rebuilt(block, storage) for block in operation.blocks], storage
            )
            new.append(changed, instruction.qubits, [*instruction.clbits, *hidden])
        elif isinstance(operation, Store):
            target = _lowered(operation.lvalue, storage)
            store = Store(target, _lowered(operation.rvalue, storage))
            new.append(CircuitInstruction(store, (), ()))
        else:
            new._append(instruction)  # noqa: SLF001 - the bits are the same
    return new


def _with_blocks(operation: ControlFlowOp, blocks: list[QuantumCircuit], storage: Storage) -> ControlFlowOp:
    if isinstance(operation, IfElseOp):
        return IfElseOp(_condition(operation.condition, storage), *blocks)
    if isinstance(operation, WhileLoopOp):
        return WhileLoopOp(_condition(operation.condition, storage), *blocks)
    if isinstance(operation, SwitchCaseOp):
        target = operation.target
        if isinstance(target, expr.Expr):
            target = _lowered(target, storage)
            # Aer 0.17 takes registers, but not variables that stand for them
            target = target.var if isinstance(target, expr.Var) else target
        labels = [values for values, _ in operation.cases_specifier()]
        return SwitchCaseOp(target, list(zip(map(tuple, labels), blocks, strict=True)))
    return operation.replace_blocks(blocks)


def _condition(condition: Any, storage: Storage) -> Any:
    return _lowered(condition, storage) if isinstance(condition, expr.Expr) else condition


def _lowered(value: expr.Expr, storage: Storage) -> expr.Expr:
    """An expression in terms of bits and registers, and of operators that Aer knows."""
    for kind, lower in _RULES:
        if isinstance(value, kind):
            return lower(value, storage)
    raise _not_simulated(f"expressions of kind {type(value).__name__}")


def _variable(value: Any, storage: Storage) -> expr.Expr:
    if not value.standalone:
        return value
    register = storage[value]
    return expr.Var(register[0] if value.type.kind is types.Bool else register, value.type)


def _value(value: Any, _storage: Storage) -> expr.Expr:
    return value


def _cast(value: Any, storage: Storage) -> expr.Expr:
    operand = _lowered(value.operand, storage)
    if value.type.kind is types.Bool and operand.type.kind is types.Uint:
        # Aer would look at the lowest bit only
        return expr.not_equal(operand, 0)
    return expr.Cast(operand, value.type, implicit=value.implicit)


def _index(value: Any, storage: Storage) -> expr.Expr:
    target, index = _lowered(value.target, storage), value.index
    bits = target.var if isinstance(target, expr.Var) else None
    if not isinstance(bits, ClassicalRegister) or not isinstance(index, expr.Value):
        raise _not_simulated("bits of computed values")
    bit: Clbit = bits[index.value]
    return expr.Var(bit, types.Bool())


def _unary(value: Any, storage: Storage) -> expr.Expr:
    return expr.Unary(_known(value.op), _lowered(value.operand, storage), value.type)


def _binary(value: Any, storage: Storage) -> expr.Expr:
    left, right = _lowered(value.left, storage), _lowered(value.right, storage)
    return expr.Binary(_known(value.op), left, right, value.type)


def _known(operator: Any) -> Any:
    if operator.name not in _KNOWN:
        raise _not_simulated(f"the operator {operator.name} on classical values")
    return operator


_RULES: list[tuple[type, Callable[[Any, Storage], expr.Expr]]] = [
    (expr.Var, _variable),
    (expr.Value, _value),
    (expr.Cast, _cast),
    (expr.Index, _index),
    (expr.Unary, _unary),
    (expr.Binary, _binary),
]


def _not_simulated(what: str) -> JobProblemError:
    solution = "Use bits, registers, bool and uint variables, comparisons and bitwise operators."
    return JobProblemError(SIMULATION_FAILED, f"{what} cannot be simulated here", solution)
