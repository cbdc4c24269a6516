"""A thousand jobs at a server that lists them in pages: all of them, each once, by every filter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from recorder import Recorder

from qiskit_direct_provider.clients.interface import JobRecord, Wanted
from qiskit_direct_provider.clients.pages import paged, query_of
from qiskit_direct_provider.service.outcome import JobEnd
from qiskit_direct_provider.service.process import LocalService
from qiskit_direct_provider.service.runtime_jobs import RunRequest, RuntimeJobStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit_direct_provider import DirectProvider

KEY, CRN = "key-of-many-jobs", "crn:many"
SUBJECT = "iam-" + hashlib.sha256(KEY.encode()).hexdigest()[:16]
DEVICES = ("fake_manila", "fake_nairobi")
NUMBER = 1_000


@dataclass
class Archive:
    """A service that holds jobs, and its store, which the test changes behind its back."""

    service: LocalService
    store: RuntimeJobStore
    ids: list[str]
    created: list[str]

    def add(self, number: int) -> list[str]:
        request = RunRequest(DEVICES[number % 2], "sampler", 60, "info", tags=(f"tag{number % 4}",))
        run = self.store.add(request, b"{}", SUBJECT, CRN)
        if number % 5 != 0:
            self.store.finish(run.number, JobEnd("Failed" if number % 5 == 1 else "Completed", 1), None, "")
        self.ids.append(run.id)
        self.created.append(run.created)
        return [run.id]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = Path(tmp_path_factory.mktemp("many"))
    store = RuntimeJobStore(folder)
    service = LocalService.start(
        DEVICES, paused=DEVICES, workers=1, state=str(folder), api_key=KEY, crn=CRN, seed=1
    )
    found = Archive(service, store, [], [])
    for number in range(NUMBER):
        found.add(number)
    yield found
    service.close()
    store.close()


@pytest.fixture
def proxy(archive: Archive) -> Iterator[Recorder]:
    proxy = Recorder(archive.service.url)
    yield proxy
    proxy.close()


@pytest.fixture
def provider(
    archive: Archive, proxy: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DirectProvider]:
    monkeypatch.setenv("QISKIT_DIRECT_DATA", str(tmp_path))
    with provider_for(archive.service, None, url=proxy.url, iam_url=proxy.url, channel="runtime") as provider:
        yield provider


def listed(provider: DirectProvider, **arguments: object) -> list[str]:
    return [job.job_id() for job in provider.jobs(**{"limit": None, **arguments})]  # type: ignore[arg-type]


def test_all_jobs_come_once_and_in_order(archive: Archive, provider: DirectProvider, proxy: Recorder) -> None:
    newest_first = archive.ids[::-1]
    assert listed(provider) == newest_first
    assert proxy.count("GET", "/api/v1/jobs") == 6
    assert listed(provider, descending=False) == archive.ids
    assert listed(provider, limit=10) == newest_first[:10]
    assert listed(provider, limit=10, skip=395) == newest_first[395:405]
    assert listed(provider, limit=10, skip=995) == newest_first[995:]


def test_a_few_of_many_cost_one_request(provider: DirectProvider, proxy: Recorder) -> None:
    assert len(listed(provider, limit=5)) == 5
    assert proxy.count("GET", "/api/v1/jobs") == 1


def test_every_filter(archive: Archive, provider: DirectProvider) -> None:
    numbered = list(enumerate(archive.ids))[::-1]

    def where(fits: Callable[[int], bool]) -> list[str]:
        return [job_id for number, job_id in numbered if fits(number)]

    assert listed(provider, backend_name="fake_nairobi") == where(lambda number: number % 2 == 1)
    assert listed(provider, job_tags=["tag3"]) == where(lambda number: number % 4 == 3)
    assert listed(provider, status="QUEUED") == where(lambda number: number % 5 == 0)
    assert listed(provider, status="ERROR") == where(lambda number: number % 5 == 1)
    assert listed(provider, status=["DONE", "QUEUED"]) == where(lambda number: number % 5 != 1)
    both = listed(provider, status="DONE", backend_name="fake_manila", limit=7, skip=3)
    assert both == where(lambda number: number % 5 > 1 and number % 2 == 0)[3:10]
    since, until = (datetime.fromisoformat(archive.created[k].replace("Z", "+00:00")) for k in (250, 749))
    assert listed(provider, start_datetime=since) == where(lambda number: number >= 250)
    assert listed(provider, end_datetime=until) == where(lambda number: number <= 749)
    middle = listed(provider, start_datetime=since, end_datetime=until, descending=False)
    assert middle == archive.ids[250:750]
    assert listed(provider, job_tags=["nobody's"]) == []


@pytest.mark.parametrize("descending", [True, False])
def test_jobs_that_come_and_go_midway(
    archive: Archive, provider: DirectProvider, proxy: Recorder, descending: bool
) -> None:
    """After each page listed jobs and unlisted ones go, and others come: none of the rest is missed."""
    gone: set[str] = set()
    came: set[str] = set()

    def change(when: str, method: str, path: str, _: bytes) -> None:
        if when == "after" and (method, path) == ("GET", "/api/v1/jobs") and len(gone) < 160:
            here = [job_id for job_id in archive.ids if job_id not in gone]
            for job_id in (*here[:10], *here[-30:-20], *here[480:500]):
                run = archive.store.find(job_id, SUBJECT, CRN)
                assert run is not None
                archive.store.remove(run.number)
                gone.add(job_id)
            for number in range(17):
                came.update(archive.add(number))

    before = list(archive.ids)
    proxy.watch = change
    found = listed(provider, descending=descending)
    archive.ids[:] = [job_id for job_id in archive.ids if job_id not in gone]
    assert len(gone) >= 160
    assert len(found) == len(set(found))
    assert set(before) - gone - set(found) == set()
    assert set(found) <= set(before) | came


def page_of(dates: list[datetime], wanted: Wanted, offset: int, *, blind: bool) -> list[JobRecord]:
    """A page of a server whose dates may be equal, or that does not look at dates at all."""
    from qiskit.providers.jobstatus import JobStatus

    rows = [
        JobRecord(f"job-{number}", "b", "sampler", "Queued", JobStatus.QUEUED, created=date)
        for number, date in enumerate(dates)
        if blind or wanted.end is None or date <= wanted.end
    ]
    return rows[::-1][offset : offset + 200]


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("a_second", [1, 150, 200, 450, 1000])
def test_coarse_dates_neither_loop_nor_skip(a_second: int, blind: bool) -> None:
    """Dates in whole seconds, some with more jobs than a page holds."""
    start = datetime(2026, 11, 20, tzinfo=timezone.utc)
    dates = [start + timedelta(seconds=number // a_second) for number in range(1_000)]
    found = [
        record.job_id
        for record in paged(lambda wanted, offset: page_of(dates, wanted, offset, blind=blind), Wanted())
    ]
    assert found == [f"job-{number}" for number in reversed(range(1_000))]


def test_a_page_is_asked_for_by_its_number_only_beyond_the_first() -> None:
    assert query_of(Wanted(), 0) == "limit=200&exclude_params=true"
    assert query_of(Wanted(backend_name="b"), 400) == "limit=200&exclude_params=true&offset=400&backend=b"


def test_a_server_that_repeats_itself_ends_the_list(caplog: pytest.LogCaptureFixture) -> None:
    start = datetime(2026, 11, 20, tzinfo=timezone.utc)
    dates = [start + timedelta(seconds=number) for number in range(1_000)]
    found = list(paged(lambda wanted, _: page_of(dates, wanted, 0, blind=True), Wanted()))
    assert len(found) == 200
    assert "repeats" in caplog.text
