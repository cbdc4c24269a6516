"""What the twin of a device answers to one circuit, by the best way that there is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import UnsupportedError
from qiskit_direct_provider.verification.clifford import cliffordised
from qiskit_direct_provider.verification.distribution import Exact, exact, sampled
from qiskit_direct_provider.verification.lightcone import LARGEST_CONE, cones, marginals
from qiskit_direct_provider.verification.methods import TwinCost, costs
from qiskit_direct_provider.verification.reduction import (
    Reduced,
    is_static,
    on_few_qubits,
    qubits_used,
)

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_direct_provider.verification.distribution import Counts

__all__ = ["Expected", "expect"]

_FEWEST_SHOTS = 500
_WIDEST_IDEAL = 20


@dataclass(frozen=True)
class Expected:
    """What a device should answer; one of ``exact``, ``counts`` and ``marginals`` is there.

    Attributes:
        way: How it was found, for people.
        exact: Probabilities of all words.
        counts: Shots of the twin.
        marginals: For each bit the probability that it is 1.
        ideal: Probabilities without noise, where there are few enough bits.
        ideal_counts: Shots without noise, where stabilizers give them.
        approximate: True when the shots are those of a circuit that is only alike.
    """

    way: str
    exact: Exact | None = None
    counts: Counts | None = None
    marginals: dict[int, float] | None = None
    ideal: Exact | None = None
    ideal_counts: Counts | None = None
    approximate: bool = False


def expect(
    circuit: QuantumCircuit,
    target: Target,
    *,
    shots: int,
    seconds: float,
    seed: int,
    stand_in: bool = False,
) -> Expected:
    """What the twin answers.

    Args:
        circuit: On the device's qubits, without parameters.
        target: The device.
        shots: Of the device; the twin takes as many, or fewer if time is short.
        seconds: Most time to simulate for, as estimated.
        seed: For the twin's shots.
        stand_in: Where nothing else is possible, take the shots of the Cliffordised circuit; right for
            mirror circuits, whose answers both have in common.

    Raises:
        UnsupportedError: There is no way; the text says what stands against each.
    """
    reduced = on_few_qubits(circuit)
    ways = costs(reduced, shots)
    for way in ways:
        if way.method == "density_matrix" and way.seconds <= seconds:
            return _exactly(reduced, target)
    for way in ways:
        affordable = int(shots * min(1.0, seconds / way.seconds))
        if way.method != "density_matrix" and affordable >= min(shots, _FEWEST_SHOTS):
            return _by_shots(reduced, target, way, affordable, seed)
    why_not = _no_cones(circuit)
    if why_not is None:
        return Expected("exact, bit by bit, from light cones", marginals=marginals(circuit, target))
    if stand_in:
        found = expect(cliffordised(circuit), target, shots=shots, seconds=seconds, seed=seed)
        return Expected(f"{found.way}, of the Cliffordised circuit", counts=found.counts, approximate=True)
    raise UnsupportedError(_refusal(reduced, ways, why_not, seconds))


def _exactly(reduced: Reduced, target: Target) -> Expected:
    return Expected("exact, by density matrix", exact=exact(reduced, target), ideal=exact(reduced, None))


def _by_shots(reduced: Reduced, target: Target, way: TwinCost, shots: int, seed: int) -> Expected:
    counts = sampled(reduced, target, way, shots, seed)
    names = {
        "statevector": f"{shots} shots by state vector",
        "matrix_product_state": (
            f"{shots} shots by matrix product states, weight lost below {way.bond_error:g}"
        ),
        "stabilizer": f"{shots} shots by stabilizers",
    }
    ideal_counts = None
    if way.method == "stabilizer":
        ideal_counts = sampled(reduced, None, way, reduced.circuit.num_clbits + 100, seed)
    small = reduced.circuit.num_qubits <= _WIDEST_IDEAL and is_static(reduced.circuit)
    ideal = exact(reduced, None) if small else None
    return Expected(names[way.method], counts=counts, ideal=ideal, ideal_counts=ideal_counts)


@lru_cache(maxsize=1)
def _fits() -> str:
    from qiskit_direct_provider.verification.methods import memory_limit_bytes

    return f"{memory_limit_bytes() / 2**30:.0f} GiB"


def _no_cones(circuit: QuantumCircuit) -> str | None:
    """Why light cones do not help, or None when they do."""
    if not is_static(circuit):
        return "it goes on after measurements, so it has no light cones"
    for bit, cone in cones(circuit):
        width = len(qubits_used([cone]))
        if width > LARGEST_CONE:
            return f"{width} qubits decide about bit {bit} alone, and {LARGEST_CONE} is what can be followed"
    return None


def _refusal(reduced: Reduced, ways: list[TwinCost], why_no_cones: str, seconds: float) -> str:
    tried = "; ".join(f"{way.method} would take {way.seconds:.0f} s" for way in ways)
    return (
        f"circuit {reduced.circuit.name!r} cannot be simulated here: {reduced.circuit.num_qubits} qubits and "
        f"{len(reduced.circuit.data)} operations; {tried or f'no method fits into {_fits()} of memory'}"
        f" (max_seconds is {seconds:.0f}); {why_no_cones}. "
        "Verify its companions: verify(circuit, method='mirror') or verify(circuit, method='clifford')"
    )
