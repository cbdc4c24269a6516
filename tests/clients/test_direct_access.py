"""Answers of other servers of this API, read liberally."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import msgspec
import pytest
from qiskit.providers.jobstatus import JobStatus

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients._http import Answer, Request
from qiskit_direct_provider.clients.paths import path_of
from qiskit_direct_provider.clients.records import job_record as _record
from qiskit_direct_provider.clients.refusals import error_for
from qiskit_direct_provider.wire.dates import moment as _time
from qiskit_direct_provider.wire.direct_access import JobDocument

BASE = {"id": "j", "backend": "b", "program_id": "sampler", "status": "Running"}


def document(**members: object) -> JobDocument:
    return msgspec.json.decode(msgspec.json.encode({**BASE, **members}), type=JobDocument)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-11-04T20:47:34.46209Z", datetime(2024, 11, 4, 20, 47, 34, 462090, timezone.utc)),
        ("2024-11-04T20:47:34Z", datetime(2024, 11, 4, 20, 47, 34, 0, timezone.utc)),
        ("2024-11-04T20:47:34.123456789+00:00", datetime(2024, 11, 4, 20, 47, 34, 123456, timezone.utc)),
        ("2024-11-04T15:47:34-05:00", datetime(2024, 11, 4, 20, 47, 34, 0, timezone.utc)),
        ("2024-11-04T20:47:34", datetime(2024, 11, 4, 20, 47, 34, 0, timezone.utc)),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times(text: str | None, expected: datetime | None) -> None:
    assert _time(text) == expected


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Running", JobStatus.RUNNING),
        ("Completed", JobStatus.DONE),
        ("Cancelled", JobStatus.CANCELLED),
        ("Failed", JobStatus.ERROR),
        ("completed", JobStatus.DONE),
        ("Canceled", JobStatus.CANCELLED),
        ("Cancelled - Ran too long", JobStatus.CANCELLED),
        ("Paused", JobStatus.RUNNING),
        ("", JobStatus.RUNNING),
    ],
)
def test_states(word: str, status: JobStatus) -> None:
    assert _record(document(status=word)).status is status


@pytest.mark.parametrize(("usage", "expected"), [(None, None), ({}, None), ({"quantum_nanoseconds": 5}, 5)])
def test_usage_may_be_absent_or_empty(usage: object, expected: int | None) -> None:
    assert _record(document(usage=usage)).quantum_ns == expected
    assert _record(document()).quantum_ns is None


def test_reasons() -> None:
    assert _record(document()).reason is None
    full = _record(document(reason_code=1517, reason_message="not ISA", reason_solution="transpile")).reason
    assert str(full) == "not ISA [code 1517] (transpile)"
    assert str(_record(document(reason_code="9999")).reason) == "the server gave no reason [code 9999]"


def test_presigned_urls_are_not_shown() -> None:
    url = "https://store.example/bucket/input_j_0.json?X-Amz-Signature=canary"
    record = _record(
        document(storage={"input": {"type": "s3_compatible", "presigned_url": url}, "results": {}})
    )
    assert record.input_name == "input_j_0.json"
    assert "canary" not in repr(record)
    assert "canary" not in repr(document(storage={"input": {"presigned_url": url}}))
    cloud = {"input": {"type": "ibmcloud_cos", "region": "us-south", "object_name": "x"}}
    assert _record(document(storage=cloud)).input_name is None


def test_an_address_of_an_input_that_is_none_names_no_input() -> None:
    assert _record(document(storage={"input": {"presigned_url": "https://[store"}})).input_name is None


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", None])
def test_a_name_that_no_path_can_have(name: str) -> None:
    with pytest.raises(errors.InvalidInputError, match="cannot be a name in /v1/jobs"):
        path_of("/v1/jobs", name)


def test_an_acceptance_without_content_says_so() -> None:
    """What has neither content nor a length may be half an answer, and is asked for again."""
    request = Request("POST", "/v1/jobs")
    Answer(request, 204, {}, b"").accepted()
    Answer(request, 202, {"Content-Length": "0"}, b"").accepted()
    with pytest.raises(errors.ProtocolError, match="neither content nor a length") as caught:
        Answer(request, 202, {}, b"").accepted()
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("-7", 0.0),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", pytest.approx(2.5e11, rel=0.1)),
        ("01 Jan 2001 00:00:00", None),
        ("soon", None),
        ("inf", None),
        ("", None),
    ],
)
def test_how_long_a_server_asks_to_wait(header: str, seconds: float | None) -> None:
    answer = Answer(Request("GET", "/v1/jobs"), 503, {"Retry-After": header}, b"")
    assert error_for(answer, "host").retry_after_s == seconds


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "backend: fake_nairobi is not available.", errors.BackendNotFoundError),
        (404, "Backend fake_nairobi not found.", errors.BackendNotFoundError),
        (409, "Job with duplicate id already exists. Job ID: X", errors.DuplicateJobError),
        (
            429,
            "The maximum number of execution lanes for backend X has been reached.",
            errors.LanesFullError,
        ),
        (404, "Job not found. Job ID: X.", errors.JobNotFoundError),
        (400, "Field required", errors.InvalidInputError),
        (429, "Too many requests", errors.RateLimitError),
        (404, "Not Found", errors.ApiError),
        (409, "Usage limit of the instance has been reached.", errors.ApiError),
        (409, "Your quota is used up", errors.ApiError),
        (409, "No", errors.JobInvalidStateError),
    ],
)
@pytest.mark.parametrize("form", ["detail", "items"])
def test_a_refusal_without_a_code_is_known_by_its_words(
    status: int, text: str, kind: type[errors.DirectError], form: str
) -> None:
    body = {"detail": text} if form == "detail" else {"errors": [{"code": "", "message": text}]}
    answer = Answer(Request("POST", "/v1/jobs"), status, {}, json.dumps(body).encode())
    assert type(error_for(answer, "host")) is kind


def test_all_names_of_a_refused_request_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    body = json.dumps({"trace": "t1", "correlation_id": "c1", "errors": [{"code": "1291", "message": "No"}]})
    answer = Answer(Request("GET", "/v1/jobs/x"), 404, {"uber-trace-id": "u1"}, body.encode())
    assert error_for(answer, "host").trace == "t1"
    (told,) = caplog.messages
    assert told == "GET /v1/jobs/x at host was refused: trace 't1', correlation_id 'c1', uber-trace-id 'u1'"
