"""A simulated copy of a device: its noise, its gates, its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_aer import AerSimulator
from qiskit_aer.backends.backendconfiguration import AerBackendConfiguration

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.programs import as_circuits, check_shots
from qiskit_direct_provider.target import FRACTIONAL_GATES
from qiskit_direct_provider.validation import examine
from qiskit_direct_provider.verification.noise import every_gate, noise_model
from qiskit_direct_provider.verification.reduction import gates_used, on_few_qubits, qubits_used

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit_aer.jobs import AerJob
    from qiskit_aer.noise import NoiseModel

    from qiskit_direct_provider.device import Device

__all__ = ["Twin"]

_DEFAULT_SHOTS = 4096
_LARGEST_SHOTS = 1_000_000


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
        self._options_of_copy = (name, options)
        self._whole_model: NoiseModel | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _twin_of, (self._device.documents, self._fractional, *self._options_of_copy)

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
    ) -> AerJob:
        """Simulate circuits, each in the device's instruction set.

        Args:
            circuits: One or many.
            parameter_binds: As for AerSimulator: for each circuit a mapping of parameters to lists of values.
            run_options: Options of AerSimulator, ``shots`` and ``seed_simulator`` among them; ``executor``
                takes a Dask client or another executor, to run circuits elsewhere.

        Raises:
            InvalidCircuitError: The device would refuse a circuit.
            InvalidInputError: It would refuse the number of circuits or shots.
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
        return super().run(few, **run_options)

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
    from qiskit_direct_provider.device import read_device

    return Twin(read_device(documents, use_fractional_gates=fractional), name, **options)
