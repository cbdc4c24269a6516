"""What cannot be right is one error of this package, before anything is sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from preparing import number
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_direct_provider import (
    CloudTranspiler,
    DirectJob,
    DirectProvider,
    SamplerV2,
    errors,
    least_busy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from qiskit_direct_provider import DirectBackend

SEVERAL = np.array([1, 2])


def turned() -> QuantumCircuit:
    """A circuit with one parameter, as fake_nairobi takes it."""
    circuit = QuantumCircuit(1, 1)
    circuit.rz(Parameter("angle"), 0)
    circuit.measure(0, 0)
    return circuit


@pytest.mark.parametrize(
    "options",
    [
        {"shots": np.array([100])},
        {"meas_level": SEVERAL},
        {"meas_level": 5},
        {"meas_level": True},
        {"meas_level": "kerneled"},
        {"meas_level": 1, "meas_return": SEVERAL},
        {"init_qubits": SEVERAL},
        {"init_qubits": "no"},
        {"seed_simulator": SEVERAL},
        {"job_tags": 5},
        {"job_tags": ["a", 5]},
    ],
    ids=lambda options: "-".join(f"{key}={value}" for key, value in options.items()),
)
def test_options_of_the_wrong_kind(nairobi: DirectBackend, options: dict[str, Any]) -> None:
    """`run` refuses them, and `validate` reports them."""
    name = list(options)[-1]
    with pytest.raises(errors.InvalidInputError, match=name):
        nairobi.run(number(1, 1), **options)
    found = nairobi.validate(number(1, 1), **options).errors
    assert len(found) == 1
    assert name in found[0]


def test_a_backend_is_no_session(nairobi: DirectBackend) -> None:
    with pytest.raises(errors.InvalidInputError, match="must be a Session or a Batch"):
        nairobi.run(number(1, 1), session=nairobi)


def test_switches_and_levels_of_numpy(channel_nairobi: DirectBackend) -> None:
    job = channel_nairobi.run(number(1, 1), shots=np.int32(20), init_qubits=np.True_, meas_level=np.int64(2))
    assert job.result(timeout=60).results[0].shots == 20


def test_a_parameter_value_that_no_float_holds(nairobi: DirectBackend) -> None:
    with pytest.raises(errors.InvalidInputError, match="too large"):
        nairobi.run(turned(), parameter_values=[10**400])
    with pytest.raises(errors.InvalidInputError, match="too large"):
        SamplerV2(nairobi).run([(turned(), [10**400])])


CALLS: dict[str, tuple[str, Callable[[DirectProvider, DirectBackend], Any]]] = {
    "wait for nothing": ("a list of jobs", lambda provider, _: provider.wait(None)),  # type: ignore[arg-type]
    "as_completed(5)": ("a list of jobs", lambda provider, _: provider.as_completed(5)),  # type: ignore[arg-type]
    "cancel a number": ("a list of jobs", lambda provider, _: provider.cancel_jobs(5)),  # type: ignore[arg-type]
    "cancel numbers": ("only jobs", lambda provider, _: provider.cancel_jobs([5])),  # type: ignore[list-item]
    "jobs of a number": ("job_tags", lambda provider, _: provider.jobs(job_tags=5)),  # type: ignore[arg-type]
    "jobs of numbers": ("job_tags", lambda provider, _: provider.jobs(job_tags=[5])),  # type: ignore[list-item]
    "check no circuit": ("takes circuits", lambda _, backend: backend.check_faulty(None)),
    "verify with text": ("seed", lambda _, backend: backend.verify(number(1, 1), seed="x")),
    "verify with a negative seed": ("seed", lambda _, backend: backend.verify(number(1, 1), seed=-1)),
    "verify for words": ("max_seconds", lambda _, backend: backend.verify(number(1, 1), max_seconds="x")),
    "verify by words": ("significance", lambda _, backend: backend.verify(number(1, 1), significance="x")),
    "verify in no time": ("timeout", lambda _, backend: backend.verify(number(1, 1), timeout="soon")),
    "a twin of fantasy": ("fantasy", lambda _, backend: backend.twin(fantasy=1)),
    "least busy of one": ("a list of backends", lambda _, backend: least_busy(backend)),
    "least busy of none": ("a list of backends", lambda *_: least_busy(None)),  # type: ignore[type-var,arg-type]
    "least busy of numbers": ("a list of backends", lambda *_: least_busy([5])),  # type: ignore[type-var,list-item]
    "transpile with a number": ("takes a provider", lambda *_: CloudTranspiler(5)),  # type: ignore[arg-type]
    "one device by name": ("a list of names", lambda *_: DirectProvider.local("fake_lima")),
    "no devices": ("a list of names", lambda *_: DirectProvider.local(None)),  # type: ignore[arg-type]
    "a number of devices": ("a name or a file", lambda *_: DirectProvider.local([5])),  # type: ignore[list-item]
}


@pytest.mark.parametrize("called", CALLS)
def test_calls_with_something_else(provider: DirectProvider, nairobi: DirectBackend, called: str) -> None:
    before = len(provider.jobs(limit=None))
    text, call = CALLS[called]
    with pytest.raises(errors.InvalidInputError, match=text):
        call(provider, nairobi)
    assert len(provider.jobs(limit=None)) == before


@pytest.fixture(scope="module")
def job(nairobi: DirectBackend) -> DirectJob:
    return nairobi.run(number(1, 1), shots=10)


@pytest.mark.parametrize("tags", [5, None, [5], "tag"])
def test_tags_that_are_none(job: DirectJob, tags: Any) -> None:
    if tags is None:
        assert job.update_tags(tags) == []
        return
    with pytest.raises(errors.InvalidInputError, match="tags must be a list of texts"):
        job.update_tags(tags)


def test_a_name_that_is_none(job: DirectJob) -> None:
    with pytest.raises(errors.InvalidInputError, match="name must be text"):
        job.update_name(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "text"),
    [("yesterday", "must be a datetime"), (datetime.min, "out of range")],  # noqa: DTZ901 - of no zone
)
def test_a_calibration_of_no_time(nairobi: DirectBackend, moment: Any, text: str) -> None:
    with pytest.raises(errors.InvalidInputError, match=text):
        nairobi.properties(datetime=moment)


def test_a_deleted_job_gets_tags_as_well(
    channel_provider: DirectProvider, channel_nairobi: DirectBackend
) -> None:
    """They are kept on this side."""
    sent = channel_nairobi.run(number(1, 1), shots=10)
    sent.result(timeout=60)
    sent.delete()
    assert sent.update_tags(["late"]) == ["late"]
    assert channel_provider.retrieve_job(sent.job_id()).tags == ["late"]


def test_a_callback_that_cannot_be_called(job: DirectJob) -> None:
    with pytest.raises(errors.InvalidInputError, match="callback"):
        job.wait_for_final_state(timeout=60, callback=5)  # type: ignore[arg-type]


def test_numbers_of_numpy_count(provider: DirectProvider, job: DirectJob) -> None:
    job.result(timeout=60)
    few: Any = np.int64(1)
    assert len(provider.jobs(limit=few, skip=np.int64(0))) == 1  # type: ignore[arg-type]
    assert all(each.num_qubits >= 100 for each in provider.backends(min_num_qubits=np.int32(100)))  # type: ignore[arg-type]


def test_a_job_is_cancelled_by_its_id(provider: DirectProvider, job: DirectJob) -> None:
    """One id is not taken for a list of letters."""
    job.result(timeout=60)
    assert provider.cancel_jobs(job.job_id()) == []


def test_what_became_of_pulses_is_told(nairobi: DirectBackend) -> None:
    with pytest.raises(errors.UnsupportedError, match=r"instruction_schedule_map needs qiskit\.pulse"):
        _ = nairobi.instruction_schedule_map
