"""The members of a device's documents as attributes of its backend, in SI units."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from qiskit_direct_provider.models import complex_scale, listed
from qiskit_direct_provider.target import gate_names

if TYPE_CHECKING:
    from qiskit_direct_provider.device import Device

__all__ = ["NAMES", "attribute"]


def _read(name: str) -> Callable[[Device], Any]:
    """A member of the configuration that was read, and converted where it has a unit."""
    return lambda device: getattr(device.configuration, name)


def _raw(name: str, default: Any = None) -> Callable[[Device], Any]:
    """A member as the document has it."""

    def value(device: Device) -> Any:
        found = device.raw_configuration.get(name)
        return default if found is None else found

    return value


def _range(name: str) -> Callable[[Device], Any]:
    return lambda device: getattr(device.frequency_ranges[0], name)


def _supported_instructions(device: Device) -> list[str]:
    listed = device.configuration.supported_instructions
    return list(device.target.operation_names) if listed is None else listed


def _processor_type(device: Device) -> dict[str, Any] | None:
    found = device.raw_configuration.get("processor_type")
    if not isinstance(found, dict):
        return None
    return {key: str(value) if key == "revision" else value for key, value in found.items()}


def _u_channel_lo(device: Device) -> list[list[dict[str, Any]]]:
    groups = listed(device.raw_configuration.get("u_channel_lo"))
    return [
        [
            {**entry, "scale": complex_scale(entry.get("scale"))}
            for entry in listed(group)
            if isinstance(entry, dict)
        ]
        for group in groups
    ]


_ATTRIBUTES: dict[str, Callable[[Device], Any]] = {
    "acquisition_latency": _raw("acquisition_latency", []),
    "allow_object_storage": _raw("allow_object_storage"),
    "basis_gates": lambda device: gate_names(device.configuration.basis_gates, device.target),
    "channel_bandwidth": _raw("channel_bandwidth"),
    "channels": _raw("channels", {}),
    "clops_h": _raw("clops_h"),
    "conditional": _raw("conditional", default=False),
    "conditional_latency": _raw("conditional_latency", []),
    "configurable": _raw("configurable", default=False),
    "coords": _raw("coords"),
    "credits_required": _raw("credits_required"),
    "default_rep_delay": _read("default_rep_delay"),
    "discriminators": _raw("discriminators"),
    "display_name": _raw("display_name"),
    "dynamic_reprate_enabled": _read("dynamic_reprate_enabled"),
    "gates": _read("gates"),
    "hamiltonian": _raw("hamiltonian"),
    "input_allowed": _raw("input_allowed", ["job"]),
    "instruction_signatures": _read("instruction_signatures"),
    "local": _raw("local", default=False),
    "max_experiments": _read("max_experiments"),
    "max_shots": _read("max_shots"),
    "meas_kernels": _raw("meas_kernels"),
    "meas_levels": _raw("meas_levels"),
    "meas_lo_range": _range("meas_lo_range"),
    "measure_esp_enabled": _raw("measure_esp_enabled", default=False),
    "memory": _raw("memory", default=True),
    "multi_meas_enabled": _raw("multi_meas_enabled", default=True),
    "n_qubits": _read("n_qubits"),
    "n_registers": _raw("n_registers"),
    "n_uchannels": _raw("n_uchannels", 0),
    "open_pulse": _raw("open_pulse", default=False),
    "parallel_compilation": _raw("parallel_compilation"),
    "parametric_pulses": _raw("parametric_pulses", []),
    "processor_type": _processor_type,
    "quantum_volume": _raw("quantum_volume"),
    "qubit_lo_range": _range("qubit_lo_range"),
    "register_map": _raw("register_map"),
    "rep_delay_range": _read("rep_delay_range"),
    "rep_times": _read("rep_times"),
    "sample_name": _raw("sample_name"),
    "simulator": _read("simulator"),
    "supported_features": _read("supported_features"),
    "supported_instructions": _supported_instructions,
    "tags": _raw("tags", []),
    "timing_constraints": lambda device: msgspec.to_builtins(device.configuration.timing_constraints),
    "u_channel_lo": _u_channel_lo,
    "uchannels_enabled": _raw("uchannels_enabled"),
}

NAMES = frozenset(_ATTRIBUTES)


def attribute(device: Device, name: str) -> Any:
    """One of `NAMES`, of a device."""
    return _ATTRIBUTES[name](device)
