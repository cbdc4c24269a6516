"""What the server asks of a worker; light to import, since the server itself never simulates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit_direct_provider.service.outcome import Outcome, Task
    from qiskit_direct_provider.service.transpiler_tasks import TranspilationRequest
    from qiskit_direct_provider.wire.transpiler import TranspiledCircuit

__all__ = ["run_task", "run_transpilation"]


def run_task(task: Task) -> Outcome:
    """Run one job; only ever called in a worker process."""
    from qiskit_direct_provider.service.execute import execute

    return execute(task)


def run_transpilation(request: TranspilationRequest) -> list[TranspiledCircuit]:
    """Transpile the circuits of one request; only ever called in a worker process."""
    from qiskit_direct_provider.service.transpile import transpiled

    return transpiled(request)
