"""Calibrations that change while the service runs."""

from __future__ import annotations

import json
import math
import statistics
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from service_client import BELL, Client, Service

from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.devices import Device, find_snapshot, open_devices
from qiskit_direct_provider.service.drift import SPREAD, Drift, DriftClock, drifted
from qiskit_direct_provider.service.snapshot import read_documents

if TYPE_CHECKING:
    from collections.abc import Callable

AT = "2026-01-01T00:00:00+00:00"


def torino() -> dict[str, Any]:
    return read_documents(find_snapshot("fake_torino"))[1]


def figures(properties: dict[str, Any], name: str) -> list[float]:
    found = [item for qubit in properties["qubits"] for item in qubit]
    found += [item for gate in properties["gates"] for item in gate["parameters"]]
    return [item["value"] for item in found if item["name"] == name]


def test_the_first_calibration_is_the_snapshot() -> None:
    assert drifted(torino(), "fake_torino", Drift(1, 0, AT)) == torino()


def test_the_same_seed_and_step_give_the_same_values() -> None:
    def made(seed: int, step: int) -> dict[str, Any]:
        return drifted(torino(), "fake_torino", Drift(seed, step, AT))

    assert made(1, 5) == made(1, 5)
    assert made(1, 5) != made(2, 5)
    assert made(1, 5) != made(1, 6)
    assert made(1, 5) != drifted(torino(), "other", Drift(1, 5, AT))


def test_values_wander_about_those_of_the_snapshot() -> None:
    """Independently, by the spread that is documented, and not away."""
    logs = [
        math.log(new / old)
        for step in (30, 200, 1000)
        for new, old in zip(
            figures(drifted(torino(), "fake_torino", Drift(3, step, AT)), "T1"),
            figures(torino(), "T1"),
            strict=True,
        )
    ]
    assert abs(statistics.mean(logs)) < 0.03
    assert 0.8 * SPREAD < statistics.stdev(logs) < 1.2 * SPREAD


def test_neighbouring_calibrations_resemble_each_other() -> None:
    def logs(step: int) -> list[float]:
        new = figures(drifted(torino(), "fake_torino", Drift(3, step, AT)), "T1")
        return [math.log(value / old) for value, old in zip(new, figures(torino(), "T1"), strict=True)]

    assert statistics.correlation(logs(100), logs(101)) > 0.6
    assert abs(statistics.correlation(logs(100), logs(160))) < 0.3


def test_what_drifts_stays_physical_and_the_rest_stays() -> None:
    before, after = torino(), drifted(torino(), "fake_torino", Drift(4, 50, AT))
    for name in ("gate_length", "readout_length"):
        assert figures(before, name) == figures(after, name)
    for name in ("gate_error", "readout_error"):
        for old, new in zip(figures(before, name), figures(after, name), strict=True):
            assert 0 <= new <= 1
            assert (old in {0, 1}) <= (new == old)
    for qubit in after["qubits"]:
        times = {item["name"]: item["value"] for item in qubit if item["name"] in {"T1", "T2"}}
        assert len(times) < 2 or times["T2"] <= 2 * times["T1"] * (1 + 1e-12)
    assert after["last_update_date"] == AT
    assert before == torino()


def times(t1: tuple[float | None, str], t2: tuple[float | None, str] | None) -> list[dict[str, Any]]:
    figures = [("T1", t1)] + ([] if t2 is None else [("T2", t2)])
    return [{"name": name, "value": value, "unit": unit, "date": AT} for name, (value, unit) in figures]


@pytest.mark.parametrize(
    ("t1", "t2", "bounded"),
    [
        ((10.0, "us"), (20.0, "us"), True),
        ((10.0, "us"), (20_000.0, "ns"), False),
        ((None, "us"), (20.0, "us"), False),
        ((10.0, "us"), (None, "us"), False),
        ((10.0, "us"), None, False),
    ],
)
def test_times_are_compared_where_they_can_be(t1: Any, t2: Any, bounded: bool) -> None:
    """A device may leave out one of them, or its value, or name them in different units."""
    before = {"qubits": [times(t1, t2) for _ in range(60)]}
    after = drifted(before, "mine", Drift(1, 50, AT))
    found = [{item["name"]: item["value"] for item in qubit} for qubit in after["qubits"]]
    assert [[item["value"] is None for item in qubit] for qubit in after["qubits"]] == [
        [item["value"] is None for item in qubit] for qubit in before["qubits"]
    ]
    if bounded:
        assert all(each["T2"] <= 2 * each["T1"] for each in found)
        assert any(each["T2"] == 2 * each["T1"] for each in found)
    elif t2 is not None and t2[0] is not None:
        assert any(each["T2"] > t2[0] for each in found)


def test_gates_on_the_same_qubits_drift_together() -> None:
    after = drifted(torino(), "fake_torino", Drift(4, 50, AT))
    ratios: dict[tuple[int, ...], set[float]] = {}
    for old, new in zip(torino()["gates"], after["gates"], strict=True):
        for before, now in zip(old["parameters"], new["parameters"], strict=True):
            if before["name"] == "gate_error" and 0 < before["value"] < 0.3:
                key = tuple(sorted(old["qubits"]))
                ratios.setdefault(key, set()).add(round(now["value"] / before["value"], 9))
    assert {len(found) for found in ratios.values()} == {1}
    assert len(set.union(*ratios.values())) > 100


def test_the_clock_steps_and_remembers() -> None:
    now = [1_000_000.0]
    clock = DriftClock(60.0, 5, lambda: now[0])
    device = open_devices(("fake_nairobi",), clock=clock)["fake_nairobi"]
    first = device.properties
    assert device.properties == first == Device(find_snapshot("fake_nairobi")).properties
    now[0] += 61
    second = device.properties
    assert second != first
    assert device.properties == second
    assert json.loads(second)["last_update_date"] == "1970-01-12T13:47:40+00:00"
    assert device.properties_before(datetime.fromtimestamp(1_000_010, timezone.utc)) == first
    assert device.properties_before(datetime.fromtimestamp(2_000_000, timezone.utc)) == second
    assert read_calibration(device.snapshot).qubits != read_calibration(find_snapshot("fake_nairobi")).qubits


def test_a_service_calibrates_while_it_runs(start: Callable[..., Service]) -> None:
    """Both APIs show it, jobs run, and the history is that of the Runtime API."""
    client = Client(start(devices=("fake_nairobi",), workers=1, seed=1, drift_s=1.0))
    path = "/v1/backends/fake_nairobi/properties"
    seen = {client.get(path).text}
    ends = time.monotonic() + 30
    while len(seen) < 3:
        assert time.monotonic() < ends
        time.sleep(0.1)
        seen.add(client.get(path).text)
    dates = sorted(json.loads(text)["last_update_date"] for text in seen)
    asked = client.get("/api" + path, params={"updated_before": dates[-1]}).text
    assert asked in seen
    assert client.get("/api" + path, params={"updated_before": "2001-01-01"}).json() is None
    client.sample([BELL])
    client.close()
