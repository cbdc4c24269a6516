"""Options as they travel: those of the program in its input, those of the job beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError
from qiskit_direct_provider.job_settings import JobSettings
from qiskit_direct_provider.primitives.groups import UnsetType
from qiskit_direct_provider.run_options import rep_delay_s
from qiskit_direct_provider.target import FRACTIONAL_GATES

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.primitives.options import EstimatorOptions, SamplerOptions
    from qiskit_direct_provider.wire.backend import Configuration

__all__ = ["check_circuits", "job_settings", "program_options"]

# These say something of the job, or have a member of their own in the input document.
_NOT_OF_PROGRAM = ("environment", "max_execution_time", "resilience_level", "experimental")


def job_settings(options: SamplerOptions | EstimatorOptions) -> JobSettings:
    """What the options say of the job as a whole.

    Raises:
        InvalidInputError: One of them cannot be right.
        UnsupportedError: The API cannot do it.
    """
    environment = options.environment
    if environment.private is True:
        raise UnsupportedError("this API has no private jobs: delete what is in your object store yourself")
    level = _said(environment.log_level)
    return JobSettings.of(
        name=_said(environment.job_name),
        job_tags=_said(environment.job_tags),
        timeout_secs=_said(options.max_execution_time),
        wait_for_lane=_said(environment.wait_for_lane),
        log_level=level.lower() if level else None,
    )


def program_options(
    options: SamplerOptions | EstimatorOptions, configuration: Configuration
) -> dict[str, Any]:
    """The options that are set, as the program takes them.

    Raises:
        InvalidInputError: ``rep_delay`` is out of the device's range.
    """
    found = {name: value for name, value in options.to_dict().items() if name not in _NOT_OF_PROGRAM}
    if (delay := found.get("execution", {}).get("rep_delay")) is not None:
        rep_delay_s(delay, configuration)
    experimental = {} if isinstance(options.experimental, UnsetType) else dict(options.experimental)
    for name in [name for name in experimental if name in found]:
        found[name] = _merged(found[name], experimental.pop(name))
    if experimental:
        found["experimental"] = experimental
    plain: dict[str, Any] = json.loads(json.dumps(found, default=_encoded))
    return plain


def check_circuits(options: SamplerOptions | EstimatorOptions, circuits: Sequence[QuantumCircuit]) -> None:
    """Refuse options that exclude what is in the circuits.

    Raises:
        InvalidInputError: Gates are to be twirled, and some are fractional: twirling needs Clifford gates.
    """
    resilience = getattr(options, "resilience", None)
    if options.twirling.enable_gates is not True and not (resilience and resilience.twirls):
        return
    for number, circuit in enumerate(circuits):
        used = sorted(set(FRACTIONAL_GATES) & {operation.name for operation in _operations(circuit)})
        if used:
            raise InvalidInputError(
                f"circuit {number} ({circuit.name!r}) has the fractional gate {used[0]!r}, which cannot be "
                "twirled; transpile for a backend without use_fractional_gates, or switch gate twirling, "
                "PEC and PEA off"
            )


def _operations(circuit: QuantumCircuit) -> Any:
    for instruction in circuit.data:
        yield instruction.operation
        for block in getattr(instruction.operation, "blocks", ()):
            yield from _operations(block)


def _said(value: Any) -> Any:
    return None if isinstance(value, UnsetType) else value


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new


def _encoded(value: Any) -> Any:
    """Noise models, in the form that qiskit-ibm-runtime gives them."""
    from qiskit_ibm_runtime import RuntimeEncoder

    try:
        return json.loads(json.dumps(value, cls=RuntimeEncoder))
    except TypeError as error:
        raise InvalidInputError(f"an option holds a {type(value).__name__}, which cannot be sent") from error
