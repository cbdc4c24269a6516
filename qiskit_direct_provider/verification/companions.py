"""Circuits that are like another one, and of which the answer is known however large they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.verification.reduction import is_static

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

__all__ = ["mirrored"]

_SELF_INVERSE = frozenset({"x", "id", "cz", "cx", "ecr", "h", "y", "z", "swap", "delay"})
_TURNED_BACK = frozenset({"rz", "rx"})


def mirrored(circuit: QuantumCircuit, seed: int) -> tuple[QuantumCircuit, str]:
    """A circuit, then its inverse gate by gate, on random words (Proctor et al., Nat. Phys. 18, 75, 2022).

    All qubits are first set at random, so that relaxation cannot pass for the right answer. The inverse
    uses the device's own gates, at the same places. Errors that a circuit and its inverse undo stay unseen.

    Returns:
        The mirror circuit, and the word that it gives without noise.

    Raises:
        UnsupportedError: It has no inverse: measurements, resets or control flow in the middle.
    """
    if not is_static(circuit):
        raise UnsupportedError("a circuit that resets, or goes on after measurements, has no mirror")
    gates = [each for each in circuit.data if each.name not in ("measure", "barrier")]
    finals = [each for each in circuit.data if each.name == "measure"]
    active = sorted({circuit.find_bit(qubit).index for each in circuit.data for qubit in each.qubits})
    ones = {qubit for qubit in active if np.random.default_rng([seed, qubit]).random() < 0.5}  # noqa: PLR2004 - a half
    made = circuit.copy_empty_like(name=f"mirror of {circuit.name}")
    for qubit in sorted(ones):
        made.x(qubit)
    for each in gates:
        made.append(each)
    made.barrier(active)
    for each in reversed(gates):
        _append_inverse(made, each)
    made.barrier(active)
    word = ["0"] * circuit.num_clbits
    for each in finals:
        made.append(each)
        if circuit.find_bit(each.qubits[0]).index in ones:
            word[-1 - circuit.find_bit(each.clbits[0]).index] = "1"
    return made, "".join(word)


def _append_inverse(made: QuantumCircuit, gate: CircuitInstruction) -> None:
    qubits = list(gate.qubits)
    if gate.name in _SELF_INVERSE:
        made.append(gate)
    elif gate.name in _TURNED_BACK:
        getattr(made, gate.name)(-gate.params[0], qubits[0])
    elif gate.name == "sx":
        made.rz(math.pi, qubits[0])
        made.sx(qubits[0])
        made.rz(math.pi, qubits[0])
    elif gate.name == "rzz":  # its angle has to stay between 0 and pi/2
        made.x(qubits[0])
        made.append(gate)
        made.x(qubits[0])
    else:
        raise UnsupportedError(f"{gate.name!r} has no inverse among the device's gates")
