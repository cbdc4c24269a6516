"""Every kind of fault does what its description says, and the log tells the truth about it."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

from qiskit_direct_provider.testing import ALL_FAULTS, Fault, FaultProxy, FaultSettings

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGURATION = "/v1/backends/fake_nairobi/configuration"


def without_date(answer: bytes) -> bytes:
    """An answer as it would be at any other time."""
    lines = answer.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.lower().startswith((b"date:", b"x-request-id:")))


def split(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split(" ")[1]), headers, body


@pytest.fixture
def ask(fault_proxy: FaultProxy, wire: Callable[..., Any], tenant: Any) -> Callable[..., tuple[bytes, str]]:
    """The bytes that a GET brings, and how the connection ends, under one fault."""

    def get(fault: Fault, path: str = CONFIGURATION, **settings: Any) -> tuple[bytes, str]:
        fault_proxy.script(("GET", path), fault, settings=FaultSettings(**settings))
        connection = wire(fault_proxy)
        connection.send("GET", path, tenant.headers)
        answer: tuple[bytes, str] = connection.read()
        return answer

    return get


@pytest.fixture
def plain(ask: Callable[..., tuple[bytes, str]]) -> bytes:
    """The configuration's answer without a fault."""
    return without_date(ask(Fault.PASS)[0])


def test_there_are_24_kinds() -> None:
    assert len(ALL_FAULTS) == 24
    assert sum(fault.reaches_upstream for fault in ALL_FAULTS) == 13
    assert Fault.PASS.reaches_upstream


@pytest.mark.parametrize("fault", [Fault.PASS, *ALL_FAULTS], ids=lambda fault: fault.name)
def test_the_log_tells_whether_the_server_got_it(
    fault_proxy: FaultProxy, wire: Callable[..., Any], tenant: Any, fault: Fault
) -> None:
    """A job is stored exactly if the fault says so, and the next request passes."""
    job_id, body = tenant.job()
    fault_proxy.script(("POST", "/v1/jobs"), fault)
    connection = wire(fault_proxy)
    connection.send("POST", "/v1/jobs?secret=1", {**tenant.headers, "Content-Type": "application/json"}, body)
    connection.read(quiet_s=0.05)

    assert tenant.stored() == ([job_id] if fault.reaches_upstream else [])
    (exchange,) = fault_proxy.exchanges
    assert (exchange.number, exchange.method, exchange.path) == (1, "POST", "/v1/jobs")
    assert (exchange.fault, exchange.reached_upstream) == (fault, fault.reaches_upstream)
    assert exchange.upstream_status == (204 if fault.reaches_upstream else None)
    assert exchange.headers == {}

    answer = requests.get(f"{fault_proxy.url}/v1/jobs", headers=tenant.headers, timeout=5)
    assert [job["id"] for job in answer.json()["jobs"]] == tenant.stored()


@pytest.mark.parametrize(
    ("fault", "status", "kind", "ending"),
    [
        (Fault.SERVER_ERROR, 500, "application/json", "open"),
        (Fault.UNAVAILABLE, 503, "text/html; charset=utf-8", "open"),
        (Fault.RATE_LIMITED, 429, "application/json", "open"),
        (Fault.REQUEST_TIMEOUT, 408, "application/json", "closed"),
        (Fault.TOO_LARGE, 413, "text/html; charset=utf-8", "closed"),
        (Fault.UNAUTHORIZED, 401, "application/json", "open"),
        (Fault.REDIRECT, 302, "text/html; charset=utf-8", "open"),
        (Fault.HTML_PAGE, 200, "text/html; charset=utf-8", "open"),
        (Fault.GATEWAY_AFTER, 502, "text/html; charset=utf-8", "open"),
        (Fault.UNKNOWN_ERROR, 520, "text/html; charset=utf-8", "open"),
    ],
)
def test_answers_that_are_made_up(
    ask: Callable[..., tuple[bytes, str]], fault: Fault, status: int, kind: str, ending: str
) -> None:
    answer, ended = ask(fault)
    found, headers, body = split(answer)
    assert (found, headers["content-type"], ended) == (status, kind, ending)
    assert headers["content-length"] == str(len(body))
    if kind == "application/json":
        assert json.loads(body)["status_code"] == status
    else:
        assert body.startswith(b"<html>")


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RATE_LIMITED])
@pytest.mark.parametrize("retry_after", ["0", "120", "Fri, 31 Dec 2027 23:59:59 GMT", None])
def test_retry_after_is_as_told(
    ask: Callable[..., tuple[bytes, str]], fault: Fault, retry_after: str | None
) -> None:
    _, headers, _ = split(ask(fault, retry_after=retry_after)[0])
    assert headers.get("retry-after") == retry_after


def test_server_errors_can_have_another_status(ask: Callable[..., tuple[bytes, str]]) -> None:
    assert split(ask(Fault.SERVER_ERROR, server_error_status=504)[0])[0] == 504


def test_a_redirect_leads_to_another_origin_where_followers_are_seen(
    fault_proxy: FaultProxy, tenant: Any
) -> None:
    """The other origin is the proxy by another name, so its log shows who follows, and with what."""
    fault_proxy.script(None, Fault.REDIRECT)
    answer = requests.get(fault_proxy.url + CONFIGURATION, headers=tenant.headers, timeout=5)
    assert answer.status_code == 404
    assert answer.url == fault_proxy.url.replace("127.0.0.1", "localhost") + "/redirected" + CONFIGURATION
    assert [exchange.path for exchange in fault_proxy.exchanges] == [
        CONFIGURATION,
        "/redirected" + CONFIGURATION,
    ]


def test_a_redirect_leads_where_it_is_told_to(ask: Callable[..., tuple[bytes, str]]) -> None:
    _, headers, _ = split(ask(Fault.REDIRECT, redirect_to="https://elsewhere.example")[0])
    assert headers["location"] == "https://elsewhere.example/redirected" + CONFIGURATION


@pytest.mark.parametrize(
    ("fault", "ending"),
    [(Fault.DOWN, "closed"), (Fault.RESET_BEFORE, "reset"), (Fault.RESET_AFTER, "reset")],
)
def test_connections_that_end_without_an_answer(
    ask: Callable[..., tuple[bytes, str]], fault: Fault, ending: str
) -> None:
    assert ask(fault) == (b"", ending)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_silence_lasts_as_long_as_told(ask: Callable[..., tuple[bytes, str]], fault: Fault) -> None:
    started = time.monotonic()
    assert ask(fault, silence_s=0.4) == (b"", "closed")
    assert 0.39 <= time.monotonic() - started < 4


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER])
def test_silence_ends_when_the_client_gives_up(fault_proxy: FaultProxy, tenant: Any, fault: Fault) -> None:
    fault_proxy.script(None, fault, settings=FaultSettings(silence_s=60))
    with pytest.raises(requests.ReadTimeout):
        requests.get(fault_proxy.url + CONFIGURATION, headers=tenant.headers, timeout=0.2)
    give_up = time.monotonic() + 5
    while fault_proxy._server._tasks:
        assert time.monotonic() < give_up, "the connection is still served"
        time.sleep(0.01)


def test_silence_goes_on_whatever_is_said(
    fault_proxy: FaultProxy, wire: Callable[..., Any], tenant: Any
) -> None:
    fault_proxy.script(None, Fault.TIMEOUT_BEFORE, settings=FaultSettings(silence_s=0.2))
    connection, started = wire(fault_proxy), time.monotonic()
    for _ in range(2):
        connection.send("GET", CONFIGURATION, tenant.headers)
    # What was not read when the connection ends makes a reset of its end.
    assert connection.read()[0] == b""
    assert time.monotonic() - started >= 0.19
    assert fault_proxy.count() == 1


def test_latency_delays_the_true_answer(ask: Callable[..., tuple[bytes, str]], plain: bytes) -> None:
    started = time.monotonic()
    answer, ending = ask(Fault.LATENCY, latency_s=0.4)
    assert time.monotonic() - started >= 0.39
    assert (without_date(answer), ending) == (plain, "open")


def test_slow_drip_sends_the_true_answer_in_pieces(
    fault_proxy: FaultProxy, wire: Callable[..., Any], tenant: Any, plain: bytes
) -> None:
    fault_proxy.script(None, Fault.SLOW_DRIP, settings=FaultSettings(drip_pieces=10, drip_pause_s=0.02))
    connection = wire(fault_proxy)
    connection.send("GET", CONFIGURATION, tenant.headers)
    pieces = []
    while without_date(b"".join(pieces)) != plain:
        pieces.append(connection.socket.recv(1 << 20))
        assert pieces[-1], "the end came before all of the answer"
    assert len(pieces) >= 8  # a busy machine may join some


def test_cut_body_ends_in_the_middle(ask: Callable[..., tuple[bytes, str]], plain: bytes) -> None:
    answer, ending = ask(Fault.CUT_BODY)
    status, headers, body = split(answer)
    whole = split(plain)[2]
    assert (status, ending) == (200, "closed")
    assert int(headers["content-length"]) == len(whole)
    assert body == whole[: len(whole) // 2]


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.CUT_BODY, Fault.HALF_HEADERS])
def test_a_connection_that_breaks_off_can_stall_first(
    ask: Callable[..., tuple[bytes, str]], fault: Fault
) -> None:
    started = time.monotonic()
    assert ask(fault, close_delay_s=0.05)[1] == "closed"
    assert time.monotonic() - started >= 0.05


def test_half_headers_end_within_the_headers(ask: Callable[..., tuple[bytes, str]], plain: bytes) -> None:
    answer, ending = ask(Fault.HALF_HEADERS)
    head = plain.partition(b"\r\n\r\n")[0]
    assert ending == "closed"
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in answer
    assert len(answer) < len(head)


def test_interim_answers_precede_the_true_one(ask: Callable[..., tuple[bytes, str]], plain: bytes) -> None:
    answer, ending = ask(Fault.INTERIM, interim_answers=3)
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 3
    assert answer.startswith(interim)
    assert (without_date(answer[len(interim) :]), ending) == (plain, "open")


def test_truncated_json_is_a_complete_message(ask: Callable[..., tuple[bytes, str]], plain: bytes) -> None:
    answer, ending = ask(Fault.TRUNCATED_JSON)
    status, headers, body = split(answer)
    whole = split(plain)[2]
    assert (status, ending, body) == (200, "open", whole[: len(whole) // 2])
    assert headers["content-length"] == str(len(body))
    with pytest.raises(ValueError, match="Expecting|Unterminated|Extra"):
        json.loads(body)


def test_wrong_shape_is_json_that_nobody_expects(ask: Callable[..., tuple[bytes, str]]) -> None:
    answer, ending = ask(Fault.WRONG_SHAPE)
    status, headers, body = split(answer)
    assert (status, headers["content-type"], ending) == (200, "application/json", "open")
    assert isinstance(json.loads(body), list)


def test_a_duplicate_reply_has_no_request(ask: Callable[..., tuple[bytes, str]], plain: bytes) -> None:
    answer, ending = ask(Fault.DUPLICATE_REPLY)
    assert (without_date(answer), ending) == (plain * 2, "open")


def test_wrong_ids_replace_those_of_jobs(
    fault_proxy: FaultProxy, tenant: Any, ask: Callable[..., tuple[bytes, str]]
) -> None:
    job_id, body = tenant.job()
    created = requests.post(f"{fault_proxy.url}/v1/jobs", body, headers=tenant.headers, timeout=5)
    assert created.status_code == 204
    one = json.loads(split(ask(Fault.WRONG_ID, f"/v1/jobs/{job_id}")[0])[2])
    (listed,) = json.loads(split(ask(Fault.WRONG_ID, "/v1/jobs")[0])[2])["jobs"]
    assert one["id"] == listed["id"] != job_id
    assert uuid.UUID(one["id"])
    assert one["backend"] == "fake_nairobi"


def test_what_is_no_job_has_no_id_to_replace(parrot: Callable[..., Any]) -> None:
    body = b'{"jobs": [1, {"id": "a"}, null]}'
    server = parrot(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    with FaultProxy(server.url) as proxy:
        proxy.script(None, Fault.WRONG_ID)
        first, job, last = requests.get(proxy.url, timeout=5).json()["jobs"]
    assert (first, last) == (1, None)
    assert job["id"] != "a"
    assert uuid.UUID(job["id"])


@pytest.mark.parametrize("fault", [Fault.TRUNCATED_JSON, Fault.WRONG_SHAPE, Fault.WRONG_ID, Fault.CUT_BODY])
def test_an_answer_without_a_body_gets_one(fault_proxy: FaultProxy, tenant: Any, fault: Fault) -> None:
    """A 204 to the POST of a job cannot be damaged in its body, so it becomes a 200 that has one."""
    fault_proxy.script(None, fault)
    _, body = tenant.job()
    with requests.post(
        f"{fault_proxy.url}/v1/jobs", body, headers=tenant.headers, timeout=5, stream=True
    ) as answer:
        assert answer.status_code == 200
        assert int(answer.headers["Content-Length"]) > 0
        if fault is Fault.CUT_BODY:
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                _ = answer.content
        elif fault is Fault.WRONG_ID:
            assert uuid.UUID(answer.json()["id"])
        else:
            assert answer.content


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.name)
def test_an_answer_to_head_never_has_a_body(
    fault_proxy: FaultProxy, wire: Callable[..., Any], fault: Fault
) -> None:
    fault_proxy.script(("HEAD", "/"), fault)
    connection = wire(fault_proxy)
    connection.send("HEAD", "/v1/version")
    answer, _ = connection.read(quiet_s=0.05)
    heads = answer.split(b"\r\n\r\n")
    assert all(head.startswith(b"HTTP/1.1 ") or not head for head in heads)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.DOWN, requests.ConnectionError),
        (Fault.RESET_BEFORE, requests.ConnectionError),
        (Fault.RESET_AFTER, requests.ConnectionError),
        (Fault.TIMEOUT_BEFORE, requests.ConnectionError),
        (Fault.TIMEOUT_AFTER, requests.ConnectionError),
        (Fault.CUT_BODY, requests.exceptions.ChunkedEncodingError),
        (Fault.TRUNCATED_JSON, requests.exceptions.JSONDecodeError),
        (Fault.HTML_PAGE, requests.exceptions.JSONDecodeError),
        (Fault.LATENCY, None),
        (Fault.SLOW_DRIP, None),
        (Fault.INTERIM, None),
        (Fault.DUPLICATE_REPLY, None),
        (Fault.WRONG_SHAPE, None),
        (Fault.WRONG_ID, None),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_requests_makes_of_it(
    fault_proxy: FaultProxy, tenant: Any, fault: Fault, error: type[Exception] | None
) -> None:
    """And the session that met the fault goes on with the next request."""
    fault_proxy.script(None, fault)
    with requests.Session() as session:

        def get() -> Any:
            return session.get(fault_proxy.url + CONFIGURATION, headers=tenant.headers, timeout=5).json()

        if error is None:
            get()
        else:
            with pytest.raises(error):
                get()
        assert get()["backend_name"] == "fake_nairobi"
