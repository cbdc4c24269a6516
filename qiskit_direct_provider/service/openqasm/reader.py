"""Programs without much ado: declarations, gates, measurements and delays, in linear time."""

from __future__ import annotations

import re

from qiskit import QuantumCircuit
from qiskit.transpiler import Layout
from qiskit.transpiler.layout import TranspileLayout

from qiskit_direct_provider.service.openqasm.limits import end_of_statements, statements
from qiskit_direct_provider.service.openqasm.problems import NotReadError
from qiskit_direct_provider.service.openqasm.program import Program
from qiskit_direct_provider.service.openqasm.statements import run_statement
from qiskit_direct_provider.service.openqasm.structure import close_block, open_block

__all__ = ["read_program"]

# Sets of values are the only braces that are no blocks: they are written with other characters meanwhile.
_SET = re.compile(r"((?:\bin|=|\[)\s*)\{([^{};]*)\}")
_PHYSICAL = re.compile(r"\$(\d+)")


def read_program(text: str) -> QuantumCircuit:
    """The circuit of a program without comments, as ``qiskit.qasm3.loads`` would read it.

    Unlike there, ``switch``, typed variables and operations on them are understood, names of registers stay
    as they are, and a gate that is defined as Qiskit defines it is Qiskit's.

    Raises:
        UnknownError: Something in it is not known here.
        NotReadError: Something in it is wrong.
    """
    indices = _PHYSICAL.findall(text)
    program = Program(QuantumCircuit(), num_physical=max(map(int, indices)) + 1 if indices else 0)
    if "{" in text:
        text = _SET.sub("\\1\x01\\2\x02", text)
    rest = text[end_of_statements(text) :].strip()
    if rest:
        raise NotReadError(f"the last statement is not ended: {rest[:60]!r}")
    parts = [*statements(text), ("", "")]
    place = 0
    try:
        for place, (head, end) in enumerate(parts):
            if end == ";":
                if program.definition is not None:
                    program.definition.append(head.strip())
                else:
                    run_statement(program, head)
            elif end == "{":
                open_block(program, " ".join(head.split()))
            elif end:
                following = parts[place + 1][0].split(None, 1)[:1]
                close_block(program, head.strip(), else_follows=following == ["else"])
    except NotReadError as error:
        raise type(error)(f"line {_line(text, place)}: {error}") from error
    return _finished(program)


def _finished(program: Program) -> QuantumCircuit:
    if program.frames:
        raise NotReadError("a block is not closed")
    program.flush()
    circuit = program.circuit
    used = set(circuit.parameters)
    for parameter in program.parameters.values():
        if parameter not in used:
            circuit.global_phase += parameter - parameter  # zero, but the circuit knows the parameter
    if program.is_physical:
        qubits = circuit.qubits
        circuit._layout = TranspileLayout(  # noqa: SLF001 - Qiskit has no public setter
            initial_layout=Layout.from_qubit_list(qubits),
            input_qubit_mapping={bit: index for index, bit in enumerate(qubits)},
            final_layout=None,
        )
    return circuit


def _line(text: str, number: int) -> int:
    """Number of the line that a statement is on, the first one being 1."""
    before = "".join(head + end for head, end in statements(text)[:number])
    head = text[len(before) :]
    return before.count("\n") + head[: len(head) - len(head.lstrip())].count("\n") + 1
