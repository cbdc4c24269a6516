"""A device as a map: qubits and couplings, coloured by their errors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_direct_provider.views.colours import Scale
from qiskit_direct_provider.views.facts import Coupling, DeviceFacts, Qubit
from qiskit_direct_provider.views.layout import positions
from qiskit_direct_provider.views.markup import card, escaped, page
from qiskit_direct_provider.views.text_map import text_map
from qiskit_direct_provider.views.units import UNKNOWN, error_text, frequency_text, seconds_text

if TYPE_CHECKING:
    from qiskit.transpiler import Target

__all__ = ["DeviceMap"]

_STEP = 46  # pixels between neighbours
_RADIUS = 14
_MARGIN = 24
_PANEL = 44
_LEGEND = 64
_NARROWEST = 640
_DARK = 128.0
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


class DeviceMap:
    """A map of a device. In a notebook it shows itself; elsewhere, it prints as text.

    The colour of a coupling is the error of its two-qubit gate, that of a qubit its readout error.
    Hovering over one, or reaching it with the Tab key, shows its numbers. It is one SVG with a style and no
    script, so that it needs neither a server nor trust.

    Attributes:
        calibrated: When the device was calibrated, ISO 8601; None when it does not say.
    """

    def __init__(self, name: str, target: Target, calibrated: str | None = None) -> None:
        self.name = name
        self._facts = DeviceFacts.of(target)
        self.calibrated = calibrated
        self._places = positions(len(self._facts.qubits), [each.pair for each in self._facts.couplings])

    def __repr__(self) -> str:
        return (
            f"<map of {self.name}: {len(self._facts.qubits)} qubits, {len(self._facts.couplings)} couplings>"
        )

    def __str__(self) -> str:
        return text_map(self._facts, self._places)

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """The map as HTML, to be put into a page."""
        when = f", calibrated {self.calibrated}" if self.calibrated else ""
        return card(f"{self.name}: {len(self._facts.qubits)} qubits{when}", self.svg())

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write a page that a browser opens; nothing else is needed beside it."""
        Path(file).write_text(page(self.name, self.html()), encoding="utf-8")

    def svg(self) -> str:
        """The map alone."""
        facts = self._facts
        readout = Scale.of(qubit.readout_error for qubit in facts.qubits)
        gates = Scale.of(coupling.error for coupling in facts.couplings)
        across, down = self._places.max(axis=0) if len(self._places) else (0.0, 0.0)
        width = max(_NARROWEST, round(across * _STEP) + 2 * _MARGIN + 2 * _RADIUS)
        height = round(down * _STEP) + 2 * _MARGIN + 2 * _RADIUS + _PANEL + _LEGEND
        # A notebook may hold several maps, and a style holds for all of its page.
        mark = "m" + hashlib.sha256(f"{self.name}{facts}".encode()).hexdigest()[:8]
        body = [
            *(self._coupling(coupling, gates) for coupling in facts.couplings),
            *(self._qubit(qubit, readout) for qubit in facts.qubits),
            _legend(gates, _gate_title(facts), 0, height),
            _legend(readout, "readout error", 1, height),
        ]
        return (
            f'<svg id="{mark}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" style="max-width:100%;height:auto;background:#fff" role="img" '
            f'aria-label="map of {escaped(self.name)}">{_style(mark)}'
            f'<text class="hint" x="{_MARGIN - 10}" y="20">'
            "Hover over a qubit or a coupling for its numbers.</text>"
            f"{''.join(body)}</svg>"
        )

    def _at(self, qubit: int) -> tuple[float, float]:
        x, y = self._places[qubit]
        return (
            round(float(x) * _STEP + _MARGIN + _RADIUS, 1),
            round(float(y) * _STEP + _MARGIN + _RADIUS + _PANEL, 1),
        )

    def _coupling(self, coupling: Coupling, scale: Scale | None) -> str:
        (x1, y1), (x2, y2) = (self._at(qubit) for qubit in coupling.pair)
        colour = scale.colour(coupling.error) if scale else "#c3c9d0"
        line = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"'
        broken = ' stroke-dasharray="3 3"' if coupling.error is not None and coupling.error >= 1 else ""
        words = [
            f"{name}: error {error_text(gate.error)}, {seconds_text(gate.duration_s)}"
            for name, gate in coupling.gates.items()
        ]
        low, high = coupling.pair
        # The wide line is not seen: it is easier to hit.
        shape = f'<line class="wide" {line}/><line class="coupling" {line} stroke="{colour}"{broken}/>'
        return _item(f"coupling {low}-{high}", words, shape)

    def _qubit(self, qubit: Qubit, scale: Scale | None) -> str:
        x, y = self._at(qubit.index)
        error = qubit.readout_error
        colour = scale.colour(error) if scale else "#c3c9d0"
        known = {
            "T1": seconds_text(qubit.t1_s),
            "T2": seconds_text(qubit.t2_s),
            "readout error": error_text(error),
            "sx error": error_text(qubit.gate_error),
            "frequency": frequency_text(qubit.frequency_hz),
        }
        words = [f"{name} {text}" for name, text in known.items() if text != UNKNOWN]
        shape = (
            f'<circle cx="{x}" cy="{y}" r="{_RADIUS}" fill="{colour}"/>'
            f'<text class="number" x="{x}" y="{y}" style="fill:{_on(colour)}">{qubit.index}</text>'
        )
        return _item(f"qubit {qubit.index}", words, shape)


def _gate_title(facts: DeviceFacts) -> str:
    broken = any(coupling.error is not None and coupling.error >= 1 for coupling in facts.couplings)
    return f"{facts.two_qubit_gate} error{' (dashed: out of order)' if broken else ''}"


def _item(title: str, words: Sequence[str], shape: str) -> str:
    """Something to hover over: its numbers appear in the panel, which is part of it."""
    text = " · ".join(words) or "nothing is known"
    return (
        f'<g class="item" tabindex="0"><title>{escaped(f"{title}: {text}")}</title>{shape}'
        f'<g class="tip"><text x="{_MARGIN - 10}" y="20" font-weight="bold">{escaped(title)}</text>'
        f'<text x="{_MARGIN - 10}" y="38">{escaped(text)}</text></g></g>'
    )


def _style(mark: str) -> str:
    rules = {
        "text": "font-family:system-ui,sans-serif;font-size:13px;fill:#1f2328",
        ".number": "font-size:11px;text-anchor:middle;dominant-baseline:central;pointer-events:none",
        ".hint": "fill:#57606a",
        ".tip": "visibility:hidden;pointer-events:none",
        ".coupling": "stroke-width:6",
        ".wide": "stroke:transparent;stroke-width:20",
        ".item": "outline:none;cursor:default",
        ".item:hover>.tip,#{m} .item:focus>.tip": "visibility:visible",
        ".item:hover>circle,#{m} .item:focus>circle": "stroke:#1f2328;stroke-width:3",
        ".item:hover>.coupling,#{m} .item:focus>.coupling": "stroke-width:11",
    }
    css = "".join(f"#{mark} {where}{{{what}}}".replace("{m}", mark) for where, what in rules.items())
    # The hint makes room for the numbers.
    hint = f"#{mark}:has(.item:hover) .hint,#{mark}:has(.item:focus) .hint{{visibility:hidden}}"
    return f"<style>{css}{hint}</style>"


def _legend(scale: Scale | None, title: str, place: int, height: int) -> str:
    """A bar of the scale's colours with its ends and its middle."""
    if scale is None:
        return ""
    left, top, length, steps = _MARGIN - 10 + place * 320, height - _LEGEND + 22, 240, 24
    ratio, width = scale.worst / scale.best, length / steps
    bar = "".join(
        f'<rect x="{left + step * width:.1f}" y="{top}" width="{width + 0.5:.1f}" height="10" '
        f'fill="{scale.colour(scale.best * ratio ** (step / (steps - 1)))}"/>'
        for step in range(steps)
    )
    ticks = ((0, "start", scale.best), (length / 2, "middle", scale.middle), (length, "end", scale.worst))
    texts = "".join(
        f'<text x="{left + at}" y="{top + 25}" text-anchor="{anchor}">{error:.1e}</text>'
        for at, anchor, error in ticks
    )
    return f'<g class="legend"><text x="{left}" y="{top - 6}">{escaped(title)}</text>{bar}{texts}</g>'


def _on(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    light = sum(part * share for part, share in zip(parts, _LUMA, strict=True))
    return "#000000" if light > _DARK else "#ffffff"
