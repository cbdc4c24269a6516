"""Options of ``run()`` that the program gets: checked, completed by the backend's, as the wire has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError
from qiskit_direct_provider.job_settings import JobSettings, duration_s
from qiskit_direct_provider.whole_numbers import whole_number

if TYPE_CHECKING:
    from qiskit_direct_provider.wire.backend import Configuration

__all__ = ["DEFAULTS", "RunOptions", "parted", "rep_delay_s", "sampler_options", "shots_of"]

DEFAULTS: dict[str, Any] = {
    "shots": 4096,
    "memory": False,
    "meas_level": 2,
    "meas_return": "single",
    "rep_delay": None,
    "init_qubits": True,
    "seed_simulator": None,
    "wait_for_lane": None,
}

_OF_JOB = ("name", "job_tags", "job_id", "timeout_secs", "wait_for_lane", "log_level")
_OF_PROGRAM = ("meas_level", "meas_return", "rep_delay", "init_qubits", "seed_simulator")
_CLASSIFIED = 2


class RunOptions(TypedDict, total=False):
    """What ``run`` takes by name, beside ``dry_run``; None counts as not said."""

    shots: int | None
    memory: bool | None
    parameter_values: Any
    name: str | None
    job_tags: Iterable[str] | None
    job_id: str | None
    timeout_secs: float | str | None
    wait_for_lane: float | str | None
    log_level: str | None
    session: Any
    max_quantum_seconds: float | str | None
    verify: bool
    meas_level: int | None
    meas_return: str | None
    rep_delay: float | str | None
    init_qubits: bool | None
    seed_simulator: int | None


_OF_RUN = (*(name for name in RunOptions.__annotations__ if name not in _OF_PROGRAM), "dry_run")


def parted(
    given: Mapping[str, Any], defaults: Mapping[str, Any], configuration: Configuration
) -> tuple[dict[str, Any], JobSettings]:
    """Options of the program, and settings of the job, out of what ``run`` takes by name.

    Raises:
        InvalidInputError: One is unknown, or its value cannot be right.
        UnsupportedError: The API cannot do it.
    """
    of_job = {key: given[key] for key in _OF_JOB if key in given}
    rest = {key: value for key, value in given.items() if key not in _OF_RUN}
    return sampler_options(rest, defaults, configuration), JobSettings.of(**of_job)


def sampler_options(
    given: Mapping[str, Any], defaults: Mapping[str, Any], configuration: Configuration
) -> dict[str, Any]:
    """Options of the sampler program. None means not said; one that is unknown and set is refused.

    Raises:
        InvalidInputError: An option is unknown, or its value cannot be right.
        UnsupportedError: The API cannot do it.
    """
    unknown = sorted(key for key, value in given.items() if value is not None and key not in _OF_PROGRAM)
    if unknown:
        known = ", ".join((*_OF_RUN, *_OF_PROGRAM))
        raise InvalidInputError(f"run() has no option {unknown[0]!r}; it takes {known}")
    values = {key: defaults.get(key) if given.get(key) is None else given[key] for key in _OF_PROGRAM}
    execution: dict[str, Any] = {}
    if kind := _measurement(values["meas_level"], values["meas_return"]):
        execution["meas_type"] = kind
    if values["rep_delay"] is not None:
        execution["rep_delay"] = rep_delay_s(values["rep_delay"], configuration)
    if values["init_qubits"] is not None and not _switch(values["init_qubits"], "init_qubits"):
        execution["init_qubits"] = False
    found: dict[str, Any] = {"execution": execution} if execution else {}
    if values["seed_simulator"] is not None:
        found["simulator"] = {"seed_simulator": whole_number(values["seed_simulator"], "seed_simulator")}
    return found


def shots_of(given: Any, defaults: Mapping[str, Any]) -> Any:
    """The number of shots that holds: of the run, else the backend's, else this package's; unchecked."""
    found = defaults.get("shots") if given is None else given
    return DEFAULTS["shots"] if found is None else found


def _measurement(level: Any, returned: Any) -> str | None:
    """The API's word for measurement level and return; None for bits, which is its default."""
    level = _CLASSIFIED if level is None else level
    if isinstance(level, bool) or not isinstance(level, Real) or level not in (0, 1, 2):
        raise InvalidInputError(f"meas_level must be 1 or 2, not {level!r}")
    if level == 0:
        raise UnsupportedError("meas_level=0 (raw traces) is not offered; use 1 (IQ values) or 2 (bits)")
    if returned is not None and not (isinstance(returned, str) and returned in ("single", "avg")):
        raise InvalidInputError(f"meas_return must be 'single' or 'avg', not {returned!r}")
    if level == _CLASSIFIED:
        return None
    return "avg_kerneled" if returned == "avg" else "kerneled"


def rep_delay_s(given: Any, configuration: Configuration) -> float:
    """A repetition delay that the device takes, in seconds.

    Raises:
        InvalidInputError: Not a duration, or out of the device's range.
    """
    delay = duration_s(given, "rep_delay")
    allowed = [bound for bound in configuration.rep_delay_range or () if isinstance(bound, float)]
    if allowed and not min(allowed) <= delay <= max(allowed):
        raise InvalidInputError(
            f"rep_delay must be within {min(allowed)} to {max(allowed)} s on this backend, not {delay}"
        )
    return delay


def _switch(given: Any, what: str) -> bool:
    if isinstance(given, int | np.bool_) and given in (0, 1):
        return bool(given)
    raise InvalidInputError(f"{what} must be True or False, not {given!r}")
