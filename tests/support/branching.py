"""Exact outcome probabilities of small circuits with measurements, resets and control flow anywhere.

Each branch of a run is a state and the classical bits so far. It shares no code with the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import CASE_DEFAULT, ClassicalRegister, Clbit

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["probabilities"]

State = npt.NDArray[np.complex128]
Branch = tuple[State, tuple[int, ...]]
Places = Mapping[Any, int]

_NEGLIGIBLE = 1e-14


def probabilities(circuit: QuantumCircuit) -> dict[str, float]:
    """Probability of each outcome: all classical bits as text, bit 0 last."""
    start = np.zeros((2,) * circuit.num_qubits, dtype=np.complex128)
    start[(0,) * circuit.num_qubits] = 1.0
    qubits = {bit: place for place, bit in enumerate(circuit.qubits)}
    clbits = {bit: place for place, bit in enumerate(circuit.clbits)}
    found: dict[str, float] = {}
    for state, bits in _run(circuit, (start, (0,) * circuit.num_clbits), qubits, clbits):
        key = "".join(map(str, reversed(bits)))
        found[key] = found.get(key, 0.0) + float(np.vdot(state, state).real)
    return found


def _run(circuit: QuantumCircuit, branch: Branch, qubits: Places, clbits: Places) -> list[Branch]:
    branches = [branch]
    for instruction in circuit.data:
        branches = [
            new
            for old in branches
            for new in _step(instruction, old, qubits, clbits)
            if np.vdot(new[0], new[0]).real > _NEGLIGIBLE
        ]
    return branches


def _step(instruction: Any, branch: Branch, qubits: Places, clbits: Places) -> Iterator[Branch]:
    state, bits = branch
    name, operation = instruction.operation.name, instruction.operation
    where = [qubits[bit] for bit in instruction.qubits]
    if name in {"barrier", "delay"}:
        yield branch
    elif name == "measure":
        place = clbits[instruction.clbits[0]]
        for value in (0, 1):
            yield _projected(state, where[0], value), (*bits[:place], value, *bits[place + 1 :])
    elif name == "reset":
        for value in (0, 1):
            projected = _projected(state, where[0], value)
            yield (np.flip(projected, where[0]) if value else projected), bits
    elif operation.__class__.__name__.endswith("Op") and hasattr(operation, "blocks"):
        yield from _controlled(instruction, branch, qubits, clbits)
    else:
        yield _applied(operation.to_matrix(), state, where), bits


def _projected(state: State, qubit: int, value: int) -> State:
    kept = np.zeros_like(state)
    index = [slice(None)] * state.ndim
    index[qubit] = value  # type: ignore[call-overload]
    kept[tuple(index)] = state[tuple(index)]
    return kept


def _applied(matrix: npt.NDArray[Any], state: State, where: list[int]) -> State:
    """A gate; Qiskit's matrices have the first qubit in the lowest bit of an index."""
    width = len(where)
    tensor = np.asarray(matrix).reshape((2,) * (2 * width))
    axes = [where[width - 1 - place] for place in range(width)]
    moved = np.tensordot(tensor, state, axes=(range(width, 2 * width), axes))
    return np.moveaxis(moved, range(width), axes)


def _controlled(instruction: Any, branch: Branch, qubits: Places, clbits: Places) -> Iterator[Branch]:
    operation, (_, bits) = instruction.operation, branch
    for block in _chosen(operation, bits, clbits):
        if block is None:
            yield branch
            return
        inner_qubits = {
            inner: qubits[outer] for inner, outer in zip(block.qubits, instruction.qubits, strict=True)
        }
        inner_clbits = {
            inner: clbits[outer] for inner, outer in zip(block.clbits, instruction.clbits, strict=True)
        }
        if operation.name != "for_loop":
            yield from _run(block, branch, inner_qubits, inner_clbits)
            return
        branches = [branch]
        for _ in operation.params[0]:
            branches = [new for old in branches for new in _run(block, old, inner_qubits, inner_clbits)]
        yield from branches


def _chosen(operation: Any, bits: tuple[int, ...], clbits: Places) -> list[QuantumCircuit | None]:
    """The block that runs; None for none."""
    if operation.name == "if_else":
        target, value = operation.condition
        blocks = [*operation.blocks, None]
        return [blocks[0] if _value(target, bits, clbits) == int(value) else blocks[1]]
    if operation.name == "switch_case":
        value = _value(operation.target, bits, clbits)
        for labels, block in operation.cases_specifier():
            if CASE_DEFAULT in labels or value in labels:
                return [block]
        return [None]
    assert operation.name == "for_loop"
    return [operation.blocks[0]]


def _value(target: Clbit | ClassicalRegister, bits: tuple[int, ...], clbits: Places) -> int:
    if isinstance(target, Clbit):
        return bits[clbits[target]]
    return sum(bits[clbits[bit]] << place for place, bit in enumerate(target))
