"""A storm of faults over submissions to a server that names the jobs itself."""

from __future__ import annotations

import collections
import itertools
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from qiskit import QuantumCircuit

from qiskit_direct_provider import DirectProvider, errors
from qiskit_direct_provider.journal import JobEntry, Stage, new_entry
from qiskit_direct_provider.programs import Program, Pub, sampler_programs
from qiskit_direct_provider.service.process import LocalService
from qiskit_direct_provider.submission import found_again, recover, send
from qiskit_direct_provider.testing import ALL_FAULTS, Fault, FaultProxy, iam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qiskit_direct_provider.testing.exchanges import Exchange
    from qiskit_direct_provider.workspace import Workspace

pytestmark = pytest.mark.campaign

JOBS = int(os.environ.get("STORM_JOBS", "10000"))
SEED = int(os.environ.get("STORM_SEED", "20261120"))
THREADS = 24
PROXIES = 12
MOST_TRIES = 40
PATH = "/api/v1/jobs"
CLEAR_ANSWERS = frozenset(
    {
        *(Fault.PASS, Fault.LATENCY, Fault.SLOW_DRIP, Fault.INTERIM, Fault.RATE_LIMITED, Fault.UNAVAILABLE),
        *(Fault.TOO_LARGE, Fault.UNAUTHORIZED),
    }
)


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    """A device under maintenance: it takes jobs and runs none, so that only submission is measured."""
    service = LocalService.start(("fake_manila",), paused=("fake_manila",), workers=1, seed=1)
    yield service
    service.close()


def provider_over(service: LocalService, url: str) -> DirectProvider:
    return DirectProvider(
        service.api_key, url, instance=service.crn, iam_url=url, channel="runtime", timeout=60, proxies={}
    )


def program() -> Program:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    return sampler_programs([Pub(circuit, 1)])[0]


def submit(workspace: Workspace, what: Program) -> JobEntry | None:
    """As a user does: what is refused is sent again, what is in doubt is looked for by its id."""
    own_id = str(uuid.uuid4())
    entry = new_entry(what.program_id, what.circuits, job_id=own_id, backend_name="fake_manila", timeout_s=60)
    for _ in range(MOST_TRIES):
        known = workspace.journal.entry(own_id)
        try:
            found = recover(workspace, known) if known else send(workspace, entry, what.payload)
        except errors.DirectError:
            continue
        if found.stage is Stage.ACCEPTED:
            return found
    return None


def held_by(service: LocalService) -> dict[str, list[str]]:
    """The server's ids of all jobs, by ours, asked without any fault."""
    with provider_over(service, service.url) as provider:
        client = provider._client
        found: dict[str, list[str]] = collections.defaultdict(list)
        for record in client.jobs(client.deadline()):
            found[record.journal_id].append(record.job_id)
    return found


def doubts_and_searches(exchanges: list[Exchange]) -> tuple[int, int]:
    """POSTs whose fate their answer left open, and searches that were answered."""
    posts = [each for each in exchanges if each.method == "POST" and each.path.startswith(PATH)]
    searches = [each for each in exchanges if each.method == "GET" and each.path.partition("?")[0] == PATH]
    doubts = sum(each.fault not in CLEAR_ANSWERS for each in posts)
    return doubts, sum(each.fault is Fault.PASS for each in searches)


@pytest.mark.parametrize(("jobs", "rate"), [(JOBS, 0.3), (JOBS // 10, 0.7)])
def test_submissions_in_a_storm(service: LocalService, jobs: int, rate: float) -> None:
    before, what = held_by(service), program()
    with FaultProxy(service.url) as proxy:
        match: Any = ("*", "/api/v1/")
        proxy.random(rate=rate, seed=SEED, faults=ALL_FAULTS, match=match)
        proxy.random(rate=rate / 10, seed=SEED + 1, faults=[Fault.DOWN, Fault.SERVER_ERROR], match=iam())
        with provider_over(service, proxy.url) as provider, ThreadPoolExecutor(THREADS) as threads:
            found = list(threads.map(lambda _: submit(provider._workspace, what), range(jobs)))
        doubts, searches = doubts_and_searches(proxy.exchanges)
        asked = sum(each.path.startswith(PATH) for each in proxy.exchanges) / jobs
    held = {own: ids for own, ids in held_by(service).items() if own not in before}
    mine = {entry.job_id: entry for entry in found if entry is not None}
    misnamed = [entry for own, entry in mine.items() if entry.known_as not in held.get(own, [])]
    with provider_over(service, service.url) as provider:
        renamed = [found_again(provider._workspace, entry) for entry in misnamed]
    print(  # noqa: T201 - the figures
        f"\n{jobs} jobs at {rate:.0%}: {asked:.2f} requests a job, {doubts} doubts, {searches} searches, "
        f"{len(misnamed)} misnamed, seed {SEED}"
    )
    assert len(mine) == jobs, "given up"
    assert set(mine) == set(held), "lost, or without an owner"
    assert [ids for ids in held.values() if len(ids) > 1] == [], "doubled"
    assert all(entry is not None for entry in renamed)
    assert searches <= doubts


def test_every_pair_of_faults_on_consecutive_requests(service: LocalService) -> None:
    """All 576 ordered pairs of kinds, each on the first two requests of a submission."""
    pairs = list(itertools.product(ALL_FAULTS, repeat=2))
    with ThreadPoolExecutor(PROXIES) as threads:
        chunks = threads.map(lambda start: pairwise(service, pairs[start::PROXIES]), range(PROXIES))
        outcomes = [each for chunk in chunks for each in chunk]
    held = held_by(service)
    assert len(outcomes) == 576
    assert [pair for pair, entry in outcomes if entry is None] == []
    found = {pair: len(held.get(entry.job_id, [])) for pair, entry in outcomes if entry is not None}
    assert [(pair, number) for pair, number in found.items() if number != 1] == []


def pairwise(
    service: LocalService, pairs: list[tuple[Fault, Fault]]
) -> list[tuple[tuple[Fault, Fault], JobEntry | None]]:
    """One submission a pair, one after the other, through a proxy of its own."""
    what, found = program(), []
    with FaultProxy(service.url) as proxy, provider_over(service, proxy.url) as provider:
        provider.backends()
        for pair in pairs:
            proxy.clear()
            proxy.script(("*", PATH), *pair)
            found.append((pair, submit(provider._workspace, what)))
    return found
