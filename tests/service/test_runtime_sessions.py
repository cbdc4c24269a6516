"""Sessions and batches of the service's Runtime API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from runtime_api import API, BUSY, create, wait
from service_client import error_of

if TYPE_CHECKING:
    from service_client import Client

QUICK = {
    "version": 2,
    "pubs": ['OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'],
    "shots": 5,
}
DEVICE = "fake_fez"


def opened(client: Client, **body: Any) -> str:
    answer = client.post(API + "/sessions", json={"mode": "dedicated", "backend": DEVICE} | body)
    assert answer.status_code == 200, answer.text
    session_id: str = answer.json()["id"]
    return session_id


def session(client: Client, session_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{API}/sessions/{session_id}").json()
    return found


def send(client: Client, session_id: str | None = None, params: Any = QUICK) -> str:
    return create(client, backend=DEVICE, params=params, **({"session_id": session_id} if session_id else {}))


def close(client: Client, session_id: str) -> int:
    path = f"{client.url}{API}/sessions/{session_id}"
    status: int = client.session.patch(path, json={"accepting_jobs": False}, timeout=10).status_code
    return status


def test_an_active_session_goes_before_the_queue(client: Client) -> None:
    """While it is active, jobs of others wait; once it is closed, they run."""
    session_id = opened(client, max_ttl=600)
    assert session(client, session_id)["state"] == "open"
    first = send(client, session_id)
    assert wait(client, first)["session_id"] == session_id
    assert session(client, session_id)["state"] == "active"
    other = send(client)
    for _ in range(3):
        assert wait(client, send(client, session_id))["status"] == "Completed"
    assert wait(client, other, "Queued")["status"] == "Queued"
    assert close(client, session_id) == 204
    assert wait(client, other)["status"] == "Completed"
    closed = session(client, session_id)
    assert (closed["state"], closed["accepting_jobs"]) == ("closed", False)
    assert [each["status"] for each in closed["timestamps"]] == ["open", "active", "closed"]


def test_closing_lets_queued_jobs_run_and_cancelling_does_not(client: Client) -> None:
    for end in ("close", "cancel"):
        session_id = opened(client)
        busy = send(client, session_id, BUSY)
        wait(client, busy, "Running")
        queued = send(client, session_id)
        if end == "close":
            assert close(client, session_id) == 204
            assert session(client, session_id)["state"] == "active"
        else:
            assert client.delete(f"{API}/sessions/{session_id}/close").status_code == 204
            assert wait(client, queued)["status"] == "Cancelled"
        client.post(f"{API}/jobs/{busy}/cancel")
        assert wait(client, queued)["status"] == ("Completed" if end == "close" else "Cancelled")
        wait(client, busy)
        assert session(client, session_id)["state"] == "closed"
        refusal = client.post(
            API + "/jobs",
            json={"program_id": "sampler", "backend": DEVICE, "params": QUICK, "session_id": session_id},
        )
        assert error_of(refusal) == (400, "1337")


def test_what_is_no_change_of_a_session_changes_nothing(client: Client) -> None:
    """Nor does a job for another device than the session's."""
    session_id = opened(client)
    path = f"{client.url}{API}/sessions/{session_id}"
    for change, status in (({"accepting_jobs": "perhaps"}, 400), ({"accepting_jobs": True}, 204)):
        assert client.session.patch(path, json=change, timeout=10).status_code == status
        assert session(client, session_id)["accepting_jobs"] is True
    wrong = {"program_id": "sampler", "backend": "fake_nairobi", "params": QUICK, "session_id": session_id}
    answer = client.post(API + "/jobs", json=wrong)
    assert error_of(answer) == (400, "1337")
    assert DEVICE in answer.json()["errors"][0]["message"]
    close(client, session_id)


def test_an_idle_session_lets_others_pass(client: Client) -> None:
    session_id = opened(client, interactive_ttl=0)
    wait(client, send(client, session_id))
    assert wait(client, send(client))["status"] == "Completed"
    assert session(client, session_id)["state"] == "inactive"
    assert wait(client, send(client, session_id))["status"] == "Completed"
    close(client, session_id)


def test_a_session_ends_after_its_longest_time(client: Client) -> None:
    session_id = opened(client, max_ttl=1)
    busy = send(client, session_id, BUSY)
    wait(client, busy, "Running")
    queued = send(client, session_id)
    failed = wait(client, queued)
    assert failed["status"] == "Failed"
    assert "maximum time" in failed["state"]["reason"]
    client.post(f"{API}/jobs/{busy}/cancel")
    wait(client, busy)
    assert session(client, session_id)["state"] == "closed"


def test_a_batch_shares_the_device(client: Client) -> None:
    session_id = opened(client, mode="batch")
    wait(client, send(client, session_id))
    assert wait(client, send(client))["status"] == "Completed"
    assert session(client, session_id)["mode"] == "batch"
    close(client, session_id)


@pytest.mark.parametrize(
    "body", [{"mode": "fast"}, {"backend": "nowhere"}, {"max_ttl": 0}, {"max_ttl": 30_000}, {"max_ttl": "1h"}]
)
def test_what_is_no_session_is_refused(client: Client, body: dict[str, Any]) -> None:
    answer = client.post(API + "/sessions", json={"mode": "dedicated", "backend": DEVICE} | body)
    assert error_of(answer)[0] in {400, 404}
    assert error_of(client.get(API + "/sessions/none"))[0] == 404


def test_a_session_without_a_backend_is_told_so(client: Client) -> None:
    answer = client.post(API + "/sessions", json={"mode": "batch"})
    assert error_of(answer) == (400, "1337")
    assert answer.json()["errors"][0]["message"] == "A session has to name its backend."
