"""Qiskit's own transpiler for the service's devices; runs in a worker process."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from qiskit import QuantumCircuit, qasm2, qasm3, qpy, transpile
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.transpiler import CouplingMap, InstructionProperties, Target

from qiskit_direct_provider.service.calibration import Calibration, read_calibration
from qiskit_direct_provider.wire.transpiler import TranspiledCircuit, TranspiledLayout

if TYPE_CHECKING:
    from qiskit_direct_provider.service.transpiler_tasks import TranspilationRequest

__all__ = ["transpiled"]

_FRACTIONAL = frozenset({"rx", "rzz"})
_BASIS = ("rz", "sx", "x", "cz")
_QPY_VERSION = 13


def transpiled(request: TranspilationRequest) -> list[TranspiledCircuit]:
    """The circuits of a request, transpiled, each in the form in which it came.

    Raises:
        ValueError: A circuit cannot be read, or cannot be transpiled.
    """
    options = {**request.options, "optimization_level": request.optimization_level}
    if request.snapshot is not None:
        options["target"] = _target(
            read_calibration(request.snapshot), fractional=request.use_fractional_gates
        )
    else:
        options |= {"coupling_map": CouplingMap(request.coupling_map), "basis_gates": list(_BASIS)}
    try:
        circuits = [_read(text) for text in request.qasm]
        if request.qpy:
            circuits += qpy.load(io.BytesIO(base64.b64decode(request.qpy)))
        return [_answer(transpile(circuit, **options), as_qpy=bool(request.qpy)) for circuit in circuits]
    except Exception as error:  # Qiskit's readers and passes raise whatever they like
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _read(text: str) -> QuantumCircuit:
    return qasm2.loads(text) if "OPENQASM 2" in text else qasm3.loads(text)


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
    return target
