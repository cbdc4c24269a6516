"""A quantum computer as Qiskit's BackendV2, with a `run` that runs."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import math
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from qiskit.providers import BackendV2, Options

from qiskit_direct_provider import attributes, errors, run_options
from qiskit_direct_provider.archive import CalibrationArchive
from qiskit_direct_provider.clients.disconnected import DisconnectedClient
from qiskit_direct_provider.device import BackendStatus, Device, DeviceDocuments, read_device
from qiskit_direct_provider.job import DirectJob
from qiskit_direct_provider.job_settings import JobSettings
from qiskit_direct_provider.journal import Journal, journal_folder, new_entry, with_metadata
from qiskit_direct_provider.models import configuration_model, properties_model
from qiskit_direct_provider.parting import send_in_parts, send_the_rest
from qiskit_direct_provider.programs import (
    Limits,
    Program,
    as_pubs,
    check_shots,
    sampler_programs,
)
from qiskit_direct_provider.pulse import PulseNames
from qiskit_direct_provider.snapshots import save_snapshot
from qiskit_direct_provider.submission import send
from qiskit_direct_provider.transpiler import translation_plugin
from qiskit_direct_provider.validation import Report, examine
from qiskit_direct_provider.verification.prerequisites import check_verifiable
from qiskit_direct_provider.verifying import Verifying
from qiskit_direct_provider.waiting import Poller
from qiskit_direct_provider.wire.dates import moment
from qiskit_direct_provider.workspace import Workspace

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target
    from qiskit_ibm_runtime.models import BackendProperties, QasmBackendConfiguration

    from qiskit_direct_provider.clients.interface import Client
    from qiskit_direct_provider.views.device_map import DeviceMap

__all__ = ["CalibrationChangedWarning", "DirectBackend"]

logger = logging.getLogger(__name__)

LOOK_AGAIN_AFTER_S = 300.0


class CalibrationChangedWarning(UserWarning):
    """The device was calibrated after the circuits were transpiled for it."""


class DirectBackend(Verifying, PulseNames, BackendV2):
    """One quantum computer.

    Its documents are fetched when they are first needed, and once; `refresh` fetches them again. Every
    member of its configuration is an attribute. Times are in seconds, frequencies in hertz.

    Two backends are equal when they are the same device at the same address, with the same gates. A copy
    made by pickle holds the documents and works offline; it holds no credentials, so it cannot run.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        *,
        provider: Any = None,
        use_fractional_gates: bool = False,
    ) -> None:
        super().__init__(provider=provider, name=name)
        self._workspace = workspace
        self._use_fractional_gates = use_fractional_gates
        self._lock = threading.RLock()
        self._device: Device | None = None
        self._fetched_at = -math.inf
        self._models: dict[str, Any] = {}

    @classmethod
    def _default_options(cls) -> Options:
        return Options(**run_options.DEFAULTS)

    def __repr__(self) -> str:
        return f"<DirectBackend {self.name!r}>"

    def _repr_html_(self) -> str | None:
        """A table for a notebook, which takes the text when the documents cannot be had."""
        from qiskit_direct_provider.views.backend import backend_html

        try:
            return backend_html(self.name, self.target, self._calibrated, version=self.backend_version)
        except errors.DirectError:
            return None

    def map(self) -> DeviceMap:
        """The device as a map, coloured by errors: HTML in a notebook, text in a terminal; ``save(file)``."""
        from qiskit_direct_provider.views.device_map import DeviceMap

        return DeviceMap(self.name, self.target, self._calibrated)

    @property
    def _calibrated(self) -> str | None:
        calibration = self._loaded().calibration
        return calibration.last_update_date if calibration else None

    # -- documents -----------------------------------------------------------------------------------

    def load(self) -> DirectBackend:
        """Fetch the device's documents now, if that has not been done.

        Raises:
            BackendNotFoundError: The service does not know the name.
            ProtocolError: The documents do not describe a device.
        """
        if self._device is None:
            with self._alone():
                if self._device is None:
                    self._take(self._fetch())
        return self

    @property
    def is_loaded(self) -> bool:
        """Whether the documents were fetched."""
        return self._device is not None

    @property
    def workspace(self) -> Workspace:
        """The client, journal, poller and archive that this backend works with."""
        return self._workspace

    def refresh(self) -> None:
        """Fetch the documents again, and build the target anew. The old one stays what it was."""
        with self._alone():
            self._take(self._fetch())

    def save_snapshot(self, file: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write configuration and calibration as they are now to a file that the local service plays back.

        ``DirectProvider.local([file])`` and ``qiskit-direct serve --device FILE`` take it.

        Args:
            file: Where; its folder has to be there.
            overwrite: Replace a file that is there.

        Returns:
            The absolute path of the file.

        Raises:
            UnsupportedError: The device was never calibrated.
            InvalidInputError: The file is there already, or cannot be written.
        """
        return save_snapshot(self._loaded().documents, file, overwrite=overwrite)

    @property
    def issues(self) -> tuple[str, ...]:
        """What in the documents could not be read, was left out, or had to be interpreted."""
        device = self._loaded()
        return (*device.issues, *device.frequency_ranges[1])

    @property
    def target(self) -> Target:
        """Gates, errors, durations, couplings and timing of the device."""
        return self._loaded().target

    def target_history(self, datetime: dt.datetime | None = None) -> Target:
        """The target at a time, from the calibrations that this user's processes have seen.

        Raises:
            UnsupportedError: None from before that time was seen; the API itself keeps no history.
        """
        return self.target if datetime is None else self._device_at(datetime).target

    def configuration(self) -> QasmBackendConfiguration:
        """The configuration as qiskit-ibm-runtime's class, in SI units; the first call takes a second."""
        return self._model("configuration", self._loaded())

    def properties(
        self,
        refresh: bool = False,  # noqa: FBT001, FBT002 - Qiskit users' spelling
        datetime: dt.datetime | None = None,
    ) -> BackendProperties | None:
        """The calibration as qiskit-ibm-runtime's class: ``t1(q)``, ``gate_error(gate, qubits)`` and so on.

        Args:
            refresh: Fetch the documents anew first.
            datetime: The calibration that held at this time, from those that this user's processes have
                seen; a time without a zone is local.

        Returns:
            None when the device was never calibrated.

        Raises:
            UnsupportedError: None from before ``datetime`` was seen; the API itself keeps no history.
        """
        if refresh:
            self.refresh()
        if datetime is None:
            return self._model("properties", self._loaded())
        return properties_model(self._device_at(datetime), self.name)

    def status(self) -> BackendStatus:
        """Whether the device takes jobs now; asks the service each time."""
        item = self._client.backend(self.name, self._client.deadline())
        return BackendStatus.of(item)

    def lanes(self) -> int | None:
        """Number of execution lanes of this API; None when the service does not tell."""
        return self._client.lanes(self.name, self._client.deadline())

    def check_faulty(self, circuit: QuantumCircuit) -> None:
        """Refuse a circuit that uses a qubit or a gate that is out of order.

        Raises:
            InvalidCircuitError: With everything that it uses and that does not work.
        """
        report = examine([circuit], self._loaded(), measured=False)
        Report(report.errors + report.warnings).raise_for_errors()

    # -- attributes ----------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        # Reached only for names that are nowhere else; an unknown one costs no request.
        if name in attributes.NAMES:
            return attributes.attribute(self._loaded(), name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *attributes.NAMES})

    @property
    def max_circuits(self) -> int | None:
        """Most circuits of one call; None when the device does not say."""
        return self._loaded().configuration.max_experiments

    @property
    def dtm(self) -> float | None:  # type: ignore[override,unused-ignore]
        """Time step of measurement, in seconds."""
        return self._loaded().configuration.dtm

    @property
    def meas_map(self) -> list[list[int]]:  # type: ignore[override,unused-ignore]
        """Groups of qubits that are measured together."""
        return self._loaded().configuration.meas_map

    @property
    def operational(self) -> bool:
        """Whether the device takes jobs now; asks the service, as `status` does."""
        return self.status().operational

    @property
    def pending_jobs(self) -> int:
        """Jobs that wait; this API has no queue, so 0 (see `status`)."""
        return 0

    def get_translation_stage_plugin(self) -> str:
        """The translation stage for this device: dynamic circuits, and angles within their bounds."""
        return translation_plugin()

    def get_scheduling_stage_plugin(self) -> str:
        """Qiskit's own scheduling stage."""
        return "default"

    # -- sessions ------------------------------------------------------------------------------------

    @property
    def session(self) -> None:
        """None: no session is open on this backend."""
        return

    def open_session(self, *_: Any, **__: Any) -> NoReturn:
        """Sessions are objects of their own.

        Raises:
            UnsupportedError: Always.
        """
        raise errors.UnsupportedError(
            "a backend opens no sessions by itself: use Session(backend) or Batch(backend)"
        )

    close_session = cancel_session = open_session

    # -- running -------------------------------------------------------------------------------------

    def run(  # noqa: PLR0913 - Qiskit's calling convention: every option by name
        self,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        shots: int | None = None,
        memory: bool | None = None,
        parameter_values: Any = None,
        name: str | None = None,
        job_tags: Iterable[str] | None = None,
        job_id: str | None = None,
        timeout_secs: float | str | None = None,
        wait_for_lane: float | str | None = None,
        log_level: str | None = None,
        session: Any = None,
        max_quantum_seconds: float | str | None = None,
        verify: bool = False,
        **options: Any,
    ) -> DirectJob:
        """Send circuits, and return the job at once.

        Args:
            run_input: A circuit or a list of circuits, each transpiled for this backend.
            shots: For each circuit; default 4096.
            memory: Keep the bits of each shot beside the counts.
            parameter_values: For a circuit with parameters: an array of shape
                ``(*shape, number of parameters)`` in the order of ``circuit.parameters``, or a mapping of
                parameters or their names to values; for a list of circuits, a list of these. Each set of
                values gives an entry of the result, in order.
            name: A name for the job.
            job_tags: Tags for the job.
            job_id: Chosen by the caller, unique among the jobs that the server holds; default a new UUID.
            timeout_secs: Longest time that the device may be dedicated to the job, in seconds or as
                text such as ``"10m"``; default one day.
            wait_for_lane: How long to wait while every lane is taken, or while the device is reserved, in
                seconds or as text; 0 for not at all. By default, a job waits up to a minute while lanes
                are held by jobs that were sent from here. Programs of others, which send jobs without it,
                take it from ``backend.set_options(wait_for_lane=...)``.
            log_level: Verbosity of the job's log: debug, info, warning, error or critical.
            session: A `Session` or a `Batch` on this backend, to which the job is to belong.
            max_quantum_seconds: Most time that the device may be dedicated to the job: what `estimate` finds
                to be longer is not sent, and ``timeout_secs`` is no longer than this.
            verify: Compare the counts with those of the device's twin when the result is fetched; what is not
                consistent is a `NotConsistentWarning`, and ``job.verification()`` has the report.
            **options: ``meas_level`` (2 for bits, 1 for IQ values), ``meas_return`` (``"single"`` or
                ``"avg"``, for level 1), ``rep_delay`` (seconds), ``init_qubits``, ``seed_simulator``
                (simulated devices).

        Raises:
            InvalidCircuitError: The device cannot run a circuit as it is; the text says what is wrong.
            InvalidInputError: Another argument cannot be right. Nothing was sent in either case.
            BackendReservedError: The device is reserved for somebody else.
            LanesFullError: Every execution lane holds a job.
            StorageError: The input could not be stored.
        """
        device = self._current()
        number = check_shots(run_options.shots_of(shots, self.options), device.configuration.max_shots)
        pubs = as_pubs(run_input, number, parameter_values)
        report = examine(
            [pub.circuit for pub in pubs], device, values=[pub.values for pub in pubs], thorough=False
        )
        report.raise_for_errors()
        for text in report.warnings:
            warnings.warn(text, stacklevel=2)
        self._warn_of_degraded(pubs, device)
        asked = run_options.sampler_options(options, self.options, device.configuration)
        if verify:
            check_verifiable(asked)
        if max_quantum_seconds is not None:
            budget = self._within_budget(pubs, device, asked, max_quantum_seconds)
            timeout_secs = budget if timeout_secs is None else timeout_secs
        limits = Limits(circuits=device.configuration.max_experiments)
        programs = sampler_programs(pubs, options=asked, limits=limits, target=device.target)
        settings = JobSettings.of(
            name=name,
            job_tags=job_tags,
            job_id=job_id,
            timeout_secs=timeout_secs,
            wait_for_lane=self.options.wait_for_lane if wait_for_lane is None else wait_for_lane,
            log_level=log_level,
        )
        keep = bool(self.options.memory if memory is None else memory)
        job = self._way_in(session)(programs, settings, memory=keep)
        return self._verified(job, pubs, device) if verify else job

    def _way_in(self, session: Any) -> Callable[..., DirectJob]:
        """What sends a job: this backend, or a session on it."""
        if session is None:
            return self.launch
        if not hasattr(session, "launch") or session.backend() != self:
            raise errors.InvalidInputError(f"session must be a Session or a Batch on {self.name}")
        launch: Callable[..., DirectJob] = session.launch
        return launch

    def launch(
        self, programs: Sequence[Program], settings: JobSettings, *, memory: bool = False
    ) -> DirectJob:
        """Send programs that were checked for this device, as one job; `run` and the primitives end here."""
        device = self._loaded()
        settings = self._workspace.policy.applied(settings)
        whole = new_entry(
            programs[0].program_id,
            tuple(record for program in programs for record in program.circuits),
            job_id=settings.job_id,
            backend_name=self.name,
            timeout_s=settings.timeout_s,
            log_level=settings.log_level,
            name=settings.name,
            tags=settings.tags,
            session_id=settings.session_id,
            memory=memory,
            calibration=device.calibration.last_update_date if device.calibration else None,
            backend_version=device.configuration.backend_version,
        )
        if len(programs) == 1:
            accepted = send(self._workspace, whole, programs[0].payload, settings.wait_for_lane_s)
            return DirectJob(self, self._workspace, with_metadata(accepted, whole.circuits))
        head, parts = send_in_parts(self._workspace, whole, programs, settings.wait_for_lane_s)
        job = DirectJob(self, self._workspace, head, parts)
        send_the_rest(job.tracked)
        return job

    # -- copies --------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DirectBackend) and other._identity == self._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, str, bool]:
        return (self._client.url, self.name, self._use_fractional_gates)

    def __copy__(self) -> DirectBackend:
        twin = DirectBackend(
            self._workspace,
            self.name,
            provider=self._provider,
            use_fractional_gates=self._use_fractional_gates,
        )
        twin.set_options(**self.options)
        if self._device is not None:
            twin._take(self._device)
        return twin

    def __deepcopy__(self, _: dict[int, Any]) -> DirectBackend:
        # Primitives copy their backend at every run, and must go on talking to the same one.
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (*self._identity, self._loaded().documents, dict(self.options))

    # -- parts ---------------------------------------------------------------------------------------

    def _loaded(self) -> Device:
        device = self.load()._device  # noqa: SLF001 - its own
        assert device is not None
        return device

    @property
    def client(self) -> Client:
        """The connection; for the parts of this package that build upon backends."""
        return self._workspace.client

    @property
    def _client(self) -> Client:
        return self._workspace.client

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time fetches; the others wait for it, within the time limit of a call."""
        left = self._client.deadline().remaining()
        if not self._lock.acquire(timeout=min(left, threading.TIMEOUT_MAX)):
            raise errors.TransportError(f"{self.name}: the documents did not come in time", retryable=True)
        try:
            yield
        finally:
            self._lock.release()

    def _current(self) -> Device:
        """The device, looked at again when that was a while ago: it may have been calibrated anew."""
        device = self._loaded()
        if time.monotonic() - self._fetched_at < LOOK_AGAIN_AFTER_S or device.calibration is None:
            return device
        try:
            self.refresh()
        except errors.DirectError as error:
            logger.info("%s: whether it was calibrated anew is not known: %s", self.name, error)
            return device
        new = self._loaded()
        before, after = (each.calibration and each.calibration.last_update_date for each in (device, new))
        if before != after:
            warnings.warn(
                f"{self.name} was calibrated anew at {after}; circuits were transpiled for the calibration "
                f"of {before}: transpile them again for the best result",
                CalibrationChangedWarning,
                stacklevel=3,
            )
        return new

    def _fetch(self) -> Device:
        deadline = self._client.deadline()
        documents = DeviceDocuments(
            configuration=self._client.configuration(self.name, deadline),
            properties=self._client.properties(self.name, deadline),
        )
        device = read_device(documents, use_fractional_gates=self._use_fractional_gates)
        self._workspace.archive.add(self.name, _calibrated_at(device), documents)
        return device

    def _take(self, device: Device) -> None:
        self._device = device
        self._fetched_at = time.monotonic()
        self._models = {}
        self.description = device.configuration.description
        self.backend_version = device.configuration.backend_version
        self.online_date = moment(device.configuration.online_date)

    def _model(self, kind: str, device: Device) -> Any:
        if kind not in self._models:
            fractional = self._use_fractional_gates
            self._models[kind] = (
                properties_model(device, self.name)
                if kind == "properties"
                else configuration_model(device, self.name, use_fractional_gates=fractional)
            )
        return self._models[kind]

    def _history_at(self, wanted: dt.datetime) -> DeviceDocuments | None:
        """The documents of a time from a server that keeps history; the configuration is today's."""
        found = self._client.properties_at(self.name, wanted, self._client.deadline())
        return None if found is None else DeviceDocuments(self._loaded().documents.configuration, found)

    def _device_at(self, moment_wanted: dt.datetime) -> Device:
        if not isinstance(moment_wanted, dt.datetime):
            raise errors.InvalidInputError(f"datetime must be a datetime, not {moment_wanted!r}")
        try:
            wanted = moment_wanted if moment_wanted.tzinfo else moment_wanted.astimezone()
        except (ValueError, OverflowError) as error:
            raise errors.InvalidInputError(f"datetime {moment_wanted} is out of range") from error
        self._loaded()
        documents = self._history_at(wanted) or self._workspace.archive.at(self.name, wanted)
        if documents is None:
            seen = self._workspace.archive.moments(self.name)
            since = f"the first one seen is of {seen[0].isoformat()}" if seen else "none was seen"
            raise errors.UnsupportedError(
                f"no calibration of {self.name} from before {wanted.isoformat()} is archived here; {since}. "
                "This API keeps no history: only calibrations that were loaded are known"
            )
        return read_device(documents, use_fractional_gates=self._use_fractional_gates)


def _calibrated_at(device: Device) -> dt.datetime:
    stated = moment(device.calibration.last_update_date) if device.calibration else None
    return stated or dt.datetime.now(dt.timezone.utc)


def _restored(
    url: str,
    name: str,
    use_fractional_gates: bool,  # noqa: FBT001 - called by pickle
    documents: DeviceDocuments,
    options: dict[str, Any],
) -> DirectBackend:
    """The backend of a pickle: everything but requests works."""
    client = DisconnectedClient(url)
    workspace = Workspace(client, Journal(journal_folder(url)), Poller(client), CalibrationArchive())
    backend = DirectBackend(workspace, name, use_fractional_gates=use_fractional_gates)
    backend._take(read_device(documents, use_fractional_gates=use_fractional_gates))  # noqa: SLF001 - its own kind
    backend.set_options(**options)
    return backend
