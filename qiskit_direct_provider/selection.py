"""Which backends are wanted: conditions that the list of backends answers, and those that need documents."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from qiskit_direct_provider import attributes, errors, notices
from qiskit_direct_provider.whole_numbers import whole_number

if TYPE_CHECKING:
    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.device import BackendStatus

__all__ = ["AT_ONCE", "Issues", "Selection", "concurrently"]

AT_ONCE = 8

_OF_STATUS = frozenset({"operational", "state", "status_msg", "message", "locked", "pending_jobs"})
_OF_DEVICE = attributes.NAMES | {"num_qubits", "max_circuits", "dt", "dtm", "meas_map", "backend_version"}
_NAMED = frozenset({"name", "min_num_qubits", "dynamic_circuits", "use_fractional_gates", "filters"})
_CONTROL_FLOW = frozenset({"if_else", "while_loop", "for_loop", "switch_case"})

Issues = dict[str, errors.DirectError]
T = TypeVar("T")
U = TypeVar("U")


def concurrently(act: Callable[[T], U], each: Iterable[T]) -> list[U]:
    """What ``act`` gives for each, in order; at most eight at a time."""
    items = list(each)
    if len(items) < 2:  # noqa: PLR2004 - one needs no thread
        return [act(item) for item in items]
    with ThreadPoolExecutor(min(AT_ONCE, len(items))) as pool:
        return list(pool.map(act, items))


@dataclass(frozen=True)
class Selection:
    """Conditions on backends."""

    name: re.Pattern[str] | None
    of_status: Mapping[str, Any]
    of_device: Mapping[str, Any]
    min_num_qubits: int | None
    dynamic_circuits: bool | None
    filters: Callable[[DirectBackend], object] | None

    @classmethod
    def of(
        cls,
        name: str | re.Pattern[str] | None = None,
        *,
        min_num_qubits: int | None = None,
        dynamic_circuits: bool | None = None,
        filters: Callable[[DirectBackend], object] | None = None,
        **conditions: Any,
    ) -> Selection:
        """Conditions as a user says them; None means any.

        Raises:
            InvalidInputError: An attribute that does not exist, or a condition that cannot be one.
        """
        for known in conditions:
            if known not in _OF_STATUS | _OF_DEVICE:
                raise errors.InvalidInputError(_unknown(known))
        if min_num_qubits is not None:
            min_num_qubits = whole_number(min_num_qubits, "min_num_qubits")
        if filters is not None and not callable(filters):
            raise errors.InvalidInputError("filters must be a function of a backend, such as a lambda")
        said = {key: value for key, value in conditions.items() if value is not None}
        return cls(
            name=_pattern(name),
            of_status={key: value for key, value in said.items() if key in _OF_STATUS},
            of_device={key: value for key, value in said.items() if key not in _OF_STATUS},
            min_num_qubits=min_num_qubits,
            dynamic_circuits=dynamic_circuits,
            filters=filters,
        )

    def fits_item(self, status: BackendStatus) -> bool:
        """Whether what the list of backends says fits."""
        fits_name = self.name is None or bool(self.name.search(status.backend_name))
        return fits_name and all(getattr(status, key) == value for key, value in self.of_status.items())

    @property
    def needs_documents(self) -> bool:
        """Whether a device's documents have to be looked at."""
        return bool(self.of_device) or self.min_num_qubits is not None or self.dynamic_circuits is not None

    def chosen(self, backends: list[DirectBackend], issues: Issues) -> list[DirectBackend]:
        """The backends whose documents fit, too. One that cannot be read is left out, and noted.

        Raises:
            DirectError: The service does not answer, or nothing that it says can be read: an outage is not
                an empty list.
        """
        readable = backends
        if self.needs_documents:
            readable = _loaded(backends, issues)
        fitting = [backend for backend in readable if self._fits(backend)]
        found = fitting if self.filters is None else self._filtered(fitting, issues)
        if backends and len(issues) == len(backends):
            raise next(iter(issues.values()))
        return found

    def _fits(self, backend: DirectBackend) -> bool:
        if not self.needs_documents:
            return True
        dynamic = not _CONTROL_FLOW.isdisjoint(backend.target.operation_names)
        return (
            (self.min_num_qubits is None or backend.num_qubits >= self.min_num_qubits)
            and self.dynamic_circuits in {None, dynamic}
            and all(getattr(backend, key) == value for key, value in self.of_device.items())
        )

    def _filtered(self, backends: list[DirectBackend], issues: Issues) -> list[DirectBackend]:
        """Once a user's function has looked into the first device, the others are fetched beforehand."""
        assert self.filters is not None
        found, waiting = [], list(backends)
        while waiting:
            backend = waiting.pop(0)
            was_loaded, looked_in = backend.is_loaded, False
            try:
                if self.filters(backend):
                    found.append(backend)
            except _UNREADABLE as error:
                _note(issues, backend, error)
                looked_in = True
            if looked_in or backend.is_loaded != was_loaded:
                waiting = _loaded(waiting, issues)
        return found


# An answer that is wrong speaks of one device, no answer of the service.
_UNREADABLE = (errors.ProtocolError, errors.BackendNotFoundError, errors.AuthorizationError)


def _loaded(backends: list[DirectBackend], issues: Issues) -> list[DirectBackend]:
    """Those whose documents can be read."""

    def load(backend: DirectBackend) -> errors.DirectError | None:
        try:
            backend.load()
        except _UNREADABLE as error:
            return error
        return None

    found = []
    for backend, error in zip(backends, concurrently(load, backends), strict=True):
        if error is None:
            found.append(backend)
        else:
            _note(issues, backend, error)
    return found


def _note(issues: Issues, backend: DirectBackend, error: errors.DirectError) -> None:
    issues[backend.name] = error
    notices.warn(f"{backend.name} is left out: {error}")


def _pattern(name: object) -> re.Pattern[str] | None:
    """A name stands for itself; an expression has to fit the whole name; a compiled one any part of it."""
    if name is None or isinstance(name, re.Pattern):
        return name
    try:
        return re.compile(f"^(?:{name})$" if isinstance(name, str) else name)  # type: ignore[call-overload,no-any-return]  # refused below
    except (re.error, TypeError) as error:
        raise errors.InvalidInputError(
            f"{name!r} is neither a name nor a regular expression: {error}"
        ) from error


def _unknown(name: str) -> str:
    known = sorted(_OF_STATUS | _OF_DEVICE | _NAMED)
    usual = {"min_qubits": "min_num_qubits", "status": "state", "qubits": "num_qubits"}
    close = [usual[name]] if name in usual else difflib.get_close_matches(name, known, n=1)
    guess = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(known)}"
    return f"backends have no attribute {name!r}; {guess}"
