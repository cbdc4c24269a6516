"""OpenQASM 3 text to circuit: the local service's reader, beside ``qiskit.qasm3.loads``, in one run.

The text is a device's program of about 9,000 gates on 100 qubits, as Qiskit exports it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from qiskit import QuantumCircuit, qasm3
from qiskit.transpiler import Layout, TranspileLayout

from qiskit_direct_provider.service.openqasm.limits import without_comments
from qiskit_direct_provider.service.openqasm.reader import read_program

QUBITS = 100
LAYERS = 21
ROUNDS = 7


def program() -> str:
    """Layers of rotations that all differ, and of entangling gates along a line."""
    circuit = QuantumCircuit(QUBITS, QUBITS)
    for layer in range(LAYERS):
        for qubit in range(QUBITS):
            circuit.rz(0.1 + layer + qubit / 7, qubit)
            circuit.sx(qubit)
            circuit.rz(-0.2 * layer - qubit / 3, qubit)
            if layer % 2:
                circuit.x(qubit)
        for qubit in range(layer % 2, QUBITS - 1, 2):
            circuit.cz(qubit, qubit + 1)
    circuit.barrier()
    circuit.measure(range(QUBITS), range(QUBITS))
    indices = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    circuit._layout = TranspileLayout(Layout(indices), indices)  # noqa: SLF001 - Qiskit has no public setter
    text: str = qasm3.dumps(circuit, disable_constants=True)
    return text


def ours(text: str) -> QuantumCircuit:
    """Checked, then read."""
    return read_program(without_comments(text, QUBITS))


def seconds(read: Callable[[str], QuantumCircuit], text: str, rounds: int) -> float:
    """Median time of one reading."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        read(text)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print one line a reader, and their ratio."""
    text = program()
    equal = ours(text) == qasm3.loads(text)
    own, other = seconds(ours, text, ROUNDS), seconds(qasm3.loads, text, 3)
    print(f"{text.count(';'):,} statements, {len(text):,} characters; equal circuits: {equal}")
    print(f"  this package  {own * 1e3:8.1f} ms")
    print(f"  qasm3.loads   {other * 1e3:8.1f} ms   {other / own:.0f} times as long")


if __name__ == "__main__":
    main()
