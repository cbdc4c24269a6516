"""The options of ``run()``: checked, completed by the backend's own, and put as the API wants them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.clients.interface import Submission
from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError

if TYPE_CHECKING:
    from qiskit_direct_provider.programs import Program

__all__ = ["DEFAULTS", "sampler_options", "submission", "tags"]

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
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")

_OF_RUN = ("shots", "memory", "name", "job_tags", "job_id", "timeout_secs", "log_level")
_OF_PROGRAM = ("meas_level", "meas_return", "rep_delay", "init_qubits", "seed_simulator")
_JOB_ID = re.compile(r"[A-Za-z0-9_.:-]{1,256}")
_CLASSIFIED = 2


def submission(
    program: Program, backend_name: str, job_id: str | None, timeout_secs: int | None, log_level: str | None
) -> Submission:
    """What is sent, with a new id unless one was chosen.

    Raises:
        InvalidInputError: An argument cannot be right.
    """
    timeout = DEFAULT_TIMEOUT_S if timeout_secs is None else timeout_secs
    if isinstance(timeout, bool) or not isinstance(timeout, int) or timeout < 1:
        raise InvalidInputError(f"timeout_secs must be a whole number of seconds, not {timeout!r}")
    chosen = str(uuid.uuid4()) if job_id is None else job_id
    if not isinstance(chosen, str) or not _JOB_ID.fullmatch(chosen):
        raise InvalidInputError("job_id must be 1 to 256 letters, digits or characters of _.:-")
    level = log_level or "warning"
    if level not in LOG_LEVELS:
        raise InvalidInputError(f"log_level must be one of {', '.join(LOG_LEVELS)}, not {level!r}")
    return Submission(chosen, backend_name, program.program_id, program.payload, timeout, level)


def tags(given: Iterable[str] | None) -> tuple[str, ...]:
    """Tags of a job.

    Raises:
        InvalidInputError: Not a list of texts.
    """
    if isinstance(given, str):
        raise InvalidInputError("job_tags must be a list of texts, not one text")
    found = tuple(given or ())
    if not all(isinstance(tag, str) for tag in found):
        raise InvalidInputError("job_tags must be a list of texts")
    return found


def sampler_options(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the sampler program. None means not said; one that is unknown and set is refused.

    Raises:
        InvalidInputError: An option is unknown, or its value cannot be right.
        UnsupportedError: The API cannot do it.
    """
    unknown = sorted(name for name, value in given.items() if value is not None and name not in _OF_PROGRAM)
    if unknown:
        known = ", ".join((*_OF_RUN, *_OF_PROGRAM))
        raise InvalidInputError(f"run() has no option {unknown[0]!r}; it takes {known}")
    values = {name: defaults.get(name) if given.get(name) is None else given[name] for name in _OF_PROGRAM}
    if values["meas_level"] not in {None, _CLASSIFIED}:
        raise UnsupportedError("only meas_level=2 (classified bits) is offered so far")
    execution: dict[str, Any] = {}
    if values["rep_delay"] is not None:
        execution["rep_delay"] = _seconds(values["rep_delay"])
    if values["init_qubits"] is False:
        execution["init_qubits"] = False
    found: dict[str, Any] = {"execution": execution} if execution else {}
    if values["seed_simulator"] is not None:
        found["simulator"] = {"seed_simulator": int(values["seed_simulator"])}
    return found


def _seconds(delay: Any) -> float:
    if isinstance(delay, int | float) and not isinstance(delay, bool) and 0 <= delay < float("inf"):
        return float(delay)
    raise InvalidInputError(f"rep_delay must be a number of seconds, not {delay!r}")
