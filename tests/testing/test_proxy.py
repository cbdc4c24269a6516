"""What passes, passes unchanged; connections are kept; everything ends."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.exceptions import ClientError
from connecting import free_port
from service_client import s3_client

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.testing import Fault, FaultProxy, iam

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit_direct_provider.service.process import LocalService

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd:  kept \r\n\r\nok"


def connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /a?b=c HTTP/1.1\r\nhost: x\r\nX-Twice: 1\r\nX-Twice:  2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nbodyEND",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: 1\r\n\r\n",
    ],
    ids=["headers", "length", "chunks"],
)
@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n00\r\nTrailer: 1\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 418 I'm a teapot\r\ncontent-length:0\r\n\r\n",
    ],
    ids=["length", "chunks", "none", "empty"],
)
def test_bytes_pass_as_they_are(
    parrot: Callable[..., Any], wire: Callable[..., Any], request_: bytes, answer: bytes
) -> None:
    server = parrot(answer)
    with FaultProxy(server.url) as proxy:
        connection = wire(proxy)
        for _ in range(2):
            connection.socket.sendall(request_)
            assert connection.read(quiet_s=0.05) == (answer, "open")
    assert server.heard == [request_, request_]


def test_an_answer_that_ends_with_its_connection_passes(
    parrot: Callable[..., Any], wire: Callable[..., Any]
) -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\nuntil the end"
    with FaultProxy(parrot(answer, closes=True).url) as proxy:
        connection = wire(proxy)
        connection.send("GET", "/")
        assert connection.read() == (answer, "closed")


def test_an_answer_to_head_passes(parrot: Callable[..., Any], wire: Callable[..., Any]) -> None:
    """It announces a body that does not come."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    with FaultProxy(parrot(answer).url) as proxy:
        connection = wire(proxy)
        for _ in range(2):
            connection.send("HEAD", "/")
            assert connection.read(quiet_s=0.05, limit_s=2) == (answer, "open")


def test_requests_that_come_in_pieces_and_together(
    parrot: Callable[..., Any], wire: Callable[..., Any]
) -> None:
    """Slow clients, and such that send the next request before the answer."""
    server = parrot(OK)
    whole = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\nbodyEND"
    with FaultProxy(server.url) as proxy:
        connection = wire(proxy)
        for byte in whole[:-5]:
            connection.socket.sendall(bytes([byte]))
        connection.socket.sendall(whole[-5:] + whole)
        assert connection.read() == (OK * 2, "open")
    assert server.heard == [whole, whole]


def test_connections_are_kept_on_both_sides(parrot: Callable[..., Any]) -> None:
    """A hundred requests, one connection of the client, one to the server."""
    server = parrot(OK)
    with FaultProxy(server.url) as proxy, closing(connect(proxy.url)) as connection:
        sockets = set()
        for _ in range(100):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"ok"
            sockets.add(connection.sock)
    assert (len(sockets), server.connections) == (1, 1)


def test_a_client_that_wants_to_close_is_let_go(parrot: Callable[..., Any], wire: Callable[..., Any]) -> None:
    with FaultProxy(parrot(OK).url) as proxy:
        connection = wire(proxy)
        connection.send("GET", "/", {"Connection": "close"})
        assert connection.read() == (OK, "closed")


def test_a_continue_is_given_to_those_who_wait_for_it(
    parrot: Callable[..., Any], wire: Callable[..., Any]
) -> None:
    server = parrot(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)
    with FaultProxy(server.url) as proxy:
        connection = wire(proxy)
        connection.socket.sendall(
            b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.read(quiet_s=0.05) == (b"HTTP/1.1 100 Continue\r\n\r\n", "open")
        connection.socket.sendall(b"bodyEND")
        assert connection.read(quiet_s=0.05) == (OK, "open")


def test_signed_requests_to_the_object_store_pass(
    fault_proxy: FaultProxy, direct_service: LocalService
) -> None:
    """Signatures cover the host that the client sees: the proxy's."""
    storage = {**direct_service.storage, "endpoint": fault_proxy.url}
    content = os.urandom(3 << 20)
    with closing(s3_client(storage)) as client:
        client.put_object(Bucket=storage["bucket"], Key="large", Body=content)
        assert client.get_object(Bucket=storage["bucket"], Key="large")["Body"].read() == content
        client.delete_object(Bucket=storage["bucket"], Key="large")
        with pytest.raises(ClientError, match="NoSuchKey"):
            client.get_object(Bucket=storage["bucket"], Key="large")
    assert fault_proxy.count(("PUT", "/")) == 1
    assert {exchange.upstream_status for exchange in fault_proxy.exchanges} == {200, 204, 404}


def test_many_clients_at_once(fault_proxy: FaultProxy) -> None:
    """32 threads, 640 requests: each gets its own answer, and each is noted once."""

    def ask(number: int) -> bool:
        path = f"/v1/backends/none-{number}"
        with closing(connect(fault_proxy.url)) as connection:
            answers = []
            for _ in range(20):
                connection.request("GET", path, headers={"Connection": "keep-alive"})
                answers.append(connection.getresponse().read())
        return len(answers) == 20

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, range(32)))
    assert sorted(exchange.number for exchange in fault_proxy.exchanges) == list(range(1, 641))
    assert all(fault_proxy.count(("GET", f"/v1/backends/none-{n}")) >= 20 for n in range(32))


def test_without_a_server_connections_are_reset(wire: Callable[..., Any]) -> None:
    with FaultProxy(f"http://127.0.0.1:{free_port()}") as proxy:
        connection = wire(proxy)
        connection.send("POST", "/v1/jobs")
        assert connection.read() == (b"", "reset")
        (exchange,) = proxy.exchanges
        assert (exchange.fault, exchange.reached_upstream) == (Fault.PASS, False)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 2", b""])
def test_a_server_that_dies_with_the_request_is_told_from_one_that_never_got_it(
    parrot: Callable[..., Any], wire: Callable[..., Any], answer: bytes
) -> None:
    """And it is never asked a second time."""
    server = parrot(answer, closes=True)
    with FaultProxy(server.url) as proxy:
        connection = wire(proxy)
        connection.send("POST", "/v1/jobs")
        assert connection.read() == (b"", "reset")
        (exchange,) = proxy.exchanges
        assert (exchange.reached_upstream, exchange.upstream_status) == (True, None)
    assert len(server.heard) == 1


def test_connections_that_the_server_has_closed_are_not_used_again(parrot: Callable[..., Any]) -> None:
    server = parrot(OK, closes=True)
    with FaultProxy(server.url) as proxy, requests.Session() as session:
        for _ in range(3):
            assert session.get(proxy.url, timeout=5).text == "ok"
            time.sleep(0.05)
    assert server.connections == 3


def test_what_is_not_http_ends_the_connection(parrot: Callable[..., Any], wire: Callable[..., Any]) -> None:
    server = parrot(OK)
    with FaultProxy(server.url) as proxy:
        connection = wire(proxy)
        connection.socket.sendall(b"nonsense\r\n\r\n")
        assert connection.read() == (b"", "closed")
    assert server.heard == []


def test_headers_are_kept_on_demand(parrot: Callable[..., Any]) -> None:
    """They are not in the repr, which ends up in the output of failed tests."""
    with FaultProxy(parrot(OK).url, keep_headers=True) as proxy:
        requests.get(proxy.url, headers={"Authorization": "Bearer SECRET"}, timeout=5)
        (exchange,) = proxy.exchanges
    assert exchange.headers["authorization"] == "Bearer SECRET"
    assert "SECRET" not in repr(exchange)


def test_down_refuses_everybody_and_comes_back(parrot: Callable[..., Any], wire: Callable[..., Any]) -> None:
    server = parrot(OK)
    with FaultProxy(server.url) as proxy:
        connection = wire(proxy)
        connection.send("GET", "/")
        assert connection.read(quiet_s=0.05) == (OK, "open")
        with proxy.down():
            assert connection.read() == (b"", "reset")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", urlsplit(proxy.url).port or 0))
        assert requests.get(proxy.url, timeout=5).text == "ok"
    assert len(server.heard) == 2


def test_the_log_can_be_emptied_and_counted(parrot: Callable[..., Any]) -> None:
    with FaultProxy(parrot(OK).url) as proxy:
        proxy.script(iam(), Fault.SERVER_ERROR)
        for path in ("/v1/jobs", "/identity/token"):
            requests.get(proxy.url + path, timeout=5)
        assert (proxy.count(), proxy.count(("GET", "/v1/"))) == (2, 1)
        assert proxy.count(fault=Fault.SERVER_ERROR) == proxy.count(iam()) == 1
        proxy.forget()
        assert proxy.exchanges == ()


def test_close_ends_thread_and_connections(parrot: Callable[..., Any], wire: Callable[..., Any]) -> None:
    """Also those that are being served, or are held in silence."""
    before = threading.active_count()
    server = parrot(OK)
    proxy = FaultProxy(server.url).start()
    proxy.script(("GET", "/silent"), Fault.TIMEOUT_BEFORE)
    idle, silent = wire(proxy), wire(proxy)
    idle.send("GET", "/")
    idle.read(quiet_s=0.05)
    silent.send("GET", "/silent")
    while proxy.count() < 2:
        time.sleep(0.01)
    assert "fault proxy" in {thread.name for thread in threading.enumerate()}
    proxy.close()
    proxy.close()
    assert "fault proxy" not in {thread.name for thread in threading.enumerate()}
    assert idle.read()[1] == silent.read()[1] == "reset"
    give_up = time.monotonic() + 5
    while threading.active_count() > before + 1:  # the parrot listens on
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_proxy_can_be_started_again(parrot: Callable[..., Any]) -> None:
    """At the same address, with the same log."""
    proxy = FaultProxy(parrot(OK).url)
    addresses = []
    for _ in range(2):
        with proxy:
            assert proxy.start() is proxy
            addresses.append(proxy.url)
            requests.get(proxy.url, timeout=5)
    assert addresses[0] == addresses[1]
    assert proxy.count() == 2


def test_no_resource_is_left_to_the_garbage_collector() -> None:
    """In a process of its own, where every ResourceWarning is printed."""
    program = """if True:
        import gc, requests
        from qiskit_direct_provider.testing import FaultProxy
        with FaultProxy("http://127.0.0.1:1") as upstream, FaultProxy(upstream.url) as proxy:
            for _ in range(20):
                try:
                    requests.get(proxy.url, timeout=5)
                except requests.ConnectionError:
                    pass
        del proxy, upstream
        gc.collect()
    """
    command = [sys.executable, "-W", "always", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "ResourceWarning" not in done.stderr
    assert "asyncio" not in done.stderr


@pytest.mark.parametrize("upstream", ["https://x", "127.0.0.1:80", "http://x/path", ""])
def test_upstream_is_an_origin(upstream: str) -> None:
    with pytest.raises(InvalidInputError, match="origin"):
        FaultProxy(upstream)


def test_there_is_no_address_before_the_start() -> None:
    with pytest.raises(InvalidInputError, match="start"):
        _ = FaultProxy("http://127.0.0.1:1").url
