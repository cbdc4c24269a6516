"""A simulated copy of a device: its noise, its gates, its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qiskit_aer import AerSimulator
from qiskit_aer.backends.backendconfiguration import AerBackendConfiguration

from qiskit_direct_provider.device import read_device
from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.programs import as_circuits, check_shots
from qiskit_direct_provider.target import FRACTIONAL_GATES
from qiskit_direct_provider.validation import examine
from qiskit_direct_provider.verification.noise import every_gate, noise_model
from qiskit_direct_provider.verification.reduction import gates_used, on_few_qubits, qubits_used
from qiskit_direct_provider.verification.scale_out import executor_of, submit_parts

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit_aer.jobs import AerJob
    from qiskit_aer.noise import NoiseModel

    from qiskit_direct_provider.device import Device, DeviceDocuments
    from qiskit_direct_provider.verification.scale_out import TwinJob

__all__ = ["Twin"]

_DEFAULT_SHOTS = 4096
_LARGEST_SHOTS = 1_000_000
_OF_EXECUTOR = ("executor", "max_job_size", "max_shot_size")


class Twin(AerSimulator):
    """An AerSimulator with the noise of a device, which accepts what the device accepts and nothing else.

    Gate errors and relaxation are those of Aer's ``NoiseModel.from_backend``. They are derived for the
    gates that circuits use, when they are run; `noise_model` has those of the whole device.
    """

    def __init__(self, device: Device, name: str, **options: Any) -> None:
        target = device.target
        coupling = target.build_coupling_map()
        super().__init__(
            configuration=AerBackendConfiguration(
                backend_name=f"twin_from({name})",
                backend_version=device.configuration.backend_version,
                n_qubits=target.num_qubits,
                basis_gates=list(target.operation_names),
                gates=[],
                max_shots=device.configuration.max_shots or _LARGEST_SHOTS,
                coupling_map=None if coupling is None else list(coupling.get_edges()),
                max_experiments=device.configuration.max_experiments,
                description=f"{name} as calibrated {_moment(device)}",
            ),
            target=target,
            **{"shots": _DEFAULT_SHOTS, **options},
        )
        self._device = device
        self._name_of_device = name
        self._whole_model: NoiseModel | None = None

    def __copy__(self) -> Twin:
        return Twin(self._device, self._name_of_device, **self._set_options)

    def __reduce__(self) -> tuple[Any, ...]:
        options = {key: value for key, value in self._set_options.items() if key != "executor"}
        return _twin_of, (self._device.documents, self._fractional, self._name_of_device, options)

    @property
    def _set_options(self) -> dict[str, Any]:
        """Options that are not Aer's defaults, by whatever way they were set."""
        defaults = self._default_options()
        return {key: value for key, value in self.options.items() if value != defaults.get(key)}

    @property
    def calibrated(self) -> str | None:
        """When the device was calibrated like this, as its document says."""
        calibration = self._device.calibration
        return calibration.last_update_date if calibration else None

    @property
    def noise_model(self) -> NoiseModel:
        """The noise of the whole device; deriving it takes Aer seconds, the first time."""
        if self._whole_model is None:
            target = self._device.target
            self._whole_model = noise_model(target, every_gate(target), range(target.num_qubits))
        return self._whole_model

    def run(
        self,
        circuits: QuantumCircuit | Iterable[QuantumCircuit],
        parameter_binds: Sequence[Mapping[Any, Sequence[float]]] | None = None,
        **run_options: Any,
    ) -> AerJob | TwinJob:
        """Simulate circuits, each in the device's instruction set.

        Args:
            circuits: One or many.
            parameter_binds: As for AerSimulator: for each circuit a mapping of parameters to lists of values.
            run_options: Options of AerSimulator, ``shots`` and ``seed_simulator`` among them. With
                ``executor``, circuits run as tasks of a ``concurrent.futures.Executor`` or a Dask client,
                ``max_job_size`` of them a task, or all in one.

        Raises:
            InvalidCircuitError: The device would refuse a circuit.
            InvalidInputError: It would refuse the number of circuits or shots, or an option cannot be right.
            UnsupportedError: Aer has no such option any more, or cannot follow variables of a circuit.
        """
        found = as_circuits(circuits)
        if parameter_binds:
            found = _bound(found, parameter_binds)
        limits = self._device.configuration
        check_shots(run_options.get("shots", self.options.shots), limits.max_shots)
        if limits.max_experiments is not None and len(found) > limits.max_experiments:
            raise InvalidInputError(
                f"{len(found)} circuits are more than the {limits.max_experiments} of one job of this device"
            )
        examine(found, self._device, thorough=False).raise_for_errors()
        places = qubits_used(found)
        few = [on_few_qubits(circuit, places).circuit for circuit in found]
        if "noise_model" not in run_options:
            run_options["noise_model"] = noise_model(self._device.target, gates_used(found), places)
        if any(circuit.has_control_flow_op() for circuit in few):
            # Aer 0.18 cuts off the marks of loops when nothing is measured after them.
            run_options.setdefault("enable_truncation", False)
        return self._started(few, run_options)

    def _started(
        self, circuits: Sequence[QuantumCircuit], run_options: Mapping[str, Any]
    ) -> AerJob | TwinJob:
        """Simulate here, or on an executor where one was given, by Aer's options for that."""
        here = {key: value for key, value in run_options.items() if key not in _OF_EXECUTOR}
        asked = {key: self._option(key, run_options) for key in _OF_EXECUTOR}
        if asked["executor"] is None:
            return super().run(circuits, **here)
        executor = executor_of(asked.pop("executor"))
        here["seed_simulator"] = self._option("seed_simulator", run_options)
        return submit_parts(self, self._execute_circuits_job, circuits, {**here, **asked}, executor)

    def _option(self, name: str, run_options: Mapping[str, Any]) -> Any:
        given = run_options.get(name)
        return getattr(self.options, name) if given is None else given

    @property
    def _fractional(self) -> bool:
        return any(name in FRACTIONAL_GATES for name in self._device.target.operation_names)


def _bound(
    circuits: Sequence[QuantumCircuit], binds: Sequence[Mapping[Any, Sequence[float]]]
) -> list[QuantumCircuit]:
    if len(binds) != len(circuits):
        raise InvalidInputError(f"parameter_binds must have an entry for each of {len(circuits)} circuits")
    return [
        circuit.assign_parameters(dict(zip(bind, values, strict=True)))
        for circuit, bind in zip(circuits, binds, strict=True)
        for values in (zip(*bind.values(), strict=True) if bind else ((),))
    ]


def _moment(device: Device) -> str:
    return (device.calibration and device.calibration.last_update_date) or "never"


def _twin_of(documents: Any, fractional: bool, name: str, options: dict[str, Any]) -> Twin:  # noqa: FBT001 - called by pickle
    return Twin(_read(documents, fractional), name, **options)


@lru_cache(maxsize=4)
def _read(documents: DeviceDocuments, fractional: bool) -> Device:  # noqa: FBT001 - cached by position
    """A device; each task of an executor brings its documents anew."""
    return read_device(documents, use_fractional_gates=fractional)
