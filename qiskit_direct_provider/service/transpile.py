"""Qiskit's own transpiler for the service's devices; runs in a worker process."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

from qiskit import QuantumCircuit, qasm2, qasm3, qpy, transpile
from qiskit.circuit import ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.transpiler import CouplingMap, InstructionProperties, Target

from qiskit_direct_provider.service.calibration import Calibration, read_calibration
from qiskit_direct_provider.service.openqasm.limits import without_comments
from qiskit_direct_provider.wire.transpiler import TranspiledCircuit, TranspiledLayout

if TYPE_CHECKING:
    from qiskit_direct_provider.service.transpiler_tasks import TranspilationRequest

__all__ = ["transpiled"]

_FRACTIONAL = frozenset({"rx", "rzz"})
_BASIS = ("rz", "sx", "x", "cz")
_CONTROL_FLOW = {
    "if_else": IfElseOp,
    "for_loop": ForLoopOp,
    "while_loop": WhileLoopOp,
    "switch_case": SwitchCaseOp,
}
_QPY_VERSION = 13
_IS_VERSION_2 = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*OPENQASM\s+2", re.DOTALL)


def transpiled(request: TranspilationRequest) -> list[TranspiledCircuit]:
    """The circuits of a request, transpiled, each in the form in which it came.

    Raises:
        ValueError: A circuit cannot be read, or cannot be transpiled.
    """
    options = {**request.options, "optimization_level": request.optimization_level}
    if request.snapshot is not None:
        device = read_calibration(request.snapshot)
        width = device.num_qubits
        options["target"] = _target(device, fractional=request.use_fractional_gates)
    else:
        coupling_map = CouplingMap(request.coupling_map)
        width = coupling_map.size()
        options |= {"coupling_map": coupling_map, "basis_gates": [*_BASIS, *_CONTROL_FLOW]}
    try:
        circuits = [_read(text, width) for text in request.qasm]
        if request.qpy:
            circuits += qpy.load(io.BytesIO(base64.b64decode(request.qpy)))
        return [_answer(transpile(circuit, **options), as_qpy=bool(request.qpy)) for circuit in circuits]
    except Exception as error:  # Qiskit's readers and passes raise whatever they like
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _read(text: str, num_qubits: int) -> QuantumCircuit:
    """The circuit of a program. Neither reader sees one that has it open files, or is too large."""
    if _IS_VERSION_2.match(text):
        return qasm2.loads(without_comments(text, num_qubits, "qelib1.inc"), include_path=())
    return qasm3.loads(without_comments(text, num_qubits))


def _answer(circuit: QuantumCircuit, *, as_qpy: bool) -> TranspiledCircuit:
    layout = circuit.layout and TranspiledLayout(
        initial=circuit.layout.initial_index_layout(),
        final=circuit.layout.final_index_layout(filter_ancillas=False),
    )
    if not as_qpy:
        text = qasm3.dumps(circuit, disable_constants=True)
        return TranspiledCircuit(qasm=" ".join(text.split()), layout=layout)
    stream = io.BytesIO()
    qpy.dump(circuit, stream, version=_QPY_VERSION)
    return TranspiledCircuit(qpy=base64.b64encode(stream.getvalue()).decode(), layout=layout)


def _target(device: Calibration, *, fractional: bool) -> Target:
    """The device for Qiskit: its gates with their errors and durations; resets, delays and measurements."""
    known = get_standard_gate_name_mapping()
    target = Target(num_qubits=device.num_qubits, dt=device.dt_s)
    for name in device.names():
        if (
            name not in known
            or (name in _FRACTIONAL and not fractional)
            or name in {"measure", "reset", "delay"}
        ):
            continue
        places = {
            qubits: InstructionProperties(duration=numbers.duration_s, error=numbers.error)
            for (gate, qubits), numbers in device.gates.items()
            if gate == name
        }
        target.add_instruction(known[name], places or None)
    measured = {
        (index,): InstructionProperties(duration=qubit.readout_s, error=qubit.readout_error)
        for index, qubit in enumerate(device.qubits)
    }
    target.add_instruction(known["measure"], measured)
    for name in ("reset", "delay"):
        target.add_instruction(known[name], dict.fromkeys(measured))
    for name, operation in _CONTROL_FLOW.items():
        target.add_instruction(operation, name=name)
    return target
