"""A device's configuration and calibration as they travel, and the units that they are in.

Every member but the name, the number of qubits and the gate set is optional, since real devices leave
each of the others out. Units on the wire are nanoseconds (``dt``), microseconds (repetition delays) and
whatever an item's ``unit`` says; here they become seconds and hertz, once.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from qiskit_direct_provider.wire import tolerant

__all__ = [
    "Calibration",
    "Configuration",
    "GateCalibration",
    "GateConfiguration",
    "Item",
    "TimingConstraints",
    "read_calibration",
    "read_configuration",
    "si_value",
]


class GateConfiguration(Struct, gc=False):
    """One gate of the device and where it can be applied."""

    name: str
    parameters: list[str] | None = None
    coupling_map: list[tuple[int, ...]] | None = None


class TimingConstraints(Struct):
    """Constraints on schedules, in units of dt."""

    granularity: int = 1
    min_length: int = 1
    pulse_alignment: int = 1
    acquire_alignment: int = 1


class InstructionSignature(Struct):
    """An instruction that has no name in OpenQASM's standard library, such as ``measure_2``."""

    name: str
    num_qubits: int = 1
    num_clbits: int = 0
    parameters: list[str] | None = None


class Configuration(Struct, kw_only=True):
    """What a device is. ``dt_s`` is in seconds, repetition delays are in seconds."""

    backend_name: str = ""
    name: str = ""
    n_qubits: int
    basis_gates: list[str]
    backend_version: str = ""
    version: str = ""
    gates: list[GateConfiguration] = field(default_factory=list)
    coupling_map: list[tuple[int, int]] | None = None
    supported_instructions: list[str] | None = None
    supported_features: list[str] = field(default_factory=list)
    instruction_signatures: list[InstructionSignature] = field(default_factory=list)
    timing_constraints: TimingConstraints = field(default_factory=TimingConstraints)
    meas_map: list[list[int]] = field(default_factory=list)
    dt: float | None = None
    dtm: float | None = None
    max_shots: int | None = None
    max_experiments: int | None = None
    default_rep_delay: float | None = None
    rep_delay_range: list[float | list[float]] | None = None
    dynamic_reprate_enabled: bool = False
    description: str | None = None
    online_date: str | None = None
    simulator: bool = False
    memory: bool = True


class Item(Struct, gc=False):
    """One calibrated figure."""

    name: str
    value: float
    unit: str = ""


class GateCalibration(Struct):
    """Figures of one gate on one tuple of qubits."""

    gate: str
    qubits: tuple[int, ...]
    parameters: list[Item]


class Calibration(Struct, kw_only=True):
    """What was measured about a device: one list of items a qubit, one entry a gate and qubit tuple."""

    last_update_date: str | None = None
    qubits: list[list[Item]] = field(default_factory=list)
    gates: list[GateCalibration] = field(default_factory=list)


_DIVISORS = {"p": 1e12, "n": 1e9, "u": 1e6, "µ": 1e6, "μ": 1e6, "m": 1e3}
_FACTORS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}

_DT_IS_SECONDS_BELOW = 1e-6


def si_value(value: float, unit: str) -> float:
    """A figure in seconds or hertz.

    >>> si_value(68.0, "ns"), si_value(5.0, "GHz"), si_value(0.25, "")
    (6.8e-08, 5000000000.0, 0.25)
    """
    if len(unit) < 2:  # noqa: PLR2004 - a prefix and a unit
        return value
    prefix = unit[0]
    if prefix in _DIVISORS:
        return value / _DIVISORS[prefix]
    return value * _FACTORS.get(prefix, 1.0)


def read_configuration(document: bytes, issues: list[str]) -> Configuration:
    """A configuration in SI units.

    Raises:
        msgspec.DecodeError: It lacks what nothing can be built without.
    """
    configuration = tolerant.read(document, Configuration, issues)
    configuration.backend_name = configuration.backend_name or configuration.name
    configuration.backend_version = configuration.backend_version or configuration.version
    configuration.dt = _dt_seconds(configuration.dt, "dt", issues)
    configuration.dtm = _dt_seconds(configuration.dtm, "dtm", issues)
    configuration.rep_delay_range = _delays(configuration.rep_delay_range)
    if configuration.default_rep_delay is not None:
        configuration.default_rep_delay *= 1e-6
    if configuration.n_qubits < 1:
        raise msgspec.ValidationError("n_qubits must be positive")
    return configuration


def read_calibration(document: bytes | None, issues: list[str]) -> Calibration | None:
    """A calibration; None where there is none.

    Raises:
        msgspec.DecodeError: It is not a JSON object.
    """
    if document is None or document.strip() in {b"", b"null"}:
        return None
    return tolerant.read(document, Calibration, issues)


def _dt_seconds(value: float | None, name: str, issues: list[str]) -> float | None:
    """Time steps are in nanoseconds, on some old devices in seconds: no device steps below a femtosecond."""
    if value is None or value <= 0:
        return None
    if value < _DT_IS_SECONDS_BELOW:
        issues.append(f"{name}: {value!r} was taken as seconds, not nanoseconds")
        return value
    return value * 1e-9


def _delays(pair: list[float | list[float]] | None) -> list[float | list[float]] | None:
    """Repetition delays in seconds from microseconds; some servers nest the pair in another list."""
    if not pair:
        return None
    flat = pair[0] if isinstance(pair[0], list) else [delay for delay in pair if isinstance(delay, float)]
    return [delay * 1e-6 for delay in flat]
