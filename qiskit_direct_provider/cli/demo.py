"""``qiskit-direct demo``: the main job on a local service, from devices to counts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers.jobstatus import JobStatus
    from qiskit.result import Result

    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.job import DirectJob
    from qiskit_direct_provider.provider import DirectProvider

__all__ = ["demo"]

GHZ_QUBITS = 5
ANGLES = 6


def demo(
    *,
    device: Annotated[str, typer.Option(help="The device to simulate.")] = "fake_torino",
    shots: Annotated[int, typer.Option(min=1, help="Shots for each circuit.")] = 4096,
    seed: Annotated[int | None, typer.Option(help="Makes the counts reproducible.")] = None,
) -> None:
    """Run circuits on a local service that simulates real devices. Needs no account and no network."""
    from qiskit_direct_provider.provider import DEFAULT_LOCAL_DEVICES, DirectProvider

    console = Console()
    console.print(
        "[bold]Everything below runs on this machine: the devices are simulated from snapshots.[/]\n"
    )
    started = time.monotonic()
    names = list(dict.fromkeys((device, *DEFAULT_LOCAL_DEVICES)))
    with _spinner(console, "starting the local service"):
        provider = DirectProvider.local(names, seed=seed)
    with provider:
        _show_devices(console, provider)
        backend = provider.get_backend(device)
        _ghz(console, backend, shots)
        _rotations(console, backend, shots)
    console.print(
        f"Done in {time.monotonic() - started:.1f} s. These numbers come from a simulation (Qiskit Aer with "
        f"the noise of a snapshot of {device}), not from a quantum computer.\n"
        "Your own system: DirectProvider(token=..., url=..., instance=..., storage=S3Storage(...))."
    )


@contextmanager
def _spinner(console: Console, text: str) -> Iterator[Progress]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(text)
        yield progress


def _show_devices(console: Console, provider: DirectProvider) -> None:
    table = Table()
    for heading in ("name", "qubits", "two-qubit gate", "median error", "median T1"):
        table.add_column(heading, justify="left" if heading in {"name", "two-qubit gate"} else "right")
    for backend in provider.backends():
        target = backend.target
        gate = next((name for name in ("cz", "ecr", "cx") if name in target.operation_names), "-")
        known = target[gate] if gate in target.operation_names else {}
        errors = [
            properties.error for properties in known.values() if properties and properties.error is not None
        ]
        times = [qubit.t1 for qubit in target.qubit_properties or [] if qubit and qubit.t1]
        table.add_row(
            backend.name,
            str(target.num_qubits),
            gate,
            f"{_median(errors):.2e}",
            f"{_median(times) * 1e6:.0f} µs",
        )
    console.print(table)


def _median(values: list[float]) -> float:
    from statistics import median

    return median(values) if values else math.nan


def _ghz(console: Console, backend: DirectBackend, shots: int) -> None:
    """One entangled state of five qubits: half of the shots all 0, half all 1, but for errors."""
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(GHZ_QUBITS, name="GHZ")
    circuit.h(0)
    for qubit in range(GHZ_QUBITS - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    result = _run(console, backend, [circuit], shots, "GHZ state of 5 qubits")
    counts = result.get_counts()
    console.print(f"GHZ state of {GHZ_QUBITS} qubits on {backend.name}, {shots} shots:")
    table = Table()
    for heading in ("bits", "counts", "share"):
        table.add_column(heading, justify="right")
    for bits, number in sorted(counts.items(), key=lambda entry: -entry[1])[:6]:
        table.add_row(bits, str(number), f"{number / shots:.1%}")
    console.print(table)
    console.print(f"Hellinger fidelity with the ideal distribution: {_fidelity(circuit, counts):.4f}\n")


def _rotations(console: Console, backend: DirectBackend, shots: int) -> None:
    """One circuit with a parameter at several values: the share of 11 follows sin²(θ/2)."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter

    theta = Parameter("θ")
    template = QuantumCircuit(2, name="rotation")
    template.ry(theta, 0)
    template.cx(0, 1)
    template.measure_all()
    angles = [math.pi * step / (ANGLES - 1) for step in range(ANGLES)]
    circuits = [template.assign_parameters({theta: angle}) for angle in angles]
    result = _run(console, backend, circuits, shots, f"batch of {ANGLES} angles")
    console.print(f"A batch of {ANGLES} circuits, ry(θ) then cx, on {backend.name}:")
    table = Table()
    for heading in ("θ", "share of 11", "ideal", "Hellinger fidelity"):
        table.add_column(heading, justify="right")
    for index, (angle, circuit) in enumerate(zip(angles, circuits, strict=True)):
        counts = result.get_counts(index)
        table.add_row(
            f"{angle:.2f}",
            f"{counts.get('11', 0) / shots:.3f}",
            f"{math.sin(angle / 2) ** 2:.3f}",
            f"{_fidelity(circuit, counts):.4f}",
        )
    console.print(table)


def _run(
    console: Console, backend: DirectBackend, circuits: list[QuantumCircuit], shots: int, what: str
) -> Result:
    from qiskit import transpile

    with _spinner(console, f"{what}: transpiling") as progress:
        isa = transpile(circuits, backend, optimization_level=3, seed_transpiler=7)
        progress.update(progress.task_ids[0], description=f"{what}: submitting")
        job = backend.run(isa, shots=shots, name=what, job_tags=["demo"])

        def show(job_id: str, status: JobStatus, _job: DirectJob) -> None:
            progress.update(progress.task_ids[0], description=f"{what}: job {job_id} is {status.name}")

        job.wait_for_final_state(timeout=120, callback=show)
        result = job.result(timeout=120)
    console.print(f"{what}: job {job.job_id()} is {job.status().name}")
    return result


def _fidelity(circuit: QuantumCircuit, counts: dict[str, int]) -> float:
    """Hellinger fidelity of counts with what the circuit would give without any error."""
    from qiskit.quantum_info import Statevector, hellinger_fidelity

    ideal = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities_dict()
    return float(hellinger_fidelity(counts, ideal))
