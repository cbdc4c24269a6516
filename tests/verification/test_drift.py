"""What became of a device between calibrations, and whom that concerns."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from offline import changed, documents_of, offline_backend
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider import DirectBackend, errors
from qiskit_direct_provider.transpiler import CALIBRATED, without_stamp
from qiskit_direct_provider.verifying import DegradedWarning

OLD, NEW = documents_of("nairobi"), "2030-01-02T03:04:05+00:00"


def later(properties: dict[str, Any]) -> None:
    """One coupling ten times worse, one out of order, one qubit with half its lifetime."""
    properties["last_update_date"] = NEW
    for gate in properties["gates"]:
        for item in gate["parameters"]:
            if gate["gate"] == "cx" and set(gate["qubits"]) == {1, 2} and item["name"] == "gate_error":
                item["value"] *= 10
        if gate["gate"] == "cx" and set(gate["qubits"]) == {5, 6}:
            gate["parameters"].append({"date": "", "name": "operational", "unit": "", "value": 0})
    for item in properties["qubits"][3]:
        if item["name"] == "T1":
            item["value"] /= 4


@pytest.fixture
def drifted() -> DirectBackend:
    return since_old(later)


def since_old(change: Callable[[dict[str, Any]], None]) -> DirectBackend:
    """A backend on which the old calibration was seen before another one."""
    backend = offline_backend(changed(OLD, change), "fake_nairobi")
    before = offline_backend(OLD, "fake_nairobi").properties()
    assert before is not None
    backend.workspace.archive.add("fake_nairobi", before.last_update_date, OLD)
    return backend


def test_what_got_worst_comes_first(drifted: DirectBackend) -> None:
    found = drifted.drift()
    assert found.until == NEW
    assert {each.qubits for each in found.worst(number=2)} == {(1, 2), (2, 1)}
    assert found.worst("T1")[0].qubits == (3,)
    assert found.worst("T1")[0].worse_by == pytest.approx(4)
    assert found.lost == (("cx", (5, 6)), ("cx", (6, 5)))
    assert "error of cx on [1, 2]" in str(found)
    assert str(drifted.drift(datetime(2029, 1, 1, tzinfo=timezone.utc))) == str(found)


def test_without_history_says_so() -> None:
    with pytest.raises(errors.UnsupportedError, match="no earlier calibration"):
        offline_backend(OLD, "fake_nairobi").drift()


@pytest.mark.parametrize(("layout", "concerned"), [([1, 2], True), ([3, 5], False)])
def test_run_warns_of_couplings_that_are_used(
    drifted: DirectBackend, layout: list[int], *, concerned: bool
) -> None:
    """The circuit was transpiled for the old calibration, in whatever process; the stamp travels with it."""
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = transpile(circuit, offline_backend(OLD, "fake_nairobi"), initial_layout=layout, seed_transpiler=1)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(errors.AccountError):  # it would have been sent now
                drifted.run(isa, shots=10)
        places = [each.filename for each in caught if issubclass(each.category, DegradedWarning)]
        assert places == [__file__] * concerned
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegradedWarning)
        with pytest.raises(errors.AccountError):
            drifted.run(transpile(circuit, drifted, initial_layout=layout, seed_transpiler=1), shots=10)


def test_circuits_know_their_calibration() -> None:
    """Also from a backend and a target that came out of a pickle, and beside what their author wrote down."""
    backend = pickle.loads(pickle.dumps(offline_backend(OLD, "fake_nairobi")))
    assert pickle.loads(pickle.dumps(backend.target)).description == backend.target.description
    circuit = QuantumCircuit(1, metadata={"calibrated": "by me"})
    circuit.measure_all()
    isa = transpile(circuit, backend)
    assert isa.metadata == {"calibrated": "by me", CALIBRATED: backend.twin().calibrated}
    assert without_stamp(isa.metadata) == circuit.metadata


@pytest.mark.parametrize("stamp", ["2001-01-01T00:00:00Z", "some time ago", 7])
def test_a_calibration_that_nobody_saw_is_no_reason_to_warn(drifted: DirectBackend, stamp: object) -> None:
    circuit = QuantumCircuit(7, metadata={CALIBRATED: stamp})
    circuit.cx(1, 2)
    circuit.measure_all()
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegradedWarning)
        with pytest.raises(errors.AccountError):
            drifted.run(circuit, shots=10)


def test_what_one_calibration_does_not_say_is_no_change(drifted: DirectBackend) -> None:
    def silent(properties: dict[str, Any]) -> None:
        later(properties)
        properties["qubits"][2] = [item for item in properties["qubits"][2] if item["name"] != "T2"]

    found = [(each.name, each.qubits) for each in since_old(silent).drift().changes]
    assert ("T1", (2,)) in found
    assert ("T2", (2,)) not in found
    assert ("T2", (2,)) in [(each.name, each.qubits) for each in drifted.drift().changes]
