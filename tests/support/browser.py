"""A real browser: headless Chromium, driven over the Chrome DevTools Protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

__all__ = ["CHROMIUM", "Page", "opened"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1000,1400", "--remote-debugging-port=0"),
)
_START_S = 60.0


class Page:
    """One page in a browser."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and its answer; events on the way are noted."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=30))
            if message.get("id") == self._number:
                assert "error" not in message, message
                found: dict[str, Any] = message["result"]
                return found
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        if message["method"] == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        if message["method"] in {"Runtime.exceptionThrown", "Log.entryAdded"}:
            self.complaints.append(json.dumps(message["params"]))

    def open(self, file: Path) -> None:
        """Load a file, to its end."""
        self.call("Page.navigate", url=file.as_uri())
        ends = time.monotonic() + 30
        while self.value("document.readyState + location.protocol") != "completefile:":
            assert time.monotonic() < ends
            time.sleep(0.02)

    def value(self, expression: str) -> Any:
        """What JavaScript makes of an expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def hover(self, selector: str) -> None:
        """Move the mouse over the middle of an element."""
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        x, y = self.value(f"(b => [b.x + b.width / 2, b.y + b.height / 2])({box})")
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def shown(self, selector: str) -> list[str]:
        """Texts of the elements that can be seen."""
        found: list[str] = self.value(
            f"[...document.querySelectorAll({selector!r})]"
            ".filter(e => getComputedStyle(e).visibility == 'visible').map(e => e.textContent)"
        )
        return found

    def screenshot(self, file: Path) -> None:
        file.write_bytes(
            base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])
        )


@contextlib.contextmanager
def opened() -> Iterator[Page]:
    """A browser with an empty page."""
    from websockets.sync.client import connect

    assert CHROMIUM
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder},
        )
        try:
            with connect(_address(Path(folder, "DevToolsActivePort")), max_size=None, proxy=None) as socket:
                yield Page(socket)
        finally:
            process.terminate()
            process.wait(20)


def _address(port_file: Path) -> str:
    """Where the first page listens."""
    ends = time.monotonic() + _START_S
    while True:
        with contextlib.suppress(OSError, IndexError, StopIteration):
            port = port_file.read_text().split()[0]
            with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
                pages = json.load(answer)
            return str(next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"))
        assert time.monotonic() < ends, "the browser did not start"
        time.sleep(0.05)
