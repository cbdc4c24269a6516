"""Where a primitive runs: a backend, or a session or batch on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from qiskit_direct_provider.backend import DirectBackend
from qiskit_direct_provider.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit_direct_provider.job import DirectJob
    from qiskit_direct_provider.job_settings import JobSettings
    from qiskit_direct_provider.programs import Program

__all__ = ["Mode", "Sender", "backend_of"]


class Sender(Protocol):
    """What sends programs; a `DirectBackend` is one."""

    def launch(self, programs: Sequence[Program], settings: JobSettings) -> DirectJob:
        """Send programs that were checked for the device, as one job."""


@runtime_checkable
class Mode(Sender, Protocol):
    """A session or a batch."""

    def backend(self) -> DirectBackend:
        """The backend that it runs on."""


def backend_of(mode: Any) -> DirectBackend:
    """The backend of a mode.

    Raises:
        InvalidInputError: It is none of this package; the text says what takes it.
    """
    from qiskit.providers import BackendV2

    if isinstance(mode, DirectBackend):
        return mode
    if mode is None:
        raise InvalidInputError("say where to run: mode=backend, with a backend of provider.get_backend()")
    if isinstance(mode, str):
        raise InvalidInputError(f"mode must be a backend, not its name: provider.get_backend({mode!r})")
    if isinstance(mode, BackendV2):
        raise InvalidInputError(
            f"mode is a {type(mode).__name__}, not a backend of this package; "
            "qiskit.primitives.BackendSamplerV2 and BackendEstimatorV2 take any backend"
        )
    if isinstance(mode, Mode) and isinstance(found := mode.backend(), DirectBackend):
        return found
    raise InvalidInputError(
        f"mode must be a backend, a session or a batch of this package, not a {type(mode).__name__}"
    )
