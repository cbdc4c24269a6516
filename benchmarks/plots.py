"""How times and rates grow, drawn from what the scripts printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from goals import NUMBER

__all__ = ["PLOTS", "Plot"]

_COUNT = r"([\d,]+)"
_ANY = rf"{NUMBER} ms +"
_MS = rf"({NUMBER}) ms"
_STYLE = {
    "svg.fonttype": "none",  # text stays text, which is a tenth of the size
    "svg.hashsalt": "benchmarks",  # names inside the file do not change from run to run
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True)
class Plot:
    """A picture of some series over one quantity.

    Attributes:
        name: Of the file.
        title: What is drawn, which is also what the page says instead of the picture.
        script: Which script prints the figures.
        across: What the horizontal axis shows, with its unit.
        up: What the vertical axis shows, with its unit.
        series: Pattern of a line of output by label; its two groups are the place and the value.
        log: Whether the axes are logarithmic.
    """

    name: str
    title: str
    script: str
    across: str
    up: str
    series: dict[str, str]
    log: bool = True

    def points(self, printed: str) -> dict[str, list[tuple[float, float]]]:
        """Places and values of each series, by its label."""
        return {
            label: sorted(
                (float(place.replace(",", "")), float(value))
                for place, value in re.findall(pattern, printed, re.MULTILINE)
            )
            for label, pattern in self.series.items()
        }

    def draw(self, printed: str, folder: Path) -> Path:
        """Write the picture.

        Raises:
            ValueError: A series has no points, so the script prints something else than it did.
        """
        from matplotlib.figure import Figure

        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=(5.6, 3.4), layout="constrained")
            axes = figure.subplots()
            for marker, (label, points) in zip("os^D", self.points(printed).items(), strict=False):
                if not points:
                    raise ValueError(f"{self.script} printed no figure of {label!r}")
                axes.plot(*zip(*points, strict=True), marker=marker, markersize=4, linewidth=1.2, label=label)
            if self.log:
                axes.set(xscale="log", yscale="log")
            else:
                axes.set_ylim(bottom=0)
                axes.xaxis.get_major_locator().set_params(integer=True)
            axes.set(xlabel=self.across, ylabel=self.up, title=self.title)
            axes.grid(visible=True, which="major", linewidth=0.4, alpha=0.6)
            axes.legend(frameon=False)
            path = folder / f"{self.name}.svg"
            figure.savefig(path, metadata={"Date": None})
        return path


PLOTS = (
    Plot(
        "target",
        "From a device's documents to its Target",
        "target",
        "qubits",
        "time (ms)",
        {
            "this package, synthetic heavy-hex": rf"^heavy-hex \d+ +{_COUNT} +{_MS}",
            "floor, the same": rf"^heavy-hex \d+ +{_COUNT} +{_ANY}{_MS}",
            "this package, fake devices": rf"^fake_\w+ +{_COUNT} +{_MS}",
            "qiskit-ibm-runtime, fake devices": rf"^fake_\w+ +{_COUNT} +{_ANY}{_ANY}{NUMBER}x +{_MS}",
        },
    ),
    Plot(
        "programs",
        "From one circuit to the bytes of an upload",
        "programs",
        "gates",
        "time (ms)",
        {
            "this package": rf"^ +{_COUNT} gates +{_MS}",
            "floor: native exporter": rf"^ +{_COUNT} gates +{_ANY}{_MS}",
            "qiskit-ibm-runtime (QPY)": rf"^ +{_COUNT} gates +{_ANY}{_ANY}{_MS}",
            "qiskit.qasm3.dumps": rf"^ +{_COUNT} gates +{_ANY}{_ANY}{_ANY}{_MS}",
        },
    ),
    Plot(
        "results",
        "From a result document to bits, 156 a shot",
        "results",
        "shots",
        "processor time (ms)",
        {
            "this package": rf"^ +{_COUNT} shots +{_MS}",
            "floor": rf"^ +{_COUNT} shots +{_ANY}{_MS}",
            "qiskit-ibm-runtime": rf"^ +{_COUNT} shots +{_ANY}{_ANY}{_MS}",
        },
    ),
    Plot(
        "lanes",
        "Bell jobs of 1,024 shots on the local service",
        "lanes",
        "execution lanes in use",
        "jobs per second",
        {
            "1 worker": rf"^ +(\d) +({NUMBER}) jobs/s",
            "2 workers": rf"^ +(\d) +{NUMBER} jobs/s +({NUMBER}) jobs/s",
        },
        log=False,
    ),
)
