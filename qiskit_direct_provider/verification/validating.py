"""Everything that speaks against running circuits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors, run_options
from qiskit_direct_provider.job_settings import duration_s
from qiskit_direct_provider.programs import (
    Pub,
    as_circuits,
    as_pub,
    check_shots,
    sampler_payload,
    values_of_each,
)
from qiskit_direct_provider.registers import with_plain_registers
from qiskit_direct_provider.validation import Report, each_instruction, examine, label_of
from qiskit_direct_provider.verification.estimate import check_budget, device_seconds
from qiskit_direct_provider.verification.prerequisites import check_verifiable

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_direct_provider.device import Device

__all__ = ["validated"]

_REFUSALS = (errors.InvalidInputError, errors.InvalidCircuitError, errors.UnsupportedError)


def validated(
    run_input: Any,
    device: Device,
    defaults: Mapping[str, Any],
    given: Mapping[str, Any],
    check_session: Callable[[], object],
) -> Report:
    """All that is wrong with what ``run`` would be given: every circuit, and every option on its own.

    Args:
        run_input: A circuit, or a list of them.
        device: Where.
        defaults: Options of the backend.
        given: Options of the run; ``shots``, ``parameter_values`` and ``max_quantum_seconds`` among them.
        check_session: Refuses a session that cannot be used.
    """
    wrong: list[str] = []
    circuits = as_circuits(run_input)
    pubs, refused = _pubs(wrong, circuits, run_input, device, given)
    report = examine(circuits, device, values=[pub.values for pub in pubs], unbound=refused)
    of_texts: list[str] = []
    doubtful: list[str] = []
    for index, circuit in enumerate(circuits):
        label = label_of(index, circuit)
        known = any(text.startswith(label) for text in report.errors)
        of_texts += [f"{label}: {text}" for text in _unwritable(circuit, thorough=not known)]
        doubtful += [f"{label}: {text}" for text in _misaligned(circuit, device.target)]
    asked, timeout_s = _asked(wrong, device, defaults, given)
    _tried(wrong, check_session)
    if given.get("verify"):
        _tried(wrong, lambda: check_verifiable(asked))
    seconds = [device_seconds(pub, device, asked.get("execution", {})) for pub in pubs]
    wrong += _too_long(circuits, seconds, timeout_s, device.configuration.max_experiments)
    if (budget := given["max_quantum_seconds"]) is not None:
        _tried(wrong, lambda: check_budget(sum(seconds), duration_s(budget, "max_quantum_seconds")))
    return Report((*report.errors, *of_texts, *wrong), (*report.warnings, *doubtful))


def _tried(wrong: list[str], call: Callable[[], Any]) -> Any:
    """What a call returns; None if it refuses, and the reason among the others."""
    try:
        return call()
    except _REFUSALS as error:
        wrong.append(str(error))
        return None


def _pubs(
    wrong: list[str],
    circuits: Sequence[QuantumCircuit],
    run_input: Any,
    device: Device,
    given: Mapping[str, Any],
) -> tuple[list[Pub], set[int]]:
    """Circuits with shots and parameter values, and the indices of those whose values were refused."""
    shots = given["shots"]
    number = _tried(wrong, lambda: check_shots(shots, device.configuration.max_shots))
    if number is None:  # too many take long as well
        number = shots if isinstance(shots, int) and shots > 0 else 1
    values = _tried(wrong, lambda: values_of_each(run_input, len(circuits), given["parameter_values"]))
    if values is None:
        return [Pub(circuit, number) for circuit in circuits], set(range(len(circuits)))
    found = [
        _tried(wrong, functools.partial(as_pub, index, circuit, values[index], number))
        for index, circuit in enumerate(circuits)
    ]
    refused = {index for index, pub in enumerate(found) if pub is None}
    return [pub or Pub(circuit, number) for pub, circuit in zip(found, circuits, strict=True)], refused


def _asked(
    wrong: list[str], device: Device, defaults: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """Options as the program gets them, and the job's time limit; as far as they are right."""
    right: dict[str, Any] = {}
    for key, value in given.items():  # one by one, since the first that is wrong would hide the others
        before = len(wrong)
        _tried(wrong, functools.partial(run_options.parted, {key: value}, {}, device.configuration))
        if len(wrong) == before:
            right[key] = value
    both = _tried(wrong, lambda: run_options.parted(right, defaults, device.configuration))
    options, settings = both or run_options.parted(right, {}, device.configuration)
    return options, settings.timeout_s


def _too_long(
    circuits: Sequence[QuantumCircuit], seconds: Sequence[float], timeout_s: int, most_of_a_job: int | None
) -> list[str]:
    """Circuits that alone run into the time limit; where there are none, jobs that do."""

    def stopped(needed: float) -> str:
        return (
            f"it would take about {needed:.3g} s of the device, and is stopped after timeout_secs, "
            f"{timeout_s} s; take fewer shots, or allow more time"
        )

    alone = [
        f"{label_of(index, circuits[index])}: {stopped(each)}"
        for index, each in enumerate(seconds)
        if each > timeout_s
    ]
    size = most_of_a_job or len(seconds)
    jobs = [sum(seconds[first : first + size]) for first in range(0, len(seconds), size)]
    return alone or [stopped(each) for each in jobs if each > timeout_s]


def _unwritable(circuit: QuantumCircuit, *, thorough: bool) -> list[str]:
    """What keeps a circuit from being written as OpenQASM 3: its registers; if thorough, all else as well."""
    found: list[str] = []
    _tried(found, lambda: with_plain_registers(circuit))
    if thorough and not found:
        _tried(found, lambda: sampler_payload(circuit, shots=1))
    return found


def _misaligned(circuit: QuantumCircuit, target: Target) -> list[str]:
    """Delays that are no multiple of the device's time steps: they would be rounded."""
    step = max(target.pulse_alignment or 1, target.acquire_alignment or 1, 1)
    odd: dict[str, None] = {}
    for instruction, qubits in each_instruction(circuit):
        operation = instruction.operation
        if operation.name != "delay" or operation.unit != "dt" or not isinstance(operation.duration, int):
            continue
        if operation.duration % step:
            odd[f"a delay of {operation.duration} dt on qubit {qubits[0]} is no multiple of {step} dt"] = None
    return list(odd)
