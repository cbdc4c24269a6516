"""Calls made up from the OpenAPI document: the service never breaks, and answers as it is described."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from service_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service_client import Service

schemathesis = pytest.importorskip("schemathesis")
pytestmark = pytest.mark.newest

OPERATIONS = 14
"""Fewer than the service has would mean that the document is not read."""


@pytest.fixture
def world(start: Callable[..., Service], tmp_path: Path) -> Iterator[tuple[Client, Path]]:
    """A service of its own, and its state folder in an otherwise empty place."""
    state = tmp_path / "state"
    client = Client(start(devices=["fake_nairobi"], workers=1, state=str(state), seed=1))
    yield client, state
    client.close()


def calls(client: Client, each: int) -> tuple[int, int]:
    """Make up to ``each`` calls of every operation; returns how many there were, and how many operations."""
    schema = schemathesis.openapi.from_url(client.url + "/openapi.json")
    headers = {"Authorization": f"Bearer {client.token()}", "Service-CRN": "crn:schema"}
    made: list[int] = []

    def call(case: Any) -> None:
        answer = case.call(headers=headers, timeout=30)
        made.append(answer.status_code)
        assert answer.status_code < 500, (case.as_curl_command(), answer.status_code)

    settings = hypothesis.settings(
        max_examples=each, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        given = hypothesis.given(case=operation.as_strategy())(call)
        hypothesis.seed(7)(settings(given))()
    return len(made), len(operations)


def check(world: tuple[Client, Path], each: int) -> int:
    client, state = world
    count, operations = calls(client, each)
    assert operations >= OPERATIONS
    assert client.get("/version").status_code == 200
    assert [path.name for path in state.parent.iterdir()] == ["state"]
    links = [path for path in state.rglob("*") if os.path.islink(path)]  # noqa: PTH114 - rglob follows them
    assert not links
    return count


def test_calls_made_up_from_the_document(world: tuple[Client, Path]) -> None:
    """No 5xx, and no file beside the state folder."""
    assert check(world, 200) > 1500


@pytest.mark.campaign
def test_half_a_million_calls(world: tuple[Client, Path]) -> None:
    assert check(world, 40_000) > 100_000
