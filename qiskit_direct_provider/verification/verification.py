"""The verdict on a job: what `backend.verify` returns."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.verification.outcome import Check, Verdict, rows
from qiskit_direct_provider.views.markup import page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Verification"]

_ORDER = (Verdict.CONSISTENT, Verdict.DEGRADED, Verdict.WRONG)


@dataclass(frozen=True)
class Verification:
    """Whether a device answered as its calibration promises.

    Attributes:
        backend_name: The device.
        calibrated: When it was calibrated as it is compared with; None if never.
        checks: One for each circuit, or set of parameter values, in order.
        job_id: The job that was looked at.
        significance: Probability to call a healthy device something else than consistent.
    """

    backend_name: str
    calibrated: str | None
    checks: tuple[Check, ...]
    job_id: str | None = None
    significance: float = 0.01

    @property
    def verdict(self) -> str:
        """The worst of all: ``"consistent"``, ``"degraded"`` or ``"wrong"``."""
        return max((each.verdict for each in self.checks), key=_ORDER.index).value

    @property
    def p_value(self) -> float:
        """Probability that a healthy device does as badly as this, on the worst of the circuits (Sidak)."""
        return 1.0 - (1.0 - min(each.p_value for each in self.checks)) ** len(self.checks)

    def __bool__(self) -> bool:
        """Whether the verdict is ``consistent``."""
        return self.verdict == Verdict.CONSISTENT.value

    def __str__(self) -> str:
        head = (
            f"{self.backend_name}: {self.verdict}, p = {self.p_value:.3g}, "
            f"calibration of {self.calibrated or 'never'}"
        )
        return "\n".join([head, *(line for each in self.checks for line in _lines(each))])

    def to_html(self) -> str:
        """The report as a fragment of HTML, without the plot."""
        from qiskit_direct_provider.verification.html import as_html

        return as_html(self)

    def _repr_html_(self) -> str:
        return self.to_html()

    def save(self, file: str | os.PathLike[str], *, plots: int = 4) -> None:
        """Write a page that a browser opens; nothing else is needed beside it.

        Args:
            file: Where.
            plots: Most circuits to draw, the worst first; without matplotlib, there are none.
        """
        from qiskit_direct_provider.verification.html import as_html, as_svg

        pictures: dict[int, str] = {}
        worst_first = sorted(range(len(self.checks)), key=lambda index: self.checks[index].p_value)
        with contextlib.suppress(UnsupportedError):
            pictures = {index: as_svg(self.plot(index)) for index in worst_first[:plots]}
        title = f"{self.backend_name}: {self.verdict}"
        Path(file).write_text(page(title, as_html(self, pictures)), encoding="utf-8")

    def plot(self, index: int = 0, *, words: int = 16) -> Figure:
        """Counts of one circuit beside what the twin expects, most frequent words first.

        Args:
            index: Which circuit.
            words: Most words to show.
        """
        from qiskit_direct_provider.verification.plot import drawn

        return drawn(self.checks[index], self.backend_name, words)


def _lines(check: Check) -> Sequence[str]:
    lines = [f"  {check.name}: {check.verdict.value}, p = {check.p_value:.3g}, {check.shots} shots"]
    lines += [f"    {name}: {value}" for name, value in rows(check)]
    return lines
