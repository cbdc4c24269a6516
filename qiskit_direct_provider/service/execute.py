"""One job, from its input document to its result document; runs in a worker process."""

from __future__ import annotations

import hashlib
import logging
import secrets

import msgspec

from qiskit_direct_provider.service.calibration import read_calibration
from qiskit_direct_provider.service.encoding import encode_result
from qiskit_direct_provider.service.estimator import EstimatorProgram
from qiskit_direct_provider.service.joblog import JobLog
from qiskit_direct_provider.service.options import read_input
from qiskit_direct_provider.service.outcome import (
    INTERNAL,
    RAN_TOO_LONG,
    RUN_FAILED,
    SIMULATION_FAILED,
    JobEnd,
    JobProblemError,
    Outcome,
    Task,
    failed,
)
from qiskit_direct_provider.service.sampler import SamplerProgram
from qiskit_direct_provider.service.simulate import Machine
from qiskit_direct_provider.wire.primitives import SAMPLER

__all__ = ["execute"]

LOGGER = logging.getLogger("qiskit_direct_provider.service")

_NANOSECONDS = 1_000_000_000


def execute(task: Task) -> Outcome:
    """Run a job. Whatever is wrong with it is told in the outcome, never raised."""
    log = JobLog(task.log_level)
    try:
        return _run(task, log)
    except JobProblemError as problem:
        return Outcome(problem.end(), log.text())
    except MemoryError:
        end = failed(SIMULATION_FAILED, "The simulation ran out of memory.", "Use fewer qubits.")
        return Outcome(end, log.text())
    except Exception:
        # What happened is for the operators; it may quote the service's own files.
        LOGGER.exception("a job broke the simulation")
        end = failed(INTERNAL, "The simulation failed unexpectedly.", "Tell the operators of the service.")
        return Outcome(end, log.text())


def _run(task: Task, log: JobLog) -> Outcome:
    device = read_calibration(task.snapshot)
    try:
        document = msgspec.json.decode(task.document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise JobProblemError(RUN_FAILED, "the input is not JSON", "Correct the input document.") from error
    program_input = read_input(document, task.program_id, device, log)
    machine = Machine(device, noise=task.noise, seed=_seed(task, program_input.seed))
    make = SamplerProgram if task.program_id == SAMPLER else EstimatorProgram
    program = make(program_input, machine, log)
    device_ns = round(program.device_seconds() * _NANOSECONDS)
    log.tell(
        f"{device.name}: {task.program_id} with {len(program_input.pubs)} pubs, {device_ns} ns of device time"
    )
    if device_ns > task.timeout_s * _NANOSECONDS:
        return Outcome(_too_long(task, device_ns), log.text())
    if task.counts and isinstance(program, SamplerProgram):
        results = program.counts(memory=task.memory)
    else:
        results = encode_result(program.run(), task.program_id, support_qiskit=program_input.support_qiskit)
    return Outcome(JobEnd("Completed", device_ns), log.text(), results)


def _seed(task: Task, wished: int | None) -> int:
    """A seed for this job: the same input gives the same shots if the service has a seed."""
    if wished is not None:
        return wished
    if task.seed is None:
        return secrets.randbits(63)
    digest = hashlib.sha256(
        f"{task.seed}:{task.snapshot.name}:{task.program_id}:".encode() + task.document
    ).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _too_long(task: Task, device_ns: int) -> JobEnd:
    """The service stops what dedicates the device for longer than allowed; that time was used."""
    limit_ns = task.timeout_s * _NANOSECONDS
    message = (
        f"The job ran too long: it needs {device_ns / _NANOSECONDS:.3f} s of device time,"
        f" and timeout_secs is {task.timeout_s}."
    )
    return JobEnd("Cancelled", limit_ns, RAN_TOO_LONG, message, "Allow more time, or ask for less.")
