"""What stands where a connection was, in objects that came out of a pickle."""

from __future__ import annotations

from typing import Any, NoReturn

from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.errors import AccountError

__all__ = ["DisconnectedClient"]


class DisconnectedClient:
    """Refuses every request, since credentials do not travel in pickles."""

    def __init__(self, url: str) -> None:
        self.url = url

    def deadline(self, seconds: float | None = None) -> Deadline:
        """A deadline, as every client gives one."""
        return Deadline.after(seconds)

    def metrics(self, *_: Any) -> None:
        """Nothing is told of a job's course, so what is on record has to do."""

    def close(self) -> None:
        """There is nothing to close."""

    def properties_at(self, *_: Any) -> None:
        """No history: earlier calibrations come from the archive."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._refuse

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise AccountError(
            f"this object was unpickled, and pickles hold no credentials: connect to {self.url} again with "
            "DirectProvider(...)"
        )
