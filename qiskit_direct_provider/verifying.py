"""What a backend knows about its own answers: twin, verification, estimate, drift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors, notices, run_options
from qiskit_direct_provider.documented import Documented
from qiskit_direct_provider.job import DirectJob
from qiskit_direct_provider.job_waiting import deadline_of
from qiskit_direct_provider.notices import DegradedWarning, NotConsistentWarning
from qiskit_direct_provider.programs import Pub, as_circuits, as_pubs, check_shots
from qiskit_direct_provider.wire.dates import moment

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import Options
    from qiskit.result import Result

    from qiskit_direct_provider.device import Device
    from qiskit_direct_provider.validation import Report
    from qiskit_direct_provider.verification.drift import Drift
    from qiskit_direct_provider.verification.estimate import Estimate
    from qiskit_direct_provider.verification.twin import Twin
    from qiskit_direct_provider.verification.verification import Verification

__all__ = ["DegradedWarning", "NotConsistentWarning", "Verifying"]


class Verifying(Documented):
    """The part of a backend that compares it with its calibration. Only `verify` of circuits sends a job."""

    options: Options
    run: Any
    _way_in: Any

    def twin(self, *, datetime: dt.datetime | None = None, **options: Any) -> Twin:
        """This device on Aer: its noise, gates and limits. It runs what the device runs, and nothing else.

        Gate errors and relaxation are those of ``NoiseModel.from_backend``. Without options, the twin of a
        calibration is made once. It works without a connection, and from a pickled backend.

        Args:
            datetime: The calibration that held at this time, from those that were seen.
            options: Of AerSimulator: ``method``, ``device="GPU"``, ``executor`` (Dask and others) and so on.

        Raises:
            UnsupportedError: Aer is not installed, or no calibration from before ``datetime`` was seen.
            InvalidInputError: Aer has no such option.
        """
        from qiskit_direct_provider.verification.prerequisites import require_aer

        require_aer("twin()")
        from qiskit_direct_provider.verification.twin import Twin

        device = self._loaded() if datetime is None else self._device_at(datetime)
        if options:
            from qiskit_aer import AerError

            try:
                return Twin(device, self.name, **options)
            except AerError as error:
                raise errors.InvalidInputError(f"twin(): Aer says {error.message!r}") from error
        key = ("twin", device.documents.properties)
        if key not in self._models:
            self._models[key] = Twin(device, self.name)
        found: Twin = self._models[key]
        return found

    def validate(
        self,
        circuits: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        shots: int | None = None,
        parameter_values: Any = None,
        max_quantum_seconds: float | str | None = None,
        **options: Any,
    ) -> Report:
        """Everything that speaks against running circuits, all at once and without a request.

        Takes what `run` takes.
        """
        from qiskit_direct_provider.verification.validating import validated

        asked = {
            "shots": run_options.shots_of(shots, self.options),
            "parameter_values": parameter_values,
            "max_quantum_seconds": max_quantum_seconds,
            **options,
        }
        found = circuits if hasattr(circuits, "data") else as_circuits(circuits)  # an iterator is read once
        return validated(
            found, self._loaded(), self.options, asked, lambda: self._way_in(options.get("session"))
        )

    def estimate(
        self,
        circuits: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        shots: int | None = None,
        parameter_values: Any = None,
        **options: Any,
    ) -> Estimate:
        """What running circuits will cost, without a request; takes what `run` takes.

        Raises:
            InvalidCircuitError: The device cannot run a circuit.
            InvalidInputError: Another argument cannot be right.
        """
        from qiskit_direct_provider.validation import examine
        from qiskit_direct_provider.verification.estimate import estimated

        device = self._loaded()
        number = check_shots(run_options.shots_of(shots, self.options), device.configuration.max_shots)
        pubs = as_pubs(circuits, number, parameter_values)
        asked, _ = run_options.parted(options, self.options, device.configuration)
        found = examine([pub.circuit for pub in pubs], device, values=[pub.values for pub in pubs])
        found.raise_for_errors()
        return estimated(pubs, device, asked.get("execution", {}))

    def drift(self, since: dt.datetime | None = None) -> Drift:
        """What changed since an earlier calibration, what got worst first.

        Args:
            since: The calibration that held at this time; default the one before the current.

        Raises:
            UnsupportedError: That one was not seen; the API keeps no history.
        """
        from qiskit_direct_provider.verification.drift import drifted

        device = self._loaded()
        return drifted(self._device_at(since or self._one_before(device)), device)

    def verify(  # noqa: PLR0913 - every option by name
        self,
        circuits_or_job: QuantumCircuit | Iterable[QuantumCircuit] | DirectJob,
        *,
        circuits: QuantumCircuit | Iterable[QuantumCircuit] | None = None,
        parameter_values: Any = None,
        method: str | None = None,
        significance: float = 0.01,
        max_seconds: float = 60.0,
        seed: int | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> Verification:
        """Whether the device answers as its calibration promises: its counts beside those of its twin.

        Args:
            circuits_or_job: Circuits, which are run now; or a job, which is waited for.
            circuits: Of a job: what was meant to run; default what is on record here.
            parameter_values: As for `run`; of a job, those of ``circuits``.
            method: ``"direct"`` compares the circuits themselves. ``"mirror"`` runs each circuit and then its
                inverse, ``"clifford"`` each circuit with its angles rounded to quarter turns: for circuits
                too large to be simulated. Of a job, these are run now, with its number of shots.
            significance: Probability to call a healthy device something else than consistent.
            max_seconds: Longest simulation of one circuit, as estimated.
            seed: Of the simulation; by default the counts decide, so equal counts get equal verdicts.
            timeout: Longest time to wait for the job, in seconds.
            options: Of `run`, such as ``shots``.

        Raises:
            UnsupportedError: Aer is not installed, or a circuit cannot be simulated; the text says why.
            InvalidInputError: The arguments do not belong together.
            JobFailedError: The job failed.
        """
        from qiskit_direct_provider.verification.prerequisites import require_aer

        require_aer("verify()")
        from qiskit_direct_provider.verification.verify import Options as How
        from qiskit_direct_provider.verification.verify import bound, companions

        how = How.of(method, significance, max_seconds, seed)
        deadline_of(timeout)  # refused before a job is sent
        if isinstance(circuits_or_job, DirectJob):
            job, direct = circuits_or_job, how.method == "direct"
            if direct and options:
                raise errors.InvalidInputError(
                    "the job ran already: options of run belong to circuits, or to another method"
                )
            meant = self._recorded(job) if circuits is None else bound(circuits, parameter_values)
            if direct:
                return self._judged(meant, job.result(timeout=timeout), self._device_for(job), how)
            options = {"shots": _shots_of(job), **options}
        else:
            meant = bound(circuits_or_job, parameter_values)
        meant = companions(meant, how)
        job = self.run(meant, **options)
        device = self._loaded()
        return self._judged(meant, job.result(timeout=timeout), device, how)

    # -- parts ---------------------------------------------------------------------------------------

    def _judged(
        self, circuits: Sequence[QuantumCircuit], result: Result, device: Device, how: Any
    ) -> Verification:
        from qiskit_direct_provider.verification.verify import judged

        return judged(circuits, result, device, self.name, how)

    def _verified(self, job: DirectJob, pubs: Sequence[Pub], device: Device) -> DirectJob:
        """The job, which verifies its counts as soon as they are there."""
        from qiskit_direct_provider.verification.verify import Options as How
        from qiskit_direct_provider.verification.verify import bound

        circuits = bound([pub.circuit for pub in pubs], [pub.values for pub in pubs])

        def judge(result: Result) -> Verification | errors.DirectError:
            try:
                return self._judged(circuits, result, device, How())
            except errors.DirectError as error:  # the result is there, and must not be lost over this
                return error

        job.verify_with(judge)
        return job

    def _warn_of_degraded(self, pubs: Sequence[Pub], device: Device) -> None:
        """Warn of couplings that have degraded since circuits were transpiled, as far as is on record."""
        from qiskit_direct_provider.transpiler import CALIBRATED

        current = device.calibration.last_update_date if device.calibration else None
        for pub in pubs:
            stamp = (pub.circuit.metadata or {}).get(CALIBRATED)
            if stamp is None or stamp == current or (before := self._archived(stamp)) is None:
                continue
            from qiskit_direct_provider.verification.drift import warning_of, worse_for

            changes = worse_for(pub.circuit, before, device)
            if changes:
                notices.warn(warning_of(pub.circuit.name, changes), DegradedWarning)

    def _archived(self, stamp: Any) -> Device | None:
        """The device as it was calibrated at a moment, from this side's archive alone."""
        from qiskit_direct_provider.device import read_device

        wanted = moment(stamp) if isinstance(stamp, str) else None
        documents = None if wanted is None else self._workspace.archive.at(self.name, wanted)
        if documents is None:
            return None
        key = ("device", documents.properties)
        if key not in self._models:
            self._models[key] = read_device(documents, use_fractional_gates=self._use_fractional_gates)
        found: Device = self._models[key]
        return found

    def _one_before(self, device: Device) -> dt.datetime:
        current = moment(device.calibration.last_update_date) if device.calibration else None
        seen = self._workspace.archive.moments(self.name)
        earlier = [each for each in seen if current is None or each < current]
        if not earlier:
            raise errors.UnsupportedError(
                f"no earlier calibration of {self.name} was seen here, and the API keeps no history; "
                "each one that is loaded from now on is kept"
            )
        return max(earlier)

    def _device_for(self, job: DirectJob) -> Device:
        """The device as it was calibrated when a job was sent, if that is known."""
        sent_for = job.calibrated
        if sent_for is None or sent_for == getattr(self._loaded().calibration, "last_update_date", None):
            return self._loaded()
        return self._archived(sent_for) or self._loaded()

    def _recorded(self, job: DirectJob) -> list[QuantumCircuit]:
        from qiskit_direct_provider.verification.jobs import circuits_of

        journal = self._workspace.journal
        payloads = [journal.payload(part.journal_id) for part in job.tracked]
        names = [record.name for part in job.tracked for record in part.entry.circuits]
        return circuits_of(payloads, names, self._loaded().target.num_qubits)


def _shots_of(job: DirectJob) -> int | None:
    """The most shots that any circuit of a job was sent with; None where they are not on record here."""
    return max((record.shots for part in job.tracked for record in part.entry.circuits), default=None)
