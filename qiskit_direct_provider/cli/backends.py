"""``qiskit-direct backends`` and ``backend``: what there is, and what it can do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qiskit_direct_provider.cli.completion import backend_names
from qiskit_direct_provider.cli.options import AsJson, Where, with_account
from qiskit_direct_provider.cli.output import progress, rows, table, write_json, writing

if TYPE_CHECKING:
    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.device import BackendStatus

__all__ = ["backend", "backends"]


@with_account
def backends(
    where: Where,
    name: Annotated[str | None, typer.Argument(help="A name, or a regular expression.")] = None,
    min_qubits: Annotated[int | None, typer.Option("--min-qubits", help="At least so many.", min=1)] = None,
    *,
    operational: Annotated[
        bool | None, typer.Option("--operational/--not-operational", help="Whether it takes jobs now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the backends: state, size and quality."""
    from qiskit_direct_provider.selection import concurrently

    with where.provider() as provider, progress("backends") as _:
        found = provider.backends(name, min_num_qubits=min_qubits, operational=operational)
        summaries = concurrently(_summary, found)
    if as_json:
        write_json(summaries)
    else:
        _show(summaries)


def _summary(backend: DirectBackend) -> dict[str, Any]:
    """One line of the list; a backend that cannot be read hides no other."""
    from qiskit_direct_provider.errors import DirectError
    from qiskit_direct_provider.views.facts import DeviceFacts

    try:
        status = backend.status()
        target = backend.target
    except DirectError as error:
        return {"name": backend.name, "problem": str(error)}
    facts = DeviceFacts.of(target)
    return {
        "name": backend.name,
        **_state(status),
        "num_qubits": target.num_qubits,
        "two_qubit_gate": facts.two_qubit_gate,
        **{f"median_{name}": value for name, value in facts.medians.items()},
    }


def _state(status: BackendStatus) -> dict[str, Any]:
    return {
        "state": status.state,
        "operational": status.operational,
        "locked": status.locked,
        "message": status.message,
        "pending_jobs": status.pending_jobs,
    }


_WORDS, _NUMBERS = ("name", "state", "gate"), ("qubits", "gate error", "readout error", "T1", "T2")


def _show(summaries: list[dict[str, Any]]) -> None:
    from qiskit_direct_provider.views.units import error_text, seconds_text

    cells = [
        (each["name"], each["problem"], *[""] * 6)
        if "problem" in each
        else (
            each["name"],
            f"{each['state']}{', reserved' if each['locked'] else ''}",
            each["two_qubit_gate"] or "",
            str(each["num_qubits"]),
            error_text(each["median_two_qubit_error"]),
            error_text(each["median_readout_error"]),
            seconds_text(each["median_t1_s"]),
            seconds_text(each["median_t2_s"]),
        )
        for each in summaries
    ]
    table({**dict.fromkeys(_WORDS, False), **dict.fromkeys(_NUMBERS, True)}, cells)


@with_account
def backend(
    where: Where,
    name: Annotated[str, typer.Argument(help="Name of the backend.", autocompletion=backend_names)],
    save_map: Annotated[
        Path | None, typer.Option("--save-map", metavar="FILE", help="Write the map as a page for a browser.")
    ] = None,
    *,
    show_map: Annotated[bool, typer.Option("--map", help="Draw qubits and couplings.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a backend: state, gates, errors and times; with --json, of every qubit and coupling."""
    with where.provider() as provider, progress(name) as _:
        found = provider.get_backend(name)
        status, lanes = found.status(), found.lanes()
    if save_map is not None:
        with writing(save_map):
            found.map().save(save_map)
    if as_json:
        write_json(_document(found, status, lanes))
        return
    from qiskit_direct_provider.views.backend import backend_rows

    named = {"state": status.status_msg, "reserved": {True: "yes", False: "no", None: None}[status.locked]}
    shown = {key: value for key, value in named.items() if value}
    calibrated = found.map().calibrated
    lines = backend_rows(
        found.target, lanes=lanes, version=found.backend_version, calibrated=calibrated, notes=_notes(found)
    )
    rows(found.name, {**shown, **lines})
    if show_map:
        typer.echo(found.map())


def _notes(backend: DirectBackend) -> str | None:
    return "; ".join(backend.issues) or None


def _document(backend: DirectBackend, status: BackendStatus, lanes: int | None) -> dict[str, Any]:
    from dataclasses import asdict

    from qiskit_direct_provider.views.facts import DeviceFacts

    facts = DeviceFacts.of(backend.target)
    return {
        "name": backend.name,
        "version": backend.backend_version,
        **_state(status),
        "lanes": lanes,
        "calibrated": backend.map().calibrated,
        "num_qubits": backend.target.num_qubits,
        "gates": sorted(map(str, backend.target.operation_names)),
        "two_qubit_gate": facts.two_qubit_gate,
        **{f"median_{name}": value for name, value in facts.medians.items()},
        "max_shots": backend.max_shots,
        "max_circuits": backend.max_circuits,
        "qubits": [asdict(qubit) for qubit in facts.qubits],
        "couplings": [asdict(coupling) for coupling in facts.couplings],
        "issues": list(backend.issues),
    }
