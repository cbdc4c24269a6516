"""A local service in the care of this process."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.errors import ApiError, InvalidInputError, UnsupportedError
from qiskit_direct_provider.service.faults import read_fault_plan

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LocalService"]

READY_WITHIN_S = 60.0
WRONG_SETTINGS = 2  # exit code of the service
STOPPED_WITHIN_S = 10.0

_NEEDED = ("fastapi", "uvicorn", "jwt", "qiskit_aer", "qiskit_ibm_runtime", "qiskit_qasm3_import")


def _nothing() -> None:
    """What `LocalService.close` does before the service is there."""


@dataclass(eq=False)
class LocalService:
    """A running service: its address, and credentials that were made for this run alone.

    It ends when `close` is called, when this object is collected, or when this process ends, however that
    happens: the service watches its standard input, which this process holds open.
    """

    url: str
    api_key: str = field(repr=False)
    crn: str
    iam_url: str
    storage: dict[str, str] = field(repr=False)
    devices: tuple[str, ...]
    pid: int
    close: Callable[[], object] = field(default=_nothing, repr=False)

    @classmethod
    def start(cls, devices: tuple[str, ...] = (), **settings: Any) -> LocalService:
        """Start a service on a free port of the loopback interface, and wait until it answers.

        Args:
            devices: Names of the devices that it simulates.
            **settings: Further settings of the service, by name; ``faults`` may be a file.

        Raises:
            UnsupportedError: The extra ``service`` is not installed.
            InvalidInputError: A setting is wrong, such as the name of a device.
            ApiError: It did not start for another reason; the text holds what it said.
        """
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise UnsupportedError(
                f"the local service needs {', '.join(missing)}: pip install 'qiskit-direct-provider[service]'"
            )
        if settings.get("faults") is not None:
            settings["faults"] = msgspec.to_builtins(read_fault_plan(settings["faults"]))
        asked = {"port": 0, **({"devices": devices} if devices else {}), **settings}
        said = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 - open as long as the service runs
        process = subprocess.Popen(
            [sys.executable, "-m", "qiskit_direct_provider.service"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        ready = _hand_over(process, asked, said)
        service = cls(
            url=ready["url"],
            api_key=ready["api_key"],
            crn=ready["crn"],
            iam_url=ready["iam_url"],
            storage=ready["s3"],
            devices=tuple(ready["devices"]),
            pid=process.pid,
        )
        service.close = weakref.finalize(service, _stop, process, said)
        return service


def _hand_over(process: subprocess.Popen[str], settings: dict[str, Any], said: IO[str]) -> dict[str, Any]:
    """Send the settings, and wait for the line that says that the service is ready."""
    assert process.stdin is not None
    assert process.stdout is not None
    guard = threading.Timer(READY_WITHIN_S, process.kill)
    guard.start()
    try:
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        ready: dict[str, Any] = json.loads(process.stdout.readline())
    except (OSError, ValueError) as error:
        _stop(process)
        said.seek(0)
        last = (said.read().strip().splitlines() or [f"no answer within {READY_WITHIN_S:.0f} s"])[-1]
        said.close()
        kind = InvalidInputError if process.returncode == WRONG_SETTINGS else ApiError
        raise kind(f"the local service did not start: {last}") from error
    finally:
        guard.cancel()
    return ready


def _stop(process: subprocess.Popen[str], *open_files: IO[str]) -> None:
    """Close the service's standard input, which ends it; kill it should it not go."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for file in (process.stdout, *open_files):
        file.close()
