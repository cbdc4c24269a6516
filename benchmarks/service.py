"""The local service under load: Bell jobs as fast as the lanes allow, and single jobs by kind, in one run.

Jobs go through this package's client: upload, submit, wait, read, delete. The process tree tells the time
that the service took on processors from that of its workers, in which Aer's is contained; Linux only.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import DirectProvider

DEVICE = "fake_brisbane"
LANES = 5
SHOTS = 1024
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def bell() -> QuantumCircuit:
    """Two qubits, measured."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def ghz(qubits: int) -> QuantumCircuit:
    """A chain of CX gates, measured."""
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def processes(root: int) -> Iterator[int]:
    """A process and all that come from it."""
    yield root
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == root:
                yield from processes(int(entry.name))


def cpu_s(process: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def usage(root: int) -> dict[int, float]:
    """Processor time of each process of the service."""
    return {process: cpu_s(process) for process in processes(root)}


def throughput(provider: DirectProvider, jobs: int) -> float:
    """Seconds for that many one-circuit jobs, never more of them at a time than there are lanes."""
    backend = provider.get_backend(DEVICE)
    circuit = transpile(bell(), backend, optimization_level=1, seed_transpiler=1)
    start = time.perf_counter()
    running = [backend.run(circuit, shots=SHOTS) for _ in range(min(LANES, jobs))]
    for number in range(jobs):
        running.pop(0).result()
        if number + LANES < jobs:
            running.append(backend.run(circuit, shots=SHOTS))
    return time.perf_counter() - start


def one(provider: DirectProvider, circuit: QuantumCircuit, shots: int) -> float:
    """Median seconds from submission to result."""
    backend = provider.get_backend(DEVICE)
    isa = transpile(circuit, backend, optimization_level=1, seed_transpiler=1)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        backend.run(isa, shots=shots).result()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    jobs = parser.parse_args().jobs
    start = time.perf_counter()
    with DirectProvider.local([DEVICE], seed=1) as provider:
        one(provider, bell(), 1)
        print(f"start to the result of the first jobs  {time.perf_counter() - start:8.2f} s")
        service = provider._service.pid  # noqa: SLF001 - for its processor time
        throughput(provider, 20)
        before = usage(service)
        seconds = throughput(provider, jobs)
        used = {process: value - before.get(process, 0.0) for process, value in usage(service).items()}
        server = used.pop(service)
        print(f"{jobs} Bell jobs, {LANES} lanes                 {jobs / seconds:8.1f} jobs/s")
        print(f"  processor time of the server         {server / jobs * 1e3:8.1f} ms a job")
        print(f"  processor time of the workers        {sum(used.values()) / jobs * 1e3:8.1f} ms a job")
        kinds = (("Bell", bell(), SHOTS), ("GHZ-20", ghz(20), 4096), ("GHZ-100", ghz(100), 1024))
        for name, circuit, shots in kinds:
            print(f"{name:8}{shots:6} shots                     {one(provider, circuit, shots):8.2f} s")


if __name__ == "__main__":
    main()
