"""The local service under load, in one run: Bell jobs of 1,024 shots as fast as the lanes allow.

Without options: the first job after the start, the memory of a service that has nothing to do, then rounds of
jobs by a light client (`light_client`), by this package's client in one thread, and by the same in a thread
for each lane, one after the other; then single jobs by kind. Jobs are uploaded, submitted, waited for, read
and deleted. The process tree tells the time that the server took on processors from that of its workers, in
which Aer's is contained.

``--memory`` asks for the server's memory before and after many jobs, ``--executors`` for the throughput of a
Dask cluster beside that of the service's own processes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from executors import compare_executors
from light_client import LightClient, run_jobs
from process_tree import cpu_times_s, descriptors, resident_mb
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import DirectBackend, DirectProvider
from qiskit_direct_provider.programs import Pub, sampler_programs
from qiskit_direct_provider.service.process import LocalService

DEVICE = "fake_brisbane"
LANES = 5
SHOTS = 1024
ROUNDS = 3
STARTS = 3
SETTLED_S = 5.0
WARM = 100


def bell() -> QuantumCircuit:
    """Two qubits, measured."""
    return ghz(2)


def ghz(qubits: int) -> QuantumCircuit:
    """A chain of CX gates, measured."""
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def isa(backend: DirectBackend, circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit in the device's gates."""
    return transpile(circuit, backend, optimization_level=1, seed_transpiler=1)


def payload_of(circuit: QuantumCircuit, shots: int) -> bytes:
    """The input document of a job."""
    with DirectProvider.local([DEVICE]) as provider:
        return sampler_programs([Pub(isa(provider.get_backend(DEVICE), circuit), shots)])[0].payload


def first_result_s(payload: bytes) -> float:
    """Seconds from the start of a service to the result of its first job."""
    start = time.perf_counter()
    service = LocalService.start((DEVICE,), seed=1)
    client = LightClient(service)
    client.run(DEVICE, payload)
    seconds = time.perf_counter() - start
    client.close()
    service.close()
    return seconds


def in_one_thread(backend: DirectBackend, circuit: QuantumCircuit, jobs: int) -> float:
    """Seconds for that many jobs, never more of them at a time than there are lanes."""
    start = time.perf_counter()
    running = [backend.run(circuit, shots=SHOTS) for _ in range(min(LANES, jobs))]
    for number in range(jobs):
        running.pop(0).result()
        if number + LANES < jobs:
            running.append(backend.run(circuit, shots=SHOTS))
    return time.perf_counter() - start


def in_threads(backend: DirectBackend, circuit: QuantumCircuit, jobs: int) -> float:
    """The same with one thread for each lane."""
    start = time.perf_counter()
    with ThreadPoolExecutor(LANES) as threads:
        list(threads.map(lambda _: backend.run(circuit, shots=SHOTS).result(), range(jobs)))
    return time.perf_counter() - start


class Rounds:
    """What one way of sending jobs cost, round by round."""

    def __init__(self, name: str, send: Callable[[int], float]) -> None:
        self.name = name
        self._send = send
        self._rates: list[float] = []
        self._costs_ms: list[tuple[float, float, float]] = []

    def measure(self, service: LocalService, jobs: int) -> None:
        """Send that many jobs."""
        before, own = cpu_times_s(service.pid), time.process_time()
        self._rates.append(jobs / self._send(jobs))
        own = time.process_time() - own
        used = {pid: spent - before.get(pid, 0.0) for pid, spent in cpu_times_s(service.pid).items()}
        server = used.pop(service.pid)
        self._costs_ms.append(tuple(1e3 * cost / jobs for cost in (own, server, sum(used.values()))))  # type: ignore[arg-type]  # three of them

    def __str__(self) -> str:
        client, server, workers = (statistics.median(costs) for costs in zip(*self._costs_ms, strict=True))
        rate, rates = statistics.median(self._rates), ", ".join(f"{rate:.1f}" for rate in self._rates)
        return (
            f"{self.name:30}{rate:6.1f} jobs/s ({rates}); processor time a job: "
            f"client {client:.1f}, server {server:.1f}, workers {workers:.1f} ms"
        )


def throughput(jobs: int) -> None:
    """Print the rates of all clients, and single jobs by kind."""
    with DirectProvider.local([DEVICE], seed=1) as provider:
        backend = provider.get_backend(DEVICE)
        circuit = isa(backend, bell())
        payload = sampler_programs([Pub(circuit, SHOTS)])[0].payload
        starts = [first_result_s(payload) for _ in range(STARTS)]
        print(f"start to first result         {statistics.median(starts):6.2f} s ({told(starts)})")
        service = provider._service  # noqa: SLF001 - for its address and process
        assert service is not None
        print(told_memory(service))
        ways = (
            Rounds("light client", lambda count: run_jobs(service, DEVICE, payload, count, LANES)),
            Rounds("this package, one thread", lambda count: in_one_thread(backend, circuit, count)),
            Rounds(f"this package, {LANES} threads", lambda count: in_threads(backend, circuit, count)),
        )
        in_threads(backend, circuit, 4 * LANES)
        for _ in range(ROUNDS):
            for way in ways:
                way.measure(service, jobs)
        print(*ways, sep="\n")
        for name, each, rounds in (("Bell", bell(), 5), ("GHZ-20", ghz(20), 1)):
            ready = isa(backend, each)
            times = [_seconds(backend, ready, SHOTS) for _ in range(rounds)]
            print(f"{name}, {SHOTS} shots{'':12}{statistics.median(times):6.2f} s ({told(times)})")


def told_memory(service: LocalService) -> str:
    """Memory of the server's process, and of its warm workers, each with what it shares with others."""
    workers = sorted(map(resident_mb, set(cpu_times_s(service.pid)) - {service.pid}))
    others = ", ".join(f"{megabytes:.0f}" for megabytes in workers)
    own = resident_mb(service.pid)
    return f"memory of the idle server    {own:6.1f} MB (processes of its workers: {others} MB)"


def _seconds(backend: DirectBackend, circuit: QuantumCircuit, shots: int) -> float:
    start = time.perf_counter()
    backend.run(circuit, shots=shots).result()
    return time.perf_counter() - start


def memory(jobs: int) -> None:
    """Print the server's memory and open files while many jobs run."""
    payload = payload_of(bell(), SHOTS)
    service = LocalService.start((DEVICE,), seed=1)
    time.sleep(SETTLED_S)
    idle = resident_mb(service.pid)
    print(f"idle           {idle:7.1f} MB, {descriptors(service.pid)} open files")
    done, warm = 0, 0.0
    for step in (min(WARM, jobs), *(jobs // 5,) * 5):
        seconds = run_jobs(service, DEVICE, payload, step, LANES)
        done += step
        now = resident_mb(service.pid)
        warm = warm or now
        rate = f"{step / seconds:.1f} jobs/s"
        print(f"{done:6} jobs    {now:7.1f} MB, {descriptors(service.pid)} open files, {rate}")
    since_idle, since_warm = (100 * (now / then - 1) for then in (idle, warm))
    print(f"grown by {since_idle:.1f} % since idle, by {since_warm:.1f} % since the first {WARM} jobs")
    service.close()


def told(values: list[float]) -> str:
    """Values one by one."""
    return ", ".join(f"{value:.2f}" for value in values)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, help="jobs a round (default: 500; with --memory: 10,000)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--memory", action="store_true", help="the server's memory before and after the jobs")
    kind.add_argument("--executors", action="store_true", help="a Dask cluster beside the own processes")
    chosen = parser.parse_args()
    print(f"load before: {told(list(os.getloadavg()))}; {os.cpu_count()} processors")
    if chosen.memory:
        memory(chosen.jobs or 10_000)
    elif chosen.executors:
        compare_executors(payload_of(ghz(9), SHOTS), chosen.jobs or 30)
    else:
        throughput(chosen.jobs or 500)
    print(f"load after: {told(list(os.getloadavg()))}")


if __name__ == "__main__":
    main()
