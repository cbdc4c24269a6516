"""Answers that the server never gave: made up ones, and damaged ones (pure)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.testing.faults import Fault, FaultSettings

if TYPE_CHECKING:
    from qiskit_direct_provider.testing.messages import Answer

__all__ = ["INTERIM_ANSWER", "cut_off", "damaged", "half_headers", "made_up"]

INTERIM_ANSWER = b"HTTP/1.1 100 Continue\r\n\r\n"

_NO_CONTENT = 204
_JSON, _HTML = "application/json", "text/html; charset=utf-8"
_REASONS = {520: "Web Server Returned an Unknown Error"}
_REWRITTEN = {b"content-length", b"transfer-encoding", b"content-type", b"content-encoding"}
_SOMETHING = b'{"status": "something that is not said to its end"}'
_FOREIGN = uuid.UUID("7a5c1f0e-6d0c-4a53-9d3b-2f4d5c1b0a99")


def made_up(fault: Fault, method: str, path: str, settings: FaultSettings) -> bytes | None:
    """The answer that a fault makes up without asking the server; None for faults that make up none."""
    later = {} if settings.retry_after is None else {"Retry-After": settings.retry_after}
    end = {"Connection": "close"}
    makers: dict[Fault, Callable[[], bytes]] = {
        Fault.SERVER_ERROR: lambda: _failure(settings.server_error_status, "", "an unexpected error"),
        Fault.UNAVAILABLE: lambda: _page(503, later),
        Fault.RATE_LIMITED: lambda: _failure(429, "1202", "too many requests in this interval", later),
        Fault.REQUEST_TIMEOUT: lambda: _failure(408, "", "the request took too long", end),
        Fault.TOO_LARGE: lambda: _page(413, end),
        Fault.UNAUTHORIZED: lambda: _failure(401, "1201", "the token was revoked"),
        Fault.REDIRECT: lambda: _page(302, {"Location": f"{settings.redirect_to}/redirected{path}"}),
        Fault.HTML_PAGE: lambda: _page(200),
        Fault.GATEWAY_AFTER: lambda: _page(502),
        Fault.UNKNOWN_ERROR: lambda: _page(520),
    }
    if fault not in makers:
        return None
    message = makers[fault]()
    return message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == "HEAD" else message


def damaged(fault: Fault, answer: Answer) -> bytes | None:
    """What a fault makes of the server's answer; None for faults that leave it as it is."""
    body = answer.body or _SOMETHING
    if fault is Fault.TRUNCATED_JSON:
        return _with_body(answer, body[: len(body) // 2])
    if fault is Fault.WRONG_SHAPE:
        return _with_body(answer, b'["unexpected", {"jobs": 17, "id": null}]')
    if fault is Fault.WRONG_ID:
        return _with_body(answer, _with_other_ids(answer.body))
    return None


def cut_off(answer: Answer) -> bytes:
    """An answer that ends in the middle of its body, against what its head announces."""
    body = answer.body or _SOMETHING
    return _with_body(answer, body)[: -((len(body) + 1) // 2)]


def half_headers(answer: Answer) -> bytes:
    """An answer that ends within its headers, after the first line."""
    raw = answer.head.raw
    return raw[: max(len(raw) // 2, raw.index(b"\r\n") + 2)]


def _message(status: int, kind: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    reason = _REASONS.get(status) or HTTPStatus(status).phrase
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _page(status: int, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """A page as gateways send it."""
    title = f"{status} {_REASONS.get(status) or HTTPStatus(status).phrase}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n"
    return _message(status, _HTML, page.encode(), headers)


def _failure(
    status: int, code: str, message: str, headers: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """An error document as the API sends it."""
    document = {
        "status_code": status,
        "title": HTTPStatus(status).phrase,
        "trace": str(_FOREIGN),
        "correlation_id": "fault0proxy0fault0pr",
        "errors": [{"code": code, "message": message, "more_info": "made up by the fault proxy"}],
    }
    return _message(status, _JSON, json.dumps(document).encode(), headers)


def _with_body(answer: Answer, body: bytes) -> bytes:
    """The same answer with another body, as JSON, and with a length that fits it."""
    first, *lines = answer.head.raw.rstrip(b"\r\n").split(b"\r\n")
    if answer.head.status == _NO_CONTENT:  # which cannot have a body
        first = b"HTTP/1.1 200 OK"
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in _REWRITTEN]
    own = [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([first, *kept, *own, b"", body])


def _with_other_ids(body: bytes) -> bytes:
    """JSON in which every job has another id."""
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    jobs = document.get("jobs") if isinstance(document, dict) else None
    for job in jobs if isinstance(jobs, list) else []:
        _rename(job)
    if jobs is None:
        document = document if isinstance(document, dict) else {}
        _rename(document)
    return json.dumps(document).encode()


def _rename(job: Any) -> None:
    if isinstance(job, dict):
        job["id"] = str(uuid.uuid5(_FOREIGN, str(job.get("id"))))
