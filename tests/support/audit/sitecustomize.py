"""Python imports this by itself when its folder is on the path, as `audited.Audit` sees to for a service.

It writes down each file that is opened for writing, made or renamed, each file but Python's own that is
opened for reading, once, and each address that is connected to, by the process and by all that come from it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2, "os.truncate": 1}
_PYTHON = (sys.prefix, sys.base_prefix)
_LOG = os.environ.get("AUDIT_LOG")


def _audit(handle: int) -> Any:
    read: set[str] = set()

    def note(kind: str, what: object) -> None:
        os.write(handle, f"{kind} {what!r}\n".encode())

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(arguments[2], int) and arguments[2] & _WRITING:
                note("write", arguments[0])
            elif not isinstance(arguments[0], int):
                name = os.fsdecode(arguments[0])
                if name not in read and not name.startswith(_PYTHON):
                    read.add(name)
                    note("read", name)
        elif event == "socket.connect":
            note("connect", arguments[1])
        elif event in _CHANGES:
            for name in arguments[: _CHANGES[event]]:
                note("write", name)

    return hook


if _LOG is not None:
    sys.addaudithook(_audit(os.open(_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)))
