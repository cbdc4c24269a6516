"""A warm process that forks clients, so that one which is to be killed costs milliseconds to start."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

__all__ = ["Child", "Line", "Nursery"]

_WARM = ("qiskit", "qiskit_direct_provider.results", "requests", "boto3", "journeys")


class Line:
    """One end of a conversation in lines of JSON."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._stream: IO[str] = end.makefile("rw", encoding="utf-8")

    def say(self, what: Any) -> None:
        self._stream.write(json.dumps(what) + "\n")
        self._stream.flush()

    def hear(self, timeout_s: float | None = None) -> Any:
        """What the other side says next; None once it is gone."""
        self._end.settimeout(timeout_s)
        try:
            heard = self._stream.readline()
        except ConnectionResetError:
            heard = ""
        return json.loads(heard) if heard else None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
        self._end.close()


class Child:
    """A forked client, seen from the test."""

    def __init__(self, pid: int, line: Line) -> None:
        self.pid = pid
        self.line = line

    def kill(self) -> None:
        """SIGKILL, while it is known to live: its end of the line is open."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def answer(self, timeout_s: float = 120.0) -> Any:
        """The last thing that it has to say; None when it was killed."""
        try:
            return self.line.hear(timeout_s)
        finally:
            self.line.close()


class Nursery:
    """Starts clients: functions of the module ``journeys``, each in a process of its own."""

    def __init__(self) -> None:
        self._end, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(_import_path())},
            )
        self._heard, self._lock = Line(self._end), threading.Lock()
        assert self._heard.hear(60) == "warm"

    def start(self, journey: str, **arguments: Any) -> Child:
        """Fork a client that runs a function with these arguments, after the line to the test."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            order = json.dumps({"journey": journey, "arguments": arguments}).encode()
            socket.send_fds(self._end, [len(order).to_bytes(4, "big") + order], [theirs.fileno()])
            pid = self._heard.hear(60)
        return Child(pid, Line(ours))

    def close(self) -> None:
        """End the warm process; clients that are left end with their tests."""
        self._heard.close()
        self._process.wait(10)


def _import_path() -> list[str]:
    """This folder, and whatever the tests themselves import from."""
    return [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]


def _main(end: socket.socket) -> None:
    """Fork a client for every order."""
    for module in _WARM:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    replies = Line(end)
    replies.say("warm")
    end.settimeout(None)
    while True:
        message, descriptors, _, _ = socket.recv_fds(end, 65536, 1)
        if not message:
            return
        while len(message) < 4 + int.from_bytes(message[:4], "big"):
            message += end.recv(65536)
        order = json.loads(message[4:])
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            end.close()
            line = Line(socket.socket(fileno=descriptors[0]))
            _travel(line, order)
            os._exit(0)
        os.close(descriptors[0])
        replies.say(pid)


def _travel(line: Line, order: dict[str, Any]) -> None:
    journeys = importlib.import_module("journeys")
    try:
        line.say(getattr(journeys, order["journey"])(line, **order["arguments"]))
    except BrokenPipeError:
        return
    except BaseException as error:  # noqa: BLE001 - the test is told of everything
        line.say({"broke": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
