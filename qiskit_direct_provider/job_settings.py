"""What is said of a job as a whole, beside its circuits: its id, name, tags, time limit and the like."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any

from qiskit_direct_provider.errors import InvalidInputError

__all__ = ["DEFAULT_TIMEOUT_S", "LOG_LEVELS", "LONGEST_TIMEOUT_S", "JobSettings", "duration_s", "tags_of"]

DEFAULT_TIMEOUT_S = 86_400
LONGEST_TIMEOUT_S = 2**31
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")

_JOB_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.:-]{1,256}")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


@dataclass(frozen=True)
class JobSettings:
    """Checked settings of one job.

    Attributes:
        timeout_s: Longest time that the device may be dedicated to the job.
        wait_for_lane_s: How long to wait while every lane is taken; None leaves it to whose jobs they are.
        session_id: The session to which the job belongs.
    """

    job_id: str
    timeout_s: int = DEFAULT_TIMEOUT_S
    wait_for_lane_s: float | None = None
    log_level: str = "warning"
    name: str | None = None
    tags: tuple[str, ...] = ()
    session_id: str | None = None

    @classmethod
    def of(
        cls,
        *,
        job_id: str | None = None,
        timeout_secs: float | str | None = None,
        wait_for_lane: float | str | None = None,
        log_level: str | None = None,
        name: str | None = None,
        job_tags: Iterable[str] | None = None,
    ) -> JobSettings:
        """Settings from what a user says; a job that is given no id gets a new one.

        Raises:
            InvalidInputError: One of them cannot be right.
        """
        return cls(
            job_id=_job_id(job_id),
            timeout_s=_timeout_s(timeout_secs),
            wait_for_lane_s=None if wait_for_lane is None else duration_s(wait_for_lane, "wait_for_lane"),
            log_level=_log_level(log_level),
            name=_name(name),
            tags=tags_of(job_tags, "job_tags"),
        )


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


def _job_id(chosen: str | None) -> str:
    """A job's id: the chosen one, or a new one.

    Raises:
        InvalidInputError: It could be taken for something else in a path.
    """
    if chosen is None:
        return str(uuid.uuid4())
    if not isinstance(chosen, str) or not _JOB_ID.fullmatch(chosen):
        raise InvalidInputError("job_id must be 1 to 256 letters, digits or characters of _.:-")
    return chosen


def _timeout_s(given: Any) -> int:
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


def _log_level(given: str | None) -> str:
    """Verbosity of a job's log; in capitals as well, as Python's logging has it.

    Raises:
        InvalidInputError: Not one of the levels there are.
    """
    level = given or "warning"
    if not isinstance(level, str) or level.lower() not in LOG_LEVELS:
        raise InvalidInputError(f"log_level must be one of {', '.join(LOG_LEVELS)}, not {level!r}")
    return level.lower()


def _name(given: str | None) -> str | None:
    """The name of a job.

    Raises:
        InvalidInputError: Not text.
    """
    if given is not None and not isinstance(given, str):
        raise InvalidInputError(f"a job's name must be text, not {given!r}")
    return given


def tags_of(given: Iterable[str] | None, what: str) -> tuple[str, ...]:
    """Tags of a job; None for none.

    Raises:
        InvalidInputError: Not a list of texts; the text calls it ``what``.
    """
    if given is None:
        return ()
    found = None if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    if found is None or not all(isinstance(tag, str) for tag in found):
        raise InvalidInputError(f"{what} must be a list of texts")
    return found
