"""The estimator program: forms of observables, and its numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_ibm_runtime import RuntimeDecoder
from service_client import HADAMARD, HEADER, Client, Service

if TYPE_CHECKING:
    from collections.abc import Callable

PLUS_MINUS = HEADER + HADAMARD.format(0) + "cx $0, $1; barrier $0, $1;"
ROTATION = HEADER + "input float[64] theta; sx $0; rz(theta) $0; sx $0;"


@pytest.fixture(scope="module")
def quiet(request: pytest.FixtureRequest) -> Any:
    """A service without noise, where only the shots are random."""
    running = Service(devices=["fake_nairobi", "fake_burlington"], seed=3, noise=False, workers=1)
    tenant = Client(running)
    yield tenant
    tenant.close()
    assert running.stop() == 0


def estimate(client: Client, *pubs: object, **members: Any) -> Any:
    """Results of an estimator job, in plain form."""
    backend = members.pop("backend", "fake_nairobi")
    document = {"version": 2, "support_qiskit": False, "pubs": list(pubs)} | members
    job = client.run(document, program_id="estimator", backend=backend)
    assert job["status"] == "Completed", job
    return client.results(job)["results"]


@pytest.mark.parametrize(
    ("observables", "shape"),
    [
        ("ZZ", ()),
        ({"ZZ": 1.0, "XX": 0.5}, ()),
        (["ZZ", "XX"], (2,)),
        ([{"ZZ": 1.0}, {"XX": 1.0}, {"YY": 1.0}], (3,)),
        ([[{"ZZ": 1.0}], [{"XX": 1.0}]], (2, 1)),
        ({"__type__": "ObservablesArray", "__value__": [{"ZZ": 1.0}]}, (1,)),
    ],
)
def test_forms_of_observables(client: Client, observables: Any, shape: tuple[int, ...]) -> None:
    """Strings, dictionaries and nested lists; the shape of the result is theirs."""
    (result,) = estimate(client, [PLUS_MINUS, observables])
    for name in ("evs", "stds", "ensemble_standard_error"):
        assert np.shape(result["data"][name]) == shape


def test_values_of_a_bell_pair(quiet: Client) -> None:
    """Without noise: ZZ = XX = 1, YY = -1, and single letters 0; standard errors tell the truth."""
    observables = ["ZZ", "XX", "YY", "ZI", "IX", "II"]
    (result,) = estimate(quiet, [PLUS_MINUS, observables])
    evs, stds = np.array(result["data"]["evs"]), np.array(result["data"]["stds"])
    assert evs[[0, 1, 2, 5]].tolist() == [1, 1, -1, 1]
    assert stds[[0, 1, 2, 5]].tolist() == [0, 0, 0, 0]
    # mean of 4096 fair signs: 6 standard deviations, failure below 1e-8
    assert np.all(np.abs(evs[[3, 4]]) < 6 / 64)
    assert stds[[3, 4]] == pytest.approx([1 / 64] * 2, rel=0.02)


@pytest.mark.parametrize("backend", ["fake_nairobi", "fake_burlington"])
@pytest.mark.parametrize("label", ["X", "Y", "Z", "0", "1", "+", "-", "r", "l"])
def test_every_letter_in_every_direction(quiet: Client, backend: str, label: str) -> None:
    """Each letter is measured in its own direction, with the gates of new and of old devices."""
    circuit = QuantumCircuit(1)
    gate = (
        "u3(0.7, 1.1, 0) $0;"
        if backend == "fake_burlington"
        else "sx $0; rz(pi - 0.7) $0; sx $0; rz(1.1) $0;"
    )
    circuit.u(0.7, 1.1, 0, 0)
    if backend == "fake_nairobi":
        circuit = QuantumCircuit(1)
        circuit.sx(0)
        circuit.rz(np.pi - 0.7, 0)
        circuit.sx(0)
        circuit.rz(1.1, 0)
    sparse: Callable[[str], Any] = SparsePauliOp
    halves = {"0": ("Z", 1), "1": ("Z", -1), "+": ("X", 1), "-": ("X", -1), "r": ("Y", 1), "l": ("Y", -1)}
    pauli, sign = halves.get(label, (label, 0))
    value = Statevector(circuit).expectation_value(sparse(pauli)).real
    expected = value if sign == 0 else (1 + sign * value) / 2
    (result,) = estimate(quiet, [HEADER + gate, label], backend=backend)
    assert result["data"]["evs"] == pytest.approx(expected, abs=6 / 64)


def test_broadcasting(quiet: Client) -> None:
    """Parameters of shape (3, 1) and observables of shape (2,) give (3, 2)."""
    angles = [0.0, 0.8, np.pi]
    (result,) = estimate(quiet, [ROTATION, ["Z", "I"], [[[angle]] for angle in angles]])
    evs = np.array(result["data"]["evs"])
    assert evs.shape == (3, 2)
    assert evs[:, 0] == pytest.approx(-np.cos(angles), abs=6 / 64)
    assert evs[:, 1].tolist() == [1, 1, 1]


def test_wide_observable_on_idle_qubits(quiet: Client) -> None:
    """Letters count qubits from the right, and may be on qubits that the circuit leaves alone."""
    text = HEADER + "x $5; barrier $0, $1, $2, $3, $4, $5, $6;"
    (result,) = estimate(quiet, [text, ["IZIIIII", "ZIIIIII", "ZZIIIIZ"]])
    assert result["data"]["evs"] == [-1, 1, -1]


def test_precedence_of_precision(quiet: Client) -> None:
    """The pub, then the document, then the options, then 1/64; each decides the number of shots."""

    def shots(*pub: object, **members: Any) -> int:
        (result,) = estimate(quiet, [PLUS_MINUS, "ZI", *pub], **members)
        number: int = result["metadata"]["shots"]
        return number

    options = {"options": {"default_precision": 0.25}}
    assert shots(None, 0.1, precision=0.2, **options) == 100
    assert shots(precision=0.2, **options) == 25
    assert shots(**options) == 16
    assert shots(options={"default_precision": 0.25, "default_shots": 400}) == 400
    for number in (30, 35, 58, 4000):  # which rounding would make one more
        assert shots(options={"default_shots": number}) == number
    assert shots() == 4096


def test_form_for_qiskit(client: Client) -> None:
    """Decodes with qiskit-ibm-runtime, scalar and array."""
    document = {
        "version": 2,
        "support_qiskit": True,
        "pubs": [[PLUS_MINUS, "ZZ"], [PLUS_MINUS, ["ZZ", "XX"]]],
    }
    job = client.run(document, program_id="estimator")
    decoded = json.loads(json.dumps(client.results(job)), cls=RuntimeDecoder)
    assert decoded[0].data.shape == ()
    assert 0.7 < float(decoded[0].data.evs) < 1
    assert decoded[1].data.evs.shape == (2,)
    assert decoded[0].metadata["target_precision"] == 0.015625


def test_noise_lowers_values(client: Client) -> None:
    """On a noisy device a Bell pair is not perfect."""
    (result,) = estimate(client, [PLUS_MINUS, ["ZZ", "XX"]])
    assert all(0.7 < value < 0.999 for value in result["data"]["evs"])


@pytest.mark.parametrize(
    ("pub", "code", "word"),
    [
        ([PLUS_MINUS], 5203, "list of circuit"),
        ([PLUS_MINUS, "ZZZ"], 5203, "qubits"),
        ([PLUS_MINUS, "QQ"], 5203, "fit"),
        ([PLUS_MINUS, "ZZ", None, 0], 6000, "precision"),
        ([PLUS_MINUS, "ZZ", None, -1], 6000, "precision"),
        ([PLUS_MINUS, "ZZ", None, 1e-6], 6000, "shots"),
        ([ROTATION, "Z"], 5203, "parameter"),
        ([ROTATION, "Z", [["x"]]], 5203, "parameter values"),
    ],
)
def test_bad_pubs(client: Client, pub: object, code: int, word: str) -> None:
    """What does not fit together fails with a reason."""
    job = client.run({"version": 2, "pubs": [pub]}, program_id="estimator")
    assert (job["status"], job["reason_code"]) == ("Failed", code), job
    assert word in job["reason_message"]
