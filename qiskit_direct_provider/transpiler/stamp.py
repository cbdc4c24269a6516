"""A note in each transpiled circuit: for which calibration that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit.transpiler.basepasses import TransformationPass

from qiskit_direct_provider.transpiler import CALIBRATED

if TYPE_CHECKING:
    from qiskit.dagcircuit import DAGCircuit

__all__ = ["StampCalibration"]


class StampCalibration(TransformationPass):
    """Writes the moment of the calibration into the circuit's metadata; `run` looks at what drifted since."""

    def __init__(self, calibrated: str) -> None:
        super().__init__()
        self.calibrated = calibrated

    def run(self, dag: DAGCircuit) -> DAGCircuit:
        """The same circuit, with one more entry in its metadata."""
        dag.metadata = {**(dag.metadata or {}), CALIBRATED: self.calibrated}
        return dag
