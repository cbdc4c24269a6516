"""Submissions under a storm of faults: this package beside qiskit-ibm-runtime's client, in one run.

Both send jobs through the same fault proxy, at the same rate, with the same 24 kinds of faults. Here the
server is the local service with a device under maintenance, which takes jobs and runs none. There it is a
minimal server of the Runtime REST API, since that is what its client speaks; its waits between retries are
set to zero, to its advantage in time. What is counted:

raised      submissions that ended with an error
doubled     submissions of which the server holds more than one job
orphans     jobs that the server holds while the caller got no id for them
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from qiskit import QuantumCircuit

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.journal import new_entry
from qiskit_direct_provider.programs import Pub, sampler_programs
from qiskit_direct_provider.service.process import LocalService
from qiskit_direct_provider.submission import send
from qiskit_direct_provider.testing import ALL_FAULTS, FaultProxy, api

THREADS = 16
SEED = 7
NOTHING = dict.fromkeys(("image", "log_level", "session_id"))


class Counts(dict[str, float]):
    """What came of the submissions of one client."""


def ours(service: LocalService, jobs: int, rate: float) -> Counts:
    """Through `submission.send`, which is what ``backend.run`` calls."""
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    program = sampler_programs([Pub(circuit, 1)])[0]
    known: set[str] = set()
    sent: set[str] = set()
    with FaultProxy(service.url) as proxy:
        proxy.random(rate=rate, seed=SEED, faults=ALL_FAULTS, match=api())
        storage = S3Storage(**service.storage)
        with DirectProvider(
            service.api_key, proxy.url, instance=service.crn, iam_url=service.url, storage=storage
        ) as provider:

            def submit(_: int) -> bool:
                entry = new_entry(
                    program.program_id,
                    program.circuits,
                    job_id=str(uuid.uuid4()),
                    backend_name="fake_manila",
                    timeout_s=60,
                )
                sent.add(entry.job_id)
                try:
                    send(provider._workspace, entry, program.payload)  # noqa: SLF001 - what run() calls
                except errors.DirectError as error:
                    if error.job_id is not None:
                        known.add(error.job_id)  # in doubt, and its caller knows its id
                    return False
                known.add(entry.job_id)
                return True

            with ThreadPoolExecutor(THREADS) as threads:
                done = list(threads.map(submit, range(jobs)))
            requests = proxy.count(api())
    with DirectProvider(
        service.api_key, service.url, instance=service.crn, storage=S3Storage(**service.storage)
    ) as provider:
        client = provider._client  # noqa: SLF001 - the list without any fault
        held = collections.Counter(job.job_id for job in client.jobs(client.deadline()))
    mine = {job_id: number for job_id, number in held.items() if job_id in sent}
    return Counts(
        raised=done.count(False),
        doubled=sum(1 for number in mine.values() if number > 1),
        orphans=sum(1 for job_id in mine if job_id not in known),
        requests=requests / jobs,
    )


class RuntimeStub:
    """``POST /jobs`` of the Runtime REST API: every request makes a job."""

    def __init__(self) -> None:
        self.jobs: dict[str, str] = {}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                job_id = uuid.uuid4().hex
                stub.jobs[job_id] = body["params"]["nonce"]
                answer = json.dumps({"id": job_id, "backend": body["backend"]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()


def runtimes(service: LocalService, jobs: int, rate: float) -> Counts:
    """Through ``RuntimeClient.program_run``, which is what qiskit-ibm-runtime's primitives call."""
    os.environ["IAM_URL"] = service.url
    from qiskit_ibm_runtime.api.client import RuntimeClient
    from qiskit_ibm_runtime.api.client_parameters import ClientParameters

    stub = RuntimeStub()
    with FaultProxy(stub.url) as proxy:
        proxy.random(rate=rate, seed=SEED, faults=ALL_FAULTS, match=("POST", "/jobs"))
        parameters = ClientParameters(
            channel="ibm_quantum_platform",
            token=service.api_key,
            url=proxy.url,
            instance=service.crn,
            url_resolver=lambda *_: proxy.url,
        )
        client = RuntimeClient(parameters)
        for adapter in client._session.adapters.values():  # noqa: SLF001 - no other way to save its waits
            adapter.max_retries.backoff_factor = 0

        def submit(_: int) -> tuple[str, str | None]:
            nonce = uuid.uuid4().hex
            try:
                answer = client.program_run(
                    program_id="sampler", backend_name="b", params={"nonce": nonce}, **NOTHING
                )
                return nonce, answer["id"]
            except Exception:  # noqa: BLE001 - whatever it raises counts
                return nonce, None

        with ThreadPoolExecutor(THREADS) as threads:
            done = list(threads.map(submit, range(jobs)))
        requests = proxy.count(("POST", "/jobs"))
    stub.close()
    runs = collections.Counter(stub.jobs.values())
    got = {job_id for _, job_id in done if job_id}
    return Counts(
        raised=sum(1 for _, job_id in done if job_id is None),
        doubled=sum(1 for number in runs.values() if number > 1),
        orphans=sum(1 for job_id in stub.jobs if job_id not in got),
        requests=requests / jobs,
    )


def main() -> None:
    """Print one row a client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=0.3)
    chosen = parser.parse_args()
    service = LocalService.start(("fake_manila",), paused=("fake_manila",), max_lanes=10_000_000, workers=1)
    print(f"{chosen.jobs} submissions, {chosen.rate:.0%} faults of 24 kinds")
    print(f"{'client':24}{'raised':>8}{'doubled':>9}{'orphans':>9}{'requests/job':>14}{'seconds':>9}")
    try:
        for name, call in (("qiskit_direct_provider", ours), ("qiskit-ibm-runtime", runtimes)):
            started = time.monotonic()
            found = call(service, chosen.jobs, chosen.rate)
            figures = "".join(
                f"{found[key]:>{width}.0f}" for key, width in (("raised", 8), ("doubled", 9), ("orphans", 9))
            )
            print(f"{name:24}{figures}{found['requests']:14.2f}{time.monotonic() - started:9.1f}")
    finally:
        service.close()


if __name__ == "__main__":
    main()
