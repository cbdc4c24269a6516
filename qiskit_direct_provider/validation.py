"""What is wrong with circuits and options, all at once, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import InvalidCircuitError
from qiskit_direct_provider.programs import findings

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.device import Device

__all__ = ["Report", "examine"]

_MOST_SHOWN = 10
_BROKEN = 1.0


@dataclass(frozen=True)
class Report:
    """The outcome of ``backend.validate``.

    Attributes:
        errors: What the device would refuse; `run` refuses it as well.
        warnings: What the device runs, but probably not as meant.
    """

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it can be run."""
        return not self.errors

    def raise_for_errors(self) -> None:
        """Refuse what cannot be run.

        Raises:
            InvalidCircuitError: With all that is wrong, as far as it fits into a message.
        """
        if self.errors:
            shown = "\n  ".join(self.errors[:_MOST_SHOWN])
            rest = len(self.errors) - _MOST_SHOWN
            more = f"\n  and {rest} more" if rest > 0 else ""
            raise InvalidCircuitError(f"not sent, since the device cannot run this:\n  {shown}{more}")

    def explain(self) -> str:
        """Everything, one line each."""
        lines = [*(f"error: {text}" for text in self.errors), *(f"warning: {text}" for text in self.warnings)]
        return "\n".join(lines) or "nothing was found that speaks against running this"


def examine(circuits: Sequence[QuantumCircuit], device: Device, *, measured: bool = True) -> Report:
    """Look at circuits as the device would.

    Args:
        circuits: What is to run.
        device: Where.
        measured: Whether a circuit that measures nothing is an error.
    """
    wrong: list[str] = []
    doubtful: list[str] = []
    for index, circuit in enumerate(circuits):
        label = f"circuit {index} ({circuit.name!r})"
        wrong += [f"{label}: {text}" for text in findings(circuit, device.target, measured=measured)]
        doubtful += [f"{label}: {text}" for text in _broken_places(circuit, device)]
    most = device.configuration.max_experiments
    if most is not None and len(circuits) > most:
        wrong.append(f"{len(circuits)} circuits are more than this backend's {most} of one job")
    return Report(tuple(wrong), tuple(doubtful))


def _broken_places(circuit: QuantumCircuit, device: Device) -> list[str]:
    """Gates at places of which the calibration says that they do not work."""
    target = device.target
    found: dict[str, None] = {}
    for instruction in circuit.data:
        name = instruction.operation.name
        if name not in target.operation_names:
            continue
        qargs = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        where = target[name]
        properties = where.get(qargs) if where and None not in where else None
        if properties is not None and properties.error == _BROKEN:
            found[f"{name!r} on qubits {list(qargs)} has a reported error of 1"] = None
    return list(found)
