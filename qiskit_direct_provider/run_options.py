"""The options of ``run()``: checked, completed by the backend's own, and put as the API wants them."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError

if TYPE_CHECKING:
    from qiskit_direct_provider.wire.backend import Configuration

__all__ = ["DEFAULTS", "duration_s", "job_id", "log_level", "name", "sampler_options", "tags", "timeout_s"]

DEFAULTS: dict[str, Any] = {
    "shots": 4096,
    "memory": False,
    "meas_level": 2,
    "meas_return": "single",
    "rep_delay": None,
    "init_qubits": True,
    "seed_simulator": None,
}

DEFAULT_TIMEOUT_S = 86_400
LONGEST_TIMEOUT_S = 2**31
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")

_OF_RUN = ("shots", "memory", "name", "job_tags", "job_id", "timeout_secs", "wait_for_lane", "log_level")
_OF_PROGRAM = ("meas_level", "meas_return", "rep_delay", "init_qubits", "seed_simulator")
_JOB_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,256}")
_CLASSIFIED = 2
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def job_id(chosen: str | None) -> str:
    """A job's id: the chosen one, or a new one.

    Raises:
        InvalidInputError: It could be taken for something else in a path.
    """
    if chosen is None:
        return str(uuid.uuid4())
    if not isinstance(chosen, str) or not _JOB_ID.fullmatch(chosen):
        raise InvalidInputError("job_id must be 1 to 256 letters, digits or characters of _.:-")
    return chosen


def duration_s(given: Any, what: str) -> float:
    """A duration in seconds, given as a number or as text such as ``"90s"``, ``"10m"``, ``"2h"``.

    >>> duration_s("10m", "timeout_secs"), duration_s(5, "timeout_secs")
    (600.0, 5.0)

    Raises:
        InvalidInputError: Neither.
    """
    if isinstance(given, str) and (found := _DURATION.fullmatch(given.strip())):
        return float(found[1]) * _UNITS[found[2] or "s"]
    if isinstance(given, Real) and given is not True and given is not False and 0 <= float(given) < math.inf:
        return float(given)
    raise InvalidInputError(f"{what} must be a number of seconds or text such as '10m', not {given!r}")


def timeout_s(given: Any) -> int:
    """The time that the device may be dedicated to a job, in whole seconds.

    Raises:
        InvalidInputError: Not a duration of a second or more that an API takes.
    """
    if given is None:
        return DEFAULT_TIMEOUT_S
    seconds = duration_s(given, "timeout_secs")
    if not 1 <= seconds < LONGEST_TIMEOUT_S or (isinstance(given, float) and not given.is_integer()):
        raise InvalidInputError(f"timeout_secs must be a whole number of seconds, 1 or more, not {given!r}")
    return int(seconds)


def log_level(given: str | None) -> str:
    """Verbosity of a job's log.

    Raises:
        InvalidInputError: Not one of the levels there are.
    """
    level = given or "warning"
    if level not in LOG_LEVELS:
        raise InvalidInputError(f"log_level must be one of {', '.join(LOG_LEVELS)}, not {level!r}")
    return level


def name(given: str | None) -> str | None:
    """The name of a job.

    Raises:
        InvalidInputError: Not text.
    """
    if given is not None and not isinstance(given, str):
        raise InvalidInputError(f"a job's name must be text, not {given!r}")
    return given


def tags(given: Iterable[str] | None) -> tuple[str, ...]:
    """Tags of a job.

    Raises:
        InvalidInputError: Not a list of texts.
    """
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidInputError("job_tags must be a list of texts")
    found = tuple(given)
    if not all(isinstance(tag, str) for tag in found):
        raise InvalidInputError("job_tags must be a list of texts")
    return found


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
    if values["meas_level"] is not None and values["meas_level"] != _CLASSIFIED:
        raise UnsupportedError("only meas_level=2 (classified bits) is offered so far")
    if values["meas_return"] not in {None, "single", "avg"}:
        raise InvalidInputError(f"meas_return must be 'single' or 'avg', not {values['meas_return']!r}")
    execution: dict[str, Any] = {}
    if values["rep_delay"] is not None:
        execution["rep_delay"] = _rep_delay(values["rep_delay"], configuration)
    if values["init_qubits"] is not None and not values["init_qubits"]:
        execution["init_qubits"] = False
    found: dict[str, Any] = {"execution": execution} if execution else {}
    if values["seed_simulator"] is not None:
        found["simulator"] = {"seed_simulator": _whole(values["seed_simulator"], "seed_simulator")}
    return found


def _rep_delay(given: Any, configuration: Configuration) -> float:
    delay = duration_s(given, "rep_delay")
    allowed = [bound for bound in configuration.rep_delay_range or () if isinstance(bound, float)]
    if allowed and not min(allowed) <= delay <= max(allowed):
        raise InvalidInputError(
            f"rep_delay must be within {min(allowed)} to {max(allowed)} s on this backend, not {delay}"
        )
    return delay


def _whole(given: Any, what: str) -> int:
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        raise InvalidInputError(f"{what} must be a whole number, not {given!r}")
    return int(given.__index__())
