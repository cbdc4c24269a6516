"""Circuits with parameters: values, their order, and what comes back for each set."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from qiskit_direct_provider import errors
from qiskit_direct_provider.parameters import with_ordered_parameters
from qiskit_direct_provider.programs import as_pubs

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend

HALF_TURN = math.pi


def rotated(*angles: Any) -> QuantumCircuit:
    """One qubit for each angle, turned by it: 0 gives a 0, a half turn gives a 1."""
    circuit = QuantumCircuit(len(angles), name="rotated")
    for qubit, angle in enumerate(angles):
        circuit.sx(qubit)
        circuit.rz(angle + math.pi, qubit)
        circuit.sx(qubit)
    circuit.measure_all()
    return circuit


def outcome(result: Any, index: int) -> str:
    counts = result.get_counts(index)
    return str(max(counts, key=counts.get))


def test_each_set_of_values_gives_an_entry(channel_nairobi: DirectBackend) -> None:
    """In order, the last index fastest."""
    circuit = rotated(Parameter("b"), Parameter("a"))  # the values are ordered a, b
    values = np.array([[[0, 0], [0, HALF_TURN]], [[HALF_TURN, 0], [HALF_TURN, HALF_TURN]]])
    job = channel_nairobi.run(circuit, shots=200, parameter_values=values, memory=True)
    result = job.result(timeout=60)
    assert [outcome(result, index) for index in range(4)] == ["00", "01", "10", "11"]
    assert all(sum(result.get_counts(index).values()) == 200 for index in range(4))
    assert all(len(result.get_memory(index)) == 200 for index in range(4))
    assert [each.header["name"] for each in result.results] == ["rotated"] * 4
    assert job.primitive_result()[0].data.meas.shape == (2, 2)


def test_elements_of_a_vector_keep_their_places(channel_nairobi: DirectBackend) -> None:
    """As text, element 10 would come before element 2."""
    vector = ParameterVector("v", 12)
    circuit = QuantumCircuit(1)
    for place, element in enumerate(vector):
        circuit.rz(element * (place + 1), 0)
    circuit = circuit.compose(rotated(vector[2]))
    values = [0.0] * 12
    values[2] = HALF_TURN
    assert (
        outcome(channel_nairobi.run(circuit, shots=200, parameter_values=values).result(timeout=60), 0) == "1"
    )
    values[2], values[10] = 0.0, HALF_TURN
    assert (
        outcome(channel_nairobi.run(circuit, shots=200, parameter_values=values).result(timeout=60), 0) == "0"
    )


def test_mappings_in_a_list_are_sets_of_values(channel_nairobi: DirectBackend) -> None:
    """As Aer's ``parameter_binds``: of numbers, or of a list of numbers for each parameter."""
    b, a = Parameter("b"), Parameter("a")
    circuit = rotated(b, a)
    binds = [{a: HALF_TURN, b: 0}, {"a": [0, HALF_TURN], "b": [HALF_TURN, HALF_TURN]}]
    result = channel_nairobi.run(circuit, shots=200, parameter_values=binds).result(timeout=60)
    assert [outcome(result, index) for index in range(3)] == ["10", "01", "11"]
    (one,) = as_pubs(circuit, 1, [{a: 1, b: 2}])
    (two,) = as_pubs([circuit], 1, [[{a: 1, b: 2}, {a: 3, b: 4}]])
    assert (one.values.tolist(), two.values.tolist()) == ([[1, 2]], [[1, 2], [3, 4]])
    (same,) = as_pubs([circuit], 1, [{a: 1, b: 2}])
    assert same.values.tolist() == [1, 2]


def test_several_circuits_have_values_each(channel_nairobi: DirectBackend) -> None:
    angle = Parameter("angle")
    circuits = [rotated(angle), rotated(0.0), rotated(angle, 2 * angle)]
    values = [{angle: [0.0, HALF_TURN]}, None, {"angle": HALF_TURN}]
    result = channel_nairobi.run(circuits, shots=200, parameter_values=values).result(timeout=60)
    assert [outcome(result, index) for index in range(4)] == ["0", "1", "0", "01"]


def test_values_are_checked_against_the_bounds_of_angles(
    fractional: DirectBackend,
) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(fractional.num_qubits)
    edge = next(iter(fractional.target["rzz"]))
    circuit.rzz(2 * angle, *edge)
    circuit.measure_all()
    assert fractional.validate(circuit, parameter_values=[[0.1], [0.7]])
    report = fractional.validate(circuit, parameter_values=[[0.1], [0.9]])
    assert "angle out of bounds, [1.8]" in report.explain()
    with pytest.raises(errors.InvalidCircuitError, match="angle out of bounds"):
        fractional.run(circuit, parameter_values=[[-0.1], [0.7]])


@pytest.fixture(scope="module")
def fractional(provider: Any) -> DirectBackend:
    return provider.get_backend("fake_fez", use_fractional_gates=True)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([[0.1, 0.2], [0.3]], "do not fit"),
        ([["x"]], "do not fit"),
        ([[math.nan]], "finite"),
        ([[math.inf]], "finite"),
        ([[1j]], "finite real numbers|do not fit"),
        (np.zeros((0, 1)), "no set"),
        ({"other": 0.1}, "do not fit"),
        ({}, "do not fit"),
        ([{"angle": 0.1}, {"other": 0.2}], "do not fit"),
        ([{"angle": 0.1}, [0.2]], "each entry must be one"),
        ("text", "do not fit"),
        (object(), "do not fit"),
    ],
)
def test_values_that_do_not_fit_are_refused(channel_nairobi: DirectBackend, values: Any, word: str) -> None:
    circuit = rotated(Parameter("angle"))
    with pytest.raises(errors.InvalidInputError, match=word):
        channel_nairobi.run(circuit, parameter_values=values)
    with pytest.raises(errors.InvalidInputError):
        channel_nairobi.run([circuit, circuit], parameter_values=[values, values])
    assert not channel_nairobi.validate(circuit, parameter_values=values)


def test_values_for_another_number_of_circuits(channel_nairobi: DirectBackend) -> None:
    circuit = rotated(Parameter("angle"))
    with pytest.raises(errors.InvalidInputError, match="one entry for each of 2 circuits, not 1"):
        channel_nairobi.run([circuit, circuit], parameter_values=[[0.1]])
    with pytest.raises(errors.InvalidInputError, match="must be a list"):
        channel_nairobi.run([circuit, circuit], parameter_values={"angle": 1.0})


def test_values_without_parameters(channel_nairobi: DirectBackend) -> None:
    with pytest.raises(errors.InvalidInputError, match="has no parameters"):
        channel_nairobi.run(rotated(0.5), parameter_values=[0.1])
    assert as_pubs(rotated(0.5), 10, [])[0].values is None


def test_parameters_without_values(channel_nairobi: DirectBackend) -> None:
    with pytest.raises(errors.InvalidCircuitError, match=r"unbound parameters \(angle\)"):
        channel_nairobi.run(rotated(Parameter("angle")))


def test_parameters_get_names_whose_order_is_theirs() -> None:
    vector = ParameterVector("a", 11)
    circuit = rotated(*vector, Parameter("θ"), Parameter("b c"))
    ordered = with_ordered_parameters(circuit)
    names = [parameter.name for parameter in ordered.parameters]
    assert names == sorted(names) == [f"p{place:05}" for place in range(13)]
    values = np.linspace(0, 1, 13)
    assert circuit.assign_parameters(values) == ordered.assign_parameters(values)
    assert (ordered.name, ordered.layout) == (circuit.name, circuit.layout)
    assert with_ordered_parameters(rotated(0.5)).num_parameters == 0


@pytest.mark.parametrize("unit", ["dt", "us"])
def test_a_delay_that_depends_on_a_parameter_is_refused_before_it_is_sent(
    channel_nairobi: DirectBackend, unit: str
) -> None:
    time = Parameter("time")
    circuit = QuantumCircuit(1, 1)
    circuit.delay(time, 0, unit=unit)
    circuit.measure(0, 0)
    with pytest.raises(errors.InvalidCircuitError, match=r"delay depends on a parameter \(time\)"):
        channel_nairobi.run(circuit, parameter_values=[16])
    bound = circuit.assign_parameters([16])
    assert channel_nairobi.run(bound, shots=10).result(timeout=60).get_counts().shots() == 10


def test_mappings_for_a_circuit_without_parameters_hold_nothing() -> None:
    circuit = rotated(0.3)
    for nothing in ([{}], [{}, {}]):
        (pub,) = as_pubs([circuit], 1, [nothing])
        assert pub.values is None
    with pytest.raises(errors.InvalidInputError, match="has no parameters, but got values"):
        as_pubs([circuit], 1, [[{}, {"a": 1}]])
