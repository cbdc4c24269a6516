"""Mutated results: a result or our own error, within 256 MiB and 2 s, whatever the document holds."""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from collections.abc import Iterable

import pytest
from mutants import BOMB_EVERY, TEXTS, mutant

from qiskit_direct_provider import errors
from qiskit_direct_provider.results import (
    ResultOrigin,
    primitive_result_from_json,
    qiskit_result,
    records_from,
)

ORIGIN = ResultOrigin("job", "device", "1.0.0")
MOST_BYTES = 256 * 1024 * 1024
MOST_SECONDS = 2.0
TRACED_EVERY = 5
assert BOMB_EVERY % TRACED_EVERY == 0  # all bombs are traced


def outcome(payload: bytes, *, counted: int) -> str:
    """Read a document the whole way to counts; only errors of our tree may come out."""
    try:
        found = primitive_result_from_json(payload)
        for pub in found:
            repr(pub)
        records = records_from(found)
        if sum(record.shots for record in records) <= counted:
            qiskit_result(found, records, ORIGIN, memory=True).to_dict()
    except errors.DirectError as error:
        str(error)
        return "refused"
    return "read"


def run(seeds: Iterable[int]) -> Counter[str]:
    """Outcomes of these mutants. The CPU time of each is bounded; memory is traced for one in five."""
    outcomes: Counter[str] = Counter()
    for seed in seeds:
        payload = mutant(seed)
        traced = seed % TRACED_EVERY == 0
        if traced:
            tracemalloc.start()
        started = time.process_time()
        try:
            outcomes[outcome(payload, counted=100_000)] += 1
        except Exception as error:
            raise AssertionError(f"mutant {seed}: {payload[:300]!r}") from error
        finally:
            seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert seconds < MOST_SECONDS, f"mutant {seed} took {seconds:.1f} s"
        assert peak < MOST_BYTES, f"mutant {seed} took {peak / 2**20:.0f} MiB"
    return outcomes


def test_what_is_mutated_can_be_read() -> None:
    assert [outcome(text, counted=100_000) for text in TEXTS[:2] + TEXTS[4:]] == ["read"] * 5


def test_mutants_give_a_result_or_our_own_error() -> None:
    outcomes = run(range(20_000))
    assert outcomes["refused"] > 5_000
    assert outcomes["read"] > 1_000


@pytest.mark.campaign
def test_a_million_mutants() -> None:
    run(range(20_000, 1_020_000))
