"""Everything that speaks against running circuits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors, run_options
from qiskit_direct_provider.job_settings import duration_s
from qiskit_direct_provider.programs import Pub, as_pubs, check_shots, sampler_payload
from qiskit_direct_provider.registers import with_plain_registers
from qiskit_direct_provider.validation import Report, examine
from qiskit_direct_provider.verification.estimate import check_budget, estimated

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_direct_provider.device import Device

__all__ = ["validated"]

_REFUSALS = (errors.InvalidInputError, errors.InvalidCircuitError, errors.UnsupportedError)


def validated(
    circuits: Sequence[QuantumCircuit],
    run_input: Any,
    parameter_values: Any,
    device: Device,
    defaults: Mapping[str, Any],
    given: Mapping[str, Any],
) -> Report:
    """All that is wrong with what ``run`` would be given: every circuit, and every option on its own."""
    wrong: list[str] = []
    options = {key: value for key, value in given.items() if key not in ("shots", "max_quantum_seconds")}
    shots = defaults.get("shots") if given["shots"] is None else given["shots"]
    number = _tried(wrong, lambda: check_shots(shots, device.configuration.max_shots))
    pubs = _tried(wrong, lambda: as_pubs(run_input, number or 1, parameter_values))
    asked: dict[str, Any] = {}
    for key, value in options.items():  # one by one, since the first that is wrong would hide the others
        _tried(wrong, functools.partial(run_options.parted, {key: value}, {}, device.configuration))
    if not wrong:
        asked, settings = run_options.parted(options, defaults, device.configuration)
        wrong += _too_long(pubs or [], device, asked, settings.timeout_s, given["max_quantum_seconds"])
    sets = [pub.values for pub in pubs] if pubs else [None] * len(circuits)
    report = examine(circuits, device, values=sets)
    named = [(f"circuit {index} ({circuit.name!r})", circuit) for index, circuit in enumerate(circuits)]
    of_texts = [
        f"{label}: {text}" for label, circuit in named for text in _unwritable(circuit, report, label)
    ]
    doubtful = [
        f"{label}: {text}" for label, circuit in named for text in _misaligned(circuit, device.target)
    ]
    return Report((*report.errors, *of_texts, *wrong), (*report.warnings, *doubtful))


def _tried(wrong: list[str], call: Callable[[], Any]) -> Any:
    """What a call returns; None if it refuses, and the reason among the others."""
    try:
        return call()
    except _REFUSALS as error:
        wrong.append(str(error))
        return None


def _too_long(
    pubs: Sequence[Pub], device: Device, asked: Mapping[str, Any], timeout_s: float, budget: Any
) -> list[str]:
    estimate = estimated(pubs, device, asked.get("execution", {}))
    found: list[str] = []
    if estimate.quantum_seconds > timeout_s:
        found.append(
            f"it would take about {estimate.quantum_seconds:.3g} s of the device, and is stopped after "
            f"timeout_secs, {timeout_s} s; take fewer shots, or allow more time"
        )
    if budget is not None:
        _tried(found, lambda: check_budget(estimate, duration_s(budget, "max_quantum_seconds")))
    return found


def _unwritable(circuit: QuantumCircuit, report: Report, label: str) -> list[str]:
    """What keeps a circuit from being written as OpenQASM 3: its registers, or anything that is left then."""
    found: list[str] = []
    _tried(found, lambda: with_plain_registers(circuit))
    if not found and not any(text.startswith(label) for text in report.errors):
        _tried(found, lambda: sampler_payload(circuit, shots=1))
    return found


def _misaligned(circuit: QuantumCircuit, target: Target) -> list[str]:
    """Delays that are no multiple of the device's time steps: they would be rounded."""
    step = max(target.pulse_alignment or 1, target.acquire_alignment or 1, 1)
    odd: dict[str, None] = {}
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name != "delay" or operation.unit != "dt" or not isinstance(operation.duration, int):
            continue
        if operation.duration % step:
            qubit = circuit.find_bit(instruction.qubits[0]).index
            odd[f"a delay of {operation.duration} dt on qubit {qubit} is no multiple of {step} dt"] = None
    return list(odd)
