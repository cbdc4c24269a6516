"""Legacy programs that ran circuits for ``backend.run``: their inputs, by way of the sampler."""

from __future__ import annotations

from typing import Any

import msgspec

from qiskit_direct_provider.service.legacy_programs import InvalidV1Error

__all__ = ["RUNNER", "RUNNERS", "named_result", "sampler_params"]

RUNNER = "runner"
RUNNERS = ("circuit-runner", "qasm3-runner")

_DEFAULT_SHOTS = 4000
_CLASSIFIED, _KERNELED = 2, 1
_AVERAGES = frozenset({"avg", "average"})
_READ = frozenset(
    {
        *("circuits", "shots", "memory", "meas_level", "meas_return", "init_qubits", "rep_delay"),
        *("seed_simulator", "header", "skip_transpilation", "init_circuit"),
    }
)


def sampler_params(params: dict[str, Any]) -> dict[str, Any]:
    """The same input for the sampler of version 2; members that are not known are left in, to be warned of.

    Raises:
        InvalidV1Error: It does not fit together, or asks for what is not simulated.
    """
    circuits = params.get("circuits")
    found = [circuits] if isinstance(circuits, str | dict) else circuits
    if not isinstance(found, list) or not found:
        raise InvalidV1Error("there is no circuit")
    if params.get("init_circuit") is not None:
        raise InvalidV1Error("init_circuit is not simulated: begin each circuit with it")
    shots = params.get("shots", _DEFAULT_SHOTS)
    execution = {
        "init_qubits": params.get("init_qubits"),
        "rep_delay": params.get("rep_delay"),
        "meas_type": _measurement(params),
    }
    return {key: value for key, value in params.items() if key not in _READ} | {
        "version": 2,
        "support_qiskit": False,
        "pubs": [[circuit, None, shots] for circuit in found],
        "options": {"execution": execution, "simulator": {"seed_simulator": params.get("seed_simulator")}},
    }


def _measurement(params: dict[str, Any]) -> str:
    level = params.get("meas_level", _CLASSIFIED)
    if level == _CLASSIFIED:
        return "classified"
    if level != _KERNELED:
        raise InvalidV1Error("meas_level is neither 1 nor 2")
    return "avg_kerneled" if params.get("meas_return", "avg") in _AVERAGES else "kerneled"


def named_result(document: bytes, job_id: str, version: str) -> bytes:
    """A result of these programs with what no worker knows: its job, and the version of the device."""
    members = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    named = {"job_id": job_id, "qobj_id": job_id, "backend_version": version}
    return msgspec.json.encode(named | members)
