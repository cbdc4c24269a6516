"""What both primitives share: where they run, their options, and sending."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qiskit_direct_provider.primitives.job import PrimitiveJob
from qiskit_direct_provider.primitives.mode import backend_of
from qiskit_direct_provider.primitives.options import EstimatorOptions, SamplerOptions
from qiskit_direct_provider.primitives.sending import check_circuits, job_settings, program_options

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.device import Device
    from qiskit_direct_provider.primitives.mode import Mode
    from qiskit_direct_provider.programs import Program

__all__ = ["Primitive"]

AnyOptions = TypeVar("AnyOptions", SamplerOptions, EstimatorOptions)


class Primitive(Generic[AnyOptions]):
    """A primitive over a backend, or over a session or batch on one.

    Attributes:
        version: Of Qiskit's interface for primitives.
    """

    version = 2
    _options_class: type[AnyOptions]

    def __init__(
        self, mode: DirectBackend | Mode, options: AnyOptions | dict[str, Any] | None = None
    ) -> None:
        self._backend = backend_of(mode)
        self._sender: Any = mode
        self._options: AnyOptions = self._options_class.of(options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self._backend.name!r}, {self._options!r}>"

    @property
    def options(self) -> AnyOptions:
        """The options of the next run; change them in place, or set them anew."""
        return self._options

    @options.setter
    def options(self, given: AnyOptions | dict[str, Any]) -> None:
        self._options = self._options_class.of(given)

    @property
    def mode(self) -> Mode | None:
        """The session or batch; None on a backend alone."""
        return None if self._sender is self._backend else self._sender

    def backend(self) -> DirectBackend:
        """Where it runs."""
        return self._backend

    def _checked(self, circuits: Sequence[QuantumCircuit]) -> Device:
        """The device; options that exclude these circuits, or cannot be sent, are refused first."""
        check_circuits(self._options, circuits)
        job_settings(self._options)
        return self._backend._current()  # noqa: SLF001 - the other half of run()

    def _program_options(self, device: Device) -> dict[str, Any]:
        return program_options(self._options, device.configuration)

    def _send(self, programs: Sequence[Program]) -> PrimitiveJob:
        return PrimitiveJob.of(self._sender.launch(programs, job_settings(self._options)))
