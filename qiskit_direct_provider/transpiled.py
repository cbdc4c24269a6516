"""Circuits as a transpiler service returns them, and as Qiskit knows them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import InvalidCircuitError, ProtocolError, UnsupportedError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.wire.transpiler import TranspiledCircuit, TranspiledLayout

__all__ = ["as_qpy", "circuit_from"]

_QPY_VERSION = 13  # the newest that Qiskit 1.x reads
_WIDEST = 100_000


def as_qpy(circuits: Sequence[QuantumCircuit]) -> str:
    """Circuits as base64 of QPY.

    Raises:
        InvalidCircuitError: One cannot be written so.
    """
    from qiskit import qpy

    stream = io.BytesIO()
    try:
        qpy.dump(list(circuits), stream, version=_QPY_VERSION)
    except Exception as error:
        raise InvalidCircuitError(f"a circuit cannot be written as QPY: {error}") from error
    return base64.b64encode(stream.getvalue()).decode("ascii")


def circuit_from(item: TranspiledCircuit, original: QuantumCircuit) -> QuantumCircuit:
    """A transpiled circuit, as wide as the device, with the layout in which the original lies on it.

    ``layout.initial[k]`` is where qubit k of the original starts, ``layout.final[k]`` where it ends.

    Raises:
        ProtocolError: It cannot be read, or the layout does not fit.
        UnsupportedError: It is OpenQASM 3, which needs qiskit-qasm3-import.
    """
    found = _read(item)
    if item.layout is None:
        return found
    _check(item.layout, found.num_qubits, original.num_qubits)
    placed = _widened(found, len(item.layout.initial))
    placed.name, placed.metadata = original.name, original.metadata
    _place(placed, original, item.layout)
    return placed


def _read(item: TranspiledCircuit) -> QuantumCircuit:
    from qiskit import qpy

    try:
        if item.qpy is None:
            return _from_text(item.qasm or "")
        (circuit,) = qpy.load(io.BytesIO(base64.b64decode(item.qpy, validate=True)))
    except UnsupportedError:
        raise
    except Exception as error:
        raise ProtocolError(f"a circuit of the transpiler service cannot be read: {error}") from error
    return circuit


def _from_text(text: str) -> QuantumCircuit:
    from qiskit import qasm2, qasm3
    from qiskit.exceptions import MissingOptionalLibraryError

    if "OPENQASM 2" in text:
        return qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    try:
        return qasm3.loads(text)
    except MissingOptionalLibraryError as error:
        raise UnsupportedError(
            "the transpiler service answered in OpenQASM 3: pip install qiskit-qasm3-import to read it"
        ) from error


def _check(layout: TranspiledLayout, found: int, original: int) -> None:
    width = len(layout.initial)
    places = list(range(width))
    fits = sorted(layout.initial) == places and sorted(layout.final) == places
    if not fits or not max(found, original) <= width <= _WIDEST:
        raise ProtocolError("the transpiler service returned a layout that does not fit its circuit")


def _widened(circuit: QuantumCircuit, width: int) -> QuantumCircuit:
    """The circuit on all qubits of the device; qubit k stays qubit k."""
    from qiskit import QuantumCircuit, QuantumRegister

    wide = QuantumCircuit(QuantumRegister(width, "q"), global_phase=circuit.global_phase)
    wide.add_bits(bit for bit in circuit.clbits)
    for register in circuit.cregs:
        wide.add_register(register)
    wide.compose(circuit, qubits=range(circuit.num_qubits), clbits=circuit.clbits, inplace=True)
    wide.global_phase = circuit.global_phase
    return wide


def _place(placed: QuantumCircuit, original: QuantumCircuit, layout: TranspiledLayout) -> None:
    from qiskit import QuantumRegister
    from qiskit.transpiler import Layout, TranspileLayout

    width = len(layout.initial)
    spare = width - original.num_qubits
    virtual = [*original.qubits, *(QuantumRegister(spare, "ancilla") if spare else ())]
    moved = {placed.qubits[start]: end for start, end in zip(layout.initial, layout.final, strict=True)}
    placed._layout = TranspileLayout(  # noqa: SLF001 - Qiskit has no public setter
        initial_layout=Layout(dict(zip(virtual, layout.initial, strict=True))),
        input_qubit_mapping={qubit: index for index, qubit in enumerate(virtual)},
        final_layout=None if layout.final == layout.initial else Layout(moved),
        _input_qubit_count=original.num_qubits,
        _output_qubit_list=placed.qubits,
    )
