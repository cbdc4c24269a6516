"""Every exception of this package, as one tree.

::

    DirectError                    (also qiskit's QiskitError)
    ├── AccountError               no account, or one that cannot work
    ├── AuthenticationError        HTTP 401, or the token endpoint refused the key
    ├── AuthorizationError         HTTP 403
    ├── BackendNotFoundError       (also QiskitBackendNotFoundError) none, or more than one
    ├── BackendReservedError       HTTP 423, code 1233
    ├── LanesFullError             HTTP 429, code 1232
    ├── RateLimitError             any other HTTP 429
    ├── InvalidCircuitError        (also ValueError) a circuit that the device cannot run
    ├── InvalidInputError          (also ValueError) any other argument or request that is refused
    ├── ApiError                   any other answer that is a failure
    │   ├── ProtocolError          an answer that breaks the API's own rules
    │   └── TransportError         no answer: refused, reset, timed out, unknown host
    ├── StorageError               the object store refused, or did not answer
    ├── UnsupportedError           what this device or this API cannot do
    └── DirectJobError             (also JobError)
        ├── JobNotFoundError       HTTP 404, code 1291
        ├── JobFailedError         the job ran into an error
        ├── JobCancelledError      the job was cancelled
        ├── JobInvalidStateError   HTTP 409: not cancellable, not deletable yet
        ├── DuplicateJobError      HTTP 409, code 1231: the id belongs to another job
        └── JobTimeoutError        (also JobTimeoutError and TimeoutError) a wait ended before the job

An outage is a `TransportError` or a `StorageError`, never an empty answer.
"""

from __future__ import annotations

from qiskit.exceptions import QiskitError
from qiskit.providers.exceptions import (
    JobError,
    QiskitBackendNotFoundError,
)
from qiskit.providers.exceptions import (
    JobTimeoutError as QiskitJobTimeoutError,
)

__all__ = [
    "AccountError",
    "ApiError",
    "AuthenticationError",
    "AuthorizationError",
    "BackendNotFoundError",
    "BackendReservedError",
    "DirectError",
    "DirectJobError",
    "DuplicateJobError",
    "InvalidCircuitError",
    "InvalidInputError",
    "JobCancelledError",
    "JobFailedError",
    "JobInvalidStateError",
    "JobNotFoundError",
    "JobTimeoutError",
    "LanesFullError",
    "ProtocolError",
    "RateLimitError",
    "StorageError",
    "TransportError",
    "UnsupportedError",
]


class DirectError(QiskitError):
    """The root of the tree.

    Attributes:
        message: What was tried, what came back, what to do.
        status: HTTP status of the answer; None when there was none.
        code: The server's own error or reason code, as text.
        solution: The server's own advice.
        trace: Identifier under which the operators of the server find this request.
        retryable: True when the same call may succeed later without any change.
        retry_after_s: Seconds that the server asked to wait; None when it did not say.
        job_id: The job of which it is not known whether the server accepted it; None in all other cases.
        unsent: True when it is certain that the request never left this machine.
    """

    unsent: bool = False

    def __init__(  # noqa: PLR0913 - a message, and what came with it, by name
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str | None = None,
        solution: str | None = None,
        trace: str | None = None,
        retryable: bool = False,
        retry_after_s: float | None = None,
        job_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.solution = solution
        self.trace = trace
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.job_id = job_id

    def __str__(self) -> str:
        return str(self.message)


class AccountError(DirectError):
    """There is no account, or the one that there is cannot work."""


class AuthenticationError(DirectError):
    """The key or the token is not accepted (HTTP 401, or the token endpoint's own refusal)."""


class AuthorizationError(DirectError):
    """The account is known but may not do this (HTTP 403)."""


class BackendNotFoundError(DirectError, QiskitBackendNotFoundError):
    """No backend fits, or more than one."""


class BackendReservedError(DirectError):
    """The backend is reserved for somebody else just now (HTTP 423, code 1233)."""


class LanesFullError(DirectError):
    """All execution lanes of the backend hold a job (HTTP 429, code 1232)."""


class RateLimitError(DirectError):
    """Too many requests (HTTP 429 that does not speak of lanes)."""


class InvalidCircuitError(DirectError, ValueError):
    """A circuit that the device cannot run as it is."""


class InvalidInputError(DirectError, ValueError):
    """An argument or a request that is refused."""


class ApiError(DirectError):
    """An answer that is a failure and has no class of its own."""


class ProtocolError(ApiError):
    """An answer that breaks the API's rules: not JSON, a page of a proxy, a missing field."""


class TransportError(ApiError):
    """No answer: connection refused or reset, time out, unknown host, broken TLS."""


class StorageError(DirectError):
    """The object store refused, or did not answer."""


class UnsupportedError(DirectError):
    """What this device or this API cannot do."""


class DirectJobError(DirectError, JobError):
    """A job, or what was asked of it, failed."""


class JobNotFoundError(DirectJobError):
    """The server does not know the job (HTTP 404, code 1291)."""


class JobFailedError(DirectJobError):
    """The job ended with an error."""


class JobCancelledError(DirectJobError):
    """The job was cancelled."""


class JobInvalidStateError(DirectJobError):
    """The job's state does not allow this (HTTP 409, codes 1306 and 1337)."""


class DuplicateJobError(DirectJobError):
    """The job id belongs to another job already (HTTP 409, code 1231)."""


class JobTimeoutError(DirectJobError, QiskitJobTimeoutError, TimeoutError):
    """The wait ended before the job; the job goes on."""
