"""Options of an input document that the simulation honours, and warnings about all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.service.outcome import BAD_NUMBERS, RUN_FAILED, JobProblemError
from qiskit_direct_provider.wire.primitives import PRIMITIVES_VERSION, SAMPLER

if TYPE_CHECKING:
    from qiskit_direct_provider.service.calibration import Calibration
    from qiskit_direct_provider.service.joblog import JobLog

__all__ = ["MEASUREMENTS", "ProgramInput", "read_input"]

MEASUREMENTS = ("classified", "kerneled", "avg_kerneled")

_DEFAULT_SHOTS = 4096
_DEFAULT_PRECISION = 0.015625
_COMMON_KEYS = frozenset({"pubs", "version", "support_qiskit", "options"})
_KEYS = {True: _COMMON_KEYS | {"shots"}, False: _COMMON_KEYS | {"precision", "resilience_level"}}
_HONOURED = frozenset({"default_shots", "default_precision", "execution", "simulator"})


@dataclass(frozen=True)
class ProgramInput:
    """An input document, its defaults filled in. Times are in seconds.

    ``measurement`` says what comes back for each bit: 0 or 1, a point of the IQ plane, or the mean of those.
    """

    pubs: list[Any]
    support_qiskit: bool
    shots: Any
    precision: Any
    rep_delay_s: float
    seed: int | None
    measurement: str = "classified"
    init_qubits: bool = True


def read_input(document: object, program_id: str, device: Calibration, log: JobLog) -> ProgramInput:
    """Read the document of a job.

    Raises:
        JobProblemError: It is no input of these programs.
    """
    if not isinstance(document, dict):
        raise _invalid("the input is not a JSON object")
    version = document.get("version", PRIMITIVES_VERSION)
    if isinstance(version, bool) or version != PRIMITIVES_VERSION:
        raise _invalid(f"version {version!r} of the program {program_id} is not supported, only version 2")
    pubs = document.get("pubs")
    if not isinstance(pubs, list) or not pubs:
        raise _invalid("the input has no list of pubs")
    options = _member(document, "options")
    is_sampler = program_id == SAMPLER
    _warn(document, options, log, is_sampler=is_sampler)
    support_qiskit = document.get("support_qiskit")
    return ProgramInput(
        pubs=pubs,
        support_qiskit=support_qiskit is None or bool(support_qiskit),
        shots=_first(document.get("shots"), options.get("default_shots"), _DEFAULT_SHOTS),
        precision=_precision(document, options),
        rep_delay_s=_rep_delay_s(_member(options, "execution"), device),
        seed=_seed(_member(options, "simulator")),
        measurement=_measurement(_member(options, "execution")) if is_sampler else "classified",
        init_qubits=_member(options, "execution").get("init_qubits") is not False,
    )


def _precision(document: dict[str, Any], options: dict[str, Any]) -> Any:
    default_shots = options.get("default_shots")
    from_shots = None
    if isinstance(default_shots, int) and default_shots > 0:
        from_shots = default_shots**-0.5
    return _first(document.get("precision"), from_shots, options.get("default_precision"), _DEFAULT_PRECISION)


def _rep_delay_s(execution: dict[str, Any], device: Calibration) -> float:
    delay = execution.get("rep_delay")
    if delay is None:
        return device.rep_delay_s
    low, high = device.rep_delay_range_s or (0.0, 1.0)
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not low <= delay <= high:
        message = f"rep_delay {delay!r} is not between {low:g} and {high:g} seconds"
        raise JobProblemError(BAD_NUMBERS, message, "Leave it out, or stay within the device's range.")
    return float(delay)


def _measurement(execution: dict[str, Any]) -> str:
    kind = execution.get("meas_type")
    if kind is None:
        return "classified"
    if kind not in MEASUREMENTS:
        raise _invalid(f"the measurement type {kind!r} is not one of {', '.join(MEASUREMENTS)}")
    return str(kind)


def _seed(simulator: dict[str, Any]) -> int | None:
    seed = simulator.get("seed_simulator")
    if seed is None or (isinstance(seed, int) and not isinstance(seed, bool)):
        return seed
    raise _invalid(f"seed_simulator {seed!r} is not an integer")


def _warn(document: dict[str, Any], options: dict[str, Any], log: JobLog, *, is_sampler: bool) -> None:
    for key in sorted(set(document) - _KEYS[is_sampler]):
        log.caution(f"the member {key!r} of the input is not known, and ignored")
    if document.get("resilience_level"):
        log.caution("error mitigation is not simulated: resilience_level is ignored")
    for key in sorted(set(options) - _HONOURED):
        if options[key] not in (None, {}, False, 0):
            log.caution(f"the option {key!r} is not simulated, and ignored")
    for key in ("noise_model", "coupling_map", "basis_gates"):
        if _member(options, "simulator").get(key):
            log.caution(f"the option 'simulator.{key}' is ignored: the device is as it is")


def _member(document: dict[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(f"{key} is not a JSON object")
    return value


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _invalid(message: str) -> JobProblemError:
    return JobProblemError(RUN_FAILED, message, "Correct the input document.")
