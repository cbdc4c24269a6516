"""The numbers of a device that simulation needs, in SI units, out of its two documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from qiskit_direct_provider.service.snapshot import Snapshot, read_documents

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Calibration", "GateNumbers", "QubitNumbers", "read_calibration"]

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ns": 1e-9, "ps": 1e-12}
_HERTZ = {"GHz": 1e9, "MHz": 1e6, "kHz": 1e3, "Hz": 1.0}
_DEFAULT_REP_DELAY_US = 250.0
_DEFAULT_MAX_SHOTS = 100_000
# Below this, dt is in seconds already: one snapshot has it so.
_SMALLEST_DT_IN_NS = 1e-6


class GateNumbers(NamedTuple):
    """One gate on its qubits."""

    error: float | None = None
    duration_s: float | None = None


class QubitNumbers(NamedTuple):
    """One qubit; None where the device does not say."""

    t1_s: float | None = None
    t2_s: float | None = None
    frequency_hz: float | None = None
    readout_error: float | None = None
    readout_s: float | None = None


@dataclass(frozen=True)
class Calibration:
    """A device as the simulation sees it.

    ``gates`` holds every gate on every tuple of qubits that it is offered on; a name in
    ``anywhere`` is offered on all qubits.
    """

    name: str
    num_qubits: int
    max_shots: int
    dt_s: float | None
    rep_delay_s: float
    rep_delay_range_s: tuple[float, float] | None
    gates: dict[tuple[str, tuple[int, ...]], GateNumbers]
    anywhere: frozenset[str]
    qubits: tuple[QubitNumbers, ...]

    def offers(self, name: str, qubits: tuple[int, ...]) -> bool:
        """Whether the device has that gate on those qubits."""
        return name in self.anywhere or (name, qubits) in self.gates

    @cached_property
    def out_of_order(self) -> frozenset[tuple[str, tuple[int, ...]]]:
        """Gates with a reported error of 1: what they do is noise, as with Aer."""
        return frozenset(place for place, numbers in self.gates.items() if numbers.error == 1)

    def names(self) -> list[str]:
        """Names of all gates, sorted."""
        return sorted({name for name, _ in self.gates} | self.anywhere)

    def duration_s(self, name: str, qubits: tuple[int, ...]) -> float:
        """Duration of an instruction; 0 where the device does not say."""
        if name == "measure":
            return max((self.qubits[qubit].readout_s or 0.0 for qubit in qubits), default=0.0)
        return self.gates.get((name, qubits), GateNumbers()).duration_s or 0.0


@lru_cache(maxsize=8)
def read_calibration(snapshot: Snapshot) -> Calibration:
    """Read a device's documents."""
    configuration, properties = read_documents(snapshot)
    num_qubits = configuration["n_qubits"]
    gates = _offered(configuration) | _calibrated(properties)
    basis = set(configuration["basis_gates"])
    placed = {name for name, _ in gates}
    delays = configuration.get("rep_delay_range")
    if delays and isinstance(delays[0], list):  # older devices have a list of ranges
        delays = delays[0]
    delay_us = configuration.get("default_rep_delay")
    items = [*properties["qubits"], *([[]] * num_qubits)][:num_qubits]
    return Calibration(
        name=snapshot.name,
        num_qubits=num_qubits,
        max_shots=configuration.get("max_shots") or _DEFAULT_MAX_SHOTS,
        dt_s=_dt_s(configuration.get("dt")),
        rep_delay_s=(_DEFAULT_REP_DELAY_US if delay_us is None else delay_us) * 1e-6,
        rep_delay_range_s=(delays[0] * 1e-6, delays[1] * 1e-6) if delays else None,
        gates=gates,
        anywhere=frozenset(basis - placed),
        qubits=tuple(_qubit(item) for item in items),
    )


def _offered(configuration: dict[str, Any]) -> dict[tuple[str, tuple[int, ...]], GateNumbers]:
    """Gates that the configuration places on qubits."""
    return {
        (gate["name"], tuple(qubits)): GateNumbers()
        for gate in configuration.get("gates", [])
        for qubits in gate.get("coupling_map") or []
    }


def _calibrated(properties: dict[str, Any]) -> dict[tuple[str, tuple[int, ...]], GateNumbers]:
    """Gates of the properties; some devices list rx and rzz only there."""
    return {
        (gate["gate"], tuple(gate["qubits"])): GateNumbers(
            _value(gate["parameters"], "gate_error"), _value(gate["parameters"], "gate_length", _SECONDS)
        )
        for gate in properties.get("gates", [])
        if gate["gate"] != "measure"
    }


def _qubit(items: list[dict[str, Any]]) -> QubitNumbers:
    return QubitNumbers(
        _value(items, "T1", _SECONDS),
        _value(items, "T2", _SECONDS),
        _value(items, "frequency", _HERTZ),
        _value(items, "readout_error"),
        _value(items, "readout_length", _SECONDS),
    )


def _value(items: Iterable[dict[str, Any]], name: str, units: dict[str, float] | None = None) -> float | None:
    for item in items:
        if item["name"] == name and item["value"] is not None:
            return float(item["value"]) * (units[item["unit"]] if units else 1.0)
    return None


def _dt_s(dt: float | None) -> float | None:
    if dt is None:
        return None
    return dt if dt < _SMALLEST_DT_IN_NS else dt * 1e-9
