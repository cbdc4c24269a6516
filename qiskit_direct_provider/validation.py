"""What is wrong with circuits and options, all at once, before anything is sent."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.errors import InvalidCircuitError
from qiskit_direct_provider.instruction_set import BROKEN, findings, fits

if TYPE_CHECKING:
    import numpy.typing as npt
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction
    from qiskit.transpiler import Target

    from qiskit_direct_provider.device import Device

__all__ = ["Report", "each_instruction", "examine", "label_of"]

_MOST_SHOWN = 10


@dataclass(frozen=True)
class Report:
    """The outcome of ``backend.validate``.

    Attributes:
        errors: What the device would refuse; `run` refuses it as well.
        warnings: What the device runs, but probably not as meant.
    """

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it can be run."""
        return not self.errors

    def raise_for_errors(self) -> None:
        """Refuse what cannot be run.

        Raises:
            InvalidCircuitError: With all that is wrong, as far as it fits into a message.
        """
        if self.errors:
            shown = "\n  ".join(self.errors[:_MOST_SHOWN])
            rest = len(self.errors) - _MOST_SHOWN
            more = f"\n  and {rest} more" if rest > 0 else ""
            raise InvalidCircuitError(f"not sent, since the device cannot run this:\n  {shown}{more}")

    def explain(self) -> str:
        """Everything, one line each."""
        lines = [*(f"error: {text}" for text in self.errors), *(f"warning: {text}" for text in self.warnings)]
        return "\n".join(lines) or "nothing was found that speaks against running this"


def examine(
    circuits: Sequence[QuantumCircuit],
    device: Device,
    *,
    values: Sequence[npt.NDArray[Any] | None] = (),
    measured: bool = True,
    thorough: bool = True,
    unbound: Container[int] = (),
) -> Report:
    """Look at circuits as the device would.

    Args:
        circuits: What is to run.
        device: Where.
        values: For each circuit the sets of parameter values that it runs with, the parameters of a
            set along the last axis.
        measured: Whether a circuit that measures nothing is an error.
        thorough: Also look for angles that are no numbers in circuits of which the device has every
            instruction; the exporter finds them as well.
        unbound: The indices of circuits whose parameters may be without values.
    """
    wrong: list[str] = []
    doubtful: list[str] = []
    for index, circuit in enumerate(circuits):
        if not thorough and fits(circuit, device.target, device.sound_target, measured=measured):
            continue
        label = label_of(index, circuit)
        sets = values[index] if values else None
        found = findings(circuit, device.target, values=sets, measured=measured, unbound=index in unbound)
        wrong += [f"{label}: {text}" for text in found]
        doubtful += [f"{label}: {text}" for text in _broken_places(circuit, device.target)]
    return Report(tuple(wrong), tuple(doubtful))


def label_of(index: int, circuit: QuantumCircuit) -> str:
    """How reports name a circuit."""
    return f"circuit {index} ({circuit.name!r})"


def each_instruction(
    circuit: QuantumCircuit, places: Sequence[int] | None = None
) -> Iterator[tuple[CircuitInstruction, tuple[int, ...]]]:
    """All instructions with the device's qubits that they are on, those inside control flow included."""
    where = range(circuit.num_qubits) if places is None else places
    index = {qubit: where[number] for number, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        qubits = tuple([index[qubit] for qubit in instruction.qubits])
        yield instruction, qubits
        if instruction.is_control_flow():
            for block in instruction.operation.blocks:
                yield from each_instruction(block, qubits)


def _broken_places(circuit: QuantumCircuit, target: Target) -> list[str]:
    """Gates at places of which the calibration says that they do not work."""
    found: dict[str, None] = {}
    for instruction, qubits in each_instruction(circuit):
        if instruction.name not in target.operation_names:
            continue
        where = target[instruction.name]
        properties = where.get(qubits) if where and None not in where else None
        if properties is not None and properties.error == BROKEN:
            where_is = f"{instruction.name!r} on qubits {list(qubits)}"
            found[f"{where_is} has a reported error of 1: expect nothing but noise"] = None
    return list(found)
