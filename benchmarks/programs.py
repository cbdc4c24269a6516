"""From circuits to the bytes of an upload: this package, Qiskit's exporters, qiskit-ibm-runtime, in one run.

A hundred static circuits in the instruction set of fake_torino, of about 9,000 gates on 100 qubits each. The
native exporter alone is the floor. The second table is the look at the instruction set before a request,
against the one of qiskit-ibm-runtime, of circuits that the device can run. The third is one circuit of more
and more gates.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import time
import warnings
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit, qasm3, transpile
from qiskit_ibm_runtime import RuntimeEncoder

from qiskit_direct_provider.device import Device, DeviceDocuments, read_device
from qiskit_direct_provider.programs import sampler_payload
from qiskit_direct_provider.validation import examine

if TYPE_CHECKING:
    from qiskit.transpiler import Target

QUBITS = 100
SHOTS = 1024
SCALING = (300, 1_000, 3_000, 10_000, 30_000)


def torino() -> Device:
    """A device of 133 qubits that qiskit-ibm-runtime ships."""
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], "fake_provider", "backends", "torino")
    return read_device(
        DeviceDocuments(
            next(folder.glob("conf_*.json")).read_bytes(), min(folder.glob("props_*.json")).read_bytes()
        )
    )


def circuits(count: int, gates: int, target: Target) -> list[QuantumCircuit]:
    """Random circuits in a device's instruction set, placed on its qubits by the transpiler."""
    edges = [edge for edge in target["cz"] if max(edge) < QUBITS]
    found = []
    for seed in range(count):
        choose = np.random.default_rng(seed)
        circuit = QuantumCircuit(target.num_qubits, QUBITS, name=f"circuit {seed}")
        for kind in choose.choice(["rz", "sx", "x", "cz"], size=gates - QUBITS, p=[0.35, 0.3, 0.05, 0.3]):
            if kind == "cz":
                circuit.cz(*edges[choose.integers(len(edges))])
            elif kind == "rz":
                circuit.rz(float(choose.uniform(-3, 3)), int(choose.integers(QUBITS)))
            else:
                getattr(circuit, kind)(int(choose.integers(QUBITS)))
        circuit.measure(range(QUBITS), range(QUBITS))
        found.append(
            transpile(
                circuit,
                target=target,
                optimization_level=0,
                initial_layout=list(range(target.num_qubits)),
            )
        )
    return found


def by_runtime(each: list[QuantumCircuit]) -> bytes:
    """The way of qiskit-ibm-runtime: QPY, deflated, in JSON."""
    pubs = [(circuit, np.array([]), SHOTS) for circuit in each]
    return json.dumps({"pubs": pubs, "version": 2, "support_qiskit": True}, cls=RuntimeEncoder).encode()


def by_python(each: list[QuantumCircuit]) -> bytes:
    """Qiskit's exporter."""
    return json.dumps([qasm3.dumps(circuit, disable_constants=True) for circuit in each]).encode()


def floor(each: list[QuantumCircuit]) -> bytes:
    """Qiskit's native exporter, and nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return json.dumps(
            [qasm3.dumps_experimental(circuit, disable_constants=True) for circuit in each]
        ).encode()


def seconds(ways: Collection[Callable[[], Any]], rounds: int) -> list[float]:
    """The median time of each; they take turns, so that a noisy moment hits all."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for work, spent in zip(ways, times, strict=True):
            begin = time.perf_counter()
            work()
            spent.append(time.perf_counter() - begin)
    return [statistics.median(spent) for spent in times]


def main() -> None:
    """Measure, and print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--circuits", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=7)
    given = arguments.parse_args()
    device = torino()
    each = circuits(given.circuits, 9000, device.sound_target)
    ways = {
        "this package: sampler_payload": lambda: sampler_payload(each, shots=SHOTS),
        "floor: native exporter and JSON": lambda: floor(each),
        "qiskit-ibm-runtime's encoder (QPY)": lambda: by_runtime(each),
        "qiskit.qasm3.dumps and JSON": lambda: by_python(each),
    }
    table(f"{given.circuits} circuits of 9,000 gates to bytes", ways, given.rounds)
    from qiskit_ibm_runtime.utils.utils import is_isa_circuit

    looks = {
        "this package: what run() looks at": lambda: examine(each, device, thorough=False),
        "this package: validate(), every angle": lambda: examine(each, device),
        "qiskit-ibm-runtime's is_isa_circuit": lambda: [is_isa_circuit(one, device.target) for one in each],
    }
    table("the same circuits against the instruction set", looks, given.rounds)
    scaling(device.sound_target, given.rounds)


def scaling(target: Target, rounds: int) -> None:
    """Print one line a number of gates."""
    print(f"{'one circuit to bytes':24}{'ours':>12}{'floor':>12}{'QPY':>12}{'qasm3.dumps':>14}")
    for gates in SCALING:
        each = circuits(1, gates, target)
        ways: tuple[Callable[[], object], ...] = (
            lambda each=each: sampler_payload(each, shots=SHOTS),  # type: ignore[misc]  # of this round
            *(lambda each=each, way=way: way(each) for way in (floor, by_runtime, by_python)),  # type: ignore[misc]  # of this round
        )
        ours, least, qpy, python = (1e3 * median for median in seconds(ways, rounds))
        print(f"{gates:18,} gates{ours:9.2f} ms{least:9.2f} ms{qpy:9.2f} ms{python:11.2f} ms")


def table(title: str, ways: dict[str, Callable[[], Any]], rounds: int) -> None:
    """Medians side by side; the ratio is to the first row."""
    print(f"{title} (medians of {rounds})")
    measured = dict(zip(ways, seconds(ways.values(), rounds), strict=True))
    ours = next(iter(measured.values()))
    for name, median in measured.items():
        print(f"  {name:42} {1000 * median:9.1f} ms {median / ours:7.2f} x")


if __name__ == "__main__":
    main()
