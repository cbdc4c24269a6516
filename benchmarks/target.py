"""From a device's JSON documents to a Target: this package, qiskit-ibm-runtime, and the floor, in one run.

The floor is what no builder can do without: a typed decode of the documents, one InstructionProperties an
entry and one add_instruction a gate. The scaling rows are synthetic heavy-hex devices. The last table is the
typed decode of the largest properties alone, beside other ways to read the same members.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pydantic
import rustworkx
from qiskit.transpiler import InstructionProperties, Target

from qiskit_direct_provider.target import target_from_json
from qiskit_direct_provider.wire.backend import Calibration, Configuration

DEVICES = ("boston", "torino", "brisbane", "manila")
DISTANCES = (3, 9, 21, 45, 63)
ROUNDS = 25
SMALL_BYTES, SMALL_ROUNDS = 50_000, 250  # a moment of noise is longer than all rounds of a small device

Documents = tuple[bytes, bytes]


class Item(pydantic.BaseModel):
    """One figure, as `wire.backend` has it."""

    name: str
    value: float
    unit: str = ""


class GateFigures(pydantic.BaseModel):
    """Figures of a gate, likewise."""

    gate: str
    qubits: tuple[int, ...]
    parameters: list[Item] = []


class Properties(pydantic.BaseModel):
    """A calibration, likewise."""

    last_update_date: str | None = None
    qubits: list[list[Item]] = []
    gates: list[GateFigures] = []


def snapshot(name: str) -> Documents:
    """The documents of a device that qiskit-ibm-runtime ships."""
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "fake_provider", "backends", name)
    return next(folder.glob("conf_*.json")).read_bytes(), min(folder.glob("props_*.json")).read_bytes()


def synthetic(distance: int) -> Documents:
    """A heavy-hex device with the gates and the items of a real one."""
    graph = rustworkx.generators.directed_heavy_hex_graph(distance)
    pairs = [list(pair) for pair in graph.edge_list()]
    qubits = [[qubit] for qubit in range(graph.num_nodes())]
    places = {"sx": qubits, "x": qubits, "rz": qubits, "id": qubits, "cz": pairs}
    configuration = {
        "backend_name": f"heavy_hex_{distance}",
        "n_qubits": len(qubits),
        "basis_gates": list(places),
        "coupling_map": pairs,
        "gates": [{"name": name, "parameters": [], "coupling_map": where} for name, where in places.items()],
        "dt": 4.0,
    }
    figures = {
        "T1": ("us", 200.5),
        "T2": ("us", 150.5),
        "readout_error": ("", 0.01),
        "readout_length": ("ns", 1500),
    }
    date = "2026-04-17T04:02:11-04:00"
    items = [
        {"date": date, "name": name, "unit": unit, "value": value} for name, (unit, value) in figures.items()
    ]
    gate = [
        {"date": date, "name": "gate_error", "unit": "", "value": 0.002},
        {"date": date, "name": "gate_length", "unit": "ns", "value": 68.0},
    ]
    properties = {
        "backend_name": configuration["backend_name"],
        "last_update_date": date,
        "qubits": [items for _ in qubits],
        "gates": [
            {"gate": name, "qubits": each, "name": "", "parameters": gate}
            for name, where in places.items()
            for each in where
        ],
        "general": [],
    }
    return json.dumps(configuration).encode(), json.dumps(properties).encode()


def runtime_target(documents: Documents) -> Target:
    """The way of qiskit-ibm-runtime: decode, properties, convert."""
    from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
    from qiskit_ibm_runtime.utils.backend_decoder import (
        configuration_from_server_data,
        properties_from_server_data,
    )

    configuration = configuration_from_server_data(json.loads(documents[0]))
    properties = properties_from_server_data(json.loads(documents[1]))
    return convert_to_target(configuration, properties, include_fractional_gates=False)


def floor_of(documents: Documents) -> Callable[[], Target]:
    """The work that is left when everything else is known beforehand."""
    target = target_from_json(*documents)
    entries: list[tuple[str, Any, dict[Any, tuple[Any, Any] | None]]] = [
        (
            name,
            target.operation_from_name(name),
            {
                qargs: (properties.duration, properties.error) if properties else None
                for qargs, properties in target[name].items()
            },
        )
        for name in target.operation_names
        if target[name] and None not in target[name]
    ]

    def floor() -> Target:
        msgspec.json.decode(documents[0], type=Configuration)
        msgspec.json.decode(documents[1], type=Calibration)
        built = Target(num_qubits=target.num_qubits)
        for name, operation, places in entries:
            filled = {qargs: InstructionProperties(*each) if each else None for qargs, each in places.items()}
            built.add_instruction(operation, filled, name=name)
        return built

    return floor


def medians(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each call; they take turns, so that a noisy moment hits all."""
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(rounds):
        for index, call in enumerate(calls):
            started = time.perf_counter()
            call()
            times[index].append(time.perf_counter() - started)
    return [statistics.median(found) for found in times]


def main() -> None:
    """Print one row a device."""
    warnings.simplefilter("ignore")
    print(
        f"{'device':14}{'qubits':>7}{'ours':>12}{'floor':>12}{'ours/floor':>12}{'qiskit-ibm-runtime':>20}{'ratio':>8}"
    )
    for name in DEVICES:
        documents = snapshot(name)
        floor = floor_of(documents)
        ours, runtime, least = medians(
            lambda documents=documents: target_from_json(*documents),  # type: ignore[misc]  # of this round
            lambda documents=documents: runtime_target(documents),  # type: ignore[misc]  # of this round
            floor,
            rounds=ROUNDS if len(documents[1]) > SMALL_BYTES else SMALL_ROUNDS,
        )
        row(f"fake_{name}", target_from_json(*documents).num_qubits, ours, least, runtime)
    for distance in DISTANCES:
        documents = synthetic(distance)
        ours, least = medians(
            lambda documents=documents: target_from_json(*documents),  # type: ignore[misc]  # of this round
            floor_of(documents),
            rounds=7,
        )
        row(f"heavy-hex {distance}", target_from_json(*documents).num_qubits, ours, least)
    decoding(snapshot(DEVICES[0])[1])


def decoding(properties: bytes) -> None:
    """Print one line a decoder."""
    ways: dict[str, Callable[[], object]] = {
        "msgspec, typed (this package)": lambda: msgspec.json.decode(properties, type=Calibration),
        "pydantic, typed": lambda: Properties.model_validate_json(properties),
        "orjson, untyped": lambda: orjson.loads(properties),
        "json, untyped": lambda: json.loads(properties),
    }
    print(f"\nproperties of fake_{DEVICES[0]}, {len(properties) / 1e3:.0f} kB, decoded by")
    times = medians(*ways.values())
    for name, seconds in zip(ways, times, strict=True):
        print(f"  {name:32}{seconds * 1e3:8.2f} ms{seconds / times[0]:7.1f}x")


def row(name: str, num_qubits: int, ours: float, floor: float, runtime: float | None = None) -> None:
    """One line; without qiskit-ibm-runtime, the time per qubit shows how it grows."""
    line = f"{name:14}{num_qubits:7}{ours * 1e3:9.2f} ms{floor * 1e3:9.2f} ms{ours / floor:11.2f}x"
    if runtime is None:
        print(f"{line}{ours / num_qubits * 1e6:15.1f} us a qubit")
    else:
        print(f"{line}{runtime * 1e3:17.1f} ms{runtime / ours:7.1f}x")


if __name__ == "__main__":
    main()
