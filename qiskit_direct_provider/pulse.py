"""Names that backends had while Qiskit had pulses: raw data where there is some, else one clear error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from qiskit_direct_provider.errors import UnsupportedError

__all__ = ["PulseNames", "pulse_is_gone"]


class _MissingPulseError(UnsupportedError, AttributeError):
    """What `hasattr` takes as a no."""


def pulse_is_gone(name: str) -> NoReturn:
    """Say of a name that it needs what Qiskit has no more.

    Raises:
        UnsupportedError: Always; it is an AttributeError as well.
    """
    raise _MissingPulseError(
        f"{name} needs qiskit.pulse, which Qiskit 2 does not have any more; "
        "circuits with delays (see backend.target.dt) and fractional gates are what devices take today"
    )


class PulseNames:
    """Channels by name, as the configuration lists them.

    Attributes:
        channels: What the configuration says of each; a member of it, so not set here.
    """

    channels: dict[str, Any]

    def _channel(self, prefix: str, qubit: int) -> str:
        name = f"{prefix}{qubit}"
        if name not in self.channels:
            pulse_is_gone(f"the channel {name}")
        return name

    def drive_channel(self, qubit: int) -> str:
        """Name of the drive channel of a qubit, such as ``"d0"``."""
        return self._channel("d", qubit)

    def measure_channel(self, qubit: int) -> str:
        """Name of the measurement channel of a qubit, such as ``"m0"``."""
        return self._channel("m", qubit)

    def acquire_channel(self, qubit: int) -> str:
        """Name of the acquisition channel of a qubit, such as ``"acquire0"``."""
        return self._channel("acquire", qubit)

    def control_channel(self, qubits: Iterable[int]) -> list[str]:
        """Names of the control channels that act on these qubits, control first."""
        wanted = list(qubits) if isinstance(qubits, Iterable) else [qubits]
        found = [
            name
            for name, channel in self.channels.items()
            if name.startswith("u") and (channel.get("operates") or {}).get("qubits") == wanted
        ]
        if not found:
            pulse_is_gone(f"a control channel of {wanted}")
        return found

    def defaults(self) -> NoReturn:
        """Pulse defaults.

        Raises:
            UnsupportedError: Always.
        """
        pulse_is_gone("defaults()")

    @property
    def instruction_schedule_map(self) -> NoReturn:
        """Pulse schedules of instructions.

        Raises:
            UnsupportedError: Always.
        """
        pulse_is_gone("instruction_schedule_map")
