"""All benchmarks in one run: ``tox -e bench`` prints a table of what is asked for, and writes a page.

Each script runs in a process of its own, one after the other, and measures side by side with what users would
use instead. The table has the figures that have a goal; what the scripts printed is below it on the page.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
PACKAGES = ("qiskit", "qiskit-ibm-runtime", "qiskit-aer", "numpy", "msgspec")
SCRIPTS: dict[str, tuple[str, ...]] = {
    "imports": (),
    "target": (),
    "programs": ("--circuits", "10"),
    "reader": (),
    "results": (),
    "twin": (),
    "service": ("--jobs", "300"),
    "submission": ("--jobs", "300"),
}

_N = r"[\d.]+"


@dataclass(frozen=True)
class Goal:
    """A figure that is asked for.

    Attributes:
        work: What is measured, and against what.
        script: Which script prints it.
        pattern: Where in its output; the group is the figure.
        least: What it has to be at least, if that is what is asked for.
        most: What it may be at most.
        unit: Of the figure; ``x`` for a ratio.
    """

    work: str
    script: str
    pattern: str
    least: float | None = None
    most: float | None = None
    unit: str = "x"

    def found(self, printed: str) -> float | None:
        """The figure; None where the script did not print it."""
        match = re.search(self.pattern, printed, re.MULTILINE)
        return float(match[1]) if match else None

    def row(self, printed: str) -> str:
        """A row of the table."""
        figure = self.found(printed)
        asked = f"at most {self.most:g}" if self.least is None else f"at least {self.least:g}"
        met = figure is not None and (self.least is None or figure >= self.least)
        met = met and (self.most is None or figure <= self.most)
        shown = "not measured" if figure is None else f"{figure:g} {self.unit}"
        return f"| {self.work} | {shown} | {asked} {self.unit} | {'yes' if met else '**no**'} |"


def _of_device(name: str) -> tuple[Goal, Goal]:
    line = rf"^{name} +\d+ +{_N} ms +{_N} ms +"
    return (
        Goal(
            f"{name}: bytes to Target, runtime to ours", "target", rf"{line}{_N}x +{_N} ms +({_N})x", least=25
        ),
        Goal(f"{name}: the same, beside the floor", "target", rf"{line}({_N})x", most=2.5),
    )


_CASE = rf"^1 x 100,000 x 156 +{_N} ms +{_N} ms +"
_STORM = r"^qiskit_direct_provider +\d+ +"
GOALS = (
    Goal(
        "import, beside `import qiskit`", "imports", rf"^from qiskit_direct_provider .* ({_N}) x", most=1.15
    ),
    *_of_device("fake_boston"),
    *_of_device("fake_brisbane"),
    *_of_device("fake_manila"),
    Goal(
        "circuits to bytes, `qasm3.dumps` to ours",
        "programs",
        rf"^  qiskit.qasm3.dumps .* ({_N}) x",
        least=20,
    ),
    Goal("text to circuit, `qasm3.loads`", "reader", r"(\d+) times as long", least=20),
    Goal("100,000 shots of 156 bits, runtime", "results", rf"{_CASE}{_N}x +{_N} ms +({_N})x", least=1),
    Goal("the same, beside the floor", "results", rf"{_CASE}({_N})x", most=1.5),
    Goal("the same to counts, `get_counts`", "results", rf"{_CASE}{_N} ms +({_N})x", least=1),
    Goal("first jobs after the start of a service", "service", rf"^start to .* ({_N}) s", most=2, unit="s"),
    Goal("a Bell job, warm", "service", rf"^Bell .* ({_N}) s", most=0.1, unit="s"),
    Goal("Bell jobs over 5 lanes", "service", rf"lanes +({_N}) jobs/s", least=25, unit="jobs/s"),
    Goal("30 % faults: doubled jobs", "submission", rf"{_STORM}(\d+)", most=0, unit="jobs"),
    Goal("30 % faults: orphans", "submission", rf"{_STORM}\d+ +(\d+)", most=0, unit="jobs"),
)


def run(script: str) -> str:
    """What a script prints; shown while it runs."""
    print(f"-- {script}", flush=True)
    started = time.monotonic()
    command = [sys.executable, str(ROOT / "benchmarks" / f"{script}.py"), *SCRIPTS[script]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout, f"({time.monotonic() - started:.0f} s)", flush=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    return done.stdout


def page(printed: dict[str, str]) -> str:
    """The page of the documents."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = os.getloadavg()[2]
    machine = f"{os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"
    lines = [
        "# Benchmarks",
        "",
        "Written by `tox -e bench`. All figures are of one run. A ratio to floor or `import qiskit` is",
        "ours to it; any other says how many times as long the other takes.",
        "",
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {machine}, {packages}.",
        "",
        "| work | measured | asked for | met |",
        "|---|---|---|---|",
        *(goal.row(printed.get(goal.script, "")) for goal in GOALS),
    ]
    for script, text in printed.items():
        lines += ["", f"## {script}", "", "```text", text.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run all, or those that are named; write the page only when all were run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", help="default: all", metavar="SCRIPT")
    chosen = parser.parse_args().scripts or list(SCRIPTS)
    printed = {script: run(script) for script in chosen}
    asked = [goal for goal in GOALS if goal.script in printed]
    print("\n".join(goal.row(printed[goal.script]) for goal in asked))
    if any(goal.found(printed[goal.script]) is None for goal in asked):
        raise SystemExit("a script did not print what was asked for")
    if len(chosen) == len(SCRIPTS):
        PAGE.write_text(page(printed))
        print(f"written to {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
