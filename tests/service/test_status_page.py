"""The page for people who look rather than read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import requests
from service_client import BELL, Client, Service, busy_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--window-size=1100,900", "--virtual-time-budget=3000"),
)
HOSTILE = "<script>document.title='broken'</script>"


def open_page(url: str, folder: Path, *what: str) -> str:
    """What a browser makes of a page, after three seconds of its time."""
    assert CHROMIUM
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", *what, url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "HOME": str(folder)},
    )
    return done.stdout


def test_a_browser_shows_devices_lanes_and_jobs(start: Callable[..., Service], tmp_path: Path) -> None:
    """While a job runs; what clients name is shown as text, not run."""
    if CHROMIUM is None and "REQUIRE_CHROMIUM" not in os.environ:
        pytest.skip("there is no Chromium")
    service = start(devices=("fake_nairobi", "fake_torino"), workers=2, paused=("fake_nairobi",))
    client = Client(service)
    done = client.request({"pubs": [[BELL]]}, backend="fake_nairobi", id=HOSTILE)
    busy = client.request({"pubs": [[busy_program(), None, 100_000]]}, backend="fake_torino")
    for body in (done, busy):
        assert client.post("/v1/jobs", json=body).status_code == 204
    page = open_page(service.url + "/", tmp_path, "--dump-dom")
    rows = [re.sub(r"<[^>]*>", "|", row) for row in re.findall(r"<tr>(.*?)</tr>", page)]
    assert any(re.search(r"fake_nairobi.*paused.*7.*1 of 5.*0", row) for row in rows), rows
    assert any(re.search(r"fake_torino.*online.*133.*1 of 5.*0", row) for row in rows), rows
    assert any(re.search(rf"{busy['id'][:8]}….*Running.*fake_torino.*sampler", row) for row in rows), rows
    assert "<title>qiskit_direct_provider local service</title>" in page
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    assert re.search(r"as of \d", page)
    client.close()


def test_the_page_needs_no_other_server(service: Service) -> None:
    answer = requests.get(service.url + "/", timeout=10)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    (nonce,) = re.findall(r"script-src 'nonce-([^']+)'", answer.headers["content-security-policy"])
    assert answer.text.count(f'nonce="{nonce}"') == answer.text.count("nonce=") == 2
    assert not re.search(r"https?://", answer.text)
    again = requests.get(service.url + "/", timeout=10)
    assert nonce not in again.text


def test_facts_hold_no_secret(service: Service, client: Client) -> None:
    """Neither keys, nor tenants, nor what a job is made of; and of its id only the beginning."""
    body = client.request({"pubs": [[BELL]]}, backend="fake_nairobi")
    assert client.post("/v1/jobs", json=body).status_code == 204
    client.wait(body["id"])
    answer = requests.get(service.url + "/status.json", timeout=10)
    (job,) = [each for each in answer.json()["jobs"] if each["id"] == body["id"][:8] + "…"]
    assert (job["status"], job["device"], job["api"]) == ("Completed", "fake_nairobi", "direct access")
    assert job["quantum_s"] > 0
    assert set(answer.json()) == {"time", "noise", "workers", "devices", "jobs"}
    store = service.endpoint["s3"]
    secret = [service.endpoint["api_key"], service.endpoint["crn"], client.crn, body["id"]]
    for text in (*secret, store["access_key_id"], store["secret_access_key"], store["bucket"], "Signature"):
        assert text not in answer.text
    assert (
        requests.get(service.url + "/status.json", headers={"Host": "evil.example"}, timeout=10).status_code
        == 421
    )
    assert requests.get(service.url + "/", headers={"Host": "evil.example"}, timeout=10).status_code == 421


def test_jobs_of_both_apis_are_listed_newest_first(start: Callable[..., Service]) -> None:
    service = start(devices=("fake_nairobi",), workers=1)
    client = Client(service)
    body = client.request({"pubs": [[BELL]]}, backend="fake_nairobi")
    assert client.post("/v1/jobs", json=body).status_code == 204
    run = {"program_id": "sampler", "backend": "fake_nairobi", "params": {"pubs": [[BELL]], "version": 2}}
    made = client.post("/api/v1/jobs", json=run)
    assert made.status_code == 200, made.text
    jobs = requests.get(service.url + "/status.json", timeout=10).json()["jobs"]
    assert [job["api"] for job in jobs] == ["runtime", "direct access"]
    ends = time.monotonic() + 60
    while any(job["ended"] is None for job in jobs):
        assert time.monotonic() < ends
        time.sleep(0.1)
        jobs = requests.get(service.url + "/status.json", timeout=10).json()["jobs"]
    assert {job["status"] for job in jobs} == {"Completed"}


def test_a_signed_request_still_lists_buckets(service: Service, client: Client) -> None:
    names = [bucket["Name"] for bucket in client.store.list_buckets()["Buckets"]]
    assert names == [service.endpoint["s3"]["bucket"]]
