"""Angles of ``rzz`` within the bounds that devices have: 0 to pi/2.

With rzz(t) = exp(-i t/2 ZZ): rzz(t) = -rzz(t - 2 pi), rzz(pi) = -i ZZ, and X on one qubit turns the sign
of the angle. So every angle is one in bounds, with at most an X pair and a Z pair around it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit.circuit import Qubit
    from qiskit.dagcircuit import DAGCircuit

__all__ = ["fold_rzz", "register"]


def fold_rzz(angles: Sequence[float], _: Sequence[Qubit]) -> DAGCircuit:
    """Two qubits' worth of ``rzz(angle)``, any angle, from ``x``, ``rz`` and one ``rzz`` within bounds."""
    from qiskit.circuit import Qubit
    from qiskit.circuit.library import RZGate, RZZGate, XGate
    from qiskit.dagcircuit import DAGCircuit

    angle = float(angles[0])
    turns = round(angle / (2 * math.pi))
    rest = angle - 2 * math.pi * turns
    dag = DAGCircuit()
    qubits = [Qubit(), Qubit()]
    dag.add_qubits(qubits)
    dag.global_phase = math.pi * (turns % 2)
    if abs(rest) > math.pi / 2:
        # rzz(rest) = rzz(+-pi) rzz(rest -+ pi), and rzz(+-pi) = +-i rz(pi) x rz(pi)
        side = math.copysign(math.pi, rest)
        dag.apply_operation_back(RZGate(math.pi), [qubits[0]])
        dag.apply_operation_back(RZGate(math.pi), [qubits[1]])
        dag.global_phase += side / 2
        rest -= side
    if rest < 0:
        dag.apply_operation_back(XGate(), [qubits[0]])
        dag.apply_operation_back(RZZGate(-rest), qubits)
        dag.apply_operation_back(XGate(), [qubits[0]])
    else:
        dag.apply_operation_back(RZZGate(rest), qubits)
    return dag


def register() -> None:
    """Tell Qiskit's own pass, which runs at the end of every pipeline, how to fold ``rzz``."""
    from qiskit.transpiler.passes.utils.wrap_angles import WRAP_ANGLE_REGISTRY

    WRAP_ANGLE_REGISTRY.add_wrapper("rzz", fold_rzz)
