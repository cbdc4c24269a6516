"""A client, the service or the object store is killed at each step of a job's way, and the job goes on.

Every kill is a SIGKILL at a known point: before a request goes on, after its answer came, or before a file
of the journal gets its name. The killed party is started again as it was; a killed client's successor is a
new process that asks for all jobs. Then the job has been run once or never, its end is known, and its lane
is free.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nursery import Nursery
from worlds import World

if TYPE_CHECKING:
    from nursery import Child

pytestmark = pytest.mark.heavy

VICTIMS = ("client", "service", "store")
WORLDS = 4


@dataclass(frozen=True)
class Step:
    """A point on a job's way: the n-th naming of a file of the journal, or a request."""

    name: str
    file: tuple[str, int] | None = None
    at: str = ""
    method: str = ""
    path: str = ""
    content: bytes = b""

    def fits(self, at: str, method: str, path: str, content: bytes) -> bool:
        """Whether this is the point."""
        asked = (at, method) == (self.at, self.method) and self.content in content
        return asked and path.startswith(self.path) and not path.endswith("/token")


STEPS = (
    Step("input written, entry not", file=(".json", 1)),
    Step("journalled", at="before", method="PUT", path="/jobs/input_"),
    Step("uploaded", at="after", method="PUT", path="/jobs/input_"),
    Step("sending", at="before", method="POST", path="/v1/jobs"),
    Step("accepted", at="after", method="POST", path="/v1/jobs"),
    Step("noting the acceptance", file=(".json", 2)),
    Step("polling", at="before", method="GET", path="/v1/jobs/"),
    Step("ended", at="after", method="GET", path="/v1/jobs/", content=b'"Completed"'),
    Step("asking for the result", at="before", method="GET", path="/jobs/results_"),
    Step("keeping the result", file=(".result", 1)),
    Step("result on disk", at="before", method="DELETE", path="/v1/jobs/"),
    Step("deleted", at="after", method="DELETE", path="/v1/jobs/"),
    Step("noting the freedom", file=(".json", 5)),
)


@dataclass
class Tally:
    """What came of the kills."""

    kills: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: getattr(self, name) + value for name, value in vars(other).items()})

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [*self.lost, *self.duplicated, *self.leaked, *self.stuck]


class Campaign:
    """Kills in one world, one after the other."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self.world = World(folder)
        self.tallies = {victim: Tally() for victim in VICTIMS}
        self._folder, self._nursery = folder, nursery
        self._account = self.world.account(self.world.api.url, self.world.objects.url)

    def kill(self, step: Step, victim: str, number: int) -> None:
        """One kill, what follows, and what came of it."""
        began = time.monotonic()
        self.tally = self.tallies[victim]
        label = f"{victim} killed at {step.name!r} ({number})"
        job_id, data = str(uuid.uuid4()), str(self._folder / f"data-{uuid.uuid4()}")
        # A killed client's request may have left, or not.
        reached = self._watch(step, "drop" if victim == "client" and number % 2 == 0 else None)
        child = self._nursery.start(
            "one_job", account=self._account, data=data, job_id=job_id, step=step.file and list(step.file)
        )
        if step.file is not None:
            heard = child.line.hear(60)
            assert heard == "there", (label, heard)
            self._strike(victim, child)
            if victim != "client":
                child.line.say("go on")
        else:
            assert reached.wait(60), (label, child.answer(1), self.world.held(), self.world.service.errors())
            self._strike(victim, child)
            self._released.set()
        self._revive(victim)
        said = child.answer()
        self.world.api.watch = self.world.objects.watch = None
        by = "retrieve_job" if number % 2 else "jobs"
        finisher = self._nursery.start("finish", account=self._account, data=data, by=by)
        on_record = step is not STEPS[0] or victim != "client"
        self._judge(label, job_id, said, finisher.answer(), on_record=on_record)
        self.tally.kills += 1
        self.tally.seconds += time.monotonic() - began

    def _watch(self, step: Step, fate: str | None) -> threading.Event:
        """Hold the request at which the kill is due, until it is done."""
        reached, self._released = threading.Event(), threading.Event()

        def watch(at: str, method: str, path: str, content: bytes) -> str | None:
            if reached.is_set() or not step.fits(at, method, path, content):
                return None
            reached.set()
            self._released.wait(60)
            return fate

        self.world.api.watch = self.world.objects.watch = watch if step.file is None else None
        return reached

    def _strike(self, victim: str, child: Child) -> None:
        strokes = {
            "client": child.kill,
            "service": self.world.kill_service,
            "store": self.world.kill_store,
        }
        strokes[victim]()

    def _revive(self, victim: str) -> None:
        if victim == "service":
            self.world.start_service()
        elif victim == "store":
            self.world.start_store()

    def _judge(self, label: str, job_id: str, said: Any, found: dict[str, Any], *, on_record: bool) -> None:
        tally, runs, held = self.tally, self.world.runs().get(job_id, 0), self.world.held()
        end = found.get(job_id)
        if not on_record:
            tally.ends["never began"] += 1
            if end is not None or runs:
                tally.lost.append(f"{label}: {end}, {runs} runs")
        elif end is None or "broke" in found:
            tally.lost.append(f"{label}: the client said {said}, its successor {found}")
        elif "counts" in end:
            tally.ends["done"] += 1
            if end["counts"] != {"1": 16} or runs != 1:
                tally.lost.append(f"{label}: {end}, {runs} runs")
        elif end["error"] == "JobFailedError" and _blames_the_kill(end["text"]):
            tally.ends["failed, and said so"] += 1
            if "client killed" in label:
                tally.lost.append(f"{label}: {end}")
        else:
            tally.lost.append(f"{label}: the client said {said}, its successor {end}")
        if runs > 1:
            tally.duplicated.append(f"{label}: {runs} runs")
        if job_id in held:
            kind = tally.stuck if held[job_id] == "Running" else tally.leaked
            kind.append(f"{label}: still {held[job_id]}")


def _blames_the_kill(text: str) -> bool:
    return "restarted while the job was running" in text or "object store did not answer" in text


def run_campaign(folder: Path, repeats: dict[str, int]) -> dict[str, Tally]:
    """All steps, so often for each victim, spread over a few worlds side by side."""
    kills = [
        (step, victim, number)
        for number in range(max(repeats.values()))
        for step in STEPS
        for victim in VICTIMS
        if number < repeats[victim]
    ]
    nursery = Nursery()

    def some(share: int) -> dict[str, Tally]:
        campaign = Campaign(folder / str(share), nursery)
        try:
            for kill in kills[share::WORLDS]:
                campaign.kill(*kill)
        finally:
            campaign.world.close()
        return campaign.tallies

    try:
        with ThreadPoolExecutor(WORLDS) as pool:
            shares = list(pool.map(some, range(WORLDS)))
    finally:
        nursery.close()
    return {victim: sum((share[victim] for share in shares), Tally()) for victim in VICTIMS}


def check(tallies: dict[str, Tally], kills: int, seconds: float) -> None:
    """Say what came of it, and fail if anything did that must not."""
    for victim, tally in tallies.items():
        ends = ", ".join(f"{count} {end}" for end, count in sorted(tally.ends.items()))
        print(  # noqa: T201 - the figures are what a campaign is for
            f"\n{victim}: {tally.kills} kills in {tally.seconds:.0f} s, "
            f"{len(tally.lost)} lost, {len(tally.duplicated)} duplicated, "
            f"{len(tally.leaked)} lanes leaked, {len(tally.stuck)} stuck; {ends}",
            end="",
        )
    print(f"\n{kills} kills in {seconds:.0f} s")  # noqa: T201 - figures for whoever runs it
    assert [text for tally in tallies.values() for text in tally.wrong] == []
    assert sum(tally.kills for tally in tallies.values()) == kills


def test_no_kill_loses_or_doubles_a_job(tmp_path: Path) -> None:
    """117 kills: 13 steps, three parties, three times each."""
    began = time.monotonic()
    tallies = run_campaign(tmp_path, dict.fromkeys(VICTIMS, 3))
    check(tallies, 117, time.monotonic() - began)


@pytest.mark.campaign
def test_no_kill_of_many_loses_or_doubles_a_job(tmp_path: Path) -> None:
    """1,300 kills: 13 steps a hundred times, spread over the three parties."""
    began = time.monotonic()
    tallies = run_campaign(tmp_path, {"client": 34, "service": 33, "store": 33})
    check(tallies, 1300, time.monotonic() - began)
