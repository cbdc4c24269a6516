"""The same jobs by the service's own processes and by a Dask cluster of one and of two workers, in turns."""

from __future__ import annotations

import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from operator import truediv

from light_client import run_jobs

from qiskit_direct_provider.service.process import LocalService

__all__ = ["compare_executors"]

DEVICE = "fake_brisbane"
LANES = 5
ROUNDS = 7
WAIT = """
import sys
from distributed import Client
with Client(f"tcp://{sys.argv[1]}", timeout=90, set_as_default=False) as client:
    client.wait_for_workers(int(sys.argv[2]), timeout=90)
"""


@contextlib.contextmanager
def dask_cluster(workers: int) -> Iterator[str]:
    """The address of a scheduler; it and each worker, of one thread, are processes of their own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    worker = ("dask_worker", f"tcp://{address}", "--nthreads", "1", "--no-nanny")
    host, _, port = address.partition(":")
    commands = [("dask_scheduler", "--host", host, "--port", port), *[worker] * workers]
    with tempfile.TemporaryDirectory() as folder:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for module, *arguments in commands
        ]
        try:
            subprocess.run([sys.executable, "-c", WAIT, address, str(workers)], check=True, timeout=120)
            yield address
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait(20)


def compare_executors(payload: bytes, jobs: int) -> None:
    """Print jobs per second of each, and their ratios, as medians of the rounds."""
    rates: dict[str, list[float]] = {}
    with contextlib.ExitStack() as open_now:
        services = {"2 own processes": LocalService.start((DEVICE,), seed=1, workers=2)}
        for workers in (1, 2):
            address = open_now.enter_context(dask_cluster(workers))
            executor = f"dask://{address}"
            services[f"Dask, {workers} at work"] = LocalService.start((DEVICE,), seed=1, executor=executor)
        for service in services.values():
            open_now.callback(service.close)
            run_jobs(service, DEVICE, payload, 2 * LANES, LANES)
        for _ in range(ROUNDS):
            for name, service in services.items():
                seconds = run_jobs(service, DEVICE, payload, jobs, LANES)
                rates.setdefault(name, []).append(jobs / seconds)
    for name, found in rates.items():
        told = ", ".join(f"{rate:.1f}" for rate in found)
        print(f"{name:18}{statistics.median(found):6.1f} jobs/s ({told})")
    own, one, two = rates.values()
    grown, beside = (statistics.median(map(truediv, two, others)) for others in (one, own))
    print(f"round by round: two Dask workers / one {grown:.2f}, / two own processes {beside:.2f}")
