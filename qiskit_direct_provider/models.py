"""The documents of a device as the model classes of qiskit-ibm-runtime, which users know.

Those classes insist on members that real documents leave out, and on one form of each; so the documents
are completed here first. Importing them takes about a second, so it waits until somebody asks.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.target import FRACTIONAL_GATES, gate_names
from qiskit_direct_provider.wire.dates import moment
from qiskit_direct_provider.wire.tolerant import read_untyped

if TYPE_CHECKING:
    from qiskit_ibm_runtime.models import BackendProperties, QasmBackendConfiguration

    from qiskit_direct_provider.device import Device

__all__ = ["complex_scale", "configuration_model", "listed", "properties_model"]

_UNIT = re.compile("([fpnumkMGTµμ]?(s|Hz|eV|K))?")
_GATE_MEMBERS = (
    *("name", "parameters", "qasm_def", "coupling_map", "latency_map", "conditional", "description"),
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NANOSECONDS, _MICROSECONDS, _GIGAHERTZ = 1e9, 1e6, 1e-9


def configuration_model(device: Device, name: str, *, use_fractional_gates: bool) -> QasmBackendConfiguration:
    """The configuration as qiskit-ibm-runtime's class: SI units, ``in``, ``to_dict()`` and the rest."""
    from qiskit_ibm_runtime.models import QasmBackendConfiguration

    document = _complete(device, name, fractional=use_fractional_gates)
    document.pop("self", None)  # would be taken for the instance
    return QasmBackendConfiguration.from_dict(document)


def _complete(device: Device, name: str, *, fractional: bool) -> dict[str, Any]:
    """A configuration document with every member that the class needs, in the units that it expects."""
    found, raw = device.configuration, device.raw_configuration
    ranges, _ = device.frequency_ranges
    gates = [
        _gate(entry) for entry in listed(raw.get("gates")) if isinstance(entry, dict) and "name" in entry
    ]
    dropped = () if fractional else FRACTIONAL_GATES
    complete = {
        "local": False,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "multi_meas_enabled": True,
        **raw,
        "backend_name": name,
        "backend_version": found.backend_version or "0.0.0",
        "n_qubits": found.n_qubits,
        "basis_gates": gate_names(found.basis_gates, device.target),
        "gates": [gate for gate in gates if gate["name"] not in dropped],
        "coupling_map": _pairs(device),
        "simulator": found.simulator,
        "max_shots": found.max_shots,
        "max_experiments": found.max_experiments,
        "supported_instructions": [
            gate
            for gate in (found.supported_instructions or device.target.operation_names)
            if gate not in dropped
        ],
        "supported_features": found.supported_features,
        "meas_map": found.meas_map,
        "online_date": moment(found.online_date) or _EPOCH,
        "dynamic_reprate_enabled": found.dynamic_reprate_enabled,
        "dt": _scaled(found.dt, _NANOSECONDS),
        "dtm": _scaled(found.dtm, _NANOSECONDS),
        "default_rep_delay": _scaled(found.default_rep_delay, _MICROSECONDS),
        "rep_delay_range": [
            delay * _MICROSECONDS for delay in found.rep_delay_range or () if isinstance(delay, float)
        ],
    }
    lists = {
        "rep_times": [time * _MICROSECONDS for time in found.rep_times or ()],
        "qubit_lo_range": [[bound * _GIGAHERTZ for bound in pair] for pair in ranges.qubit_lo_range or ()],
        "meas_lo_range": [[bound * _GIGAHERTZ for bound in pair] for pair in ranges.meas_lo_range or ()],
        "u_channel_lo": [
            [_channel(each) for each in listed(group)] for group in listed(raw.get("u_channel_lo"))
        ],
    }
    complete.update({member: value for member, value in lists.items() if member in raw})
    complete["timing_constraints"] = msgspec.to_builtins(found.timing_constraints)
    return complete


def _pairs(device: Device) -> list[list[int]] | None:
    """The coupled pairs; where the document has none, those of the gates; None when all are coupled."""
    coupled = device.configuration.coupling_map
    if coupled is None:
        from_gates = device.target.build_coupling_map()
        coupled = None if from_gates is None else list(from_gates.get_edges())
    return None if coupled is None else [list(pair) for pair in coupled]


def listed(value: Any) -> list[Any]:
    """A list, or an empty one in place of whatever else was sent."""
    return value if isinstance(value, list) else []


def _gate(entry: dict[str, Any]) -> dict[str, Any]:
    known = {member: entry[member] for member in _GATE_MEMBERS if member in entry}
    return {**known, "parameters": listed(entry.get("parameters")), "qasm_def": entry.get("qasm_def") or ""}


def _scaled(value: Any, factor: float) -> float | None:
    return None if value is None else value * factor


def _channel(entry: Any) -> Any:
    return {**entry, "scale": complex_scale(entry.get("scale"))} if isinstance(entry, dict) else entry


def complex_scale(scale: Any) -> complex:
    """The scale of a control channel, which is written in five ways.

    >>> [complex_scale(scale) for scale in ([1.0, 0.5], [1], 2, {"number": [1, 0]})]
    [(1+0.5j), (1+0j), (2+0j), (1+0j)]
    """
    if isinstance(scale, dict):
        scale = scale.get("number")
    if (
        isinstance(scale, list)
        and len(scale) in {1, 2}
        and all(isinstance(part, int | float) for part in scale)
    ):
        return complex(*scale)
    return complex(scale) if isinstance(scale, int | float | complex) else complex(1)


def properties_model(device: Device, name: str) -> BackendProperties | None:
    """The calibration as qiskit-ibm-runtime's class, or None: ``t1(q)``, ``gate_error(...)`` and the rest."""
    if device.calibration is None:
        return None
    from qiskit_ibm_runtime.models import BackendProperties

    raw = read_untyped(device.documents.properties or b"{}")
    return BackendProperties.from_dict(_complete_properties(raw, device, name))


def _complete_properties(raw: dict[str, Any], device: Device, name: str) -> dict[str, Any]:
    """A calibration document of which every entry has what the class needs; the others are left out."""
    dates = _Dates()
    calibration = device.calibration
    latest = moment(calibration.last_update_date if calibration else None) or _EPOCH
    num_qubits = device.configuration.n_qubits
    known = listed(raw.get("qubits"))
    qubits = [_items(items, dates) for items in (*known[:num_qubits], *[[]] * (num_qubits - len(known)))]
    gates = [
        {**gate, "parameters": _items(gate.get("parameters"), dates)}
        for gate in listed(raw.get("gates"))
        if isinstance(gate, dict) and isinstance(gate.get("gate"), str) and _are_qubits(gate.get("qubits"))
    ]
    return {
        **raw,
        "backend_name": str(raw.get("backend_name") or name),
        "backend_version": str(raw.get("backend_version") or device.configuration.backend_version or "0.0.0"),
        "last_update_date": latest,
        # The class knows a qubit by its first item, so one without any gets the one that changes nothing.
        "qubits": [items or [_operational(latest)] for items in qubits],
        "gates": gates,
        "general": _items(raw.get("general"), dates),
    }


class _Dates(dict[str, datetime]):
    """Dates by their text: thousands of items share a few hundred of them."""

    def __missing__(self, text: str) -> datetime:
        found = self[text] = moment(text) or _EPOCH
        return found


def _items(entries: Any, dates: _Dates) -> list[dict[str, Any]]:
    return [
        {
            "date": dates[str(entry.get("date"))],
            "name": str(entry["name"]),
            "unit": str(entry.get("unit") or "").replace("µ", "u").replace("μ", "u"),
            "value": entry["value"],
        }
        for entry in listed(entries)
        if isinstance(entry, dict)
        and "name" in entry
        and isinstance(entry.get("value"), int | float)
        and not abs(entry["value"]) > sys.float_info.max  # an integer may be
        and _UNIT.fullmatch(str(entry.get("unit") or ""))
    ]


def _are_qubits(entry: Any) -> bool:
    return isinstance(entry, list) and all(isinstance(qubit, int) for qubit in entry)


def _operational(date: datetime) -> dict[str, Any]:
    return {"date": date, "name": "operational", "unit": "", "value": 1}
