"""What a service opens for writing, and where it connects to, in all its processes."""

from __future__ import annotations

import ast
import os
import tempfile
from pathlib import Path

__all__ = ["Audit"]

_HOOK = Path(__file__).parent / "audit"


class Audit:
    """A log that processes write when they are started with `environment`.

    Attributes:
        temporary: Where they put temporary files; nobody else does.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        # A short name: sockets are in there.
        self._temporary = tempfile.TemporaryDirectory(prefix="audit-")
        self.temporary = Path(self._temporary.name)

    def environment(self) -> dict[str, str]:
        """Variables that have every Python process write the log."""
        path = os.pathsep.join(filter(None, [str(_HOOK), os.environ.get("PYTHONPATH")]))
        own = {"PYTHONPATH": path, "AUDIT_LOG": str(self._log), "TMPDIR": self._temporary.name}
        return {**os.environ, **own}

    def end(self) -> None:
        """Remove the temporary files."""
        self._temporary.cleanup()

    def written(self) -> set[str]:
        """Paths of files that were opened for writing, made or renamed; descriptors are left out."""
        return {os.fsdecode(what) for what in self._told("write") if not isinstance(what, int)}

    def read(self) -> set[str]:
        """Paths of files that were opened for reading, but for Python's own."""
        return {str(what) for what in self._told("read")}

    def connected(self) -> set[tuple[object, ...]]:
        """Addresses of connections over a network; sockets of the machine itself are left out."""
        return {what for what in self._told("connect") if isinstance(what, tuple)}

    def _told(self, kind: str) -> list[object]:
        found = []
        for line in self._log.read_text().splitlines():
            said, _, what = line.partition(" ")
            if said == kind:
                found.append(_value(what))
        return found


def _value(text: str) -> object:
    """What was written down; a path as an object is its text."""
    try:
        return ast.literal_eval(text)
    except ValueError:
        return ast.literal_eval(text.partition("(")[2].rpartition(")")[0])
