"""A backend as a table of what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit_direct_provider.views.device_map import DeviceMap
from qiskit_direct_provider.views.facts import DeviceFacts
from qiskit_direct_provider.views.markup import card, escaped, facts
from qiskit_direct_provider.views.units import error_text, seconds_text

if TYPE_CHECKING:
    from qiskit.transpiler import Target

__all__ = ["backend_html", "backend_rows"]


def backend_rows(target: Target, **more: object) -> dict[str, str]:
    """Names and values, for a table in a terminal or a notebook; what is None in ``more`` is left out."""
    device = DeviceFacts.of(target)
    medians = device.medians
    gate = device.two_qubit_gate or "two-qubit"
    return {
        "qubits": str(target.num_qubits),
        "couplings": str(len(device.couplings)) if device.couplings else "all to all",
        "gates": ", ".join(sorted(map(str, target.operation_names))),
        f"median {gate} error": error_text(medians["two_qubit_error"]),
        "median sx error": error_text(medians["one_qubit_error"]),
        "median readout error": error_text(medians["readout_error"]),
        "median T1": seconds_text(medians["t1_s"]),
        "median T2": seconds_text(medians["t2_s"]),
        **{name.replace("_", " "): str(value) for name, value in more.items() if value is not None},
    }


def backend_html(name: str, target: Target, calibrated: str | None, **more: object) -> str:
    """A backend, with its map folded in."""
    rows = backend_rows(target, **more, calibrated=calibrated)
    return card(
        name,
        facts({key: escaped(value) for key, value in rows.items()}),
        f"<details><summary>map</summary>{DeviceMap(name, target).svg()}</details>",
    )
