"""The log of one job: plain text, filtered by the level that the job asked for."""

from __future__ import annotations

from datetime import datetime, timezone

from qiskit_direct_provider.wire.direct_access import LogLevel

__all__ = ["JobLog"]

_ORDER = [level.value for level in LogLevel]


class JobLog:
    """Collects lines of the form ``2026-11-20 08:55:56,123 WARNING   text``, times in UTC."""

    def __init__(self, level: str) -> None:
        self._threshold = _ORDER.index(level)
        self._lines: list[str] = []

    def tell(self, text: str) -> None:
        """What was done."""
        self._add(LogLevel.INFO, text)

    def caution(self, text: str) -> None:
        """What the owner may not expect."""
        self._add(LogLevel.WARNING, text)

    def complain(self, text: str) -> None:
        """Why the job failed."""
        self._add(LogLevel.ERROR, text)

    def extend(self, text: str) -> None:
        """Add the lines of another log."""
        self._lines.append(text)

    def text(self) -> str:
        """The whole log."""
        return "".join(self._lines)

    def _add(self, level: LogLevel, text: str) -> None:
        if _ORDER.index(level.value) >= self._threshold:
            now = datetime.now(timezone.utc)
            stamp = f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}"
            self._lines.append(f"{stamp} {level.name:<9} {' '.join(text.split())}\n")
