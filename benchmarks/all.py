"""All benchmarks in one run: ``tox -e bench`` prints a table of what is asked for, and writes a page.

Each script runs in a process of its own, one after the other, and measures side by side with what users would
use instead. The table has the figures that have a goal; what the scripts printed is below it on the page, and
`plots` draws how some of it grows.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from goals import GOALS
from plots import PLOTS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
PICTURES = PAGE.parent / "images"
PACKAGES = ("qiskit", "qiskit-ibm-runtime", "qiskit-aer", "numpy", "msgspec")
SCRIPTS: dict[str, tuple[str, ...]] = {
    "imports": (),
    "target": (),
    "programs": ("--circuits", "10"),
    "reader": (),
    "results": (),
    "twin": (),
    "service": ("--jobs", "150"),
    "lanes": (),
    "submission": ("--jobs", "300"),
    "waiting": (),
    "accounts": (),
}
ELSEWHERE = """\
Measured once and by hand, on two cores on 2026-11-20, since they are no part of this project's environment:
the official simulator of the REST API with QRMI's client took 4.0 to 6.0 s for a warm Bell job and ran 0.23
to 0.39 jobs/s over 5 lanes, at 199 MB when idle; QRMI asks 573 times about a job of 10 min, and 3,439 times
about one of 1 h; of 1,000 submissions under 30 % of faults of 12 kinds, qiskit-ionq raised 181, doubled 36
and orphaned 133.

That some submissions under faults end with an error is
[as it should be](../explanation/exactly_once.md#measured).
"""


@dataclass(frozen=True)
class Printed:
    """What a script printed, how long it ran, and how long processors worked for it."""

    text: str
    seconds: float
    processor_s: float

    @property
    def took(self) -> str:
        """Both times."""
        return f"{self.seconds:.0f} s, {self.processor_s:.0f} s of processor time"


def run(script: str) -> Printed:
    """Run a script; what it prints is shown once it has ended."""
    print(f"-- {script}", flush=True)
    started, worked = time.monotonic(), _processor_s()
    command = [sys.executable, str(ROOT / "benchmarks" / f"{script}.py"), *SCRIPTS[script]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = Printed(done.stdout, time.monotonic() - started, _processor_s() - worked)
    print(printed.text, f"({printed.took})", flush=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    return printed


def _processor_s() -> float:
    """Of all processes that were started here and have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(printed: dict[str, Printed]) -> list[str]:
    """The goals of the scripts that were run."""
    return [goal.row(printed[goal.script].text) for goal in GOALS if goal.script in printed]


def page(printed: dict[str, Printed], load: float) -> str:
    """The page of the documents; ``load`` is that of the machine before."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    minutes = sum(each.seconds for each in printed.values()) / 60
    machine = f"{os.cpu_count()} cores, load {load:.1f} before, Python {platform.python_version()}"
    lines = [
        "# Benchmarks",
        "",
        "Written by `tox -e bench`. All figures are of one run. A ratio to floor or `import qiskit` is",
        'ours to it; any other says how many times as long the other takes, or how much more. "Runtime" is',
        "qiskit-ibm-runtime.",
        "",
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {machine}, {packages}; {minutes:.0f} minutes.",
        "",
        "| work | measured | asked for | met |",
        "|---|---|---|---|",
        *table(printed),
        "",
        ELSEWHERE,
        "## How it grows",
        "",
        *(f"![{plot.title}: {plot.up} over {plot.across}](images/{plot.name}.svg)\n" for plot in PLOTS),
    ]
    for script, each in printed.items():
        lines += [f"## {script}", "", f"Took {each.took}.", "", "```text", each.text.rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def draw(printed: dict[str, Printed], folder: Path) -> None:
    """The pictures whose scripts were run."""
    folder.mkdir(exist_ok=True)
    for plot in PLOTS:
        if plot.script in printed:
            print(f"drawn: {plot.draw(printed[plot.script].text, folder)}")


def main() -> None:
    """Run all, or those that are named; write the page only when all were run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", help="default: all", metavar="SCRIPT")
    where = "where to draw the pictures of those that are named"
    parser.add_argument("--pictures", type=Path, help=where, metavar="FOLDER")
    given = parser.parse_args()
    chosen, load = given.scripts or list(SCRIPTS), os.getloadavg()[0]
    printed = {script: run(script) for script in chosen}
    print("\n".join(table(printed)))
    missing = [
        goal.work
        for goal in GOALS
        if goal.script in printed and goal.found(printed[goal.script].text) is None
    ]
    if missing:
        raise SystemExit(f"the scripts did not print what was asked for: {', '.join(missing)}")
    whole = set(chosen) == set(SCRIPTS)
    if whole or given.pictures:
        draw(printed, given.pictures or PICTURES)
    if whole:
        PAGE.write_text(page(printed, load))
        print(f"written to {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
