"""Throughput of the local service by number of lanes in use, with one and with two workers, in one run.

Bell jobs of 1,024 shots by a light client (`light_client`), one connection a lane.
"""

from __future__ import annotations

import argparse
import contextlib

from light_client import run_jobs
from service import DEVICE, LANES, SHOTS, bell, payload_of

from qiskit_direct_provider.service.process import LocalService

WORKERS = (1, 2)


def main() -> None:
    """Print one line a number of lanes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=60, help="jobs a figure")
    jobs = parser.parse_args().jobs
    payload = payload_of(bell(), SHOTS)
    with contextlib.ExitStack() as open_now:
        services = [LocalService.start((DEVICE,), seed=1, workers=workers) for workers in WORKERS]
        for service in services:
            open_now.callback(service.close)
            run_jobs(service, DEVICE, payload, 2 * LANES, LANES)
        print("lanes in use" + "".join(f"{f'workers: {workers}':>20}" for workers in WORKERS))
        for lanes in range(1, LANES + 1):
            rates = [jobs / run_jobs(service, DEVICE, payload, jobs, lanes) for service in services]
            print(f"{lanes:12}" + "".join(f"{rate:13.1f} jobs/s" for rate in rates), flush=True)


if __name__ == "__main__":
    main()
