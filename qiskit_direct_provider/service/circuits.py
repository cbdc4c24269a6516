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
from qiskit.exceptions import MissingOptionalLibraryError

from qiskit_direct_provider.service.openqasm.limits import without_comments
from qiskit_direct_provider.service.openqasm.problems import NotReadError, UnknownError
from qiskit_direct_provider.service.openqasm.reader import read_program
from qiskit_direct_provider.service.outcome import CIRCUIT_UNREADABLE, JobProblemError
from qiskit_direct_provider.wire.codec import CodecError, inflate

__all__ = ["read_circuit"]

_VERSION = re.compile(r"OPENQASM\s+3\b")
# It takes several seconds for this much.
_MAX_CHARACTERS_FOR_QISKIT = 500_000
_FOR_QISKIT_1 = "Install qiskit[qpy-compat] where the service runs, or send a circuit without parameters."
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
    if not _VERSION.search(text):
        raise _unreadable("the text is not OpenQASM 3 (it has no such version line)")
    return _with_register(_read(without_comments(text, num_qubits)))


def _read(text: str) -> QuantumCircuit:
    """By our own reader, and by Qiskit's what that does not know: aliases of slices, gate modifiers."""
    try:
        return read_program(text)
    except UnknownError as error:
        if len(text) > _MAX_CHARACTERS_FOR_QISKIT:
            raise _not_read(error) from error
        try:
            circuit: QuantumCircuit = qasm3.loads(text)
        except Exception:  # noqa: BLE001 - whatever it is, our own reader's reason is the clearer one
            raise _not_read(error) from error
        return circuit
    except NotReadError as error:
        raise _not_read(error) from error


def _not_read(error: NotReadError) -> JobProblemError:
    return _unreadable(f"the OpenQASM 3 text cannot be read: {_first_line(error)}")


def _from_qpy(value: object) -> QuantumCircuit:
    if not isinstance(value, str):
        raise _unreadable("the QPY data is not text")
    try:
        data = inflate(value, max_bytes=_MAX_QPY_BYTES)
    except CodecError:
        data = _raw(value)
    try:
        circuits = qpy.load(io.BytesIO(data))
    except MissingOptionalLibraryError as error:
        message = f"the QPY data, of a client with Qiskit 1, cannot be read: {_first_line(error)}"
        raise JobProblemError(CIRCUIT_UNREADABLE, message, _FOR_QISKIT_1) from error
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
