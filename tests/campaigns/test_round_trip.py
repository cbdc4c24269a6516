"""Random circuits through export, service and decoder give the distribution of the original circuit.

The dialects take turns, job by job.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from branching import probabilities
from connecting import provider_for
from qiskit import QuantumCircuit
from random_programs import RandomProgram, random_program
from scipy.stats import chisquare, kstest

from qiskit_direct_provider import DirectBackend, S3Storage
from qiskit_direct_provider.service.process import LocalService

SHOTS = 1000
IN_ONE_JOB = 50
# With the right distribution, the smallest of 2,000 p-values is below this once in 500 campaigns.
LEAST_P = 1e-6


@pytest.fixture(scope="module")
def manilas() -> Iterator[list[DirectBackend]]:
    """One device without noise, over each dialect."""
    service = LocalService.start(("fake_manila",), noise=False, seed=5)
    with contextlib.closing(service), contextlib.ExitStack() as stack:
        providers = [
            provider_for(service, S3Storage(**service.storage)),
            provider_for(service, None, channel="runtime"),
            provider_for(service, None, channel="legacy", instance=None),
        ]
        yield [stack.enter_context(provider).get_backend("fake_manila") for provider in providers]


def p_value(counts: dict[str, int], expected: dict[str, float]) -> float:
    """How likely counts at least as far off are; outcomes that are expected fewer than five times are one."""
    impossible = [bits for bits in counts if expected.get(bits, 0.0) < 1e-9]
    assert not impossible, f"{impossible} cannot come out, but did"
    often = [bits for bits, chance in expected.items() if chance * SHOTS >= 5]
    seen = [counts.get(bits, 0) for bits in often]
    wanted = [expected[bits] * SHOTS for bits in often]
    rest = SHOTS - sum(wanted)
    if rest > 1e-6:
        seen, wanted = [*seen, SHOTS - sum(seen)], [*wanted, rest]
    elif sum(seen) != SHOTS:
        return 0.0
    return 1.0 if len(seen) < 2 else float(chisquare(seen, np.array(wanted) * (SHOTS / sum(wanted))).pvalue)


def check(backend: DirectBackend, programs: list[RandomProgram]) -> Iterator[float]:
    circuits = [program.circuit for program in programs]
    values = [program.values for program in programs]
    result = backend.run(circuits, shots=SHOTS, parameter_values=values).result(timeout=300)
    for index, program in enumerate(programs):
        counts = {key.replace(" ", ""): number for key, number in result.get_counts(index).items()}
        found = p_value(counts, probabilities(program.bound))
        assert found > LEAST_P, f"{program.circuit.name}: {found}"
        yield found


@pytest.mark.parametrize(
    "count",
    [pytest.param(200, id="few"), pytest.param(2000, id="many", marks=pytest.mark.campaign)],
)
def test_random_circuits_give_their_own_distribution(
    manilas: list[DirectBackend], count: int, record_property: Callable[[str, object], None]
) -> None:
    found: list[float] = []
    for start, backend in zip(range(0, count, IN_ONE_JOB), itertools.cycle(manilas), strict=False):
        found += check(backend, [random_program(seed) for seed in range(start, start + IN_ONE_JOB)])
    spread = [p for p in found if p < 1.0]
    record_property("smallest p-value", min(found))
    assert len(found) == count
    assert kstest(spread, "uniform").pvalue > 1e-4, "the p-values are not spread as they should be"


def test_the_oracle_agrees_with_a_known_circuit() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    assert probabilities(circuit) == {"00": pytest.approx(0.5), "11": pytest.approx(0.5)}


def test_a_wrong_circuit_is_noticed(manilas: list[DirectBackend]) -> None:
    """The test of the test: what is run differs from what is claimed by a gate, two bits in a hundred."""

    class Claimed(RandomProgram):
        @property
        def bound(self) -> QuantumCircuit:
            return claimed

    claimed, wrong = QuantumCircuit(5, 1), QuantumCircuit(5, 1)
    claimed.rz(0.3, 0)
    for circuit in (claimed, wrong):
        circuit.sx(0)
        circuit.rz(2.0 if circuit is wrong else 1.7, 0)
        circuit.sx(0)
        circuit.measure(0, 0)
    with pytest.raises(AssertionError, match="circuit"):
        list(check(manilas[0], [Claimed(wrong, None)]))
