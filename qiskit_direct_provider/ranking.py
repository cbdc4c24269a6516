"""The backend to take: the least busy one, or the one that promises the best results."""

from __future__ import annotations

import logging
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from qiskit.providers.jobstatus import JOB_FINAL_STATES

from qiskit_direct_provider import errors, notices
from qiskit_direct_provider.backend import DirectBackend
from qiskit_direct_provider.selection import concurrently

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import BackendV2

    from qiskit_direct_provider.workspace import Workspace

__all__ = ["expected_fidelity", "least_busy", "median_two_qubit_error"]

logger = logging.getLogger(__name__)

B = TypeVar("B")

_NOT_NOW = ("paused", "internal", "maintenance", "dedicated", "offline", "retired", "unavailable")


@dataclass(frozen=True)
class _Candidate:
    """A backend that takes jobs now.

    Attributes:
        full: Another job would have to wait.
        jobs: Jobs before it.
    """

    backend: BackendV2
    full: bool
    jobs: int


def least_busy(backends: Iterable[B], *, circuit: QuantumCircuit | None = None) -> B:
    """The backend with the fewest jobs before one's own; it may be of any provider.

    Backends that are paused, reserved or not operational are passed over. Of backends with execution lanes,
    the jobs that hold one are counted now; of others, ``status().pending_jobs`` counts. Where
    several have the same number, the one with the lowest median error of two-qubit gates is taken.

    Args:
        backends: Which ones; each is asked for its status, where it has one.
        circuit: Take the backend that promises the highest fidelity for this circuit, of those that have
            room now, or else of all.

    Raises:
        BackendNotFoundError: None takes jobs now; the text says why, one by one.
        InvalidInputError: They are no list of backends.
    """
    given = _given(backends)
    reasons: dict[str, str] = {}
    candidates = _candidates(given, reasons)
    if circuit is None:
        best = _with_least(candidates, reasons)
    else:
        best = _most_faithful(candidates, circuit, reasons)
    if best is None:
        said = "; ".join(f"{name}: {why}" for name, why in reasons.items()) or "there is none to choose from"
        raise errors.BackendNotFoundError(f"no backend takes jobs now: {said}")
    return cast("B", best)


def _given(backends: Any) -> list[Any]:
    found = list(backends) if isinstance(backends, Iterable) else [None]
    if not all(hasattr(each, "name") for each in found):
        raise errors.InvalidInputError(f"least_busy() takes a list of backends, not {backends!r}")
    return found


def _candidates(backends: list[BackendV2], reasons: dict[str, str]) -> list[_Candidate]:
    statuses = concurrently(_status, backends)
    open_now = []
    for backend, status in zip(backends, statuses, strict=True):
        if isinstance(status, errors.DirectError):
            notices.warn(f"{backend.name} is left out: {status}")
        why = _why_not(status)
        if why is None:
            open_now.append((backend, status))
        else:
            reasons[backend.name] = why
    ours = [backend for backend, _ in open_now if isinstance(backend, DirectBackend)]
    numbers = concurrently(lambda backend: backend.lanes(), ours)
    lanes = {id(backend): number for backend, number in zip(ours, numbers, strict=True) if number is not None}
    held = _held([backend for backend in ours if id(backend) in lanes])
    found = []
    for backend, status in open_now:
        if id(backend) in lanes:
            jobs = held[id(backend)]
            found.append(_Candidate(backend, jobs >= lanes[id(backend)], jobs))
        else:
            jobs = int(getattr(status, "pending_jobs", 0) or 0)
            found.append(_Candidate(backend, jobs > 0, jobs))
    return found


def _status(backend: BackendV2) -> Any:
    """The status of a backend; None of one that has none, such as a simulator."""
    ask = getattr(backend, "status", None)
    try:
        return ask() if callable(ask) else None
    except (errors.ProtocolError, errors.BackendNotFoundError, errors.AuthorizationError) as error:
        return error


def _why_not(status: Any) -> str | None:
    if isinstance(status, errors.DirectError):
        return str(status)
    if status is None:
        return None
    text = str(getattr(status, "status_msg", "") or "")
    if not getattr(status, "operational", True):
        return text or "not operational"
    if getattr(status, "locked", None):
        return "reserved"
    return text if text.lower().startswith(_NOT_NOW) else None


def _held(backends: list[DirectBackend]) -> dict[int, int]:
    """How many lanes jobs hold, with one request a system.

    A job of ours that has ended does not count: its lane is freed when the next job needs it.
    """
    spaces = {id(backend.workspace): backend.workspace for backend in backends}
    names = {key: _lane_holders(space) for key, space in spaces.items()}
    return {id(backend): names[id(backend.workspace)].count(backend.name) for backend in backends}


def _lane_holders(space: Workspace) -> list[str]:
    return [
        record.backend_name
        for record in space.client.jobs(space.client.deadline())
        if record.status not in JOB_FINAL_STATES or space.journal.entry(record.job_id) is None
    ]


def _with_least(candidates: list[_Candidate], reasons: dict[str, str]) -> BackendV2 | None:
    while candidates:
        least = min((each.full, each.jobs) for each in candidates)
        tied = [each for each in candidates if (each.full, each.jobs) == least]
        if len(tied) == 1:
            return tied[0].backend
        ranked = _ranked(tied, median_two_qubit_error, reasons)
        if ranked:
            return min(ranked, key=lambda pair: (pair[0], pair[1].backend.name))[1].backend
        candidates = [each for each in candidates if each not in tied]
    return None


def _most_faithful(
    candidates: list[_Candidate], circuit: QuantumCircuit, reasons: dict[str, str]
) -> BackendV2 | None:
    ranked = _ranked(candidates, lambda backend: -expected_fidelity(circuit, backend), reasons)
    order = sorted(ranked, key=lambda pair: (pair[1].full, pair[0], pair[1].jobs, pair[1].backend.name))
    return order[0][1].backend if order else None


def _ranked(
    candidates: list[_Candidate], value: Any, reasons: dict[str, str]
) -> list[tuple[float, _Candidate]]:
    from qiskit.exceptions import QiskitError

    def load(candidate: _Candidate) -> None:
        # Documents come together; what is wrong with one shows itself below.
        if isinstance(candidate.backend, DirectBackend):
            try:
                candidate.backend.load()
            except errors.DirectError as error:
                logger.debug("%s: %s", candidate.backend.name, error)

    concurrently(load, candidates)
    found = []
    for candidate in candidates:
        try:
            found.append((value(candidate.backend), candidate))
        except QiskitError as error:
            if isinstance(error, errors.TransportError):
                raise
            reasons[candidate.backend.name] = str(error)
    return found


def median_two_qubit_error(backend: BackendV2) -> float:
    """Median error of the two-qubit gates that work; infinity when none is known."""
    known = [
        properties.error
        for name, entries in backend.target.items()
        for qubits, properties in (entries or {}).items()
        if qubits is not None and len(qubits) == 2 and name != "delay"  # noqa: PLR2004 - two qubits
        if properties is not None and properties.error is not None and properties.error < 1
    ]
    return statistics.median(known) if known else math.inf


def expected_fidelity(circuit: QuantumCircuit, backend: BackendV2) -> float:
    """The chance that no gate and no measurement of a circuit fails on a backend: the product over them.

    The circuit is transpiled first, with a layout that looks for good qubits. Idle times do not count, so
    this is for comparing devices, not for predicting results.

    Raises:
        InvalidCircuitError: The circuit does not fit on the device.
    """
    from qiskit import generate_preset_pass_manager
    from qiskit.exceptions import QiskitError

    if circuit.num_qubits > backend.num_qubits:
        raise errors.InvalidCircuitError(
            f"{circuit.num_qubits} qubits do not fit on the {backend.num_qubits} of {backend.name}"
        )
    try:
        manager = generate_preset_pass_manager(optimization_level=2, backend=backend, seed_transpiler=0)
        physical = manager.run(circuit)
    except (QiskitError, ValueError) as error:
        raise errors.InvalidCircuitError(f"the circuit does not fit on {backend.name}: {error}") from error
    return math.exp(_log_success(physical, backend.target, range(physical.num_qubits)))


def _log_success(circuit: QuantumCircuit, target: Any, qubits: Any) -> float:
    """Logarithm of the chance that every instruction succeeds; blocks of control flow count once each."""
    total = 0.0
    for instruction in circuit.data:
        places = tuple(qubits[circuit.find_bit(bit).index] for bit in instruction.qubits)
        for block in getattr(instruction.operation, "blocks", ()):
            total += _log_success(block, target, places)
        entries = target[instruction.name] if instruction.name in target.operation_names else None
        properties = (entries or {}).get(places)
        error = properties.error if properties is not None else None
        if error is not None:
            total += math.log1p(-error) if error < 1 else -math.inf
    return total
