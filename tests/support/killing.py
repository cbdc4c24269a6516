"""Kills at known points of a job's way over each dialect, what follows them, and what comes of it."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nursery import Nursery
from worlds import World

if TYPE_CHECKING:
    from nursery import Child

__all__ = ["LANES_STEPS", "VICTIMS", "Kill", "Step", "Tally", "named_steps", "run_kills"]

VICTIMS = ("client", "service", "store")
WORLDS = 4
STILL_ON_ITS_WAY_S = 0.3
JOBS = {"direct_access": "/v1/jobs", "runtime": "/api/v1/jobs", "legacy": "/runtime/jobs"}


@dataclass(frozen=True)
class Step:
    """A point on a job's way: the n-th naming of a file of the journal, or a request."""

    name: str
    file: tuple[str, int] | None = None
    at: str = ""
    method: str = ""
    path: str = ""
    end: str = ""
    content: bytes = b""

    def fits(self, at: str, method: str, path: str, content: bytes) -> bool:
        """Whether this is the point."""
        asked = (at, method) == (self.at, self.method) and self.content in content
        return (
            asked and path.startswith(self.path) and path.endswith(self.end) and not path.endswith("/token")
        )


LANES_STEPS = (
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
"""Over Direct Access."""


def named_steps(channel: str) -> tuple[Step, ...]:
    """Where the server names the jobs: neither store nor lanes, but a second id to be noted."""
    jobs = JOBS[channel]
    return (
        Step("input written, entry not", file=(".json", 1)),
        Step("sending", at="before", method="POST", path=jobs),
        Step("accepted", at="after", method="POST", path=jobs),
        Step("noting the server's id", file=(".alias", 1)),
        Step("noting the acceptance", file=(".json", 2)),
        Step("polling", at="before", method="GET", path=jobs + "/"),
        Step("ended", at="after", method="GET", path=jobs + "/", content=b'"Completed"'),
        Step("noting the end", file=(".json", 3)),
        Step("asking for the result", at="before", method="GET", path=jobs + "/", end="/results"),
        Step("result on its way", at="after", method="GET", path=jobs + "/", end="/results"),
        Step("keeping the result", file=(".result", 1)),
        Step("noting the result", file=(".json", 4)),
    )


@dataclass(frozen=True)
class Kill:
    """One kill. By its number, a killed client's request goes on or not, and its job is asked for."""

    channel: str
    step: Step
    victim: str
    number: int

    def __str__(self) -> str:
        return f"{self.channel}: {self.victim} killed at {self.step.name!r} ({self.number})"

    @property
    def named_by_server(self) -> bool:
        """Whether the server names the jobs of this dialect."""
        return self.channel != "direct_access"

    @property
    def fate(self) -> str | None:
        """What becomes of the request at which the kill is due."""
        return "drop" if self.victim == "client" and self.number % 2 == 0 else None

    @property
    def by(self) -> str:
        """How the successor asks for the job: by our id alone, or from the list of all jobs."""
        if self.named_by_server:
            return "jobs" if self.number // 2 % 2 else "id"
        return "retrieve_job" if self.number % 2 else "jobs"

    @property
    def in_doubt(self) -> bool:
        """Whether a client dies that has not noted yet what became of its job."""
        unnoted = {(".json", 1), (".alias", 1), (".json", 2)}
        return self.victim == "client" and (self.step.method == "POST" or self.step.file in unnoted)


@dataclass
class Tally:
    """What came of the kills."""

    kills: int = 0
    seconds: float = 0.0
    doubts: int = 0
    searches: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    asked_too_often: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: getattr(self, name) + value for name, value in vars(other).items()})

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [*self.lost, *self.duplicated, *self.leaked, *self.stuck, *self.asked_too_often]

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        return (
            f"{self.kills} kills in {self.seconds:.0f} s, {len(self.lost)} lost, "
            f"{len(self.duplicated)} duplicated, {len(self.leaked)} lanes leaked, {len(self.stuck)} stuck, "
            f"{self.doubts} doubts, {self.searches} searches; {ends}"
        )


class Campaign:
    """Kills in one world, one after the other."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self.world = World(folder)
        self.tallies: dict[tuple[str, str], Tally] = {}
        self._folder, self._nursery = folder, nursery

    def do(self, kill: Kill) -> None:
        """One kill, what follows, and what came of it."""
        began = time.monotonic()
        self.tally = self.tallies.setdefault((kill.channel, kill.victim), Tally())
        step, job_id, data = kill.step, str(uuid.uuid4()), str(self._folder / f"data-{uuid.uuid4()}")
        account = self.world.account(
            self.world.api.url, self.world.objects.url, kill.channel, tenant=f"crn:{job_id}"
        )
        reached = self._watch(kill)
        child = self._nursery.start(
            "one_job", account=account, data=data, job_id=job_id, step=step.file and list(step.file)
        )
        if step.file is not None:
            heard = child.line.hear(60)
            assert heard == "there", (str(kill), heard)
            self._strike(kill, child)
            if kill.victim != "client":
                child.line.say("go on")
        else:
            assert reached.wait(60), (str(kill), child.answer(1), self.world.service.errors())
            self._strike(kill, child)
        self._revive(kill.victim)
        said = child.answer()
        finisher = self._nursery.start("finish", account=account, data=data, by=kill.by, job_id=job_id)
        found = finisher.answer()
        self.world.api.watch = self.world.objects.watch = None
        self._judge(kill, job_id, said, found)
        self.tally.kills += 1
        self.tally.seconds += time.monotonic() - began

    def _watch(self, kill: Kill) -> threading.Event:
        """Hold the request at which the kill is due, until it is done; count what is asked."""
        reached, self._released = threading.Event(), threading.Event()
        self._seen: Counter[str] = Counter()

        def watch(at: str, method: str, path: str, content: bytes) -> str | None:
            if path == JOBS[kill.channel] and (method == "POST" or b'"jobs"' in content):
                self._seen[f"{at} {method}"] += 1
            fits = kill.step.file is None and kill.step.fits(at, method, path, content)
            due = fits and not reached.is_set()
            if not due:
                return None
            reached.set()
            self._released.wait(60)
            return kill.fate

        self.world.api.watch = self.world.objects.watch = watch
        return reached

    def _strike(self, kill: Kill, child: Child) -> None:
        strokes = {
            "client": child.kill,
            "service": self.world.kill_service,
            "store": self.world.kill_store,
        }
        strokes[kill.victim]()
        if kill.victim == "client":  # what it sent may arrive only after its successor has begun to ask
            threading.Timer(STILL_ON_ITS_WAY_S, self._released.set).start()
        else:
            self._released.set()

    def _revive(self, victim: str) -> None:
        if victim == "service":
            self.world.start_service()
        elif victim == "store":
            self.world.start_store()

    def _judge(self, kill: Kill, job_id: str, said: Any, found: dict[str, Any]) -> None:
        tally, made, unfinished = self.tally, self.world.made(), self.world.held()
        runs, end = made.get(job_id, 0), found.get(job_id)
        if kill.step.file == (".json", 1) and kill.victim == "client":
            tally.ends["never began"] += 1
            if end is not None or runs:
                tally.lost.append(f"{kill}: {end}, {runs} runs")
        elif end is None or "broke" in found:
            tally.lost.append(f"{kill}: the client said {said}, its successor {found}")
        elif "counts" in end:
            tally.ends["done"] += 1
            if end["counts"] != {"1": 16} or runs != 1:
                tally.lost.append(f"{kill}: {end}, {runs} runs")
        elif end["error"] == "JobFailedError" and _blames_the_kill(end["text"]) and kill.victim != "client":
            tally.ends["failed, and said so"] += 1
        else:
            tally.lost.append(f"{kill}: the client said {said}, its successor {end}")
        if runs > 1 or "" in made:
            tally.duplicated.append(f"{kill}: {runs} runs, {made.get('', 0)} that nobody can look for")
        if job_id in unfinished:
            kind = tally.stuck if unfinished[job_id] in {"Running", "Queued"} else tally.leaked
            kind.append(f"{kill}: still {unfinished[job_id]}")
        if kill.named_by_server:
            self._judge_searches(kill)

    def _judge_searches(self, kill: Kill) -> None:
        """One answered list call at the most for each job of whose fate a sender did not hear, or note."""
        seen = self._seen
        unanswered = seen["before POST"] - seen["after POST"]
        doubts = unanswered if kill.victim == "service" else int(kill.in_doubt)
        searches = seen["after GET"] - (kill.by == "jobs")  # that call is the list itself
        self.tally.doubts += doubts
        self.tally.searches += searches
        if searches > doubts:
            self.tally.asked_too_often.append(f"{kill}: {searches} list calls for {doubts} doubts")


def _blames_the_kill(text: str) -> bool:
    return "restarted while the job was running" in text or "object store did not answer" in text


def run_kills(folder: Path, kills: list[Kill]) -> dict[tuple[str, str], Tally]:
    """All of them, spread over a few worlds side by side; what came of them by dialect and victim."""
    nursery = Nursery()

    def some(share: int) -> dict[tuple[str, str], Tally]:
        campaign = Campaign(folder / str(share), nursery)
        try:
            for kill in kills[share::WORLDS]:
                campaign.do(kill)
        finally:
            campaign.world.close()
        return campaign.tallies

    try:
        with ThreadPoolExecutor(WORLDS) as pool:
            shares = list(pool.map(some, range(WORLDS)))
    finally:
        nursery.close()
    keys = sorted({key for share in shares for key in share})
    return {key: sum((share[key] for share in shares if key in share), Tally()) for key in keys}
