"""Bodies of the Runtime REST API, in the forms of its several ages.

Answers are read liberally: what an older or a newer server leaves out is optional here. Source: the OpenAPI
document of the Qiskit Runtime REST API, and what its servers were seen to send.
"""

from __future__ import annotations

import re

from msgspec import Raw, Struct, field

__all__ = [
    "API_VERSION",
    "LONGEST_JOB_S",
    "LONGEST_TAG",
    "MOST_TAGS",
    "PAGE_SIZE",
    "VERSIONS",
    "DeviceStatus",
    "JobBody",
    "JobCreated",
    "JobPage",
    "Metrics",
    "ProgramName",
    "RuntimeDevice",
    "RuntimeDevices",
    "RuntimeJob",
    "RuntimeState",
    "RuntimeUsage",
    "SessionBody",
    "SessionChange",
    "SessionDocument",
    "StatusDocument",
    "TagsBody",
    "version_number",
]

VERSIONS = ("2024-01-01", "2025-01-01", "2025-05-01", "2026-02-01", "2026-02-15", "2026-03-15", "2026-04-15")
API_VERSION = VERSIONS[-1]

PAGE_SIZE = 200  # the most jobs that one answer lists
MOST_TAGS = 8
LONGEST_TAG = 86
LONGEST_JOB_S = 10_800

_VERSION = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


def version_number(text: str) -> int | None:
    """A version of the API as a number that can be compared; None when it is none.

    >>> version_number("2026-04-15"), version_number("20250101"), version_number("latest")
    (20260415, 20250101, None)
    """
    found = _VERSION.fullmatch(text.strip())
    return int("".join(found.groups())) if found else None


class JobBody(Struct, kw_only=True, omit_defaults=True):
    """``POST /jobs``. ``cost`` bounds the time of execution, in seconds.

    ``hub``, ``group``, ``project``, ``start_session`` and ``session_time`` belong to the legacy platform,
    whose clients send the flag also as text.
    """

    program_id: str
    backend: str
    params: Raw = field(default_factory=Raw)
    tags: list[str] | None = None
    log_level: str | None = None
    cost: int | None = None
    session_id: str | None = None
    private: bool | None = None
    calibration_id: str | None = None
    runtime: str | None = None
    hub: str | None = None
    group: str | None = None
    project: str | None = None
    start_session: bool | str | None = None
    session_time: int | str | None = None


class JobCreated(Struct, kw_only=True, omit_defaults=True):
    """The answer to ``POST /jobs``: the server names the job."""

    id: str
    backend: str | None = None
    session_id: str | None = None
    private: bool | None = None


class ProgramName(Struct, kw_only=True):
    """The program of a job."""

    id: str


class RuntimeState(Struct, kw_only=True, omit_defaults=True):
    """How a job is doing; ``reasonCode`` is the legacy spelling."""

    status: str | None = None
    reason: str | None = None
    reason_code: int | str | None = None
    reason_solution: str | None = None
    reasonCode: int | str | None = None  # noqa: N815 - the wire's spelling


class RuntimeUsage(Struct, kw_only=True, omit_defaults=True):
    """Time that the device was dedicated to a job, in seconds, under the names of three ages."""

    qpu_charge_time_seconds: float | None = None
    quantum_seconds: float | None = None
    seconds: float | None = None
    status: str | None = None

    @property
    def found_s(self) -> float | None:
        """The first of the three that is there."""
        each = (self.qpu_charge_time_seconds, self.quantum_seconds, self.seconds)
        return next((seconds for seconds in each if seconds is not None), None)


class RuntimeJob(Struct, kw_only=True, omit_defaults=True):
    """A job in ``GET /jobs/{id}`` and in the list; the last three belong to the legacy platform."""

    id: str
    backend: str = ""
    program: ProgramName | None = None
    created: str | None = None
    status: str = ""
    state: RuntimeState | None = None
    tags: list[str] | None = None
    cost: int | None = None
    session_id: str | None = None
    user_id: str | None = None
    private: bool | None = None
    estimated_running_time_seconds: float | None = None
    usage: RuntimeUsage | None = None
    params: Raw | None = None
    hub: str | None = None
    group: str | None = None
    project: str | None = None


class JobPage(Struct, kw_only=True):
    """One page of ``GET /jobs``; what it says of its own length is not needed."""

    jobs: list[Raw] | None


class Metrics(Struct, kw_only=True, omit_defaults=True):
    """``GET /jobs/{id}/metrics``. Times are ISO 8601 in UTC."""

    timestamps: dict[str, str | None]
    usage: RuntimeUsage
    caller: str | None = None
    qiskit_version: str | None = None
    position_in_queue: int | None = None


class TagsBody(Struct, kw_only=True):
    """``PUT /jobs/{id}/tags``: all tags of a job, in place of the ones it had."""

    tags: list[str]


class DeviceStatus(Struct, kw_only=True, omit_defaults=True):
    """``online``, ``paused`` or ``offline``, and why."""

    name: str = ""
    reason: str | None = None


class RuntimeDevice(Struct, kw_only=True, omit_defaults=True):
    """One entry of ``GET /backends``."""

    name: str
    status: DeviceStatus | None = None
    is_simulator: bool | None = None
    qubits: int | None = None
    queue_length: int | None = None
    processor_type: dict[str, str] | None = None
    wait_time_seconds: float | None = None


class RuntimeDevices(Struct, kw_only=True):
    """``GET /backends``: names alone until 2024, objects since."""

    devices: list[Raw] | None


class StatusDocument(Struct, kw_only=True, omit_defaults=True):
    """``GET /backends/{name}/status``. A device takes jobs while ``state`` is true."""

    state: bool = False
    status: str = ""
    message: str | None = None
    length_queue: int | None = None
    backend_version: str | None = None


class SessionBody(Struct, kw_only=True, omit_defaults=True):
    """``POST /sessions``. Times are in seconds; ``instance``, ``max_session_ttl`` and no mode are legacy."""

    mode: str | None = None
    backend: str | None = None
    backend_name: str | None = None
    instance: str | None = None
    max_ttl: int | None = None
    max_session_ttl: int | None = None
    active_ttl: int | None = None
    interactive_ttl: int | None = None


class SessionChange(Struct, kw_only=True):
    """``PATCH /sessions/{id}``."""

    accepting_jobs: bool


class SessionDocument(Struct, kw_only=True, omit_defaults=True):
    """A session. ``state`` is open, active, inactive or closed; times are in seconds or ISO 8601."""

    id: str
    backend_name: str | None = None
    mode: str | None = None
    state: str | None = None
    state_reason: str | None = None
    accepting_jobs: bool | None = None
    max_ttl: int | None = None
    active_ttl: int | None = None
    interactive_ttl: int | None = None
    created_at: str | None = None
    started_at: str | None = None
    activated_at: str | None = None
    closed_at: str | None = None
    last_job_started: str | None = None
    last_job_completed: str | None = None
    elapsed_time: float | None = None
    user_id: str | None = None
    timestamps: list[dict[str, str]] | None = None
