"""What the server asks of a worker; light to import, since the server itself never simulates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_direct_provider.service.outcome import Outcome, Task

__all__ = ["run_task"]


def run_task(task: Task) -> Outcome:
    """Run one job; only ever called in a worker process."""
    from qiskit_direct_provider.service.execute import execute

    return execute(task)
