"""mthree on a backend: calibrate from the device, and mend the counts of a GHZ state."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend

pytestmark = [
    pytest.mark.newest,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="mthree has no wheel for Python 3.13"),
]

SHOTS = 8000


@pytest.mark.parametrize("method", ["balanced", "independent", "marginal"])
def test_readout_mitigation_makes_a_ghz_state_better(nairobi: DirectBackend, method: str) -> None:
    """The readout errors that mthree finds are the device's own; the rest of the error is due to gates.

    Within 6 standard errors (chance below 1e-8), and 0.003 for the X gate that prepares.
    """
    import mthree

    circuit = QuantumCircuit(5)
    circuit.h(0)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    isa = transpile(circuit, nairobi, seed_transpiler=1)
    mapping = mthree.utils.final_measurement_mapping(isa)

    mitigation = mthree.M3Mitigation(nairobi)
    mitigation.cals_from_system(mapping, shots=SHOTS, method=method)
    counts = nairobi.run(isa, shots=SHOTS).result(timeout=60).get_counts()
    mended = mitigation.apply_correction(counts, mapping).nearest_probability_distribution()

    for qubit in mapping.values():
        expected = nairobi.target["measure"][qubit,].error
        found = 1 - np.trace(mitigation.single_qubit_cals[qubit]) / 2
        assert abs(found - expected) < 6 * np.sqrt(expected / (2 * SHOTS)) + 0.003, qubit

    before = (counts["00000"] + counts["11111"]) / SHOTS
    after = mended["00000"] + mended["11111"]
    assert before < 0.92
    assert before + 0.04 < after < 1
