"""What is wrong between this machine, the backends and the object store."""

from __future__ import annotations

from qiskit_direct_provider.doctor.examination import examine
from qiskit_direct_provider.doctor.finding import Finding, State, culprit

__all__ = ["Finding", "State", "culprit", "examine"]
