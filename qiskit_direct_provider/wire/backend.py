"""A device's configuration and calibration as they travel.

Every member but the number of qubits and the gate set is optional, since real devices leave each of the
others out. Reading turns the figures of the configuration into seconds and hertz, once (see `units`);
those of the calibration keep the unit that each of them names.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from qiskit_direct_provider.wire import tolerant, units

__all__ = [
    "Calibration",
    "Configuration",
    "FrequencyRanges",
    "GateCalibration",
    "GateConfiguration",
    "InstructionSignature",
    "Item",
    "TimingConstraints",
    "read_calibration",
    "read_configuration",
    "read_frequency_ranges",
]

MOST_QUBITS = 100_000

Constraint = Annotated[int, Meta(ge=0, lt=2**31)]
Qubits = Annotated[int, Meta(ge=1, le=MOST_QUBITS)]


class GateConfiguration(Struct, gc=False):
    """One gate of the device and where it can be applied."""

    name: str
    parameters: list[str] | None = None
    qasm_def: str | None = None
    coupling_map: list[tuple[int, ...]] | None = None


class TimingConstraints(Struct):
    """Constraints on schedules, in units of dt."""

    granularity: Constraint = 1
    min_length: Constraint = 1
    pulse_alignment: Constraint = 1
    acquire_alignment: Constraint = 1


class InstructionSignature(Struct):
    """An instruction that OpenQASM's standard library does not know, such as ``measure_2``."""

    name: str
    num_qubits: Annotated[int, Meta(ge=0, le=MOST_QUBITS)] = 1
    num_clbits: Annotated[int, Meta(ge=0, le=MOST_QUBITS)] = 0
    parameters: list[str] | None = None


class Configuration(Struct, kw_only=True):
    """What a device is, once read: times in seconds, frequencies in hertz."""

    n_qubits: Qubits
    basis_gates: list[str]
    backend_name: str = ""
    name: str = ""
    backend_version: str = ""
    version: str | int | float = ""
    gates: list[GateConfiguration] = field(default_factory=list)
    coupling_map: list[tuple[int, int]] | None = None
    supported_instructions: list[str] | None = None
    supported_features: list[str] = field(default_factory=list)
    instruction_signatures: list[InstructionSignature] = field(default_factory=list)
    timing_constraints: TimingConstraints = field(default_factory=TimingConstraints)
    meas_map: list[list[int]] = field(default_factory=list)
    dt: float | None = None
    dtm: float | None = None
    rep_times: list[float] | None = None
    default_rep_delay: float | None = None
    rep_delay_range: list[float | list[float]] | None = None
    dynamic_reprate_enabled: bool = False
    max_shots: int | None = None
    max_experiments: int | None = None
    description: str | None = None
    online_date: str | None = None
    simulator: bool = False


class FrequencyRanges(Struct, kw_only=True):
    """Part of a configuration that only people look at, and that takes a while to read: hertz, by qubit."""

    qubit_lo_range: list[tuple[float, float]] | None = None
    meas_lo_range: list[tuple[float, float]] | None = None


class Item(Struct, gc=False):
    """One calibrated figure, in its own unit."""

    name: str
    value: float
    unit: str = ""


class GateCalibration(Struct, gc=False):
    """Figures of one gate on one tuple of qubits."""

    gate: str
    qubits: tuple[int, ...]
    parameters: list[Item] = field(default_factory=list)


class Calibration(Struct, kw_only=True):
    """What was measured about a device: one list of items a qubit, one entry a gate and qubit tuple."""

    last_update_date: str | None = None
    qubits: list[list[Item]] = field(default_factory=list)
    gates: list[GateCalibration] = field(default_factory=list)


def read_configuration(document: bytes, issues: list[str]) -> Configuration:
    """A configuration in SI units; what could not be read, or was interpreted, is added to ``issues``.

    Raises:
        msgspec.DecodeError: It lacks what nothing can be built without.
    """
    found = tolerant.read(document, Configuration, issues)
    found.backend_name = found.backend_name or found.name
    found.backend_version = found.backend_version or str(found.version)
    found.dt = units.time_step_s(found.dt, "dt", issues)
    found.dtm = units.time_step_s(found.dtm, "dtm", issues)
    found.rep_delay_range = [*delays] if (delays := units.delays_s(found.rep_delay_range)) else None
    if found.default_rep_delay is not None:
        found.default_rep_delay *= 1e-6
    found.rep_times = units.repetition_times_s(found.rep_times, issues)
    return found


def read_frequency_ranges(document: bytes, issues: list[str]) -> FrequencyRanges:
    """The frequency ranges of a configuration, in hertz."""
    raw = tolerant.read_untyped(document)
    ranges = {}
    for name in FrequencyRanges.__struct_fields__:
        try:
            pairs = msgspec.convert(raw.get(name), list[tuple[float, float]] | None)
        except msgspec.ValidationError as error:
            issues.append(f"{name}: {error}; left out, since its entries are known by their position")
            pairs = None
        ranges[name] = units.frequency_ranges_hz(pairs, name, issues)
    return FrequencyRanges(**ranges)


def read_calibration(document: bytes | None, issues: list[str]) -> Calibration | None:
    """A calibration; None where there is none. What could not be read is added to ``issues``.

    Raises:
        msgspec.DecodeError: It is not a JSON object.
    """
    if document is None or document.strip() in (b"", b"null"):  # a set would hash the whole document
        return None
    return tolerant.read(document, Calibration, issues)
