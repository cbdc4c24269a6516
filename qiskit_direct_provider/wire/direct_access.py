"""Bodies of the Direct Access API, since renamed Quantum System API.

Answers are read liberally (unknown members are ignored, everything that a server may leave out is
optional); what this package writes, either as client or as local service, is complete.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = [
    "BackendItem",
    "BackendList",
    "CloudObjectStorageOption",
    "JobDocument",
    "JobList",
    "JobRequest",
    "JobStatusWord",
    "LaneShare",
    "Lanes",
    "LogLevel",
    "S3Option",
    "Storage",
    "StorageEcho",
    "StorageOptionEcho",
    "Usage",
    "VersionDocument",
    "VersionList",
]

ShortText = Annotated[str, Meta(min_length=1, max_length=256)]


class VersionDocument(Struct, kw_only=True):
    """``GET /version``."""

    version: str


class VersionList(Struct, kw_only=True):
    """``GET /versions``."""

    versions: list[str] | None


class BackendItem(Struct, kw_only=True, omit_defaults=True):
    """One backend as the list and the details show it.

    ``status`` is ``online``, ``offline`` (retired) or ``paused`` (maintenance). ``locked`` is true
    while a reservation holds the backend; absent means unknown.
    """

    name: str
    status: str = ""
    message: str | None = None
    version: str | None = None
    locked: bool | None = None


class BackendList(Struct, kw_only=True):
    """``GET /v1/backends``."""

    backends: list[BackendItem]


class LaneShare(Struct, kw_only=True):
    """Number of execution lanes given to one entrance of a device."""

    lanes: int


class Lanes(Struct, kw_only=True, omit_defaults=True):
    """``GET /v1/backends/{name}/lanes``: how a device's lanes are split between this API and the cloud."""

    hpc_workload_manager: LaneShare | None = None
    ibm_quantum_compute: LaneShare | None = None


class LogLevel(str, Enum):
    """Verbosity of a job's log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class S3Option(Struct, kw_only=True, tag_field="type", tag="s3_compatible"):
    """An object behind a presigned URL. The URL is a secret: whoever has it has the object."""

    presigned_url: str

    def __repr__(self) -> str:
        return "S3Option(presigned_url='***')"


class CloudObjectStorageOption(Struct, kw_only=True, tag_field="type", tag="ibmcloud_cos"):
    """An object in IBM Cloud Object Storage, by name."""

    region: Annotated[str, Meta(pattern="^[a-zA-Z-]+$")]
    region_type: Annotated[str, Meta(pattern="^(regional|cross-region|single-site)$")]
    bucket_crn: str
    object_name: str


StorageOption = S3Option | CloudObjectStorageOption


class Storage(Struct, kw_only=True, omit_defaults=True):
    """Where a job's input is read, and its results and log are written."""

    input: StorageOption
    results: StorageOption
    logs: StorageOption | None = None


class JobRequest(Struct, kw_only=True):
    """``POST /v1/jobs``. The client chooses ``id``, unique among the jobs that the server stores.

    ``timeout_secs`` bounds the time that the device is dedicated to the job, not the wall clock.
    """

    id: ShortText
    backend: ShortText
    program_id: ShortText
    timeout_secs: Annotated[int, Meta(ge=1)]
    storage: Storage
    log_level: LogLevel = LogLevel.WARNING


class JobStatusWord(str, Enum):
    """The four words of ``JobDocument.status``. An accepted job is Running, even while it waits."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    FAILED = "Failed"


class StorageOptionEcho(Struct, kw_only=True, omit_defaults=True):
    """A storage option as a server repeats it: any member may be missing."""

    type: str | None = None
    presigned_url: str | None = None
    region: str | None = None
    region_type: str | None = None
    bucket_crn: str | None = None
    object_name: str | None = None

    def __repr__(self) -> str:
        return f"StorageOptionEcho(type={self.type!r}, ...)"


class StorageEcho(Struct, kw_only=True, omit_defaults=True):
    """The storage of a job as a server repeats it."""

    input: StorageOptionEcho | None = None
    results: StorageOptionEcho | None = None
    logs: StorageOptionEcho | None = None


class Usage(Struct, kw_only=True, omit_defaults=True):
    """What a job cost: time that the device was dedicated to it, in nanoseconds."""

    quantum_nanoseconds: int | None = None


class JobDocument(Struct, kw_only=True, omit_defaults=True):
    """A job in ``GET /v1/jobs/{id}`` and in the list. Times are ISO 8601 in UTC.

    ``status`` stays text here, so that a word that this release does not know does no harm.
    """

    id: str
    backend: str
    program_id: str
    status: str
    created_time: str | None = None
    end_time: str | None = None
    timeout_secs: int | None = None
    log_level: str | None = None
    storage: StorageEcho | None = None
    usage: Usage | UnsetType | None = UNSET
    reason_code: int | str | None = None
    reason_message: str | None = None
    reason_solution: str | None = None


class JobList(Struct, kw_only=True):
    """``GET /v1/jobs``: the caller's jobs, oldest first."""

    jobs: list[JobDocument]
