"""Jobs as a worker runs them, without a service around them."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, qpy
from service_client import BELL

from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.devices import find_snapshot
from qiskit_direct_provider.service.execute import execute
from qiskit_direct_provider.service.observables import expand
from qiskit_direct_provider.service.outcome import SIMULATION_FAILED, JobProblemError, Outcome, Task
from qiskit_direct_provider.service.simulate import Machine
from qiskit_direct_provider.service.snapshot import Snapshot

ROTATED = 'OPENQASM 3.0; include "stdgates.inc"; sx $0; '


def run(snapshot: Snapshot | str, program: str = "sampler", *pubs: Any, **members: Any) -> Outcome:
    """A job whose log holds warnings only."""
    document = {"version": 2, "support_qiskit": False, "pubs": list(pubs), **members}
    found = find_snapshot(snapshot) if isinstance(snapshot, str) else snapshot
    return execute(Task(program, json.dumps(document).encode(), found, 100, "warning", noise=True, seed=1))


def broken_pair() -> tuple[dict[str, str], str]:
    """A circuit with a gate that does not work on fake_torino, without a measurement, and an observable."""
    circuit = QuantumCircuit(5)
    circuit.rzz(0.3, 3, 4)
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    text = base64.b64encode(buffer.getvalue()).decode()
    return {"__type__": "QuantumCircuit", "__value__": text}, "ZZIII"


@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_the_log_tells_of_gates_that_do_not_work(program: str) -> None:
    circuit, observable = broken_pair()
    pub = [circuit, None, 1] if program == "sampler" else [circuit, observable, None, 0.5]
    done = run("fake_torino", program, pub)
    assert done.end.status == "Completed"
    assert "pub 0: rzz on qubits [3, 4] has a reported error of 1" in done.log


def test_only_options_that_would_change_something_are_told_of() -> None:
    simulator = {"noise_model": {"a": 1}, "basis_gates": [], "seed_simulator": 3}
    options = {"simulator": simulator, "twirling": {}, "dynamical_decoupling": None, "novel": True}
    done = run("fake_nairobi", "sampler", [BELL, None, 1], options=options)
    warnings = done.log.splitlines()
    assert len(warnings) == 2
    assert "the option 'novel' is not simulated" in warnings[0]
    assert "'simulator.noise_model' is ignored: the device is as it is" in warnings[1]


def test_an_estimate_without_resets_takes_less_time() -> None:
    def device_ns(*, init_qubits: bool) -> int:
        options = {"execution": {"init_qubits": init_qubits}}
        done = run("fake_nairobi", "estimator", [ROTATED, "Z", None, 0.5], options=options)
        assert done.end.quantum_ns is not None
        return done.end.quantum_ns

    (reset,) = {read_calibration(find_snapshot("fake_nairobi")).duration_s("reset", (0,))}
    assert device_ns(init_qubits=True) - device_ns(init_qubits=False) == pytest.approx(4 * reset * 1e9, abs=2)


def test_a_program_without_qubits_has_a_result() -> None:
    done = run("fake_nairobi", "sampler", ["OPENQASM 3.0; bit[2] c; uint[2] u; u = 1;", None, 3])
    assert done.results is not None
    assert json.loads(done.results)["results"][0]["data"]["c"]["samples"] == ["0x0"] * 3


def test_what_nobody_thought_of_is_not_told_to_the_owner(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the files of the service are is for its operators."""
    gone = Snapshot("gone", tmp_path / "gone.json", None)
    done = run(gone, "sampler", [BELL, None, 1])
    assert (done.end.status, done.end.reason_code, done.results) == ("Failed", 9999, None)
    assert "gone" not in f"{done.end.reason_message} {done.end.reason_solution} {done.log}"
    assert "gone.json" in caplog.text


def test_what_aer_refuses_is_told() -> None:
    """So wide a circuit is left to a method that has no such gate."""
    circuit = QuantumCircuit(30, 1)
    circuit.mcx([*range(5)], 5)
    circuit.measure(5, 0)
    machine = Machine(read_calibration(find_snapshot("fake_torino")), noise=False, seed=1)
    with pytest.raises(JobProblemError, match="the simulation failed: .*mcx") as caught:
        machine.sample([circuit], (*range(30),), 10)
    assert caught.value.args[0] == SIMULATION_FAILED


def test_without_noise_no_readout_is_wrong() -> None:
    device = read_calibration(find_snapshot("fake_nairobi"))
    perfect = Machine(device, noise=False, seed=1).qubits()
    assert [each.readout_error for each in perfect] == [None] * 7
    assert [each.t1_s for each in perfect] == [each.t1_s for each in device.qubits]
    assert Machine(device, noise=True, seed=1).qubits() == device.qubits


def test_projectors_are_written_out_up_to_a_number() -> None:
    """Each doubles the number of Pauli strings: 12 of them make 4096."""
    assert len(expand({"0" * 12: 1.0}, range(12))) == 4096
    assert expand({"r0": 2.0}, range(2)) == {"II": 0.5, "IZ": 0.5, "YI": 0.5, "YZ": 0.5}
    with pytest.raises(JobProblemError, match="more than 12 projectors"):
        expand({"+" * 13: 1.0}, range(13))
