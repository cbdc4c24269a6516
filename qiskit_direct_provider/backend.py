"""A quantum computer as Qiskit's BackendV2, with a `run` that runs."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.providers import BackendV2, Options

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients.interface import Submission
from qiskit_direct_provider.job import DirectJob, JobDetails
from qiskit_direct_provider.programs import as_circuits, check_circuits, check_shots, sampler_program
from qiskit_direct_provider.target import build_target
from qiskit_direct_provider.wire.backend import (
    Calibration,
    Configuration,
    read_calibration,
    read_configuration,
)

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.programs import Program

__all__ = ["DirectBackend"]

DEFAULT_SHOTS = 4096
DEFAULT_TIMEOUT_S = 86_400
JOB_ID = re.compile(r"[A-Za-z0-9_.:-]{1,256}")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True)
class _Device:
    """What a device's documents say."""

    configuration: Configuration
    calibration: Calibration | None
    target: Target
    issues: tuple[str, ...]


class DirectBackend(BackendV2):
    """One quantum computer.

    Its documents are fetched when they are first needed, and once. Times are in seconds, frequencies in
    hertz.
    """

    def __init__(
        self, client: Client, name: str, *, provider: Any = None, use_fractional_gates: bool = False
    ) -> None:
        super().__init__(provider=provider, name=name)
        self._client = client
        self._use_fractional_gates = use_fractional_gates
        self._lock = threading.Lock()
        self._device: _Device | None = None

    @classmethod
    def _default_options(cls) -> Options:
        return Options(
            shots=DEFAULT_SHOTS,
            memory=False,
            meas_level=2,
            meas_return="single",
            rep_delay=None,
            init_qubits=True,
            seed_simulator=None,
        )

    def __repr__(self) -> str:
        return f"<DirectBackend {self.name!r}>"

    # -- what the device is --------------------------------------------------------------------------

    def load(self) -> DirectBackend:
        """Fetch the device's documents now, if that has not been done.

        Raises:
            BackendNotFoundError: The service does not know the name.
            ProtocolError: The documents do not describe a device.
        """
        with self._lock:
            if self._device is None:
                self._device = self._fetch()
                self.description = self._device.configuration.description
                self.backend_version = self._device.configuration.backend_version
                self.online_date = self._device.configuration.online_date
        return self

    @property
    def target(self) -> Target:
        """Gates, errors, durations, couplings and timing of the device."""
        return self._loaded().target

    @property
    def issues(self) -> tuple[str, ...]:
        """What in the device's documents could not be read, or had to be interpreted."""
        return self._loaded().issues

    @property
    def max_circuits(self) -> None:
        """No limit on the circuits of one call."""
        return

    @property
    def max_shots(self) -> int | None:
        """Most shots of one circuit; None when the device does not say."""
        return self._loaded().configuration.max_shots

    @property
    def dtm(self) -> float | None:  # type: ignore[override,unused-ignore]
        """Time step of measurement, in seconds."""
        return self._loaded().configuration.dtm

    @property
    def meas_map(self) -> list[list[int]]:  # type: ignore[override,unused-ignore]
        """Groups of qubits that are measured together."""
        return self._loaded().configuration.meas_map

    # -- running -------------------------------------------------------------------------------------

    def run(  # noqa: PLR0913 - Qiskit's calling convention: every option by name
        self,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        shots: int | None = None,
        memory: bool | None = None,
        name: str | None = None,
        job_tags: Iterable[str] | None = None,
        job_id: str | None = None,
        timeout_secs: int | None = None,
        log_level: str | None = None,
        **options: Any,
    ) -> DirectJob:
        """Send circuits, and return the job at once.

        Args:
            run_input: A circuit or a list of circuits, each transpiled for this backend.
            shots: For each circuit; default 4096.
            memory: Keep the bits of each shot beside the counts.
            name: A name for the job.
            job_tags: Tags for the job.
            job_id: Chosen by the caller, unique among the jobs that the server holds; default a new UUID.
            timeout_secs: Longest time that the device may be dedicated to the job, in seconds; default
                one day.
            log_level: Verbosity of the job's log: debug, info, warning, error or critical.
            **options: ``rep_delay`` (seconds), ``init_qubits``, ``seed_simulator`` (simulated devices).

        Raises:
            InvalidCircuitError: The device cannot run a circuit as it is; the text says what is wrong.
            InvalidInputError: Another argument cannot be right. Nothing was sent in either case.
            BackendReservedError: The device is reserved for somebody else.
            LanesFullError: Every execution lane holds a job.
            StorageError: The input could not be stored.
        """
        device = self._loaded()
        circuits = as_circuits(run_input)
        number = check_shots(self.options.shots if shots is None else shots, device.configuration.max_shots)
        check_circuits(circuits, device.target)
        details = JobDetails(
            name=name, tags=_tags(job_tags), memory=bool(self.options.memory if memory is None else memory)
        )
        program = sampler_program(circuits, shots=number, options=self._program_options(options))
        submission = self._submission(program, job_id, timeout_secs, log_level)
        accepted = self._client.submit(submission, self._client.deadline())
        return DirectJob(self, accepted, self._client, program, details)

    # -- parts ---------------------------------------------------------------------------------------

    def _submission(
        self, program: Program, job_id: str | None, timeout_secs: int | None, log_level: str | None
    ) -> Submission:
        timeout = DEFAULT_TIMEOUT_S if timeout_secs is None else timeout_secs
        if isinstance(timeout, bool) or not isinstance(timeout, int) or timeout < 1:
            raise errors.InvalidInputError(f"timeout_secs must be a whole number of seconds, not {timeout!r}")
        chosen = str(uuid.uuid4()) if job_id is None else job_id
        if not isinstance(chosen, str) or not JOB_ID.fullmatch(chosen):
            raise errors.InvalidInputError("job_id must be 1 to 256 letters, digits or characters of _.:-")
        level = log_level or "warning"
        if level not in LOG_LEVELS:
            raise errors.InvalidInputError(f"log_level must be one of {', '.join(LOG_LEVELS)}, not {level!r}")
        return Submission(chosen, self.name, program.program_id, program.payload, timeout, level)

    def _program_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Options of the sampler program; one that is unknown and set is refused."""
        known = {"meas_level", "meas_return", "rep_delay", "init_qubits", "seed_simulator"}
        unknown = sorted(key for key, value in given.items() if value is not None and key not in known)
        if unknown:
            raise errors.InvalidInputError(
                f"run() has no option {unknown[0]!r}; it takes shots, memory, name, job_tags, job_id, "
                f"timeout_secs, log_level, {', '.join(sorted(known))}"
            )
        values = {key: self.options.get(key) if given.get(key) is None else given[key] for key in known}
        if values["meas_level"] not in {None, 2}:
            raise errors.UnsupportedError("only meas_level=2 (classified bits) is offered so far")
        return _sampler_options(values["rep_delay"], values["init_qubits"], values["seed_simulator"])

    def _loaded(self) -> _Device:
        device = self.load()._device  # noqa: SLF001 - itself
        assert device is not None
        return device

    def _fetch(self) -> _Device:
        deadline = self._client.deadline()
        configuration = self._client.configuration(self.name, deadline)
        properties = self._client.properties(self.name, deadline)
        issues: list[str] = []
        try:
            described = read_configuration(configuration, issues)
            calibrated = read_calibration(properties, issues)
        except (msgspec.DecodeError, RecursionError) as error:
            raise errors.ProtocolError(
                f"the documents of {self.name} do not describe a device: {error}"
            ) from error
        target = build_target(described, calibrated, use_fractional_gates=self._use_fractional_gates)
        return _Device(described, calibrated, target, tuple(issues))


def _tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise errors.InvalidInputError("job_tags must be a list of texts, not one text")
    found = tuple(tags or ())
    if not all(isinstance(tag, str) for tag in found):
        raise errors.InvalidInputError("job_tags must be a list of texts")
    return found


def _sampler_options(rep_delay: float | None, init_qubits: bool | None, seed: int | None) -> dict[str, Any]:  # noqa: FBT001
    execution: dict[str, Any] = {}
    if rep_delay is not None:
        if not rep_delay >= 0:
            raise errors.InvalidInputError(f"rep_delay must be a number of seconds, not {rep_delay!r}")
        execution["rep_delay"] = float(rep_delay)
    if init_qubits is False:
        execution["init_qubits"] = False
    found: dict[str, Any] = {"execution": execution} if execution else {}
    if seed is not None:
        found["simulator"] = {"seed_simulator": int(seed)}
    return found
