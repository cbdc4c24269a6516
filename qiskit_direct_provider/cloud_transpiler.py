"""Transpiling in the cloud."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qiskit_direct_provider import errors
from qiskit_direct_provider.accounts import Account
from qiskit_direct_provider.accounts.urls import is_loopback
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.transpiler import TranspilerClient
from qiskit_direct_provider.job_settings import duration_s
from qiskit_direct_provider.programs import as_circuits
from qiskit_direct_provider.transpiled import as_qpy, circuit_from
from qiskit_direct_provider.wire.transpiler import TranspileBody

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.provider import DirectProvider

__all__ = ["CloudTranspiler"]

DEFAULT_URL = "https://cloud-transpiler.quantum.ibm.com"
DEFAULT_TIMEOUT_S = 300.0
_LEVELS = range(4)


class CloudTranspiler:
    """A service that transpiles circuits for a backend, with heuristics or with trained models.

    Args:
        provider: Whose token is used.
        url: Address of the service; otherwise ``QISKIT_IBM_TRANSPILER_URL``, the local service, or IBM's.
    """

    def __init__(self, provider: DirectProvider, url: str | None = None) -> None:
        account = getattr(provider, "account", None)
        if not isinstance(account, Account):
            raise errors.InvalidInputError(f"CloudTranspiler() takes a provider, not {provider!r}")
        parts = urlsplit(account.url)
        own = f"{parts.scheme}://{parts.netloc}" if is_loopback(parts.hostname or "") else DEFAULT_URL
        self._url = (url or os.environ.get("QISKIT_IBM_TRANSPILER_URL") or own).rstrip("/")
        if urlsplit(self._url).scheme != "https" and not is_loopback(urlsplit(self._url).hostname or ""):
            raise errors.InvalidInputError("url must be https, since the API token is sent there")
        self._client = TranspilerClient(self._url, account.token, account.http)

    def __repr__(self) -> str:
        return f"<CloudTranspiler at {self._url}>"

    def run(  # noqa: PLR0913 - the parameters of the service, by name
        self,
        circuits: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        backend: DirectBackend | str | None = None,
        optimization_level: int = 3,
        use_ai: bool = False,
        ai: bool | str | None = None,
        coupling_map: Iterable[Iterable[int]] | None = None,
        use_fractional_gates: bool = False,
        timeout: float | str | None = None,
        **options: Any,
    ) -> QuantumCircuit | list[QuantumCircuit]:
        """Transpile circuits, as ``qiskit.transpile`` does it here.

        Args:
            circuits: A circuit or many.
            backend: The device, or its name.
            optimization_level: 0 to 3.
            use_ai: Use trained models.
            ai: The same, or ``"auto"`` for whichever gives less; wins over ``use_ai``.
            coupling_map: Pairs of coupled qubits, in place of a backend.
            use_fractional_gates: Use ``rx`` and ``rzz`` where the device has them.
            timeout: Longest time for all of it, in seconds or as text; default 5 minutes.
            **options: Keywords of ``qiskit.transpile`` for the service, such as ``seed_transpiler``.

        Returns:
            As wide as the device, with a layout; a list if a list was given.

        Raises:
            InvalidInputError: An argument cannot be right.
            ApiError: The service could not do it.
            JobTimeoutError: It took too long.
        """
        given = as_circuits(circuits)
        parameters = _parameters(backend, optimization_level, use_ai if ai is None else ai)
        parameters["use_fractional_gates"] = str(bool(use_fractional_gates)).lower()
        pairs = _pairs(coupling_map)
        if (pairs is None) == (backend is None):
            raise errors.InvalidInputError("say either backend or coupling_map")
        deadline = Deadline.after(DEFAULT_TIMEOUT_S if timeout is None else duration_s(timeout, "timeout"))
        body = TranspileBody(
            qpy_circuits=as_qpy(given), backend_coupling_map=pairs, qiskit_transpile_options=options or None
        )
        found = self._client.result(self._client.begin(body, parameters, deadline), deadline)
        if len(found) != len(given):
            raise errors.ProtocolError(f"{len(given)} circuits were sent, but {len(found)} came back")
        placed = [circuit_from(item, circuit) for item, circuit in zip(found, given, strict=True)]
        return placed if isinstance(circuits, Iterable) and not _is_circuit(circuits) else placed[0]

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()


def _is_circuit(given: object) -> bool:
    from qiskit import QuantumCircuit

    return isinstance(given, QuantumCircuit)


def _parameters(backend: DirectBackend | str | None, level: object, ai: object) -> dict[str, str]:
    """Parameters of the query."""
    if isinstance(level, bool) or level not in _LEVELS:
        raise errors.InvalidInputError(f"optimization_level must be 0 to 3, not {level!r}")
    if ai not in {True, False, "true", "false", "auto"}:
        raise errors.InvalidInputError(f"ai must be True, False or 'auto', not {ai!r}")
    found = {"optimization_level": str(level), "ai": str(ai).lower()}
    name = getattr(backend, "name", backend)
    if name is not None:
        if not isinstance(name, str) or not name:
            raise errors.InvalidInputError("backend must be a backend or its name")
        found["backend"] = name
    return found


def _pairs(coupling_map: Iterable[Iterable[int]] | None) -> list[list[int]] | None:
    """Pairs of qubits, as the wire has them."""
    if coupling_map is None:
        return None
    try:
        pairs = [[int(qubit) for qubit in pair] for pair in coupling_map]
    except (TypeError, ValueError) as error:
        raise errors.InvalidInputError("coupling_map must be pairs of qubits") from error
    if not pairs or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):  # noqa: PLR2004 - pairs
        raise errors.InvalidInputError("coupling_map must be pairs of qubits")
    return pairs
