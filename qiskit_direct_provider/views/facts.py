"""What a target says of each qubit and coupling, as plain values (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit.transpiler import Target

__all__ = ["Coupling", "DeviceFacts", "Gate", "Qubit", "middle", "two_qubit_gate"]

_ENTANGLING = ("cz", "ecr", "cx")
_ONE_QUBIT_GATE = "sx"


@dataclass(frozen=True)
class Gate:
    """A gate at one place: its error, and its duration in seconds; None where the device does not say."""

    error: float | None
    duration_s: float | None


@dataclass(frozen=True)
class Qubit:
    """One qubit: times in seconds, frequency in hertz; None where the device does not say."""

    index: int
    t1_s: float | None = None
    t2_s: float | None = None
    frequency_hz: float | None = None
    readout: Gate | None = None
    gate: Gate | None = None

    @property
    def readout_error(self) -> float | None:
        """Error of the measurement."""
        return self.readout.error if self.readout else None

    @property
    def gate_error(self) -> float | None:
        """Error of the ``sx`` gate."""
        return self.gate.error if self.gate else None


@dataclass(frozen=True)
class Coupling:
    """Two coupled qubits, the lower one first, and their gates by name.

    ``error`` is that of the gate that the device is known by, in its better direction.
    """

    pair: tuple[int, int]
    gates: dict[str, Gate] = field(default_factory=dict)
    error: float | None = None


@dataclass(frozen=True)
class DeviceFacts:
    """All qubits and couplings of a device; no couplings where all qubits are coupled."""

    qubits: list[Qubit]
    couplings: list[Coupling]
    two_qubit_gate: str | None

    @classmethod
    def of(cls, target: Target) -> DeviceFacts:
        """What a target says."""
        name = two_qubit_gate(target)
        return cls(
            [_qubit(target, index) for index in range(target.num_qubits or 0)], _couplings(target, name), name
        )

    @property
    def medians(self) -> dict[str, float | None]:
        """Medians over the device: T1 and T2 in seconds, and errors."""
        return {
            "t1_s": middle(qubit.t1_s for qubit in self.qubits),
            "t2_s": middle(qubit.t2_s for qubit in self.qubits),
            "readout_error": middle(qubit.readout_error for qubit in self.qubits),
            "one_qubit_error": middle(qubit.gate_error for qubit in self.qubits),
            "two_qubit_error": middle(coupling.error for coupling in self.couplings),
        }


def two_qubit_gate(target: Target) -> str | None:
    """The entangling gate that a device is known by; None when it has none.

    Of several, the one that IBM's devices calibrate, else the first.
    """
    known = [name for name in _ENTANGLING if name in target.operation_names]
    others = [
        name
        for name in target.operation_names
        if any(place is not None and len(place) == 2 for place in target[name] or ())  # noqa: PLR2004 - a pair of qubits
    ]
    return next(iter([*known, *others]), None)


def middle(values: Iterable[float | None]) -> float | None:
    """The median of what is known; None when nothing is."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return median(known) if known else None


def _qubit(target: Target, index: int) -> Qubit:
    properties = target.qubit_properties[index] if target.qubit_properties else None
    return Qubit(
        index=index,
        t1_s=getattr(properties, "t1", None),
        t2_s=getattr(properties, "t2", None),
        frequency_hz=getattr(properties, "frequency", None),
        readout=_gate(target, "measure", (index,)),
        gate=_gate(target, _ONE_QUBIT_GATE, (index,)),
    )


def _gate(target: Target, name: str, place: tuple[int, ...]) -> Gate | None:
    if name not in target.operation_names or place not in target[name]:
        return None
    found = target[name][place]
    return Gate(getattr(found, "error", None), getattr(found, "duration", None))


def _couplings(target: Target, main: str | None) -> list[Coupling]:
    found: dict[tuple[int, int], dict[str, Gate]] = {}
    for name in target.operation_names:
        for place in target[name] or ():
            if place is not None and len(place) == 2:  # noqa: PLR2004 - a pair of qubits
                gates = found.setdefault((min(place), max(place)), {})
                gate = _gate(target, name, place)
                if gate is not None and (name not in gates or _better(gate, gates[name])):
                    gates[name] = gate
    return [
        Coupling(pair, gates, gates[main].error if main in gates else None)
        for pair, gates in sorted(found.items())
    ]


def _better(one: Gate, other: Gate) -> bool:
    return one.error is not None and (other.error is None or one.error < other.error)
