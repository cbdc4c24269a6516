"""A thousand runs of a healthy device, and a thousand with each fault: how often the verdict is right."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from connecting import provider_for
from documents import snapshot
from qiskit import QuantumCircuit, transpile
from scipy.stats import kstest
from sickness import CIRCUIT_FAULTS, doubled, lopsided

from qiskit_direct_provider import S3Storage
from qiskit_direct_provider.service.process import LocalService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qiskit_direct_provider import DirectBackend
    from qiskit_direct_provider.verification.outcome import Check

RUNS = 1000
IN_ONE_JOB = 50
SHOTS = 4000
SIGNIFICANCE = 0.01


def verdicts(healthy: DirectBackend, device: DirectBackend, fault: str = "") -> list[Check]:
    """Checks of a thousand circuits that ran on a device, as the healthy one's calibration promises them."""
    change = CIRCUIT_FAULTS.get(fault, lambda circuit: circuit)
    found: list[Check] = []
    for first in range(0, RUNS, IN_ONE_JOB):
        meant: list[QuantumCircuit] = transpile(
            [lopsided(index) for index in range(first, first + IN_ONE_JOB)], healthy, seed_transpiler=first
        )
        job = device.run([change(circuit) for circuit in meant], shots=SHOTS)
        # every circuit on its own: significance is for all circuits of a call together
        alone = 1 - (1 - SIGNIFICANCE) ** IN_ONE_JOB
        found += healthy.verify(job, circuits=meant, significance=alone).checks
    return found


def share(checks: list[Check]) -> float:
    """How often the verdict was not ``consistent``."""
    return sum(check.verdict != "consistent" for check in checks) / len(checks)


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectBackend]:
    file: Path = tmp_path_factory.mktemp("sick") / "device.json"
    configuration, properties = (json.loads(each) for each in snapshot("nairobi"))
    file.write_text(json.dumps({"configuration": configuration, "properties": doubled(properties)}))
    with ExitStack() as stack:
        service = LocalService.start((str(file),), workers=1)
        stack.callback(service.close)
        provider = stack.enter_context(provider_for(service, S3Storage(**service.storage)))
        yield provider.backends()[0]


@pytest.mark.campaign
def test_p_values_of_a_healthy_device_are_uniform(nairobi: DirectBackend) -> None:
    checks = verdicts(nairobi, nairobi)
    outcome = kstest([check.p_value for check in checks], "uniform")
    print(f"healthy: KS {outcome.statistic:.4f}, p {outcome.pvalue:.3f}, alarms {share(checks):.3f}")  # noqa: T201 - figures for whoever runs it
    assert outcome.pvalue > 0.01
    assert share(checks) < 0.03


@pytest.mark.campaign
@pytest.mark.parametrize("fault", CIRCUIT_FAULTS)
def test_faults_are_found(nairobi: DirectBackend, fault: str) -> None:
    checks = verdicts(nairobi, nairobi, fault)
    print(f"{fault}: {share(checks):.3f}, wrong {sum(each.verdict == 'wrong' for each in checks)}")  # noqa: T201 - figures for whoever runs it
    assert share(checks) >= 0.99


@pytest.mark.campaign
def test_doubled_errors_are_found(nairobi: DirectBackend, sick: DirectBackend) -> None:
    checks = verdicts(nairobi, sick)
    print(f"doubled: {share(checks):.3f}, wrong {sum(each.verdict == 'wrong' for each in checks)}")  # noqa: T201 - figures for whoever runs it
    assert share(checks) >= 0.90
