"""Calibrations that change over time, as those of real devices do (pure, but for the clock)."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

__all__ = ["Drift", "DriftClock", "drifted"]

SPREAD = 0.15
"""Standard deviation of the logarithm of a value around that of the snapshot, after many calibrations."""
MEMORY = 0.8
"""How much of its deviation a value keeps from one calibration to the next."""

_TERMS = 24  # what is older has less than half a percent of its weight left
_LARGEST_ERROR = 0.5
_TIMES = frozenset({"T1", "T2"})
_READOUT = frozenset({"readout_error", "prob_meas0_prep1", "prob_meas1_prep0"})


@dataclass(frozen=True)
class Drift:
    """One calibration: how many came before it since the snapshot, and its date (ISO 8601)."""

    seed: int
    step: int
    at: str


class DriftClock:
    """Calibrates a device every so many seconds; the first one is the snapshot as it is."""

    def __init__(self, period_s: float, seed: int, now: Callable[[], float] = time.time) -> None:
        self._period_s = period_s
        self._seed = seed
        self._now = now
        self._began = now()

    def current(self) -> Drift:
        """The calibration that holds now."""
        return self.before(datetime.fromtimestamp(self._now(), timezone.utc))

    def before(self, moment: datetime) -> Drift:
        """The last calibration before a moment, which is no later than now."""
        latest = min(moment.timestamp(), self._now())
        step = max(0, int((latest - self._began) // self._period_s))
        began = datetime.fromtimestamp(self._began, timezone.utc)
        return Drift(self._seed, step, (began + timedelta(seconds=step * self._period_s)).isoformat())


def drifted(properties: dict[str, Any], name: str, drift: Drift) -> dict[str, Any]:
    """The properties of a later calibration; those of step 0 are returned as they are.

    T1, T2, readout errors and gate errors are multiplied by factors whose logarithms follow a stationary
    random walk (autoregressive, of order one). Gates on the same qubits share a factor, and so do the
    figures of one readout. Lengths, frequencies and broken parts (errors of 0, or of 1 and more) stay.
    """
    if not drift.step:
        return properties
    items = list(_figures(properties))
    keys = list(dict.fromkeys(key for key, _ in items))
    factors = dict(zip(keys, _factors(f"{drift.seed}:{name}", drift.step, len(keys)), strict=True))
    changed = {id(item): _changed(item, factors[key], drift.at) for key, item in items}

    def renewed(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [changed.get(id(item), item) for item in found]

    return properties | {
        "last_update_date": drift.at,
        "qubits": [_physical(renewed(qubit)) for qubit in properties["qubits"]],
        "gates": [gate | {"parameters": renewed(gate["parameters"])} for gate in properties.get("gates", [])],
    }


def _figures(properties: dict[str, Any]) -> Iterator[tuple[object, dict[str, Any]]]:
    """What drifts, each with the name of its factor."""
    for number, qubit in enumerate(properties["qubits"]):
        for item in qubit:
            if item["name"] in _TIMES | _READOUT and item["value"]:
                yield (number, "readout" if item["name"] in _READOUT else item["name"]), item
    for gate in properties.get("gates", []):
        for item in gate["parameters"]:
            if item["name"] == "gate_error" and item["value"]:
                yield tuple(sorted(gate["qubits"])), item


def _factors(seed: str, step: int, number: int) -> list[float]:
    """Factors of one step; they depend on the seed, and on nothing that was drawn before."""
    walks = [0.0] * number
    weight = SPREAD * math.sqrt(1 - MEMORY**2)
    for age in range(min(step, _TERMS)):
        source = random.Random(f"{seed}:{step - age}")  # noqa: S311 - reproducible, not secret
        share = weight * MEMORY**age
        walks = [walk + share * source.gauss(0.0, 1.0) for walk in walks]
    return [math.exp(walk) for walk in walks]


def _changed(item: dict[str, Any], factor: float, at: str) -> dict[str, Any]:
    value = item["value"]
    if item["name"] in _TIMES:
        return item | {"value": value * factor, "date": at}
    if value >= 1:
        return item
    return item | {"value": min(value * factor, max(value, _LARGEST_ERROR)), "date": at}


def _physical(qubit: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """T2 is never more than twice T1."""
    times = {item["name"]: item for item in qubit if item["name"] in _TIMES}
    if set(times) != _TIMES or times["T1"].get("unit") != times["T2"].get("unit"):
        return qubit
    if None in {times["T1"]["value"], times["T2"]["value"]}:
        return qubit
    most = 2 * times["T1"]["value"]
    return [item | {"value": min(item["value"], most)} if item["name"] == "T2" else item for item in qubit]
