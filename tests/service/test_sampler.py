"""The sampler program: every form of its input, both forms of its result, and its numbers."""

from __future__ import annotations

import base64
import io
import itertools
import json
import zlib
from collections import Counter
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3, qpy
from qiskit.circuit import Parameter
from qiskit.primitives import BitArray
from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder
from service_client import BELL, BELL_CZ, HADAMARD, HEADER, Client, Service

ROTATION = HEADER + "input float[64] theta; bit[1] c; rz(theta) $0; sx $0; c[0] = measure $0;"
TURNED = (
    HEADER
    + "input float[64] a; input float[64] b; bit[1] c; sx $0; rz(a) $0; sx $0; rz(b) $0; c[0] = measure $0;"
)


def ones(samples: Any) -> float:
    """Share of shots in which bit 0 is set."""
    return float(np.mean([int(word, 16) & 1 for word in samples]))


def qpy_object(circuit: QuantumCircuit, *, packed: bool = True) -> dict[str, str]:
    """A circuit as a QPY object, zlibbed as encoders do it or raw as the API's prose has it."""
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    data = zlib.compress(buffer.getvalue()) if packed else buffer.getvalue()
    return {"__type__": "QuantumCircuit", "__value__": base64.b64encode(data).decode()}


def test_bell_state(client: Client) -> None:
    """Bell counts are right up to the noise of the device, which shows."""
    (result,) = client.sample([BELL, None, 4096])
    counts = Counter(result["data"]["meas"]["samples"])
    assert result["data"]["meas"]["num_bits"] == 2
    assert sum(counts.values()) == 4096
    assert 0.85 < (counts["0x0"] + counts["0x3"]) / 4096 < 0.999
    # binomial with p near 1/2: six standard deviations
    assert abs(counts["0x0"] - counts["0x3"]) < 0.1 * 4096 + 6 * 64


@pytest.mark.parametrize(
    "pub",
    [BELL, [BELL], [BELL, None], [BELL, [], None], [BELL, None, 100], [BELL, {}], [BELL, [], 100]],
)
def test_pub_forms_without_parameters(client: Client, pub: object) -> None:
    """A bare circuit, and lists of one to three items."""
    (result,) = client.sample(pub, shots=100)
    assert len(result["data"]["meas"]["samples"]) == 100


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([0.1], ()),
        ([[0.1], [0.2]], (2,)),
        ([[[0.1], [0.2]], [[0.3], [0.4]], [[0.5], [0.6]]], (3, 2)),
        ({"theta": 0.1}, ()),
        ({"theta": [0.1, 0.2]}, (2,)),
        (np.array([[0.1], [0.2]]), (2,)),
        (np.array([1, 2], dtype=np.int32).reshape(2, 1), (2,)),
    ],
)
def test_parameter_forms(client: Client, values: Any, shape: tuple[int, ...]) -> None:
    """Lists, nested lists, dictionaries and arrays; the result has their shape, shots last."""
    sent = json.loads(json.dumps(values, cls=RuntimeEncoder))
    (result,) = client.sample([ROTATION, sent, 10])
    assert np.array(result["data"]["c"]["samples"]).shape == (*shape, 10)


def test_parameters_are_in_order_of_their_names(client: Client) -> None:
    """A list of values follows circuit.parameters, thus the names; a dictionary says which is which."""
    values = [[0.0, 1.0], [np.pi, 1.0]]
    (listed,) = client.sample([TURNED, values, 2000])
    (named,) = client.sample([TURNED, {"a": [0.0, np.pi], "b": [1.0, 1.0]}, 2000])
    for result in (listed, named):
        low, high = (ones(samples) for samples in result["data"]["c"]["samples"])
        assert low > 0.9  # two square roots of X make X
        assert high < 0.1


def test_precedence_of_shots(client: Client) -> None:
    """The pub, then the document, then options.default_shots, then 4096."""

    def shots(pub: object, **members: Any) -> int:
        (result,) = client.sample(pub, **members)
        return len(result["data"]["meas"]["samples"])

    options = {"options": {"default_shots": 12}}
    assert shots([BELL, None, 10], shots=11, **options) == 10
    assert shots([BELL], shots=11, **options) == 11
    assert shots([BELL], **options) == 12
    assert shots([BELL]) == 4096


def test_bit_order_and_registers(client: Client) -> None:
    """Bit 0 of a register is the last digit; fields are registers, wide ones padded left."""
    circuit = QuantumCircuit(
        QuantumRegister(7, "q"), ClassicalRegister(3, "second"), ClassicalRegister(9, "first")
    )
    circuit.x([0, 3])
    circuit.measure([0, 1, 2], [0, 1, 2])
    circuit.measure([3], [3 + 8])
    document = {"version": 2, "support_qiskit": True, "shots": 2000, "pubs": [[qasm3.dumps(circuit)]]}
    job = client.run(document)
    data = json.loads(json.dumps(client.results(job)), cls=RuntimeDecoder)[0].data
    assert list(data) == ["second", "first"]
    assert Counter(data["second"].get_counts()).most_common(1)[0][0] == "001"
    assert Counter(data["first"].get_counts()).most_common(1)[0][0] == "1" + "0" * 8
    assert data["first"].array.shape == (2000, 2)


def test_both_forms_hold_the_same_shots(client: Client) -> None:
    """The form for Qiskit decodes with qiskit-ibm-runtime, and equals the plain one shot by shot."""
    document = {"version": 2, "shots": 300, "pubs": [[ROTATION, [[0.3], [0.9]]], [BELL, None, 50]]}
    options = {"simulator": {"seed_simulator": 5}}
    job = client.run(document | {"support_qiskit": True, "options": options})
    tagged = client.results(job)
    decoded = json.loads(json.dumps(tagged), cls=RuntimeDecoder)
    plain = client.results(client.run(document | {"support_qiskit": False, "options": options}))
    assert tagged["__type__"] == "PrimitiveResult"
    assert decoded.metadata["version"] == plain["metadata"]["version"] == 2
    for pub, words in zip(decoded, plain["results"], strict=True):
        for name, bits in pub.data.items():
            assert isinstance(bits, BitArray)
            values = [
                [int(word, 16) for word in row] for row in np.atleast_2d(words["data"][name]["samples"])
            ]
            flat = bits.reshape(len(values), bits.num_shots)
            for index, row in enumerate(values):
                assert [int.from_bytes(shot.tobytes(), "big") for shot in flat.array[index]] == row
    assert decoded[0].data.shape == (2,)
    assert "results" not in tagged


def test_support_qiskit_is_the_default(client: Client) -> None:
    """Left out, the result is in the form for Qiskit."""
    job = client.run({"version": 2, "shots": 5, "pubs": [BELL]})
    assert client.results(job)["__type__"] == "PrimitiveResult"


@pytest.mark.parametrize("packed", [True, False])
def test_qpy_circuits(client: Client, packed: bool) -> None:
    """QPY objects, zlibbed or raw, parameters included."""
    theta = Parameter("theta")
    circuit = QuantumCircuit(2, 2)
    circuit.sx(1)
    circuit.rz(theta, 1)
    circuit.sx(1)
    circuit.measure(1, 1)
    (result,) = client.sample([qpy_object(circuit, packed=packed), [0.0], 500])
    assert ones([hex(int(word, 16) >> 1) for word in result["data"]["c"]["samples"]]) > 0.9


def test_what_the_runtime_client_sends(client: Client) -> None:
    """A document made by qiskit-ibm-runtime's own encoder."""
    circuit = QuantumCircuit(1, 1)
    circuit.rz(Parameter("a"), 0)
    circuit.measure(0, 0)
    pubs = [(circuit, np.zeros((3, 1)), 20)]
    document = json.loads(
        json.dumps({"pubs": pubs, "version": 2, "support_qiskit": True}, cls=RuntimeEncoder)
    )
    job = client.run(document)
    assert job["status"] == "Completed", job
    decoded = json.loads(json.dumps(client.results(job)), cls=RuntimeDecoder)
    assert decoded[0].data["c"].shape == (3,)


def test_loose_bits_become_a_register(client: Client) -> None:
    """Bits outside of any register are in a field named c."""
    (result,) = client.sample([HEADER + "bit a; bit b; x $0; a = measure $0; b = measure $1;", None, 200])
    assert result["data"]["c"]["num_bits"] == 2
    assert Counter(result["data"]["c"]["samples"]).most_common(1)[0][0] == "0x1"


def test_virtual_registers_are_physical_in_order(client: Client) -> None:
    """Qubit i of a declared register is physical qubit i."""
    (result,) = client.sample([HEADER + "qubit[7] q; bit[7] c; x q[5]; c = measure q;", None, 500])
    assert Counter(result["data"]["c"]["samples"]).most_common(1)[0][0] == hex(1 << 5)


def test_dynamic_circuit(client: Client) -> None:
    """A measurement that decides on a gate."""
    text = HEADER + "bit[2] c; x $0; c[0] = measure $0; if (c[0]) { x $1; } c[1] = measure $1;"
    (result,) = client.sample([text, None, 500])
    assert Counter(result["data"]["c"]["samples"]).most_common(1)[0][0] == "0x3"


@pytest.mark.newest
def test_loops_and_switch(client: Client) -> None:
    """For loops and while loops run."""
    text = HEADER + "bit[1] c; for int i in [0:2] { x $0; } c[0] = measure $0;"
    (result,) = client.sample([text, None, 300])
    assert ones(result["data"]["c"]["samples"]) > 0.8


def test_circuit_without_measurement(client: Client) -> None:
    """No register: an empty result and a warning; unwritten bits are zero."""
    job = client.run({"version": 2, "support_qiskit": False, "pubs": [HEADER + "x $0;"]})
    assert client.results(job)["results"][0]["data"] == {}
    assert "no classical register" in client.log(job)
    (result,) = client.sample([HEADER + "bit[2] c; x $0;", None, 3])
    assert result["data"]["c"]["samples"] == ["0x0"] * 3


def test_fractional_gates(client: Client) -> None:
    """Gates rx and rzz of a device whose properties alone know them; rzz angles have bounds."""
    gates = client.get("/v1/backends/fake_fez/properties").json()["gates"]
    usable = (gate for gate in gates if gate["gate"] == "rzz" and gate["parameters"][0]["value"] < 0.01)
    one, two = next(usable)["qubits"]
    text = HEADER + (
        "gate rzz(p) a, b { cx a, b; rz(p) b; cx a, b; } "
        f"bit[2] c; rx(pi) ${one}; rzz(%s) ${one}, ${two}; c[0] = measure ${one}; c[1] = measure ${two};"
    )
    (result,) = client.sample([text % "0.5", None, 500], backend="fake_fez")
    assert Counter(result["data"]["c"]["samples"]).most_common(1)[0][0] == "0x1"
    job = client.run({"version": 2, "pubs": [text % "2.0"]}, backend="fake_fez")
    assert (job["status"], job["reason_code"]) == ("Failed", 1517)
    assert "rzz" in job["reason_message"]


def test_old_device_with_u_gates(client: Client) -> None:
    """Devices of before 2021 have u1, u2, u3."""
    circuit = QuantumCircuit(1, 1)
    from qiskit.circuit.library import U3Gate

    circuit.append(U3Gate(np.pi, 0, 0), [0])
    circuit.measure(0, 0)
    (result,) = client.sample([qpy_object(circuit), None, 500], backend="fake_burlington")
    assert ones(result["data"]["c"]["samples"]) > 0.8


def test_same_input_gives_the_same_shots(client: Client, service: Service) -> None:
    """With a seed of the service, an input decides its shots; another input has other ones."""
    first, again = (client.sample([ROTATION, [0.3], 200]) for _ in range(2))
    assert first == again
    assert (
        client.sample([ROTATION, [0.3], 201])[0]["data"]["c"]["samples"][:200]
        != first[0]["data"]["c"]["samples"]
    )
    (one, two) = client.sample([BELL, None, 200], [BELL, None, 200])
    assert one != two


def test_ghz_on_a_line_of_fifteen(client: Client) -> None:
    """A wide circuit on the large device; method and order of qubits keep it quick."""
    gates = HADAMARD.format(0)
    line = [*range(15)]
    for left, right in itertools.pairwise(line):
        gates += HADAMARD.format(right) + f"cz ${left}, ${right}; " + HADAMARD.format(right)
    text = (
        HEADER
        + f"bit[{len(line)}] m; "
        + gates
        + "".join(f"m[{i}] = measure ${q}; " for i, q in enumerate(line))
    )
    (result,) = client.sample([text, None, 200], backend="fake_torino")
    counts = Counter(result["data"]["m"]["samples"])
    assert 0.2 < (counts["0x0"] + counts[hex(2**15 - 1)]) / 200 < 0.95
    bell = client.sample([BELL_CZ, None, 100], backend="fake_torino")
    assert len(bell[0]["data"]["meas"]["samples"]) == 100


def test_usage_counts_shots_durations_and_delays(client: Client) -> None:
    """Device time is shots times reset, duration and repetition delay, over all bindings."""

    def usage(shots: int, values: Any, delay: float | None, *, init_qubits: bool = True) -> int:
        options = {"execution": {"rep_delay": delay, "init_qubits": init_qubits}}
        job = client.run({"version": 2, "pubs": [[ROTATION, values, shots]], "options": options})
        nanoseconds: int = job["usage"]["quantum_nanoseconds"]
        return nanoseconds

    base = usage(10, [[0.1]], 1e-4)
    assert usage(20, [[0.1]], 1e-4) == pytest.approx(2 * base, rel=1e-6)
    assert usage(10, [[0.1], [0.2]], 1e-4) == pytest.approx(2 * base, rel=1e-6)
    assert usage(10, [[0.1]], 2e-4) - base == pytest.approx(10 * 1e5, abs=2)
    assert usage(10, [[0.1]], None) - base == pytest.approx(10 * 1.5e5, abs=2)
    # one square root of X and a readout, with the numbers of the snapshot
    properties = client.get("/v1/backends/fake_nairobi/properties").json()
    readout = next(item["value"] for item in properties["qubits"][0] if item["name"] == "readout_length")
    length, reset = (
        next(item["value"] for item in gate["parameters"] if item["name"] == "gate_length")
        for name in ("sx", "reset")
        for gate in properties["gates"]
        if gate["gate"] == name and gate["qubits"] == [0]
    )
    assert base == pytest.approx(10 * (1e5 + reset + length + readout), abs=2)
    assert usage(10, [[0.1]], 1e-4, init_qubits=False) == pytest.approx(10 * (1e5 + length + readout), abs=2)
