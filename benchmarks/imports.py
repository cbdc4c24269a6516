"""What an import costs: this package beside Qiskit alone and qiskit-ibm-runtime, in one run.

Each statement runs in processes of their own, in turn; medians are printed, and the ratio to Qiskit alone.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

STATEMENTS = {
    "import qiskit": "import qiskit",
    "import qiskit_direct_provider": "import qiskit, qiskit_direct_provider",
    "from qiskit_direct_provider import DirectProvider": (
        "import qiskit; from qiskit_direct_provider import DirectProvider"
    ),
    "import qiskit_ibm_runtime": "import qiskit_ibm_runtime",
}
PROCESSES = 15


def seconds(statement: str) -> float:
    """Wall-clock time of one process that runs the statement."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print one line a statement."""
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for statement in STATEMENTS.values():
        seconds(statement)  # once, to compile and to warm the disk cache
    for _ in range(PROCESSES):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, median in medians.items():
        print(f"{name:52} {median:6.3f} s  {median / medians['import qiskit']:5.2f} x import qiskit")


if __name__ == "__main__":
    main()
