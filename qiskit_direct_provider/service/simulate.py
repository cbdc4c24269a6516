"""Shots of circuits on a simulated device."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import ControlFlowOp
from qiskit_aer import AerSimulator

from qiskit_direct_provider.service.isa import out_of_order
from qiskit_direct_provider.service.methods import (
    choose_method,
    is_clifford,
    is_dynamic,
    with_quarter_turns,
)
from qiskit_direct_provider.service.noise import add_delay_noise, build_noise_model, is_clifford_noise
from qiskit_direct_provider.service.outcome import SIMULATION_FAILED, JobProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit import QuantumCircuit
    from qiskit_aer.noise import NoiseModel

    from qiskit_direct_provider.service.calibration import Calibration, GateNumbers, QubitNumbers

__all__ = ["Bits", "Machine"]

Bits = npt.NDArray[np.uint8]


class Machine:
    """One device with its noise, ready to take shots."""

    def __init__(self, device: Calibration, *, noise: bool, seed: int) -> None:
        self.device = device
        self._noise = noise
        self._seed = seed

    def sample(
        self,
        circuits: Sequence[QuantumCircuit],
        places: tuple[int, ...],
        shots: int,
        *,
        readout_errors: bool = True,
    ) -> list[Bits]:
        """Take shots of bound circuits that differ in parameters and measurements only.

        ``places`` names the physical qubits of the circuits' qubits. Without ``readout_errors``, bits tell
        the states that the qubits were in, whatever the readout makes of them.

        Returns:
            For each circuit an array (shots, clbits) of zeros and ones.

        Raises:
            JobProblemError: Aer refused.
        """
        widths = [circuit.num_clbits for circuit in circuits]
        if not circuits or not places or not max(widths):
            return [np.zeros((shots, width), dtype=np.uint8) for width in widths]
        noise = self._used_noise(circuits, places, readout_errors=readout_errors) if self._noise else None
        clifford = (noise is None or noise.is_clifford()) and all(map(is_clifford, circuits))
        method = choose_method(circuits[0], shots, noisy=noise is not None, clifford=clifford)
        if method == "stabilizer":
            circuits = [with_quarter_turns(circuit) for circuit in circuits]
        result = (
            _simulator()
            .run(
                list(circuits),
                shots=shots,
                memory=True,
                noise_model=None if noise is None else noise.model(),
                method=method,
                seed_simulator=self._next_seed(),
                # Aer 0.18 cuts off the marks of loops when nothing is measured after them.
                enable_truncation=not is_dynamic(circuits[0]),
            )
            .result()
        )
        if not result.success:
            solution = "Simplify the circuit: not everything that a device does can be simulated."
            raise JobProblemError(SIMULATION_FAILED, f"the simulation failed: {_status(result)}", solution)
        return [
            _unpack(getattr(each.data, "memory", None), shots, width)
            for each, width in zip(result.results, widths, strict=True)
        ]

    def _next_seed(self) -> int:
        """Seeds of consecutive runs differ, and follow from the job's."""
        self._seed = (self._seed * 6364136223846793005 + 1442695040888963407) % 2**63
        return self._seed >> 1 & 0x7FFFFFFF

    def qubits(self) -> Sequence[QubitNumbers]:
        """The device's qubits; their readout is perfect without noise."""
        if self._noise:
            return self.device.qubits
        return [numbers._replace(readout_error=None) for numbers in self.device.qubits]

    def out_of_order(self, circuit: QuantumCircuit) -> list[str]:
        """What the device does so badly that it had better not be used."""
        return out_of_order(circuit, self.device) if self._noise else []

    def random(self) -> np.random.Generator:
        """Random numbers that follow from the job's seed."""
        return np.random.default_rng(self._next_seed())

    def _used_noise(
        self, circuits: Sequence[QuantumCircuit], places: tuple[int, ...], *, readout_errors: bool
    ) -> _Noise:
        used: set[tuple[str, tuple[int, ...]]] = set()
        for circuit in circuits:
            _collect(circuit, tuple(range(len(places))), used)
        qubits = tuple(self.device.qubits[place] for place in places)
        if not readout_errors:
            qubits = tuple(numbers._replace(readout_error=None) for numbers in qubits)
        gates = tuple(
            ((name, local), numbers)
            for name, local in sorted(used)
            if (numbers := self.device.gates.get((name, tuple(places[index] for index in local)))) is not None
        )
        delays = any(name == "delay" for name, _ in used)
        return _Noise(gates, qubits, self.device.dt_s, delays)


@dataclass(frozen=True)
class _Noise:
    """The noise of the gates and qubits that circuits use; qubits are numbered as in the circuits."""

    gates: tuple[tuple[tuple[str, tuple[int, ...]], GateNumbers], ...]
    qubits: tuple[QubitNumbers, ...]
    dt_s: float | None
    delays: bool

    def model(self) -> NoiseModel:
        """As Aer takes it."""
        return _noise_model(self)

    def is_clifford(self) -> bool:
        """Whether the stabilizer method can simulate it."""
        return not self.delays and is_clifford_noise(dict(self.gates), self.qubits)


@lru_cache(maxsize=32)
def _noise_model(noise: _Noise) -> NoiseModel:
    """Built once for all jobs that use the same gates on qubits of the same calibration."""
    model = build_noise_model(dict(noise.gates), noise.qubits)
    if noise.delays:
        add_delay_noise(model, noise.qubits, noise.dt_s)
    return model


def _collect(
    circuit: QuantumCircuit, places: tuple[int, ...], used: set[tuple[str, tuple[int, ...]]]
) -> None:
    """Gates of a circuit with the qubits that they are on, those inside control flow included."""
    for instruction in circuit.data:
        qubits = tuple(places[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                _collect(block, qubits, used)
        else:
            used.add((instruction.operation.name, qubits))


@lru_cache(maxsize=1)
def _simulator() -> AerSimulator:
    return AerSimulator(max_parallel_threads=1)


def _status(result: Any) -> str:
    failures = [each.status for each in result.results if not each.success]
    return str(failures[0] if failures else result.status)[:300]


def _unpack(memory: list[str] | None, shots: int, width: int) -> Bits:
    """Hexadecimal words of all classical bits as one row of bits each; column i is classical bit i."""
    if not memory:
        return np.zeros((shots, width), dtype=np.uint8)
    num_bytes = (width + 7) // 8
    digits = "".join([word[2:].zfill(2 * num_bytes) for word in memory])
    rows = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8).reshape(shots, num_bytes)
    return np.unpackbits(rows[:, ::-1], axis=1, count=width, bitorder="little")
