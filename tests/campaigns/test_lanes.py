"""Four processes share five lanes and one journal, over a bad network."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from pathlib import Path

import pytest
from nursery import Nursery
from worlds import World

from qiskit_direct_provider.journal import Journal
from qiskit_direct_provider.testing import Fault, FaultProxy

pytestmark = pytest.mark.heavy

PROCESSES = 4
RATE = 0.2


def run_lanes(folder: Path, jobs: int, seed: int) -> None:
    """All jobs are done, once each; none is deleted before its result is on disk; no lane stays taken."""
    began = time.monotonic()
    world, nursery, data = World(folder), Nursery(), folder / "data"
    unread: list[str] = []
    with FaultProxy(world.service.url) as api, FaultProxy(world.store_url) as objects:
        journal = Journal(data / "jobs" / hashlib.sha256(api.url.encode()).hexdigest()[:16])

        def too_early(method: str, path: str) -> bool:
            """Never fits; notes a DELETE of a job whose result is not on disk."""
            job_id = path.removeprefix("/v1/jobs/")
            if method == "DELETE" and job_id != path and journal.result(job_id) is None:
                unread.append(job_id)
            return False

        api.script(too_early, Fault.PASS)
        api.random(RATE, seed=seed)
        objects.random(RATE, seed=seed + 1)
        account = world.account(api.url, objects.url)
        children = [
            nursery.start(
                "several_jobs",
                account=account,
                data=str(data),
                job_ids=[f"{seed}-{process}-{number}" for number in range(jobs // PROCESSES)],
                seed=seed + process,
            )
            for process in range(PROCESSES)
        ]
        answers = [child.answer(600) for child in children]
        faults = sum(1 for exchange in api.exchanges if exchange.fault is not Fault.PASS)
        requests = len(api.exchanges)
        api.clear()
        objects.clear()
        rest = nursery.start("finish", account=account, data=str(data), by="jobs").answer()
    held, runs = world.held(), world.runs()
    world.close()
    nursery.close()
    broken = [answer for answer in answers if "counts" not in answer]
    counts = [count for answer in answers for count in answer.get("counts", {}).values()]
    seen = Counter(error.partition(":")[0] for answer in answers for error in answer.get("errors", ()))
    print(  # noqa: T201 - the figures are what a campaign is for
        f"\nseed {seed}: {len(counts)} jobs in {time.monotonic() - began:.0f} s, {sum(runs.values())} runs, "
        f"{requests} requests to the API, {faults} faults, {len(unread)} unread deletes, {len(held)} lanes "
        f"held; errors that a user saw: {dict(seen)}"
    )
    assert broken == []
    assert counts == [{"1": 16}] * jobs
    assert unread == []
    assert set(runs.values()) == {1}
    assert len(runs) == jobs
    assert held == {}
    assert [end for end in rest.values() if "counts" not in end] == []


def test_four_processes_share_five_lanes(tmp_path: Path) -> None:
    """200 jobs at 20 % faults of all kinds."""
    run_lanes(tmp_path, jobs=200, seed=6)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 110))
def test_four_processes_share_five_lanes_for_long(tmp_path: Path, seed: int) -> None:
    """2,000 jobs."""
    run_lanes(tmp_path, jobs=200, seed=seed)
