"""What running circuits will cost: time of the device, and of its twin; and what will come out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.errors import InvalidInputError, UnsupportedError
from qiskit_direct_provider.verification.schedule import Schedule, scheduled

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_direct_provider.device import Device
    from qiskit_direct_provider.programs import Pub
    from qiskit_direct_provider.verification.methods import TwinCost

__all__ = ["CircuitEstimate", "Estimate", "check_budget", "device_seconds", "estimated"]

DEFAULT_REP_DELAY_S = 250e-6


@dataclass(frozen=True)
class CircuitEstimate:
    """One circuit.

    Attributes:
        duration_s: Of one shot, from the first operation to the last measurement, by the slowest branches.
        shortest_s: The same, by the quickest ones.
        reset_s: Of setting the qubits to 0 before each shot; 0 without ``init_qubits``, and where the
            device does not say.
        executions: Shots of all sets of parameter values.
        gate_fidelity: Probability that no gate errs.
        readout_fidelity: Probability that no readout errs.
        idle_fidelity: Probability that no qubit loses its state while it waits.
        twin: The quickest way to simulate it with noise; None when none fits into this machine's memory, and
            for variables, which Aer does not follow.
    """

    name: str
    duration_s: float
    shortest_s: float
    reset_s: float
    executions: int
    gate_fidelity: float
    readout_fidelity: float
    idle_fidelity: float
    twin: TwinCost | None

    @property
    def success_probability(self) -> float:
        """Probability that nothing goes wrong in a shot: the product of the three fidelities."""
        return self.gate_fidelity * self.readout_fidelity * self.idle_fidelity


@dataclass(frozen=True)
class Estimate:
    """What running circuits will cost.

    The device is dedicated to a job for the sum over its circuits of::

        sets of parameters x shots x (reset + duration of a shot + repetition delay)

    The duration of a shot is the schedule in which every operation starts as early as it can: from the
    first operation to the last measurement, with the gate and readout durations of the calibration; of
    branches the slowest, of ``for`` loops every turn, of ``while`` loops one. The reset is the longest
    ``reset`` among the qubits used, once, if ``init_qubits`` is on and the calibration states it. The
    repetition delay is that of the job, else the device's default, else 250 us.

    Attributes:
        rep_delay_s: Repetition delay between two shots.
        circuits: One entry a circuit.
        assumptions: What was assumed where the device or a circuit does not say.
    """

    rep_delay_s: float
    circuits: tuple[CircuitEstimate, ...]
    assumptions: tuple[str, ...] = ()

    @property
    def quantum_seconds(self) -> float:
        """Time that the device will be dedicated to the job."""
        return sum(
            each.executions * (each.reset_s + each.duration_s + self.rep_delay_s) for each in self.circuits
        )

    @property
    def shortest_quantum_seconds(self) -> float:
        """The same, if every branch takes its quickest way."""
        return sum(
            each.executions * (each.reset_s + each.shortest_s + self.rep_delay_s) for each in self.circuits
        )

    @property
    def success_probability(self) -> float:
        """Of the worst circuit."""
        return min(each.success_probability for each in self.circuits)

    @property
    def twin_seconds(self) -> float | None:
        """Time to simulate all with noise on one core; None where one cannot be."""
        return sum(each.twin.seconds for each in self.circuits if each.twin) if self._simulable else None

    @property
    def twin_memory_bytes(self) -> float | None:
        """Memory for that; None where one circuit cannot be simulated."""
        return max(each.twin.memory_bytes for each in self.circuits if each.twin) if self._simulable else None

    @property
    def _simulable(self) -> bool:
        return all(each.twin is not None for each in self.circuits)

    def __str__(self) -> str:
        twin = "the twin cannot simulate all of it"
        if self.twin_seconds is not None and self.twin_memory_bytes is not None:
            twin = f"the twin takes about {self.twin_seconds:.2g} s and {self.twin_memory_bytes / 1e6:.2g} MB"
        head = (
            f"{self.quantum_seconds:.3g} s of the device, success probability "
            f"{self.success_probability:.1%} or more; {twin}"
        )
        return "\n".join([head, *(f"  assumed: {text}" for text in self.assumptions)])


def estimated(pubs: Sequence[Pub], device: Device, execution: Mapping[str, Any]) -> Estimate:
    """The estimate for checked circuits.

    Args:
        pubs: Circuits with their shots and parameter values.
        device: Where.
        execution: The execution options of the job, as the program gets them.
    """
    assumptions: list[str] = []
    delay = _rep_delay_s(device, execution)
    if delay is None:
        delay = DEFAULT_REP_DELAY_S
        assumptions.append(f"the device states no repetition delay: {DEFAULT_REP_DELAY_S * 1e6:g} us")
    if device.calibration is None:
        assumptions.append("the device was never calibrated: no durations, no errors")
    resets = _resets(execution)
    circuits = tuple(_circuit(pub, device.target, assumptions, resets=resets) for pub in pubs)
    return Estimate(float(delay), circuits, tuple(assumptions))


def _rep_delay_s(device: Device, execution: Mapping[str, Any]) -> float | None:
    found: float | None = execution.get("rep_delay", device.configuration.default_rep_delay)
    return found


def _resets(execution: Mapping[str, Any]) -> bool:
    return bool(execution.get("init_qubits", True))


def device_seconds(pub: Pub, device: Device, execution: Mapping[str, Any]) -> float:
    """Time that the device is dedicated to one circuit, as in `Estimate`; the circuit may be faulty."""
    schedule = scheduled(pub.circuit, device.target)
    reset_s = _reset_s(schedule, device.target) if _resets(execution) else 0.0
    stated = _rep_delay_s(device, execution)
    delay_s = DEFAULT_REP_DELAY_S if stated is None else stated
    return pub.shots * math.prod(pub.shape) * (reset_s + schedule.duration_s + delay_s)


def check_budget(quantum_seconds: float, budget_s: float) -> None:
    """Refuse a job that would take more time of the device than it may.

    Raises:
        InvalidInputError: It would.
    """
    if quantum_seconds > budget_s:
        raise InvalidInputError(
            f"not sent: it would take about {quantum_seconds:.3g} s of the device, and "
            f"max_quantum_seconds is {budget_s:g}; take fewer shots, or a shorter rep_delay"
        )


def _circuit(pub: Pub, target: Target, assumptions: list[str], *, resets: bool) -> CircuitEstimate:
    circuit = pub.circuit
    schedule = scheduled(circuit, target)
    if schedule.open_ended:
        assumptions.append(f"circuit {circuit.name!r}: one turn of each while loop")
    executions = pub.shots * math.prod(pub.shape)
    gates, readout = _fidelities(circuit, target)
    return CircuitEstimate(
        name=circuit.name,
        duration_s=schedule.duration_s,
        shortest_s=schedule.shortest,
        reset_s=_reset_s(schedule, target) if resets else 0.0,
        executions=executions,
        gate_fidelity=gates,
        readout_fidelity=readout,
        idle_fidelity=_idle_fidelity(schedule, target),
        twin=_twin(circuit, executions),
    )


def _twin(circuit: QuantumCircuit, executions: int) -> TwinCost | None:
    from qiskit_direct_provider.verification.methods import costs
    from qiskit_direct_provider.verification.reduction import on_few_qubits

    try:
        return next(iter(costs(on_few_qubits(circuit), executions)), None)
    except UnsupportedError:
        return None


def _reset_s(schedule: Schedule, target: Target) -> float:
    places = target["reset"] if "reset" in target.operation_names else None
    stated = [places.get((qubit,)) for qubit in schedule.first] if places else []
    return max((each.duration or 0.0 for each in stated if each is not None), default=0.0)


def _fidelities(
    circuit: QuantumCircuit, target: Target, places: Sequence[int] | None = None
) -> tuple[float, float]:
    """Of gates and of readout; of branches the worse one counts."""
    where = list(range(circuit.num_qubits) if places is None else places)
    index = {qubit: where[number] for number, qubit in enumerate(circuit.qubits)}
    gates = readout = 1.0
    for instruction in circuit.data:
        qubits = tuple(index[qubit] for qubit in instruction.qubits)
        if instruction.is_control_flow():
            parts = [_fidelities(block, target, qubits) for block in instruction.operation.blocks]
            turns = len(instruction.operation.params[0]) if instruction.name == "for_loop" else 1
            gates *= min((part[0] for part in parts), default=1.0) ** turns
            readout *= min((part[1] for part in parts), default=1.0) ** turns
            continue
        places_of_gate = target[instruction.name] if instruction.name in target.operation_names else None
        properties = places_of_gate.get(qubits) if places_of_gate else None
        kept = 1.0 - ((properties.error if properties else None) or 0.0)
        if instruction.name.startswith("measure"):
            readout *= kept
        else:
            gates *= kept
    return gates, readout


def _idle_fidelity(schedule: Schedule, target: Target) -> float:
    """Entanglement fidelity of relaxation during all waits: (1 + exp(-t/T1) + 2 exp(-t/T2)) / 4 each."""
    known = target.qubit_properties or []
    found = 1.0
    for qubit in schedule.first:
        properties = known[qubit] if qubit < len(known) else None
        idle = schedule.idle_s(qubit)
        if properties is None or idle <= 0:
            continue
        t1 = properties.t1 or math.inf
        t2 = min(properties.t2 or 2 * t1, 2 * t1)
        found *= (1 + math.exp(-idle / t1) + 2 * math.exp(-idle / t2)) / 4
    return found
