"""Finding backends: by name, by condition, or the least busy one."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors
from qiskit_direct_provider.backend_service import BackendService
from qiskit_direct_provider.device import BackendStatus
from qiskit_direct_provider.selection import Selection

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.accounts import Account
    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.clients.deadline import Deadline
    from qiskit_direct_provider.workspace import Workspace

__all__ = ["Discovery"]

_NOT_FOUND = 404


class Discovery:
    """The backends of an account."""

    _account: Account
    _workspace: Workspace
    _issues: dict[str, errors.DirectError]
    jobs: Callable[..., Any]
    retrieve_job: Callable[..., Any]

    def backends(  # noqa: PLR0913 - Qiskit users' filters, all by name
        self,
        name: str | re.Pattern[str] | None = None,
        *,
        min_num_qubits: int | None = None,
        operational: bool | None = None,
        simulator: bool | None = None,
        dynamic_circuits: bool | None = None,
        use_fractional_gates: bool = False,
        filters: Callable[[DirectBackend], Any] | None = None,
        **attributes: Any,
    ) -> list[DirectBackend]:
        """The backends that fit, in the service's order.

        One request; the documents of a backend follow when it is used, or when a condition needs them, then
        eight at a time. A device whose documents cannot be read is left out where they are needed, with a
        warning, and is in `issues`. In a job of a cluster, only the devices that the job was given.

        Args:
            name: A name, or a regular expression for whole names; a compiled one may fit any part.
            min_num_qubits: At least so many qubits.
            operational: Whether it takes jobs now.
            simulator: Whether it is a simulator.
            dynamic_circuits: Whether it runs control flow.
            use_fractional_gates: Offer ``rx`` and ``rzz`` where the devices have them.
            filters: A function that returns whether a backend fits.
            **attributes: Any attribute of a backend and its value, such as ``max_shots=100_000``, and of its
                status: ``state``, ``locked``, ``status_msg``.

        Raises:
            InvalidInputError: An attribute does not exist; the text may have a suggestion.
        """
        selection = Selection.of(
            name,
            min_num_qubits=min_num_qubits,
            dynamic_circuits=dynamic_circuits,
            filters=filters,
            **{"operational": operational, "simulator": simulator, **attributes},
        )
        self._issues.clear()
        fitting = [
            system._backend(  # noqa: SLF001 - its own kind
                status.backend_name, use_fractional_gates=use_fractional_gates
            )
            for system in (self, *self._other_systems())
            for status in system._statuses()  # noqa: SLF001 - its own kind
            if selection.fits_item(status)
        ]
        return selection.chosen(fitting, self._issues)

    def get_backend(self, name: str, *, use_fractional_gates: bool = False) -> DirectBackend:
        """One backend, with its documents.

        Args:
            name: Its name, or a regular expression that fits one name.
            use_fractional_gates: Offer ``rx`` and ``rzz`` where the device has them.

        Raises:
            BackendNotFoundError: The account has no backend of that name; or several fit.
        """
        if not isinstance(name, str) or not name:
            raise errors.InvalidInputError("get_backend() takes the name of a backend")
        try:
            return self._backend(name, use_fractional_gates=use_fractional_gates).load()
        except (errors.BackendNotFoundError, errors.ApiError) as error:
            if error.status != _NOT_FOUND:
                raise
            elsewhere = [system for system in self._other_systems() if name in system.resources]
            if elsewhere:
                return elsewhere[0].get_backend(name, use_fractional_gates=use_fractional_gates)
            only = self._only_match(name, error)
        return self._backend(only, use_fractional_gates=use_fractional_gates).load()

    def _backend(self, name: str, *, use_fractional_gates: bool = False) -> DirectBackend:
        """A backend by its name, of which nothing is known yet; no request."""
        from qiskit_direct_provider.backend import DirectBackend  # a third of what a provider imports

        return DirectBackend(self._workspace, name, provider=self, use_fractional_gates=use_fractional_gates)

    @functools.cached_property
    def backend(self) -> BackendService:
        """The backends as attributes, and the jobs of all of them."""
        return BackendService(self, self.jobs, self.retrieve_job)

    def least_busy(
        self,
        name: str | re.Pattern[str] | None = None,
        *,
        circuit: QuantumCircuit | None = None,
        **filters: Any,
    ) -> DirectBackend:
        """The backend with the fewest jobs before one's own, of those that `backends` gives.

        Args:
            name: As for `backends`.
            circuit: Take the backend that promises the highest fidelity for this circuit.
            **filters: As for `backends`.

        Raises:
            BackendNotFoundError: None fits, or none takes jobs now; the text says why.
        """
        from qiskit_direct_provider.ranking import least_busy

        return least_busy(self.backends(name, **filters), circuit=circuit)

    @property
    def issues(self) -> tuple[str, ...]:
        """Devices that the last call of `backends` or `least_busy` left out, and why."""
        return tuple(f"{name}: {why}" for name, why in self._issues.items())

    @property
    def resources(self) -> tuple[str, ...]:
        """Names of the devices that the cluster's job was given here; empty outside of one."""
        return self._account.resources

    def backend_names(self) -> list[str]:
        """Names of all backends that `backends` would look at; one request."""
        return [status.backend_name for status in self._statuses()]

    def _other_systems(self) -> list[Discovery]:
        """Where else devices of this cluster's job are."""
        return []

    def _statuses(self, deadline: Deadline | None = None) -> list[BackendStatus]:
        client = self._workspace.client
        found = [BackendStatus.of(item) for item in client.backends(deadline or client.deadline())]
        # A cluster may call its devices otherwise than their service does.
        given = [status for status in found if status.backend_name in self.resources]
        return given or found

    def _only_match(self, name: str, cause: errors.DirectError) -> str:
        """The one name that an expression fits."""
        names = sorted(self.backend_names())
        try:
            fitting = [each for each in names if re.fullmatch(name, each)]
        except re.error:
            fitting = []
        if len(fitting) == 1 and fitting[0] != name:
            return fitting[0]
        close = difflib.get_close_matches(name, names, n=1)
        guess = f" did you mean {close[0]!r}?" if close else ""
        text = f"this account has no backend {name!r};{guess} there is: {', '.join(names) or 'none'}"
        if len(fitting) > 1:
            text = f"{name!r} fits several backends: {', '.join(fitting)}; name one of them"
        raise errors.BackendNotFoundError(
            text, status=cause.status, code=cause.code, trace=cause.trace
        ) from cause
