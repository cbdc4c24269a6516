"""What became of a device between two calibrations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit_direct_provider.instruction_set import BROKEN

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_direct_provider.device import Device

__all__ = ["Change", "Drift", "drifted", "warning_of", "worse_for"]

_MOST_SHOWN = 10
_WORSE_BY_FACTOR = 1.5
_WORSE_BY = 0.002

Figures = dict[tuple[str, tuple[int, ...]], float]


@dataclass(frozen=True)
class Change:
    """One figure of a device, before and after.

    Attributes:
        name: The gate whose error it is, ``measure`` for the readout error, ``T1`` or ``T2`` (seconds).
        qubits: Where.
        before: At the earlier calibration.
        after: At the later one.
    """

    name: str
    qubits: tuple[int, ...]
    before: float
    after: float

    @property
    def worse_by(self) -> float:
        """Factor by which it got worse; below 1 it got better."""
        worse, better = (self.before, self.after) if self.name in ("T1", "T2") else (self.after, self.before)
        if worse == better:
            return 1.0
        return worse / better if better > 0 else math.inf

    def __str__(self) -> str:
        what = self.name if self.name in ("T1", "T2") else f"error of {self.name}"
        return f"{what} on {list(self.qubits)}: {self.before:.3g} to {self.after:.3g}"


@dataclass(frozen=True)
class Drift:
    """What changed between two calibrations.

    Attributes:
        since: Moment of the earlier calibration, as its document says.
        until: Of the later one.
        changes: Every figure that both have, what got worst first.
        lost: Gates at places where they worked before, and do not now.
        regained: The other way round.
    """

    since: str | None
    until: str | None
    changes: tuple[Change, ...]
    lost: tuple[tuple[str, tuple[int, ...]], ...]
    regained: tuple[tuple[str, tuple[int, ...]], ...]

    def worst(self, name: str | None = None, number: int = _MOST_SHOWN) -> list[Change]:
        """What got worst, of one kind of figure or of all."""
        return [each for each in self.changes if name in (None, each.name)][:number]

    def __str__(self) -> str:
        worst = [each for each in self.worst() if each.worse_by > 1]
        lines = [f"{self.since} to {self.until}:"]
        lines += [f"  out of order: {name} on {list(qubits)}" for name, qubits in self.lost]
        lines += [f"  in order again: {name} on {list(qubits)}" for name, qubits in self.regained]
        lines += [f"  {each}" for each in worst]
        return "\n".join(lines if len(lines) > 1 else [*lines, "  nothing got worse"])


def drifted(before: Device, after: Device) -> Drift:
    """What changed."""
    old, new = _figures(before.target), _figures(after.target)
    changes = [Change(*key, old[key], new[key]) for key in old.keys() & new.keys()]
    places, now = _places(before.sound_target), _places(after.sound_target)
    moments = [each.calibration.last_update_date if each.calibration else None for each in (before, after)]
    return Drift(
        since=moments[0],
        until=moments[1],
        changes=tuple(sorted(changes, key=lambda each: (-each.worse_by, each.name, each.qubits))),
        lost=tuple(sorted(places - now)),
        regained=tuple(sorted(now - places)),
    )


def worse_for(circuit: QuantumCircuit, before: Device, after: Device) -> list[Change]:
    """Couplings that a circuit uses and that have degraded: half as much error again, and 0.002 more."""
    old, new = (_figures(each.target) for each in (before, after))
    used = {
        (each.name, tuple(circuit.find_bit(qubit).index for qubit in each.qubits))
        for each in circuit.data
        if len(each.qubits) > 1
    }
    found = [Change(*key, old[key], new[key]) for key in sorted(used) if key in old and key in new]
    return [
        each for each in found if each.worse_by >= _WORSE_BY_FACTOR and each.after - each.before >= _WORSE_BY
    ]


def _figures(target: Target) -> Figures:
    found: Figures = {}
    for name, qubits in _listed(target):
        properties = target[name][qubits]
        if properties is not None and properties.error is not None and properties.error != BROKEN:
            found[name, qubits] = properties.error
    for qubit, properties in enumerate(target.qubit_properties or ()):
        for name, value in (("T1", properties.t1), ("T2", properties.t2)):
            if value is not None:
                found[name, (qubit,)] = value
    return found


def _places(target: Target) -> set[tuple[str, tuple[int, ...]]]:
    return set(_listed(target))


def _listed(target: Target) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name in target.operation_names:
        for qubits in target[name] or ():
            if qubits is not None:
                yield name, qubits


def warning_of(name: str, changes: Sequence[Change]) -> str:
    """What to tell about degraded couplings."""
    shown = "; ".join(str(each) for each in changes[:_MOST_SHOWN])
    return f"since circuit {name!r} was transpiled, couplings that it uses have degraded: {shown}"
