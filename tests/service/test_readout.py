"""Points of the IQ plane, and the spans of the device's clock."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import RuntimeDecoder
from service_client import BELL, HADAMARD, HEADER

from qiskit_direct_provider.service.calibration import QubitNumbers, read_calibration
from qiskit_direct_provider.service.devices import find_snapshot
from qiskit_direct_provider.service.readout import average_points, measured_qubits, shot_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from service_client import Client, Service

ONE_AND_ZERO = HEADER + "bit[3] c; bit[1] d; x $0; c[0] = measure $0; c[1] = measure $1; d[0] = measure $0;"
HALF = HEADER + "input float[64] th; bit[1] c; sx $0; rz(th) $0; sx $0; c[0] = measure $0;"
SHOTS = 4000


def run(client: Client, pubs: list[Any], kind: str | None, **changes: Any) -> Any:
    """The decoded result of a sampler job on fake_nairobi."""
    execution = {} if kind is None else {"meas_type": kind}
    document = {
        "version": 2,
        "support_qiskit": True,
        "pubs": pubs,
        "options": {"execution": execution | changes, "simulator": {"seed_simulator": 11}},
    }
    job = client.run(document)
    assert job["status"] == "Completed", job
    return json.loads(json.dumps(client.results(job)), cls=RuntimeDecoder)


def told_apart(points: Any, zero: complex, one: complex) -> Any:
    """True where a point is nearer to ``one``."""
    return abs(points - one) < abs(points - zero)


def centres(qubit: int) -> tuple[complex, complex]:
    """Points of a qubit of fake_nairobi in 0 and in 1, averaged over so many shots that no spread is left."""
    numbers = read_calibration(find_snapshot("fake_nairobi")).qubits
    random = np.random.default_rng(1)
    zero, one = (
        average_points(np.full((10**6, 1), state, dtype=np.uint8), [qubit], numbers, random)[0]
        for state in (0, 1)
    )
    return complex(zero), complex(one)


def test_points_have_a_shape_for_each_kind(client: Client) -> None:
    """(*shape, shots, bits) for points, (*shape, bits) for averages; complex, one array per register."""
    values = [[[0.1], [0.2], [0.3]], [[0.4], [0.5], [0.6]]]
    (points, swept) = run(client, [[ONE_AND_ZERO, None, 7], [HALF, values, 5]], "kerneled")
    assert (points.data.c.shape, points.data.d.shape, swept.data.c.shape) == ((7, 3), (7, 1), (2, 3, 5, 1))
    assert points.data.c.dtype == np.complex128
    (points, swept) = run(client, [[ONE_AND_ZERO, None, 7], [HALF, values, 5]], "avg_kerneled")
    assert (points.data.c.shape, points.data.d.shape, swept.data.c.shape) == ((3,), (1,), (2, 3, 1))


def test_points_told_apart_have_the_readout_error_of_the_device(client: Client) -> None:
    """Classified by a line halfway, as many shots are wrong as the device says; six standard deviations."""
    (result,) = run(client, [[ONE_AND_ZERO, None, SHOTS]], "kerneled")
    numbers = read_calibration(find_snapshot("fake_nairobi")).qubits
    for bit, state in ((0, 1), (1, 0)):
        found = told_apart(result.data.c[:, bit], *centres(bit)).mean()
        error = numbers[bit].readout_error or 0.0
        wanted = 1 - error if state else error
        assert abs(found - wanted) < 6 * np.sqrt(error / SHOTS) + 0.002, (bit, found, wanted)


def test_classified_and_points_agree(client: Client) -> None:
    """The share of ones is the same up to six standard deviations, whichever way it is measured."""
    pubs = [[HALF, [0.9], SHOTS]]
    (classified,), (points,) = (run(client, pubs, kind) for kind in ("classified", "kerneled"))
    from_bits = classified.data.c.array.mean()
    from_points = told_apart(points.data.c[:, 0], *centres(0)).mean()
    assert abs(from_bits - from_points) < 6 * np.sqrt(0.5 / SHOTS)


def test_an_average_is_the_average_of_points(client: Client) -> None:
    ((points,), (average,)) = (
        run(client, [[HALF, [0.9], SHOTS]], kind) for kind in ("kerneled", "avg_kerneled")
    )
    spread = points.data.c.std() / np.sqrt(SHOTS)
    assert abs(points.data.c.mean() - average.data.c[0]) < 9 * spread


def test_a_bit_without_a_measurement_has_no_point(client: Client) -> None:
    (result,) = run(client, [[ONE_AND_ZERO, None, 5]], "kerneled")
    assert np.all(result.data.c[:, 2] == 0)


def test_a_bit_is_of_the_qubit_that_was_measured_last_in_blocks_too() -> None:
    circuit = QuantumCircuit(4, 3)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((0, 1)):
        circuit.x(3)
        circuit.measure(3, 1)
    assert measured_qubits(circuit) == {0: 0, 1: 3}


def test_the_same_seed_gives_the_same_points(client: Client) -> None:
    first, second = (run(client, [[BELL, None, 50]], "kerneled")[0].data.meas for _ in range(2))
    assert np.array_equal(first, second)
    assert len(np.unique(first)) == first.size


def test_without_noise_the_clouds_do_not_overlap(start: Callable[..., Service]) -> None:
    from service_client import Client as NewClient

    client = NewClient(start(devices=("fake_nairobi",), noise=False))
    (result,) = run(client, [[ONE_AND_ZERO, None, SHOTS]], "kerneled")
    assert told_apart(result.data.c[:, 0], *centres(0)).all()
    assert not told_apart(result.data.c[:, 1], *centres(1)).any()
    client.close()


@pytest.mark.parametrize("error", [1e-3, 0.02, 0.3])
def test_the_spread_follows_from_the_readout_error(error: float) -> None:
    """Half the distance of the clouds is the quantile of the error."""
    numbers = [QubitNumbers(readout_error=error)]
    random = np.random.default_rng(3)
    states = np.repeat(np.array([[0], [1]], dtype=np.uint8), 20000, axis=0)
    points = shot_points(states, [0], numbers, random)[:, 0]
    zero, one = points[:20000], points[20000:]
    distance = abs(zero.mean() - one.mean())
    along = ((zero - zero.mean()) * np.conj(one.mean() - zero.mean())).real / distance
    assert distance / 2 / along.std() == pytest.approx(NormalDist().inv_cdf(1 - error), rel=0.05)


def test_plain_results_write_points_as_pairs(client: Client) -> None:
    options = {"execution": {"meas_type": "kerneled"}}
    (result,) = client.sample([BELL, None, 3], options=options)
    assert np.array(result["data"]["meas"], dtype=object).shape == (3, 2)
    assert set(result["data"]["meas"][0][0]) == {"complex"}
    assert len(result["data"]["meas"][0][0]["complex"]) == 2


def test_more_points_than_fit_are_refused(client: Client) -> None:
    register = HEADER + "bit[200] c; x $0; c[0] = measure $0;"
    document = {"version": 2, "pubs": [[register, None, 100_000]]}
    job = client.run(document | {"options": {"execution": {"meas_type": "kerneled"}}})
    assert (job["status"], job["reason_code"]) == ("Failed", 6000)
    job = client.run(document | {"options": {"execution": {"meas_type": "avg_kerneled"}}})
    assert job["status"] == "Completed"


def test_options_of_the_execution_are_taken(client: Client) -> None:
    """init_qubits changes nothing here, since qubits always start in 0; rep_delay is device time."""
    (result,) = run(client, [[BELL, None, 5]], None, init_qubits=True, rep_delay=0.0001)
    assert result.data.meas.num_shots == 5


def test_spans_tell_when_the_device_worked_on_each_pub(client: Client) -> None:
    """One after the other, each as long as its part of the usage, with the shape of its data."""
    program = HEADER + "input float[64] th; bit[1] c; " + HADAMARD.format(0) + "rz(th) $0; c[0] = measure $0;"
    document = {
        "version": 2,
        "support_qiskit": True,
        "pubs": [[BELL, None, 100], [program, [[0.1], [0.2]], 10]],
    }
    before = datetime.now(timezone.utc)
    job = client.run(document)
    result = json.loads(json.dumps(client.results(job)), cls=RuntimeDecoder)
    spans = list(result.metadata["execution"]["execution_spans"])
    assert [span.pub_idxs for span in spans] == [[0], [1]]
    assert spans[0].mask(0).shape == (100,)
    assert spans[1].mask(1).shape == (2, 10)
    assert spans[1].mask(1).all()
    assert spans[0].stop == spans[1].start
    assert before < spans[0].start < datetime.now(timezone.utc)
    assert sum(span.duration for span in spans) == pytest.approx(
        job["usage"]["quantum_nanoseconds"] * 1e-9, abs=1e-5
    )


def test_plain_results_have_spans_too(client: Client) -> None:
    job = client.run({"version": 2, "support_qiskit": False, "pubs": [[BELL, None, 100]]})
    ((start, stop, slices),) = client.results(job)["metadata"]["execution"]["execution_spans"]
    assert datetime.fromisoformat(start["date"]) < datetime.fromisoformat(stop["date"])
    assert slices == {"0": [[100], [0, 100]]}
