"""What is asked for of each figure, and where in the output of its script it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["GOALS", "NUMBER", "Goal"]

NUMBER = r"[\d.]+"


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
        met = figure is not None and (self.least is None or figure >= self.least)
        met = met and (self.most is None or (figure is not None and figure <= self.most))
        shown = "not measured" if figure is None else f"{figure:g} {self.unit}"
        return f"| {self.work} | {shown} | {self._asked()} {self.unit} | {'yes' if met else '**no**'} |"

    def _asked(self) -> str:
        if self.least == self.most:
            return f"{self.most:g}"
        return f"at most {self.most:g}" if self.least is None else f"at least {self.least:g}"


def _of_device(name: str) -> tuple[Goal, Goal]:
    line = rf"^{name} +\d+ +{NUMBER} ms +{NUMBER} ms +"
    return (
        Goal(
            f"{name}: bytes to Target, runtime to ours",
            "target",
            rf"{line}{NUMBER}x +{NUMBER} ms +({NUMBER})x",
            least=25,
        ),
        Goal(f"{name}: the same, beside the floor", "target", rf"{line}({NUMBER})x", most=2.5),
    )


_CASE = rf"^1 x 100,000 x 156 +{NUMBER} ms +{NUMBER} ms +"
_OURS = r"^qiskit_direct_provider +"
GOALS = (
    Goal(
        "import, beside `import qiskit`",
        "imports",
        rf"^from qiskit_direct_provider .* ({NUMBER}) x",
        most=1.15,
    ),
    *_of_device("fake_boston"),
    *_of_device("fake_brisbane"),
    *_of_device("fake_manila"),
    Goal("typed decode of 684 kB, pydantic to msgspec", "target", rf"^  pydantic.* ms +({NUMBER})x", least=3),
    Goal(
        "circuits to bytes, `qasm3.dumps` to ours",
        "programs",
        rf"^  qiskit.qasm3.dumps .* ({NUMBER}) x",
        least=20,
    ),
    Goal(
        "the same, runtime's encoder (QPY) to ours",
        "programs",
        rf"^  qiskit-ibm-runtime's encoder .* ({NUMBER}) x",
        least=1,
    ),
    Goal("text to circuit, `qasm3.loads` to ours", "reader", r"(\d+) times as long", least=20),
    Goal(
        "100,000 shots of 156 bits, runtime to ours",
        "results",
        rf"{_CASE}{NUMBER}x +{NUMBER} ms +({NUMBER})x",
        least=1,
    ),
    Goal("the same, beside the floor", "results", rf"{_CASE}({NUMBER})x", most=1.5),
    Goal(
        "its peak of memory, runtime to ours",
        "results",
        rf"^1 x 100,000 x 156 .* MB .* ({NUMBER})x$",
        least=1,
    ),
    Goal(
        "the same as plain JSON hex, to the form for Qiskit, which is asked for",
        "results",
        rf"^plain, .* ({NUMBER}) times the form for Qiskit",
        least=1,
    ),
    Goal("the same to counts, `get_counts` to ours", "results", rf"{_CASE}{NUMBER} ms +({NUMBER})x", least=1),
    Goal(
        "twin of fake_torino and a Bell pair on it, `AerSimulator.from_backend` to ours",
        "twin",
        rf"^torino .* ({NUMBER})x$",
        least=10,
    ),
    Goal("the twin of the same calibration again", "twin", rf"again: ({NUMBER}) ms", most=1, unit="ms"),
    Goal(
        "first jobs after the start of a service", "service", rf"^start to .* ({NUMBER}) s", most=2, unit="s"
    ),
    Goal("memory of the idle server", "service", rf"^memory of .* ({NUMBER}) MB \(", most=250, unit="MB"),
    Goal("a Bell job, warm", "service", rf"^Bell, .* ({NUMBER}) s", most=0.1, unit="s"),
    Goal(
        "Bell jobs over 5 lanes, light client",
        "service",
        rf"^light client +({NUMBER}) jobs/s",
        least=25,
        unit="jobs/s",
    ),
    Goal(
        "Bell jobs over 5 lanes, this package's client",
        "service",
        rf"^this package, 5 threads +({NUMBER}) jobs/s",
        least=25,
        unit="jobs/s",
    ),
    Goal("30 % faults: doubled jobs", "submission", rf"{_OURS}\d+ +(\d+)", most=0, unit="jobs"),
    Goal("30 % faults: orphans", "submission", rf"{_OURS}\d+ +\d+ +(\d+)", most=0, unit="jobs"),
    Goal("questions until a job of 10 min ends", "waiting", r"^ +1 +600 +(\d+)", most=80, unit="requests"),
    Goal("of 1 h", "waiting", r"^ +1 +3600 +(\d+)", most=180, unit="requests"),
    Goal("of 100 jobs of 10 min at once", "waiting", r"^ +100 +600 +(\d+)", most=80, unit="requests"),
    Goal("8 x 50 account saves at once: lost", "accounts", rf"{_OURS}(\d+)", most=0, unit="accounts"),
    Goal("the same: saves that raised", "accounts", rf"{_OURS}\d+ +(\d+)", most=0, unit="saves"),
    Goal("60 kills while saving: destroyed", "accounts", rf"{_OURS}\d+ +\d+ +(\d+)", most=0, unit="files"),
    Goal(
        "mode of the account file",
        "accounts",
        rf"{_OURS}\d+ +\d+ +\d+ +(\d+)",
        least=600,
        most=600,
        unit="(octal)",
    ),
)
