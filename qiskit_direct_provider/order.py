"""What the arguments of ``run`` come to, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import run_options
from qiskit_direct_provider.job_settings import JobSettings, duration_s
from qiskit_direct_provider.programs import Limits, Program, Pub, as_pubs, check_shots, sampler_programs
from qiskit_direct_provider.validation import Report, examine
from qiskit_direct_provider.verification.prerequisites import check_verifiable

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.device import Device
    from qiskit_direct_provider.verification.estimate import Estimate

__all__ = ["Order"]


@dataclass(frozen=True)
class Order:
    """Programs that a device takes, and how they are to be run.

    Attributes:
        report: Nothing but warnings.
        pubs: Circuits, with values and shots.
        options: Of the program, as the wire has them.
        programs: One for each job of the server.
        settings: Of the job.
    """

    report: Report
    pubs: tuple[Pub, ...]
    options: dict[str, Any]
    programs: tuple[Program, ...]
    settings: JobSettings

    @classmethod
    def of(
        cls,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        given: Mapping[str, Any],
        defaults: Mapping[str, Any],
        device: Device,
    ) -> Order:
        """Check the arguments of ``run``, and write the programs.

        Args:
            run_input: Circuits.
            given: What ``run`` takes by name.
            defaults: Options of the backend, which hold where nothing is given.
            device: What the circuits have to fit.

        Raises:
            InvalidCircuitError: The device cannot run a circuit.
            InvalidInputError: Another argument cannot be right.
            UnsupportedError: The API cannot do it, or Aer is needed and not installed.
        """
        shots = check_shots(run_options.shots_of(given["shots"], defaults), device.configuration.max_shots)
        pubs = as_pubs(run_input, shots, given["parameter_values"])
        circuits, values = [pub.circuit for pub in pubs], [pub.values for pub in pubs]
        report = examine(circuits, device, values=values, thorough=False)
        report.raise_for_errors()
        options, settings = run_options.parted(given, defaults, device.configuration)
        if given["verify"]:
            check_verifiable(options)
        if given["max_quantum_seconds"] is not None:
            limit_s = _within_budget(pubs, options, given["max_quantum_seconds"], device)
            if given["timeout_secs"] is None:
                within = {**given, "timeout_secs": limit_s}
                _, settings = run_options.parted(within, defaults, device.configuration)
        limits = Limits(circuits=device.configuration.max_experiments)
        programs = sampler_programs(pubs, options=options, limits=limits, target=device.target)
        return cls(report, tuple(pubs), options, tuple(programs), settings)

    def estimate(self, device: Device) -> Estimate:
        """What it will cost."""
        return _estimated(self.pubs, self.options, device)


def _estimated(pubs: Iterable[Pub], options: Mapping[str, Any], device: Device) -> Estimate:
    from qiskit_direct_provider.verification.estimate import estimated

    return estimated(tuple(pubs), device, options.get("execution", {}))


def _within_budget(pubs: Iterable[Pub], options: Mapping[str, Any], budget: Any, device: Device) -> int:
    """Refuse what would take longer than a budget; else the limit in whole seconds that keeps it."""
    from qiskit_direct_provider.verification.estimate import check_budget

    limit_s = duration_s(budget, "max_quantum_seconds")
    check_budget(_estimated(pubs, options, device).quantum_seconds, limit_s)
    return max(1, int(-(-limit_s // 1)))
