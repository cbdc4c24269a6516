"""Circuits as jobs carry them: OpenQASM 3 text, or a QPY object."""

from __future__ import annotations

import base64
import binascii
import io
import re
from functools import lru_cache
from typing import Any

from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import ClassicalRegister

from qiskit_direct_provider.service.outcome import CIRCUIT_UNREADABLE, NOT_ISA, JobProblemError
from qiskit_direct_provider.wire.codec import CodecError, inflate

__all__ = ["read_circuit"]

_MAX_BITS = 100_000
_MAX_DIGITS = 9
_SMALLER = "Use qubits that the device has, and fewer classical bits."
_SIZES = re.compile(r"\bqubit\s*\[\s*(?P<qubits>\d+)|\$(?P<qubit>\d+)|\bbit\s*\[\s*(?P<bits>\d+)", re.ASCII)
_MAX_TEXT_BYTES = 8 * 1024 * 1024
_MAX_QPY_BYTES = 64 * 1024 * 1024


def read_circuit(value: object, num_qubits: int) -> QuantumCircuit:
    """The circuit of a pub.

    Raises:
        JobProblemError: It cannot be read.
    """
    if isinstance(value, str):
        return _from_text(value, num_qubits)
    if isinstance(value, dict) and value.get("__type__") == "QuantumCircuit":
        return _from_qpy(value.get("__value__"))
    raise _unreadable("a circuit is neither OpenQASM 3 text nor a QuantumCircuit object")


@lru_cache(maxsize=64)
def _from_text(text: str, num_qubits: int) -> QuantumCircuit:
    if not text.lstrip().startswith("OPENQASM") and "OPENQASM 3" not in text:
        raise _unreadable("the text is not OpenQASM 3 (no version line)")
    if len(text) > _MAX_TEXT_BYTES:
        raise _unreadable(f"the text is longer than {_MAX_TEXT_BYTES} bytes")
    _check_sizes(text, num_qubits)
    try:
        circuit = qasm3.loads(text)
    except (Exception, RecursionError) as error:
        raise _unreadable(f"the OpenQASM 3 text cannot be read: {_first_line(error)}") from error
    return _with_register(circuit)


def _check_sizes(text: str, num_qubits: int) -> None:
    """Refuse numbers of qubits and bits that the reader would spend gigabytes on before it gives up."""
    for found in _SIZES.finditer(text):
        digits = found["qubits"] or found["qubit"] or found["bits"]
        limit = _MAX_BITS if found["bits"] else num_qubits - bool(found["qubit"])
        if len(digits) > _MAX_DIGITS or int(digits) > limit:
            what = "classical bits" if found["bits"] else f"qubits; the device has {num_qubits} qubits"
            raise JobProblemError(NOT_ISA, f"the circuit names {digits[:20]} as a number of {what}", _SMALLER)


def _from_qpy(value: object) -> QuantumCircuit:
    if not isinstance(value, str):
        raise _unreadable("the QPY data is not text")
    try:
        data = inflate(value, max_bytes=_MAX_QPY_BYTES)
    except CodecError:
        data = _raw(value)
    try:
        circuits = qpy.load(io.BytesIO(data))
    except Exception as error:
        raise _unreadable(f"the QPY data cannot be read: {_first_line(error)}") from error
    if len(circuits) != 1 or not isinstance(circuits[0], QuantumCircuit):
        raise _unreadable("the QPY data does not hold exactly one circuit")
    return _with_register(circuits[0])


def _raw(value: str) -> bytes:
    """QPY without zlib, as the API's prose describes it."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unreadable("the QPY data is not base64") from error


def _with_register(circuit: QuantumCircuit) -> QuantumCircuit:
    """Give classical bits that are in no register one named ``c``: results are told apart by register."""
    loose = [bit for bit in circuit.clbits if not circuit.find_bit(bit).registers]
    if loose and not any(register.name == "c" for register in circuit.cregs):
        circuit.add_register(ClassicalRegister(name="c", bits=loose))
    return circuit


def _first_line(error: BaseException) -> str:
    lines: list[Any] = str(error).strip("\"' \n").splitlines() or ["syntax error"]
    return str(lines[0])[:300]


def _unreadable(message: str) -> JobProblemError:
    solution = "Send OpenQASM 3 on physical qubits, or QPY of a version that this Qiskit reads."
    return JobProblemError(CIRCUIT_UNREADABLE, message, solution)
