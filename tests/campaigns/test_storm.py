"""A storm of faults over submissions: none lost, none doubled, none orphaned, and few requests."""

from __future__ import annotations

import itertools
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from qiskit import QuantumCircuit

from qiskit_direct_provider import DirectProvider, S3Storage, errors
from qiskit_direct_provider.journal import Stage, new_entry
from qiskit_direct_provider.programs import Program, Pub, sampler_programs
from qiskit_direct_provider.service.process import LocalService
from qiskit_direct_provider.submission import recover, send
from qiskit_direct_provider.testing import ALL_FAULTS, Fault, FaultProxy, api, iam, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qiskit_direct_provider.workspace import Workspace

pytestmark = pytest.mark.heavy

THREADS = 48
PROXIES = 12
MOST_TRIES = 40
SEED = int(os.environ.get("STORM_SEED", "20261120"))


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """A device under maintenance: it takes jobs and runs none, so that only submission is measured."""
    service = LocalService.start(
        ("fake_manila",), paused=("fake_manila",), max_lanes=10_000_000, workers=1, seed=1
    )
    yield service
    service.close()


def program() -> Program:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    return sampler_programs([Pub(circuit, 1)])[0]


@dataclass
class Outcome:
    """What came of one submission, as its caller saw it."""

    job_id: str
    tries: int = 0
    held: bool = False


def submit(workspace: Workspace, what: Program) -> Outcome:
    """As a user does: what is refused is sent again, what is in doubt is looked for by its id."""
    outcome = Outcome(str(uuid.uuid4()))
    entry = new_entry(
        what.program_id, what.circuits, job_id=outcome.job_id, backend_name="fake_manila", timeout_s=60
    )
    while outcome.tries < MOST_TRIES and not outcome.held:
        outcome.tries += 1
        known = workspace.journal.entry(outcome.job_id)
        try:
            found = recover(workspace, known) if known else send(workspace, entry, what.payload)
        except errors.DirectError:
            continue
        outcome.held = found.stage is Stage.ACCEPTED
    return outcome


def storm(service: LocalService, jobs: int, rate: float) -> tuple[list[Outcome], dict[str, int], float]:
    """Submit through a proxy that fails; outcomes, how often the service holds each id, requests a job."""
    what = program()
    with FaultProxy(service.url) as proxy:
        proxy.random(rate=rate, seed=SEED, faults=ALL_FAULTS, match=api())
        proxy.random(rate=rate / 10, seed=SEED + 1, faults=[Fault.DOWN, Fault.SERVER_ERROR], match=iam())
        proxy.random(rate=rate / 10, seed=SEED + 2, faults=[Fault.DOWN, Fault.RESET_AFTER], match=objects())
        storage = S3Storage(
            **{**service.storage, "endpoint": proxy.url}, endpoint_for_service=service.storage["endpoint"]
        )
        with DirectProvider(
            service.api_key, proxy.url, instance=service.crn, iam_url=proxy.url, storage=storage, timeout=60
        ) as provider:
            workspace = provider._workspace
            with ThreadPoolExecutor(THREADS) as threads:
                outcomes = list(threads.map(lambda _: submit(workspace, what), range(jobs)))
            asked = sum(1 for exchange in proxy.exchanges if exchange.path.startswith("/v1/jobs"))
    return outcomes, held_by(service), asked / jobs


def held_by(service: LocalService) -> dict[str, int]:
    """How often the service holds each id, asked without any fault."""
    storage = S3Storage(**service.storage)
    with DirectProvider(service.api_key, service.url, instance=service.crn, storage=storage) as provider:
        client = provider._client
        ids = sorted(job.job_id for job in client.jobs(client.deadline()))
    return {job_id: len(list(group)) for job_id, group in itertools.groupby(ids)}


@pytest.mark.parametrize(
    ("jobs", "rate", "most"),
    [
        (2_000, 0.3, 1.6),
        (300, 0.7, 5.0),
        pytest.param(10_000, 0.3, 1.6, marks=pytest.mark.campaign),
        pytest.param(1_000, 0.7, 5.0, marks=pytest.mark.campaign),
    ],
)
def test_submissions_in_a_storm(service: LocalService, jobs: int, rate: float, most: float) -> None:
    before = held_by(service)
    outcomes, held, requests = storm(service, jobs, rate)
    mine = {outcome.job_id for outcome in outcomes}
    lost = [outcome for outcome in outcomes if outcome.held and outcome.job_id not in held]
    orphans = [job_id for job_id in held if job_id not in before and job_id not in mine]
    given_up = [outcome for outcome in outcomes if not outcome.held]
    doubled = [job_id for job_id, number in held.items() if number > 1]
    print(f"\n{jobs} jobs at {rate:.0%}: {requests:.2f} requests a job, seed {SEED}")  # noqa: T201 - the figure
    assert not lost
    assert not doubled
    assert not orphans
    assert not given_up
    assert len([job_id for job_id in held if job_id in mine]) == jobs
    assert requests <= most
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("qiskit-direct")]


def test_every_pair_of_faults_on_consecutive_requests(service: LocalService) -> None:
    """All 576 ordered pairs of kinds, each on the first two requests of a submission."""
    pairs = list(itertools.product(ALL_FAULTS, repeat=2))
    chunks = [pairs[start::PROXIES] for start in range(PROXIES)]
    with ThreadPoolExecutor(PROXIES) as threads:
        outcomes = [
            each for found in threads.map(lambda chunk: pairwise(service, chunk), chunks) for each in found
        ]
    held = held_by(service)
    assert len(outcomes) == 576
    assert [pair for pair, outcome in outcomes if not outcome.held] == []
    assert [pair for pair, outcome in outcomes if held.get(outcome.job_id) != 1] == []


def pairwise(
    service: LocalService, pairs: list[tuple[Fault, Fault]]
) -> list[tuple[tuple[Fault, Fault], Outcome]]:
    """One submission a pair, one after the other, through a proxy of its own."""
    what, found = program(), []
    with FaultProxy(service.url) as proxy:
        storage = S3Storage(**service.storage)
        with DirectProvider(
            service.api_key, proxy.url, instance=service.crn, iam_url=service.url, storage=storage, timeout=60
        ) as provider:
            for pair in pairs:
                proxy.clear()
                proxy.script(api(), *pair)
                found.append((pair, submit(provider._workspace, what)))
    return found
