"""Exactly-once submission, to servers that let the client name its jobs, and to those that name them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.retrying import ATTEMPTS

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.clients.interface import JobRecord, Submission

__all__ = ["ORPHAN_PATIENCE_S", "post_once", "post_searched"]

FIRST_PAUSE_S = 0.25
SETTLING_S = 0.5
ORPHAN_PATIENCE_S = 2.0  # nobody heard how long the server took for the request of a sender that died
_CONFLICT = 409
_TOO_LATE = 408
_FIRST_FAULT = 500
_UNAVAILABLE = 503


def post_once(
    submission: Submission,
    input_name: str,
    post: Callable[[], None],
    find: Callable[[], JobRecord],
    deadline: Deadline,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send a job until it is known that it arrived, or that it did not.

    When the fate of a request is unknown (no answer, a gateway's answer), the server is asked for the id
    before anything is sent again and before a refusal is believed: a 429 may be caused by the very job
    whose acceptance was lost.

    Args:
        submission: The job.
        input_name: Name of the stored input, by which the job is known to be ours.
        post: Sends the job, once.
        find: Asks the server for the job of that id.
        deadline: When to give up.
        sleep: Waits between attempts.

    Raises:
        DuplicateJobError: The id belongs to a job that is not this one.
        DirectError: The refusal; or, with ``job_id`` set, the reason why it is not known what became of
            the job.
    """
    unsure = False
    for attempt in range(ATTEMPTS):
        try:
            post()
        except errors.DirectError as error:
            failure = error
        else:
            return
        unsure = unsure or isinstance(failure, errors.ApiError)
        if unsure or failure.status == _CONFLICT:
            if _arrived(submission, input_name, find, failure):
                return
            unsure = False  # the server answered: it does not have the job
        _pause_or_give_up(failure, attempt, deadline, sleep)
    raise AssertionError


def post_searched(
    submission: Submission,
    post: Callable[[], str],
    find: Callable[[], str | None],
    deadline: Deadline,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Send a job, until it is known that it arrived or that it did not, where the server names the jobs.

    Sending such a job twice makes two of it. So it is sent again only when it cannot have arrived (there
    was no connection, or the server asks for patience with 429, or with 503 and Retry-After), or when a
    search for the tag that it carries, once for each doubt, finds nothing.

    Args:
        submission: The job.
        post: Sends the job, once; the server's id.
        find: Searches for the job; the server's id, or None.
        deadline: When to give up.
        sleep: Waits between attempts, and before a search after silence: the server may still be at it.

    Raises:
        DirectError: The refusal; or, with ``job_id`` set, the reason why it is not known what became of
            the job.
    """
    for attempt in range(ATTEMPTS):
        try:
            return post()
        except errors.DirectError as error:
            failure = error
        if _in_doubt(failure):
            if isinstance(failure, errors.TransportError):
                sleep(min(SETTLING_S, deadline.remaining()))
            try:
                found = find()
            except errors.DirectError as silence:
                raise _unknown(submission, failure, silence) from failure
            if found is not None:
                return found
        _pause_or_give_up(failure, attempt, deadline, sleep)
    raise AssertionError


def _in_doubt(failure: errors.DirectError) -> bool:
    """Whether a request that ended so may have been accepted."""
    if failure.unsent:
        return False
    if failure.status is None or isinstance(failure, errors.ProtocolError):
        return True
    asked_to_wait = failure.status == _UNAVAILABLE and failure.retry_after_s is not None
    return failure.status == _TOO_LATE or (failure.status >= _FIRST_FAULT and not asked_to_wait)


def _pause_or_give_up(
    failure: errors.DirectError, attempt: int, deadline: Deadline, sleep: Callable[[float], None]
) -> None:
    """Wait until the next attempt; raise the failure when there shall be none."""
    pause = max(random.uniform(0, FIRST_PAUSE_S * 2**attempt), failure.retry_after_s or 0.0)  # noqa: S311 - jitter
    if not failure.retryable or attempt + 1 == ATTEMPTS or pause >= deadline.remaining():
        raise failure
    sleep(pause)


def _unknown(
    submission: Submission, failure: errors.DirectError, silence: errors.DirectError
) -> errors.TransportError:
    return errors.TransportError(
        f"it is not known whether job {submission.job_id} was accepted: {failure}; and then: {silence}. "
        f"provider.retrieve_job({submission.job_id!r}) finds out, and sends it if it was not",
        retryable=True,
        job_id=submission.job_id,
    )


def _arrived(
    submission: Submission, input_name: str, find: Callable[[], JobRecord], failure: errors.DirectError
) -> bool:
    """Whether the server holds this very job."""
    try:
        record = find()
    except errors.JobNotFoundError:
        return False
    except errors.DirectError as silence:
        raise _unknown(submission, failure, silence) from failure
    ours = (submission.backend_name, submission.program_id, input_name)
    found = (record.backend_name, record.program_id, record.input_name or input_name)
    if found != ours:
        raise errors.DuplicateJobError(
            f"the id {submission.job_id} belongs to another job: choose another one", status=409, code="1231"
        )
    return True
