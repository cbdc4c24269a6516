"""A client, the service or the object store is killed at each step of a job's way, and the job goes on.

Every kill is a SIGKILL at a known point: before a request goes on, after its answer came, or before a file
of the journal gets its name. The killed party is started again as it was; a killed client's successor is a
new process that asks for all jobs, or for this one by our id, and whose first question may be faster than
the last request of the one that died. Then the job has been run once or never, its end is known, and its
lane is free. Where the server names the jobs, and so would make two of one that is sent twice, the
successor finds it by its tag, with one list call at the most; there is no store and no lane there.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from killing import LANES_STEPS, VICTIMS, Kill, Tally, named_steps, run_kills

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.heavy

NAMING = ("runtime", "legacy")
USUAL = (  # step, victim, number
    *(("input written, entry not", "client", 0), ("sending", "client", 0), ("sending", "client", 1)),
    *(("sending", "client", 3), ("accepted", "client", 0), ("noting the server's id", "client", 0)),
    *(("noting the acceptance", "client", 2), ("result on its way", "client", 0)),
    *(("sending", "service", 0), ("accepted", "service", 2)),
)


def over_lanes(repeats: dict[str, int]) -> list[Kill]:
    """All steps of Direct Access, so often for each victim."""
    return [
        Kill("direct_access", step, victim, number)
        for number in range(max(repeats.values()))
        for step in LANES_STEPS
        for victim in VICTIMS
        if number < repeats[victim]
    ]


def check(tallies: dict[tuple[str, str], Tally], kills: int, seconds: float) -> None:
    """Say what came of it, and fail if anything did that must not."""
    for (channel, victim), tally in tallies.items():
        print(f"\n{channel}, {victim}: {tally}", end="")  # noqa: T201 - the figures are what a campaign is for
    print(f"\n{kills} kills in {seconds:.0f} s")  # noqa: T201 - figures for whoever runs it
    assert [text for tally in tallies.values() for text in tally.wrong] == []
    assert sum(tally.kills for tally in tallies.values()) == kills


def run(folder: Path, kills: list[Kill]) -> None:
    began = time.monotonic()
    check(run_kills(folder, kills), len(kills), time.monotonic() - began)


def test_no_kill_loses_or_doubles_a_job(tmp_path: Path) -> None:
    """137 kills: 13 steps, 3 parties, 3 times each, over Direct Access; ten over each other dialect."""
    steps = {(channel, step.name): step for channel in NAMING for step in named_steps(channel)}
    named = [
        Kill(channel, steps[channel, step], victim, number)
        for step, victim, number in USUAL
        for channel in NAMING
    ]
    run(tmp_path, [*named, *over_lanes(dict.fromkeys(VICTIMS, 3))])


@pytest.mark.campaign
def test_no_kill_of_many_loses_or_doubles_a_job(tmp_path: Path) -> None:
    """1,300 kills: 13 steps a hundred times, spread over the three parties."""
    run(tmp_path, over_lanes({"client": 34, "service": 33, "store": 33}))


@pytest.mark.campaign
@pytest.mark.parametrize("channel", NAMING)
def test_no_kill_of_many_does_so_where_the_server_names_the_jobs(tmp_path: Path, channel: str) -> None:
    """108 kills: 12 steps, of the client six times each, of the service three times."""
    run(
        tmp_path,
        [
            Kill(channel, step, victim, number)
            for number in range(6)
            for step in named_steps(channel)
            for victim in ("client", "service")
            if victim == "client" or number < 3
        ],
    )
