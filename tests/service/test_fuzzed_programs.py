"""Programs with random faults, through the server: it answers throughout, and every job ends."""

from __future__ import annotations

import http.client
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from audited import Audit
from fuzzed_programs import fuzzed_program
from service_client import FINAL, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from service_client import Service

LANES = 8
SHOTS = 10
SIMULATION_LIMIT_S = 20
# Longer than any of these takes on a busy machine.
PATIENCE_S = 120.0
# Longer than a campaign takes: the token is fetched once.
TOKEN_S = 86_400
PROGRAMS = int(os.environ.get("PROGRAMS", "200000"))
BROKEN, UNSIMULATED = 9999, 5204


class Laboratory:
    """A service that keeps a log of what it opens, and one connection to it; URLs are signed once for all."""

    def __init__(self, start: Callable[..., Service], folder: Path) -> None:
        self.audit = Audit(folder / "audit.log")
        self._state = folder / "state"
        settings = {"devices": ["fake_manila"], "max_lanes": LANES, "noise": False, "state": str(self._state)}
        environment = self.audit.environment()
        settings |= {"simulation_limit_s": SIMULATION_LIMIT_S, "token_ttl_s": TOKEN_S}
        service = start(**settings, environment=environment)
        self.client = Client(service)
        self._connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=60)
        self._headers = {name: str(value) for name, value in self.client.session.headers.items()}
        self._bodies = [self.client.request({}, backend="fake_manila") for _ in range(LANES)]
        uploads = [self.client.presign("put_object", f"input_{body['id']}") for body in self._bodies]
        self._uploads = [url.removeprefix(service.url) for url in uploads]
        self._lanes = {body["id"]: lane for lane, body in enumerate(self._bodies)}
        self._running: dict[int, tuple[str, float]] = {}
        self.ends: Counter[tuple[str, int | None]] = Counter()
        self.unsimulated: list[str] = []
        self.programs = 0
        self.slowest_answer_s = 0.0

    def run(self, programs: Iterable[str]) -> None:
        """Run programs, as many at a time as there are lanes, and delete their jobs."""
        source = iter(programs)
        while True:
            for lane, text in zip(sorted(set(range(LANES)) - self._running.keys()), source, strict=False):
                self._submit(lane, text)
            if not self._running:
                return
            if not self._collect():
                time.sleep(0.01)

    def _submit(self, lane: int, text: str) -> None:
        self._send("PUT", self._uploads[lane], {"version": 2, "shots": SHOTS, "pubs": [text]}, {})
        self._send("POST", "/v1/jobs", self._bodies[lane])
        self._running[lane] = (text, time.monotonic() + PATIENCE_S)
        self.programs += 1

    def _collect(self) -> int:
        """Take note of what has ended; how many that was."""
        jobs = self._jobs()
        assert len(jobs) == len(self._running)
        ended = [job for job in jobs if job["status"] in FINAL]
        for job in ended:
            lane = self._lanes[job["id"]]
            text, _ = self._running.pop(lane)
            reason = job.get("reason_code")
            if reason == UNSIMULATED and not job["reason_message"].endswith("cannot be simulated here"):
                self.unsimulated.append(f"{job['reason_message']}\n{text}")
            if reason == BROKEN:
                pytest.fail(f"{job['reason_message']}\n{text}")  # whole, which an assertion would not show
            assert job["status"] == "Completed" or job["reason_message"]
            self.ends[job["status"], reason] += 1
            self._send("DELETE", f"/v1/jobs/{job['id']}")
        late = [text for text, deadline in self._running.values() if deadline < time.monotonic()]
        assert not late, late
        return len(ended)

    def _jobs(self) -> list[dict[str, Any]]:
        began = time.monotonic()
        jobs: list[dict[str, Any]] = json.loads(self._send("GET", "/v1/jobs"))["jobs"]
        self.slowest_answer_s = max(self.slowest_answer_s, time.monotonic() - began)
        return jobs

    def _send(
        self, method: str, path: str, document: object = None, headers: dict[str, str] | None = None
    ) -> bytes:
        body = None if document is None else json.dumps(document).encode()
        self._connection.request(method, path, body, self._headers if headers is None else headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status in {200, 204}, (method, path.partition("?")[0], answer.status, content)
        return content

    def close(self) -> None:
        """End the connection, and leave the service without jobs."""
        self._connection.close()
        self.client.close()
        self.audit.end()

    def check(self) -> None:
        """Programs of all kinds were there; no worker died, and only files of its own were opened."""
        assert self.programs / 20 < self.ends["Completed", None] < self.programs * 3 / 4
        assert (
            self.unsimulated == []
        )  # neither did a worker die, nor did Aer stumble over what was let through
        own = (self._state, self.audit.temporary)
        assert not self.audit.connected()
        assert not _outside(self.audit.written(), *own, Path("/dev"))
        places = (sys.prefix, sys.base_prefix, "/dev", "/proc", "/etc/localtime", Path(__file__).parents[2])
        assert not _outside(self.audit.read(), *own, *map(Path, places))


def _outside(paths: set[str], *folders: Path) -> set[str]:
    return {path for path in paths if not any(map(Path(path).is_relative_to, folders))}


@pytest.fixture
def laboratory(start: Callable[..., Service], tmp_path: Path) -> Iterator[Laboratory]:
    found = Laboratory(start, tmp_path)
    yield found
    found.close()


def run(laboratory: Laboratory, programs: int, seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - reproducible, and nothing secret
    laboratory.run(fuzzed_program(source) for _ in range(programs))
    laboratory.check()


def test_fuzzed_programs_in_thousands(laboratory: Laboratory) -> None:
    run(laboratory, 2000, seed=1)
    assert laboratory.programs == 2000


@pytest.mark.campaign
def test_fuzzed_programs_in_hundreds_of_thousands(laboratory: Laboratory) -> None:
    """The same over and over; ``PROGRAMS`` says how many."""
    began = time.monotonic()
    run(laboratory, PROGRAMS, seed=2)
    rate = laboratory.programs / (time.monotonic() - began)
    slowest = laboratory.slowest_answer_s
    print(f"{laboratory.programs} programs, {rate:.0f} a second:", dict(laboratory.ends), f"{slowest:.2f} s")  # noqa: T201 - what the campaign is for
