"""Parameters of circuits as they travel: names whose order in the text is the order of the values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["with_ordered_parameters"]

_FEWEST_DIGITS = 5


def with_ordered_parameters(circuit: QuantumCircuit) -> QuantumCircuit:
    """A circuit whose parameters are called ``p00000``, ``p00001`` and so on, in their order.

    Values travel as arrays without names, ordered as ``circuit.parameters``. Whoever reads the circuit from
    its text sorts by the names that it finds there. Qiskit sorts elements of a vector by their index, but
    their text is a plain name: of ``p[2]`` and ``p[10]`` the reader would put the second one first. All
    names here are of one length, so both orders agree.

    Returns:
        The circuit itself where it has no parameters, else a copy of the same name, metadata and layout.
    """
    if not circuit.num_parameters:
        return circuit
    from qiskit.circuit import Parameter

    parameters = circuit.parameters
    digits = max(_FEWEST_DIGITS, len(str(len(parameters) - 1)))
    prefix = _free_prefix(circuit)
    names = {known: Parameter(f"{prefix}{index:0{digits}}") for index, known in enumerate(parameters)}
    renamed: QuantumCircuit = circuit.assign_parameters(names)
    renamed.name = circuit.name
    return renamed


def _free_prefix(circuit: QuantumCircuit) -> str:
    """``p``, or ``pp`` and so on where a register or a variable has a name that begins so."""
    registers = (*circuit.qregs, *circuit.cregs)
    taken = {each.name for each in registers} | {variable.name for variable in circuit.iter_vars()}
    prefix = "p"
    while any(name.startswith(prefix) for name in taken):
        prefix += "p"
    return prefix
