"""A quantum computer as Qiskit's BackendV2, with a `run` that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from qiskit.providers import BackendV2, Options

from qiskit_direct_provider import attributes, errors, notices, run_options
from qiskit_direct_provider.archive import CalibrationArchive
from qiskit_direct_provider.clients.disconnected import DisconnectedClient
from qiskit_direct_provider.device import BackendStatus, DeviceDocuments, read_device
from qiskit_direct_provider.documented import CalibrationChangedWarning
from qiskit_direct_provider.dry_run import DryRun
from qiskit_direct_provider.job import DirectJob
from qiskit_direct_provider.journal import Journal, journal_folder, new_entry, with_metadata
from qiskit_direct_provider.order import Order
from qiskit_direct_provider.parting import send_in_parts, send_the_rest
from qiskit_direct_provider.programs import Program, as_circuits
from qiskit_direct_provider.pulse import PulseNames, pulse_is_gone
from qiskit_direct_provider.submission import send
from qiskit_direct_provider.transpiler import translation_plugin
from qiskit_direct_provider.validation import Report, examine
from qiskit_direct_provider.verifying import Verifying
from qiskit_direct_provider.waiting import Poller
from qiskit_direct_provider.workspace import Workspace

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from typing_extensions import Unpack

    from qiskit_direct_provider.job_settings import JobSettings
    from qiskit_direct_provider.run_options import RunOptions
    from qiskit_direct_provider.views.device_map import DeviceMap

__all__ = ["CalibrationChangedWarning", "DirectBackend"]


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
        self._prepare(workspace, use_fractional_gates=use_fractional_gates)

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

    # -- the device ----------------------------------------------------------------------------------

    def status(self) -> BackendStatus:
        """Whether the device takes jobs now; asks the service each time.

        Its version is that of its configuration, once that is here, where the service leaves it out.
        """
        found = BackendStatus.of(self._client.backend(self.name, self._client.deadline()))
        return replace(found, backend_version=found.backend_version or self.backend_version or "")

    def lanes(self) -> int | None:
        """Number of execution lanes of this API; None when the service does not tell."""
        return self._client.lanes(self.name, self._client.deadline())

    def check_faulty(self, circuit: QuantumCircuit) -> None:
        """Refuse a circuit that uses a qubit or a gate that is out of order.

        Raises:
            InvalidCircuitError: With everything that it uses and that does not work.
        """
        report = examine(as_circuits([circuit]), self._loaded(), measured=False)
        Report(report.errors + report.warnings).raise_for_errors()

    # -- attributes ----------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        # Reached only for names that are nowhere else; an unknown one costs no request.
        if name in attributes.NAMES:
            return attributes.attribute(self._loaded(), name)
        if name == "instruction_schedule_map":  # Python comes here from its property, and forgets why
            pulse_is_gone(name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *attributes.NAMES})

    @property
    def max_circuits(self) -> int | None:
        """Most circuits of one call; None when the device does not say."""
        return self._loaded().configuration.max_experiments

    @property
    def dtm(self) -> float | None:  # type: ignore[override,unused-ignore]  # read-only here
        """Time step of measurement, in seconds."""
        return self._loaded().configuration.dtm

    @property
    def meas_map(self) -> list[list[int]]:  # type: ignore[override,unused-ignore]  # read-only here
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

    @overload
    def run(
        self,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        dry_run: Literal[True],
        **options: Unpack[RunOptions],
    ) -> DryRun: ...

    @overload
    def run(
        self,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        dry_run: Literal[False] = False,
        **options: Unpack[RunOptions],
    ) -> DirectJob: ...

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
        dry_run: bool = False,
        **options: Any,
    ) -> DirectJob | DryRun:
        """Send circuits, and return the job at once.

        Args:
            run_input: A circuit or a list of circuits, each transpiled for this backend.
            shots: For each circuit; default 4096.
            memory: Keep the bits of each shot beside the counts.
            parameter_values: For a circuit with parameters: an array of shape
                ``(*shape, number of parameters)`` in the order of ``circuit.parameters``, or a mapping of
                parameters or their names to values, or a list of such mappings; for a list of circuits, a
                list of these. Each set of values gives an entry of the result, in order.
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
            dry_run: Send nothing: return what would be sent, and all that speaks against it, as a `DryRun`.
                No request is made, once the device's documents are there.
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
        given = {
            "shots": shots,
            "parameter_values": parameter_values,
            "name": name,
            "job_tags": job_tags,
            "job_id": job_id,
            "timeout_secs": timeout_secs,
            "wait_for_lane": self.options.wait_for_lane if wait_for_lane is None else wait_for_lane,
            "log_level": log_level,
            "max_quantum_seconds": max_quantum_seconds,
            "verify": verify,
            **options,
        }
        if dry_run:
            return self._previewed(run_input, given, session)
        device = self._current()
        order = Order.of(run_input, given, self.options, device)
        for text in order.report.warnings:
            notices.warn(text)
        self._warn_of_degraded(order.pubs, device)
        keep = bool(self.options.memory if memory is None else memory)
        job = self._way_in(session)(order.programs, order.settings, memory=keep)
        return self._verified(job, order.pubs, device) if verify else job

    def _previewed(self, run_input: Any, given: Mapping[str, Any], session: Any) -> DryRun:
        """What `run` would send, without a request."""
        circuits = run_input if hasattr(run_input, "data") else as_circuits(run_input)
        found = self.validate(circuits, session=session, **given)
        if not found:
            return DryRun(self.name, found)
        device = self._loaded()
        order = Order.of(circuits, given, self.options, device)
        self._warn_of_degraded(order.pubs, device)
        self._way_in(session)
        settings = self._workspace.policy.previewed(order.settings)
        return DryRun(self.name, found, order.programs, settings, order.estimate(device).quantum_seconds)

    def _way_in(self, session: Any) -> Callable[..., DirectJob]:
        """What sends a job: this backend, or a session on it."""
        if session is None:
            return self.launch
        backend = getattr(session, "backend", None)
        if not hasattr(session, "launch") or not callable(backend) or backend() != self:
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
