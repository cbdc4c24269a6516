"""Servers on the loopback interface that accept connections, and then make their clients wait."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

__all__ = ["STALLS", "StallingServer"]

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_LATER = b"Retry-After: 21600\r\nContent-Length: 0\r\n\r\n"


class StallingServer:
    """Answers every request in one way that leads nowhere, until it is closed."""

    def __init__(self, stall: str) -> None:
        self.connections = 0
        self._behave = STALLS[stall]
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.origin = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self.origin}"
        self._threads = [threading.Thread(target=self._accept, name="stalling", daemon=True)]
        self._threads[0].start()

    def rest(self, seconds: float = 1.0) -> bool:
        """Let time pass; whether to go on."""
        return not self._over.wait(seconds)

    def drip(self, connection: socket.socket, data: bytes) -> None:
        """Send one byte a second, then nothing more."""
        for value in data:
            connection.sendall(bytes([value]))
            if not self.rest():
                return
        self._over.wait()

    def _accept(self) -> None:
        self._listener.settimeout(0.1)
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), name="stalling", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(30)
            self._behave(self, connection)

    def close(self) -> None:
        """End it, and all of its connections."""
        self._over.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def __enter__(self) -> StallingServer:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read_request(connection: socket.socket) -> bytes:
    """A request's head and as much of its body as comes at once."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError
        data += piece
    return data


def _silence(server: StallingServer, _: socket.socket) -> None:
    server._over.wait()


def _half_headers(server: StallingServer, connection: socket.socket) -> None:
    _read_request(connection)
    connection.sendall(_OK + b"X-Half: ")
    server._over.wait()


def _slow_headers(server: StallingServer, connection: socket.socket) -> None:
    _read_request(connection)
    server.drip(connection, _OK + b"Content-Length: 2\r\n\r\n{}")


def _slow_body(server: StallingServer, connection: socket.socket) -> None:
    _read_request(connection)
    connection.sendall(_OK + b"Content-Length: 1000\r\n\r\n")
    server.drip(connection, b"[" * 1000)


def _continue_for_ever(server: StallingServer, connection: socket.socket) -> None:
    _read_request(connection)
    while server.rest(0.01):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def _come_back_in_six_hours(status: bytes) -> Callable[[StallingServer, socket.socket], None]:
    def behave(server: StallingServer, connection: socket.socket) -> None:
        while server.rest(0):
            _read_request(connection)
            connection.sendall(b"HTTP/1.1 " + status + b" Later\r\n" + _LATER)

    return behave


def _redirect_loop(server: StallingServer, connection: socket.socket) -> None:
    while server.rest(0):
        path = _read_request(connection).split(b" ")[1]
        connection.sendall(
            b"HTTP/1.1 307 There\r\nLocation: " + path + b"\r\nContent-Length: 0\r\n\r\n",
        )


def _slow_handshake(server: StallingServer, connection: socket.socket) -> None:
    """The head of a TLS record of 16 kB, which then comes a byte a second."""
    connection.recv(65536)
    server.drip(connection, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xf0" + bytes(2000))


def _slow_tunnel(server: StallingServer, connection: socket.socket) -> None:
    _read_request(connection)
    server.drip(connection, b"HTTP/1.1 200 Connection established\r\n\r\n")


STALLS: dict[str, Callable[[StallingServer, socket.socket], None]] = {
    "silence": _silence,
    "half headers": _half_headers,
    "slow headers": _slow_headers,
    "slow body": _slow_body,
    "100-continue": _continue_for_ever,
    "429 for six hours": _come_back_in_six_hours(b"429"),
    "503 for six hours": _come_back_in_six_hours(b"503"),
    "redirect loop": _redirect_loop,
    "slow handshake": _slow_handshake,
    "slow tunnel": _slow_tunnel,
}
