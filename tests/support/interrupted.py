"""Waits for a job's result again and again, and says when each of the waits was interrupted."""

from __future__ import annotations

import json
import sys
import time

from qiskit_direct_provider import DirectProvider, S3Storage

given = json.loads(sys.stdin.readline())
with DirectProvider(**given["service"], storage=S3Storage(**given["storage"])) as provider:
    job = provider.retrieve_job(given["job_id"])
    job.status()
    for _ in range(given["times"]):
        try:
            print("waiting", flush=True)  # noqa: T201 - the parent reads it
            job.result()
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)  # noqa: T201 - the parent reads it
    print(job.status().name, flush=True)  # noqa: T201 - the parent reads it
