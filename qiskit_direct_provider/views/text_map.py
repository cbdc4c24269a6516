"""The map of a device for a terminal (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_direct_provider.views.units import error_text

if TYPE_CHECKING:
    from qiskit_direct_provider.views.facts import DeviceFacts
    from qiskit_direct_provider.views.layout import Points

__all__ = ["text_map"]

_WORST = 5
_CELL = 5


def text_map(facts: DeviceFacts, places: Points) -> str:
    """The lattice where the qubits lie in one, then the couplings and qubits with the largest errors."""
    lines = []
    if len(places) and (places == places.round()).all():
        lines += [*_lattice(facts, places), ""]
    gates = sorted(
        (each for each in facts.couplings if each.error is not None), key=lambda each: -(each.error or 0)
    )
    readout = sorted(
        (
            (qubit.readout.error, qubit.index)
            for qubit in facts.qubits
            if qubit.readout and qubit.readout.error
        ),
        reverse=True,
    )
    if gates:
        shown = ", ".join(
            f"{low}-{high} {error_text(each.error)}" for each in gates[:_WORST] for low, high in [each.pair]
        )
        lines.append(f"largest {facts.two_qubit_gate} errors: {shown}")
    if readout:
        shown = ", ".join(f"{index} {error_text(error)}" for error, index in readout[:_WORST])
        lines.append(f"largest readout errors: {shown}")
    return "\n".join(lines)


def _lattice(facts: DeviceFacts, places: Points) -> list[str]:
    """Numbers of qubits in their places, with lines for couplings."""
    across, down = (int(number) for number in places.max(axis=0))
    canvas = [[" "] * ((across + 1) * _CELL) for _ in range(2 * down + 1)]
    for coupling in facts.couplings:
        (x1, y1), (x2, y2) = (map(int, places[qubit]) for qubit in coupling.pair)
        if y1 == y2:
            left, right = sorted((x1, x2))
            canvas[2 * y1][left * _CELL + 1 : right * _CELL] = "-" * ((right - left) * _CELL - 1)
        else:
            upper, lower = sorted((y1, y2))
            for line in range(2 * upper + 1, 2 * lower):
                canvas[line][x1 * _CELL + 1] = "|"
    for qubit, (x, y) in enumerate(places.astype(int)):
        text = f"{qubit}"
        canvas[2 * y][x * _CELL : x * _CELL + len(text)] = text
    return ["".join(line).rstrip() for line in canvas]
