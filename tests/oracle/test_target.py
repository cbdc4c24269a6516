"""Targets beside those of qiskit-ibm-runtime, for every device snapshot that it ships."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from documents import folders, snapshot
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import (
    configuration_from_server_data,
    properties_from_server_data,
)

from qiskit_direct_provider.target import target_from_json

if TYPE_CHECKING:
    from qiskit.transpiler import Target

pytestmark = [pytest.mark.newest, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

# Differences, and why. Anything else fails.
U_GATES = {"u2", "u3"}
KEEP_U_GATES = {  # the decoder there drops the universal gates of these devices, which leaves no usable set
    *("almaden", "boeblingen", "burlington", "cambridge", "essex"),
    *("johannesburg", "london", "poughkeepsie", "rochester", "singapore"),
}
DT_IN_SECONDS = {"poughkeepsie"}  # its dt is in seconds on the wire; there it is scaled once more
# Fractional gates that are asked for: there they are dropped by the decoder, or not looked for in the
# calibration, which is where these devices list them.
RX_ONLY = ("berlin", "miami")
BOTH = ("aachen", "boston", "fez", "fractional", "kingston", "marrakesh", "pittsburgh", "torino")
KEEP_FRACTIONAL = {**{name: {"rx"} for name in RX_ONLY}, **{name: {"rx", "rzz"} for name in BOTH}}


def theirs(configuration: bytes, properties: bytes, *, fractional: bool) -> Target:
    decoded = configuration_from_server_data(json.loads(configuration))
    calibrated = properties_from_server_data(json.loads(properties))
    return convert_to_target(decoded, calibrated, include_fractional_gates=fractional)


def figures(target: Target, name: str) -> dict[Any, Any]:
    return {
        qargs: (properties.error, properties.duration) if properties else None
        for qargs, properties in (target[name] or {None: None}).items()
    }


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_targets_are_equal(folder: Path, fractional: bool) -> None:
    ours = target_from_json(*snapshot(folder.name), use_fractional_gates=fractional)
    other = theirs(*snapshot(folder.name), fractional=fractional)
    extra = set(ours.operation_names) - set(other.operation_names)
    expected = U_GATES if folder.name in KEEP_U_GATES else set()
    if fractional:
        expected = expected | KEEP_FRACTIONAL.get(folder.name, set())
    assert extra == expected
    assert set(other.operation_names) <= set(ours.operation_names)
    for name in other.operation_names:
        assert figures(ours, name) == figures(other, name), name
    if folder.name not in DT_IN_SECONDS:
        assert ours.dt == other.dt
    for constraint in ("num_qubits", "granularity", "min_length", "pulse_alignment", "acquire_alignment"):
        assert getattr(ours, constraint) == getattr(other, constraint)
    assert [(qubit.t1, qubit.t2, qubit.frequency) for qubit in ours.qubit_properties] == [
        (qubit.t1, qubit.t2, qubit.frequency) for qubit in other.qubit_properties
    ]
