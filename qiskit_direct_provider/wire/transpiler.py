"""Bodies of the Cloud Transpiler API (Qiskit Transpiler Service)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

__all__ = [
    "FAILURE",
    "PENDING",
    "SUCCESS",
    "TaskCreated",
    "TaskState",
    "TranspileBody",
    "TranspiledCircuit",
    "TranspiledLayout",
]

PENDING, SUCCESS, FAILURE = "PENDING", "SUCCESS", "FAILURE"


class TranspileBody(Struct, kw_only=True, omit_defaults=True):
    """``POST /transpile``: the circuits, as OpenQASM text or as base64 of QPY.

    The documented place of the other parameters is the query; older clients put them here.
    """

    qasm_circuits: str | list[str] | None = None
    qpy_circuits: str | None = None
    backend_coupling_map: list[list[int]] | None = None
    qiskit_transpile_options: dict[str, Any] | None = None
    optimization_preferences: str | list[str] | None = None
    backend: str | None = None
    optimization_level: int | None = None
    ai: bool | str | None = None
    use_ai: bool | str | None = None
    ai_layout_mode: str | None = None
    use_fractional_gates: bool | None = None


class TaskCreated(Struct, kw_only=True):
    """The answer to ``POST /transpile``."""

    task_id: str


class TranspiledLayout(Struct, kw_only=True):
    """Where qubits are: ``initial[k]`` is the physical qubit on which virtual qubit k starts.

    Virtual qubits from the circuit's width on are ancillas. ``final[k]`` is where k ends, after routing.
    """

    initial: list[int]
    final: list[int]


class TranspiledCircuit(Struct, kw_only=True):
    """One circuit of a result: one of the two texts is there."""

    qasm: str | None = None
    qpy: str | None = None
    layout: TranspiledLayout | None = None


class TaskState(Struct, kw_only=True):
    """``GET /transpile/{task_id}``. A task is over when it failed, or succeeded with a result.

    The result of one that failed is null or, undocumented, says why.
    """

    state: str
    result: list[TranspiledCircuit] | str | None = None
