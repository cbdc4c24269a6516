"""Circuits to OpenQASM 3 on physical qubits."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from qiskit_direct_provider.errors import InvalidCircuitError

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Set as AbstractSet

    from qiskit import QuantumCircuit

__all__ = ["to_openqasm3"]

# Gates of stdgates.inc, and instructions, that Qiskit's native exporter prints as its Python one does.
_PLAIN = frozenset(
    """
    barrier ccx ch cp crx cry crz cswap cx cy cz delay h id measure p reset rx ry rz s sdg swap sx t tdg
    u1 u2 u3 x y z
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
# Gates that it takes for granted, though stdgates.inc does not have them.
_TO_BE_DEFINED = frozenset({"rzz"})
# Gates without parameters that both define in the same words.
_DEFINED_ALIKE = frozenset({"ecr", "iswap", "dcx", "sxdg"})
_NATIVE = _PLAIN | _TO_BE_DEFINED | _DEFINED_ALIKE
_NO_NUMBER = re.compile(r"[(,][ -]*(nan|NaN|inf)\b")
_HEAD = 'include "stdgates.inc";\n'


def to_openqasm3(circuit: QuantumCircuit, names: AbstractSet[str] | None = None) -> str:
    """A circuit as OpenQASM 3 on physical qubits ``$k``, numbers instead of multiples of pi.

    Qubit ``k`` of the circuit is ``$k``, whether it has a layout or not. Static circuits go through Qiskit's
    native exporter, which takes about a fortieth of the time of the other one.

    Args:
        circuit: Any.
        names: Of its instructions, from whoever has counted them already.

    Raises:
        InvalidCircuitError: It cannot be written in OpenQASM 3.
    """
    placed = _on_physical_qubits(circuit)
    names = circuit.count_ops().keys() if names is None else names
    if names <= _NATIVE and not _is_dynamic(circuit, names):
        text = _native(placed, frozenset(names & _TO_BE_DEFINED))
        if text is not None:
            return _with_numbers(circuit, text)
    return _with_numbers(circuit, _complete(placed))


def _with_numbers(circuit: QuantumCircuit, text: str) -> str:
    """The text, unless an angle in it is no number."""
    # Single letters are found ten times as fast, and most programs have none of these after the first line.
    start = text.find(_HEAD) + len(_HEAD)
    if (text.find("n", start) >= 0 or text.find("N", start) >= 0) and (odd := _NO_NUMBER.search(text)):
        raise InvalidCircuitError(f"circuit {circuit.name!r}: a gate has the angle {odd[1]}")
    return text


def _is_dynamic(circuit: QuantumCircuit, names: Collection[str]) -> bool:
    """Whether it has what the native exporter cannot print."""
    if circuit.num_parameters or circuit.num_identifiers:
        return True
    delays = circuit.get_instructions("delay") if "delay" in names else ()
    return any(not isinstance(delay.operation.duration, int | float) for delay in delays)


def _native(circuit: QuantumCircuit, to_be_defined: frozenset[str]) -> str | None:
    """The text of a static circuit by Qiskit's native exporter; None where its interface is not as known.

    It is called below the public ``dumps_experimental``, whose warning each time cannot be silenced for one
    thread alone.
    """
    try:
        from qiskit._accelerate.qasm3 import dumps
    except ImportError:
        return None
    settings = {
        "includes": ["stdgates.inc"],
        "basis_gates": ["U"],
        "disable_constants": True,
        "alias_classical_registers": False,
        "allow_aliasing": False,
        "indent": "  ",
    }
    try:
        text: str = dumps(circuit, settings)
    except Exception:  # noqa: BLE001 - whatever it stumbles over, the other exporter says what is wrong
        return None
    if not to_be_defined:
        return text
    return text.replace(_HEAD, _HEAD + "".join(_definition(name) for name in sorted(to_be_defined)), 1)


@lru_cache(maxsize=8)
def _definition(name: str) -> str:
    """The definition of a gate, as Qiskit's Python exporter prints it."""
    from qiskit import QuantumCircuit, qasm3
    from qiskit.circuit import Parameter
    from qiskit.circuit.library import get_standard_gate_name_mapping

    gate = get_standard_gate_name_mapping()[name]
    sample = QuantumCircuit(gate.num_qubits)
    values = [Parameter(f"a{index}") for index in range(len(gate.params))]
    sample.append(gate.base_class(*values), range(gate.num_qubits))
    text: str = qasm3.dumps(sample, disable_constants=True)
    start = text.index(f"gate {name}")
    return text[start : text.index("}\n", start) + 2]


def _complete(circuit: QuantumCircuit) -> str:
    """The text of any circuit by Qiskit's Python exporter."""
    from qiskit import qasm3
    from qiskit.qasm3 import ExperimentalFeatures

    try:
        text: str = qasm3.dumps(
            circuit, disable_constants=True, experimental=ExperimentalFeatures.SWITCH_CASE_V1
        )
    except qasm3.QASM3ExporterError as error:
        raise InvalidCircuitError(
            f"circuit {circuit.name!r} cannot be written as OpenQASM 3: {error}"
        ) from error
    return text


def _on_physical_qubits(circuit: QuantumCircuit) -> QuantumCircuit:
    """A circuit with a layout, which is what makes the exporter print ``$k`` for qubit k."""
    from qiskit.transpiler import Layout, TranspileLayout

    if circuit.layout is not None:
        return circuit
    placed = circuit.copy()
    indices = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    placed._layout = TranspileLayout(Layout(indices), indices)  # noqa: SLF001 - Qiskit has no public setter
    return placed
